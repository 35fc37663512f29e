import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class GRU:
    def __init__(self, input_size, hidden_size):
        self.hidden_size = hidden_size
        self.Wz = np.random.randn(input_size, hidden_size) * 0.2
        self.Uz = np.random.randn(hidden_size, hidden_size) * 0.2
        self.bz = np.random.randn(hidden_size) * 0.2
        self.Wr = np.random.randn(input_size, hidden_size) * 0.2
        self.Ur = np.random.randn(hidden_size, hidden_size) * 0.2
        self.br = np.random.randn(hidden_size) * 0.2
        self.Wh = np.random.randn(input_size, hidden_size) * 0.2
        self.Uh = np.random.randn(hidden_size, hidden_size) * 0.2
        self.bh = np.random.randn(hidden_size) * 0.2
        self.reset()

    def reset(self):
        self.h = None

    def forward(self, x):
        if self.h is None:
            self.h = np.zeros((x.shape[0], self.hidden_size))
        h = self.h
        z = sigmoid(x @ self.Wz + h @ self.Uz + self.bz)
        r = sigmoid(x @ self.Wr + h @ self.Ur + self.br)
        n = np.tanh(x @ self.Wh + r * h @ self.Uh + self.bh)
        h_new = (1 - z) * h + z * n
        self.cache = (x, h, z, r, n)
        self.h = h_new
        return h_new

    def backward(self, d):
        x, h, z, r, n = self.cache
        dn = d * z * (1 - n * n)
        dz = d * (n - h) * z * (1 - z)
        drh = dn @ self.Uh.T
        dr = drh * h * r * (1 - r)
        self.grad_Wz = x.T @ dz
        self.grad_Uz = h.T @ dz
        self.grad_bz = dz.sum(axis=0)
        self.grad_Wr = x.T @ dr
        self.grad_Ur = h.T @ dr
        self.grad_br = dr.sum(axis=0)
        self.grad_Wh = x.T @ dn
        self.grad_Uh = (r * h).T @ dn
        self.grad_bh = dn.sum(axis=0)
        dx = dz @ self.Wz.T + dr @ self.Wr.T + dn @ self.Wh.T
        dh = d * (1 - z) + drh * r + dz @ self.Uz.T + dr @ self.Ur.T
        return (dx, dh)
