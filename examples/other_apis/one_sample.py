"""A cell for one sample at a time, in an API of its own; one derivative is wrong."""

import numpy as np


class GRU_Cell:
    def __init__(self, in_dim, hidden_dim):
        h, d = hidden_dim, in_dim
        self.d, self.h = d, h
        self.Wzh, self.Wrh, self.Wh = (np.random.default_rng(0).normal(size=(h, h)) for _ in range(3))
        self.Wzx, self.Wrx, self.Wx = (np.random.default_rng(1).normal(size=(h, d)) for _ in range(3))
        self.dWzh, self.dWrh, self.dWh = (np.zeros((h, h)) for _ in range(3))
        self.dWzx, self.dWrx, self.dWx = (np.zeros((h, d)) for _ in range(3))

    def forward(self, x, h):
        self.x, self.hidden = x, h
        self.z = 1 / (1 + np.exp(-(self.Wzh @ h + self.Wzx @ x)))
        self.r = 1 / (1 + np.exp(-(self.Wrh @ h + self.Wrx @ x)))
        self.n = np.tanh(self.Wh @ (self.r * h) + self.Wx @ x)
        return (1 - self.z) * h + self.z * self.n

    def backward(self, delta):
        delta = np.asarray(delta).reshape(-1)
        az = delta * (self.n - self.hidden) * self.z * (1 - self.z)
        an = delta * self.z * (1 - self.n**2)
        drh = self.Wh @ an
        ar = drh * self.hidden * self.r * (1 - self.r)
        self.dWzh += np.outer(az, self.hidden)
        self.dWrh += np.outer(ar, self.hidden)
        self.dWh += np.outer(an, self.r * self.hidden)
        self.dWzx += np.outer(az, self.x)
        self.dWrx += np.outer(ar, self.x)
        self.dWx += np.outer(an, self.x)
        dh = delta * (1 - self.z) + drh * self.r + self.Wzh.T @ az + self.Wrh.T @ ar
        dx = self.Wx.T @ an + self.Wzx.T @ az + self.Wrx.T @ ar
        return dx, dh
