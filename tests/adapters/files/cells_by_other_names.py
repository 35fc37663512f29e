"""Both directions side by side, made of a class GRUCell whose methods have other names."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class GRUCell:
    def __init__(self, D, H, rng):
        self.W, self.U, self.b = rng.normal(size=(3, H, D)) * 0.4, rng.normal(size=(3, H, H)) * 0.4, np.zeros((3, H))

    def step(self, x, h):
        z = sigmoid(x @ self.W[0].T + h @ self.U[0].T + self.b[0])
        r = sigmoid(x @ self.W[1].T + h @ self.U[1].T + self.b[1])
        n = np.tanh(x @ self.W[2].T + (r * h) @ self.U[2].T + self.b[2])
        return (1 - z) * h + z * n, (x, h, z, r, n)

    def step_back(self, d, saved):
        x, h, z, r, n = saved
        an = d * z * (1 - n**2)
        q = an @ self.U[2]
        a = (d * (n - h) * z * (1 - z), q * h * r * (1 - r), an)
        for k, v in enumerate((h, h, r * h)):
            self.dW[k] += a[k].T @ x
            self.dU[k] += a[k].T @ v
            self.db[k] += a[k].sum(0)
        return sum(a[k] @ self.W[k] for k in range(3)), d * (1 - z) + q * r + a[0] @ self.U[0] + a[1] @ self.U[1]

    def zero(self):
        self.dW, self.dU, self.db = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.b)


class BiGRU:
    def __init__(self, input_size, hidden_size, seed=0):
        rng = np.random.default_rng(seed)
        self.fwd, self.bwd, self.H = (
            GRUCell(input_size, hidden_size, rng),
            GRUCell(input_size, hidden_size, rng),
            hidden_size,
        )

    def forward(self, x):
        B, T, _ = x.shape
        out, self.sf, self.sb = np.zeros((B, T, 2 * self.H)), [], []
        h = np.zeros((B, self.H))
        for t in range(T):
            h, s = self.fwd.step(x[:, t], h)
            out[:, t, : self.H] = h
            self.sf.append(s)
        h = np.zeros((B, self.H))
        for t in reversed(range(T)):
            h, s = self.bwd.step(x[:, t], h)
            out[:, t, self.H :] = h
            self.sb.append(s)
        return out

    def backward(self, dout):
        B, T, _ = dout.shape
        self.fwd.zero()
        self.bwd.zero()
        dx = np.zeros((B, T, self.fwd.W.shape[2]))
        dh = 0.0
        for t in reversed(range(T)):
            d, dh = self.fwd.step_back(dout[:, t, : self.H] + dh, self.sf[t])
            dx[:, t] += d
        dh = 0.0
        for t in range(T):
            d, dh = self.bwd.step_back(dout[:, t, self.H :] + dh, self.sb[T - 1 - t])
            dx[:, t] += d
        return dx
