import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class GRUCell:
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

    def backward(self, d):
        x, h, z, r, n = self.cache
        dn = d * z * (1 - n * n)
        dz = d * (n - h) * z * (1 - z)
        drh = dn @ self.Uh.T
        dr = drh * h * r * (1 - r)
        self.dWz = x.T @ dz
        self.dUz = h.T @ dz
        self.dbz = dz.sum(axis=0)
        self.dWr = x.T @ dr
        self.dUr = h.T @ dr
        self.dbr = dr.sum(axis=0)
        self.dWh = x.T @ dn
        self.dUh = (r * h).T @ dn
        self.dbh = dn.sum(axis=0)
        dx = dz @ self.Wz.T + dr @ self.Wr.T + dn @ self.Wh.T
        dh = d * (1 - z) + drh * r + dz @ self.Uz.T + dr @ self.Ur.T
        return (dx, dh)


class StackedGRU:
    def __init__(self, input_size, hidden_size, num_layers=2):
        self.layers = [GRUCell(input_size if i == 0 else hidden_size, hidden_size) for i in range(num_layers)]
        self.hidden_size = hidden_size

    def forward(self, xs):
        B, T, _ = xs.shape
        hs = [np.zeros((B, self.hidden_size)) for _ in self.layers]
        self.caches, out = ([], [])
        for t in range(T):
            x = xs[:, t]
            row = []
            for i, layer in enumerate(self.layers):
                hs[i] = x = layer.forward(x, hs[i])
                row.append(layer.cache)
            self.caches.append(row)
            out.append(x)
        return np.stack(out, 1)

    def backward(self, dout):
        B, T, H = dout.shape
        dh = [np.zeros((B, H)) for _ in self.layers]
        names = ["Wz", "Uz", "bz", "Wr", "Ur", "br", "Wh", "Uh", "bh"]
        self.grads = [{n: 0 for n in names} for _ in self.layers]
        dxs = [None] * T
        for t in reversed(range(T)):
            d = dout[:, t]
            for i in reversed(range(len(self.layers))):
                layer = self.layers[i]
                layer.cache = self.caches[t][i]
                d, dh[i] = layer.backward(d + dh[i])
                for n in names:
                    self.grads[i][n] = self.grads[i][n] + getattr(layer, "d" + n)
            dxs[t] = d
        return np.stack(dxs, 1)
