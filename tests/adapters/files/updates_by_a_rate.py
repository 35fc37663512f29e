import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class GRU:
    def __init__(self, input_size, hidden_size):
        self.Wz = np.random.randn(input_size, hidden_size) * 0.2
        self.Uz = np.random.randn(hidden_size, hidden_size) * 0.2
        self.bz = np.random.randn(hidden_size) * 0.2
        self.Wr = np.random.randn(input_size, hidden_size) * 0.2
        self.Ur = np.random.randn(hidden_size, hidden_size) * 0.2
        self.br = np.random.randn(hidden_size) * 0.2
        self.Wh = np.random.randn(input_size, hidden_size) * 0.2
        self.Uh = np.random.randn(hidden_size, hidden_size) * 0.2
        self.bh = np.random.randn(hidden_size) * 0.2

    def forward(self, x, h):
        z = sigmoid(x @ self.Wz + h @ self.Uz + self.bz)
        r = sigmoid(x @ self.Wr + h @ self.Ur + self.br)
        n = np.tanh(x @ self.Wh + r * h @ self.Uh + self.bh)
        h_new = (1 - z) * h + z * n
        self.cache = (x, h, z, r, n)
        return h_new

    def backward(self, d, learning_rate):
        x, h, z, r, n = self.cache
        dn = d * z * (1 - n * n)
        dz = d * (n - h) * z * (1 - z)
        drh = dn @ self.Uh.T
        dr = drh * h * r * (1 - r)
        dWz = x.T @ dz
        dUz = h.T @ dz
        dbz = dz.sum(axis=0)
        dWr = x.T @ dr
        dUr = h.T @ dr
        dbr = dr.sum(axis=0)
        dWh = x.T @ dn
        dUh = (r * h).T @ dn
        dbh = dn.sum(axis=0)
        dx = dz @ self.Wz.T + dr @ self.Wr.T + dn @ self.Wh.T
        dh = d * (1 - z) + drh * r + dz @ self.Uz.T + dr @ self.Ur.T
        self.Wz -= learning_rate * dWz
        self.Uz -= learning_rate * dUz
        self.bz -= learning_rate * dbz
        self.Wr -= learning_rate * dWr
        self.Ur -= learning_rate * dUr
        self.br -= learning_rate * dbr
        self.Wh -= learning_rate * dWh
        self.Uh -= learning_rate * dUh
        self.bh -= learning_rate * dbh
        return (dx, dh)
