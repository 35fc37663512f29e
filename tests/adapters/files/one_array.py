"""One array (hidden, 1 + input + hidden) a gate for [1, x, h]; columns; a list over time; float32 buffers."""

import numpy as np


class GRULayer:
    def __init__(self, n_in, n_hidden):
        self.n_in, self.n_hidden = n_in, n_hidden
        width = 1 + n_in + n_hidden
        self.Wz, self.Wr, self.Wc = (0.2 * np.random.randn(n_hidden, width) for _ in range(3))

    def forward(self, xs, h0):
        self.tape, hs, h = [], [], h0
        one = np.ones((1, h0.shape[1]))
        for x in xs:
            v = np.vstack([one, x, h])
            z = 1 / (1 + np.exp(-self.Wz @ v))
            r = 1 / (1 + np.exp(-self.Wr @ v))
            w = np.vstack([one, x, r * h])
            c = np.tanh(self.Wc @ w)
            self.tape.append((v, z, r, w, c, h))
            h = h + z * (c - h)
            hs.append(h)
        return hs

    def backward(self, dhs):
        self.dWz, self.dWr, self.dWc = (np.zeros_like(W) for W in (self.Wz, self.Wr, self.Wc))
        dxs, dh, i = [], 0.0, 1 + self.n_in
        for d, (v, z, r, w, c, h) in zip(reversed(dhs), reversed(self.tape)):
            dh = dh + d
            dz = dh * (c - h) * z * (1 - z)
            dc = dh * z * (1 - c * c)
            dw = self.Wc.T @ dc
            dr = dw[i:] * h * r * (1 - r)
            dv = self.Wz.T @ dz + self.Wr.T @ dr
            self.dWz += dz @ v.T
            self.dWr += dr @ v.T
            self.dWc += dc @ w.T
            dxs.append(dv[1:i] + dw[1:i])
            dh = dh * (1 - z) + dv[i:] + dw[i:] * r
        return dxs[::-1], dh
