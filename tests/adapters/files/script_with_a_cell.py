"""A script that trains a layer, which is made of a class GRUCell with two arguments."""

import numpy as np

text = open("corpus.txt").read()
vocab = sorted(set(text))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class GRUCell:
    def __init__(self, n_in, n_hid):
        r = np.random.default_rng(0)
        self.W, self.U, self.b = (
            r.normal(size=(n_in, 3 * n_hid)) * 0.3,
            r.normal(size=(n_hid, 3 * n_hid)) * 0.3,
            np.zeros(3 * n_hid),
        )
        self.H = n_hid
        self.dW, self.dU, self.db = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.b)

    def forward(self, x, h):
        H = self.H
        a, g = x @ self.W + self.b, h @ self.U[:, : 2 * H]
        z, r = sigmoid(a[:, :H] + g[:, :H]), sigmoid(a[:, H : 2 * H] + g[:, H:])
        n = np.tanh(a[:, 2 * H :] + (r * h) @ self.U[:, 2 * H :])
        self.saved = (x, h, z, r, n)
        return (1 - z) * h + z * n

    def backward(self, d, saved=None):
        H = self.H
        x, h, z, r, n = saved or self.saved
        an = d * z * (1 - n**2)
        q = an @ self.U[:, 2 * H :].T
        a = np.hstack([d * (n - h) * z * (1 - z), q * h * r * (1 - r), an])
        self.dW += x.T @ a
        self.db += a.sum(0)
        self.dU[:, : 2 * H] += h.T @ a[:, : 2 * H]
        self.dU[:, 2 * H :] += (r * h).T @ an
        return a @ self.W.T, d * (1 - z) + q * r + a[:, : 2 * H] @ self.U[:, : 2 * H].T


class GRULayer:
    def __init__(self, n_in, n_hid):
        self.cell = GRUCell(n_in, n_hid)

    def forward(self, xs):
        h, self.tape, out = np.zeros((xs.shape[1], self.cell.H)), [], []
        for x in xs:
            h = self.cell.forward(x, h)
            self.tape.append(self.cell.saved)
            out.append(h)
        return np.stack(out)

    def backward(self, dout):
        for k in ("dW", "dU", "db"):
            getattr(self.cell, k)[...] = 0
        dx, dh = [], 0
        for t in reversed(range(len(self.tape))):
            d, dh = self.cell.backward(dout[t] + dh, self.tape[t])
            dx.append(d)
        return np.stack(dx[::-1])


layer = GRULayer(len(vocab), 16)
for epoch in range(100):
    out = layer.forward(np.random.randn(5, 1, len(vocab)))
    layer.backward(out)
