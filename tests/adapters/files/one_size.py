import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


DT = np.float64
NAMES = ["Wz", "Uz", "bz", "Wr", "Ur", "br", "Wh", "Uh", "bh"]


class GRU:
    def __init__(self):
        input_size, hidden_size = (4, 6)
        self.input_size, self.hidden_size = (input_size, hidden_size)
        self.Wz = np.random.randn(input_size, hidden_size) * 0.2
        self.Uz = np.random.randn(hidden_size, hidden_size) * 0.2
        self.bz = np.random.randn(hidden_size) * 0.2
        self.Wr = np.random.randn(input_size, hidden_size) * 0.2
        self.Ur = np.random.randn(hidden_size, hidden_size) * 0.2
        self.br = np.random.randn(hidden_size) * 0.2
        self.Wh = np.random.randn(input_size, hidden_size) * 0.2
        self.Uh = np.random.randn(hidden_size, hidden_size) * 0.2
        self.bh = np.random.randn(hidden_size) * 0.2

    def forward(self, X, h0=None):
        N, T, _ = X.shape
        h = np.zeros((N, self.hidden_size), dtype=DT) if h0 is None else h0
        self.cache = []
        out = np.zeros((N, T, self.hidden_size), dtype=DT)
        for t in range(T):
            x = X[:, t]
            z = sigmoid(x @ self.Wz + h @ self.Uz + self.bz)
            r = sigmoid(x @ self.Wr + h @ self.Ur + self.br)
            n = np.tanh(x @ self.Wh + r * h @ self.Uh + self.bh)
            h_new = (1 - z) * h + z * n
            self.cache.append((x, h, z, r, n))
            h = h_new
            out[:, t] = h
        return out

    def backward(self, dout):
        N, T, H = dout.shape
        dX = np.zeros((N, T, self.input_size))
        for name in NAMES:
            setattr(self, "d" + name, np.zeros_like(getattr(self, name)))
        dh = np.zeros((N, H))
        for t in reversed(range(T)):
            x, h, z, r, n = self.cache[t]
            d = dout[:, t] + dh
            dn = d * z * (1 - n * n)
            dz = d * (n - h) * z * (1 - z)
            drh = dn @ self.Uh.T
            dr = drh * h * r * (1 - r)
            self.dWz += x.T @ dz
            self.dUz += h.T @ dz
            self.dbz += dz.sum(axis=0)
            self.dWr += x.T @ dr
            self.dUr += h.T @ dr
            self.dbr += dr.sum(axis=0)
            self.dWh += x.T @ dn
            self.dUh += (r * h).T @ dn
            self.dbh += dn.sum(axis=0)
            dx = dz @ self.Wz.T + dr @ self.Wr.T + dn @ self.Wh.T
            dh = d * (1 - z) + drh * r + dz @ self.Uz.T + dr @ self.Ur.T
            dX[:, t] = dx
        self.dh0 = dh
        return dX
