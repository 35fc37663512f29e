"""One sample, two biases a gate, reset after the product, z on the old state; weights set by a method."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class GRUCell(object):
    def __init__(self, d, h):
        self.d, self.h = d, h
        for gate in "rzn":
            setattr(self, f"W{gate}x", np.random.randn(h, d))
            setattr(self, f"W{gate}h", np.random.randn(h, h))
            setattr(self, f"b{gate}x", np.random.randn(h))
            setattr(self, f"b{gate}h", np.random.randn(h))
        for name in list(vars(self)):
            if name[0] in "Wb":
                setattr(self, "d" + name, np.zeros_like(getattr(self, name)))

    def init_weights(self, Wrx, Wzx, Wnx, Wrh, Wzh, Wnh, brx, bzx, bnx, brh, bzh, bnh):
        self.Wrx, self.Wzx, self.Wnx, self.Wrh, self.Wzh, self.Wnh = Wrx, Wzx, Wnx, Wrh, Wzh, Wnh
        self.brx, self.bzx, self.bnx, self.brh, self.bzh, self.bnh = brx, bzx, bnx, brh, bzh, bnh

    def __call__(self, x, h_prev_t):
        return self.forward(x, h_prev_t)

    def forward(self, x, h_prev_t):
        self.x, self.hidden = x, h_prev_t
        self.r = sigmoid(self.Wrx @ x + self.brx + self.Wrh @ h_prev_t + self.brh)
        self.z = sigmoid(self.Wzx @ x + self.bzx + self.Wzh @ h_prev_t + self.bzh)
        self.inner = self.Wnh @ h_prev_t + self.bnh
        self.n = np.tanh(self.Wnx @ x + self.bnx + self.r * self.inner)
        return (1 - self.z) * self.n + self.z * h_prev_t

    def backward(self, delta):
        delta = delta.reshape(1, -1)
        x, h = self.x.reshape(1, -1), self.hidden.reshape(1, -1)
        dn = delta * (1 - self.z)
        dz = delta * (h - self.n) * self.z * (1 - self.z)
        dtanh = dn * (1 - self.n**2)
        dr = dtanh * self.inner * self.r * (1 - self.r)
        self.dWnx += dtanh.T @ x
        self.dbnx += dtanh[0]
        self.dWnh += (dtanh * self.r).T @ h
        self.dbnh += (dtanh * self.r)[0]
        self.dWzx += dz.T @ x
        self.dbzx += dz[0]
        self.dWzh += dz.T @ h
        self.dbzh += dz[0]
        self.dWrx += dr.T @ x
        self.dbrx += dr[0]
        self.dWrh += dr.T @ h
        self.dbrh += dr[0]
        dx = dz @ self.Wzx + dr @ self.Wrx + dtanh @ self.Wnx
        dh_prev_t = delta * self.z + dz @ self.Wzh + dr @ self.Wrh + (dtanh * self.r) @ self.Wnh
        return dx, dh_prev_t
