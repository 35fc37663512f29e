"""Parameters made in the first call of forward; rows; gradients added up."""

import numpy as np


def sg(a):
    return 1 / (1 + np.exp(-a))


class GRU:
    def __init__(self, units):
        self.units = units
        self.Wr = None

    def initialize_weights(self, d):
        H = self.units
        for g in "rzh":
            setattr(self, "W" + g, np.random.randn(d, H))
            setattr(self, "U" + g, np.random.randn(H, H))
            setattr(self, "b" + g, np.zeros((1, H)))
            for k in "WUb":
                setattr(self, "d" + k + g, np.zeros_like(getattr(self, k + g)))

    def forward(self, x_t, h_prev):
        if self.Wr is None:
            self.initialize_weights(x_t.shape[1])
        self.x_t, self.h_prev = x_t, h_prev
        self.r = sg(x_t @ self.Wr + h_prev @ self.Ur + self.br)
        self.z = sg(x_t @ self.Wz + h_prev @ self.Uz + self.bz)
        self.n = np.tanh(x_t @ self.Wh + (self.r * h_prev) @ self.Uh + self.bh)
        self.h = (1 - self.z) * h_prev + self.z * self.n
        return self.h

    def backward(self, dh):
        dn = dh * self.z * (1 - self.n**2)
        dz = dh * (self.n - self.h_prev) * self.z * (1 - self.z)
        q = dn @ self.Uh.T
        dr = q * self.h_prev * self.r * (1 - self.r)
        for g, d, s in (("r", dr, self.h_prev), ("z", dz, self.h_prev), ("h", dn, self.r * self.h_prev)):
            setattr(self, "dW" + g, getattr(self, "dW" + g) + self.x_t.T @ d)
            setattr(self, "dU" + g, getattr(self, "dU" + g) + s.T @ d)
            setattr(self, "db" + g, getattr(self, "db" + g) + d.sum(0, keepdims=True))
        return dn @ self.Wh.T + dz @ self.Wz.T + dr @ self.Wr.T, dh * (
            1 - self.z
        ) + q * self.r + dz @ self.Uz.T + dr @ self.Ur.T
