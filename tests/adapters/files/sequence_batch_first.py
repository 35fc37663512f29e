"""A whole layer (batch, steps, features), first state zero, gradients as attributes; no dh."""

import numpy as np


class MyGRU:
    def __init__(self, input_size, hidden_size):
        self.hidden_size = hidden_size
        for g in "zrh":
            setattr(self, "W" + g, np.random.randn(input_size, hidden_size) * 0.1)
            setattr(self, "U" + g, np.random.randn(hidden_size, hidden_size) * 0.1)
            setattr(self, "b" + g, np.zeros(hidden_size))

    def sigmoid(self, a):
        return 1.0 / (1.0 + np.exp(-a))

    def forward(self, X):
        B, T, _ = X.shape
        h = np.zeros((B, self.hidden_size))
        self.steps, out = [], np.zeros((B, T, self.hidden_size))
        for t in range(T):
            x = X[:, t, :]
            z = self.sigmoid(x @ self.Wz + h @ self.Uz + self.bz)
            r = self.sigmoid(x @ self.Wr + h @ self.Ur + self.br)
            n = np.tanh(x @ self.Wh + (r * h) @ self.Uh + self.bh)
            new = (1 - z) * n + z * h
            self.steps.append((x, h, z, r, n))
            h = out[:, t] = new
        return out

    def backward(self, dout):
        for g in "zrh":
            for kind in "WUb":
                setattr(self, "d" + kind + g, np.zeros_like(getattr(self, kind + g)))
        B, T, H = dout.shape
        dX, dh = np.zeros((B, T, self.Wz.shape[0])), np.zeros((B, H))
        for t in range(T - 1, -1, -1):
            x, h, z, r, n = self.steps[t]
            dh = dh + dout[:, t]
            dn = dh * (1 - z) * (1 - n**2)
            dz = dh * (h - n) * z * (1 - z)
            drh = dn @ self.Uh.T
            dr = drh * h * r * (1 - r)
            for g, d, s in (("z", dz, h), ("r", dr, h), ("h", dn, r * h)):
                getattr(self, "dW" + g)[...] += x.T @ d
                getattr(self, "dU" + g)[...] += s.T @ d
                getattr(self, "db" + g)[...] += d.sum(axis=0)
            dX[:, t] = dz @ self.Wz.T + dr @ self.Wr.T + dn @ self.Wh.T
            dh = dh * z + drh * r + dz @ self.Uz.T + dr @ self.Ur.T
        return dX
