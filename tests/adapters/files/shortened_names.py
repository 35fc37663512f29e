import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class GRU:
    def __init__(self, input_size, hidden_size):
        self.W_update = np.random.randn(input_size, hidden_size) * 0.2
        self.U_update = np.random.randn(hidden_size, hidden_size) * 0.2
        self.b_update = np.random.randn(hidden_size) * 0.2
        self.W_reset = np.random.randn(input_size, hidden_size) * 0.2
        self.U_reset = np.random.randn(hidden_size, hidden_size) * 0.2
        self.b_reset = np.random.randn(hidden_size) * 0.2
        self.W_cand = np.random.randn(input_size, hidden_size) * 0.2
        self.U_cand = np.random.randn(hidden_size, hidden_size) * 0.2
        self.b_cand = np.random.randn(hidden_size) * 0.2

    def forward(self, x, h):
        z = sigmoid(x @ self.W_update + h @ self.U_update + self.b_update)
        r = sigmoid(x @ self.W_reset + h @ self.U_reset + self.b_reset)
        n = np.tanh(x @ self.W_cand + r * h @ self.U_cand + self.b_cand)
        h_new = (1 - z) * h + z * n
        self.cache = (x, h, z, r, n)
        return h_new

    def backward(self, d):
        x, h, z, r, n = self.cache
        dn = d * z * (1 - n * n)
        dz = d * (n - h) * z * (1 - z)
        drh = dn @ self.U_cand.T
        dr = drh * h * r * (1 - r)
        self.dWu = x.T @ dz
        self.dUu = h.T @ dz
        self.dbu = dz.sum(axis=0)
        self.dWr = x.T @ dr
        self.dUr = h.T @ dr
        self.dbr = dr.sum(axis=0)
        self.dWc = x.T @ dn
        self.dUc = (r * h).T @ dn
        self.dbc = dn.sum(axis=0)
        dx = dz @ self.W_update.T + dr @ self.W_reset.T + dn @ self.W_cand.T
        dh = d * (1 - z) + drh * r + dz @ self.U_update.T + dr @ self.U_reset.T
        return (dx, dh)
