import numpy as np


class GRULayer:
    def __init__(self, shape):
        n_in, n_out = shape
        self.shape = shape
        self.W = np.random.randn(3, n_out, n_in) * 0.1
        self.U = np.random.randn(3, n_out, n_out) * 0.1
        self.B = np.zeros((3, n_out, 1))

    def forward(self, x, h):
        s = lambda a: 1 / (1 + np.exp(-a))
        self.x, self.h = x, h
        self.z = s(self.W[0] @ x + self.U[0] @ h + self.B[0])
        self.r = s(self.W[1] @ x + self.U[1] @ h + self.B[1])
        self.n = np.tanh(self.W[2] @ x + self.r * (self.U[2] @ h) + self.B[2])
        return (1 - self.z) * self.n + self.z * h

    def backward(self, g):
        x, h, z, r, n = self.x, self.h, self.z, self.r, self.n
        dn = g * (1 - z) * (1 - n**2)
        dz = g * (h - n) * z * (1 - z)
        dr = dn * (self.U[2] @ h) * r * (1 - r)
        self.dW = np.stack([d @ x.T for d in (dz, dr, dn)])
        self.dU = np.stack([dz @ h.T, dr @ h.T, (dn * r) @ h.T])
        self.dB = np.stack([d.sum(1, keepdims=True) for d in (dz, dr, dn)])
        dx = self.W[0].T @ dz + self.W[1].T @ dr + self.W[2].T @ dn
        dh = g * z + self.U[0].T @ dz + self.U[1].T @ dr + self.U[2].T @ (dn * r)
        return dx, dh
