import numpy as np


class GRURegressor:
    """A GRU and a linear output; mean squared error over all steps."""

    def __init__(self, n_features, n_hidden, n_outputs=1, random_state=0):
        rs = np.random.RandomState(random_state)
        k = 0.2
        self.Wxz, self.Whz, self.bz = (
            rs.randn(n_features, n_hidden) * k,
            rs.randn(n_hidden, n_hidden) * k,
            np.zeros(n_hidden),
        )
        self.Wxr, self.Whr, self.br = (
            rs.randn(n_features, n_hidden) * k,
            rs.randn(n_hidden, n_hidden) * k,
            np.zeros(n_hidden),
        )
        self.Wxh, self.Whh, self.bh = (
            rs.randn(n_features, n_hidden) * k,
            rs.randn(n_hidden, n_hidden) * k,
            np.zeros(n_hidden),
        )
        self.Why, self.by = rs.randn(n_hidden, n_outputs) * k, np.zeros(n_outputs)

    def _sigmoid(self, a):
        return 1 / (1 + np.exp(-a))

    def forward(self, X):
        """X: (batch, time, features)."""
        N, T, _ = X.shape
        h = np.zeros((N, self.bz.size))
        self.memory = []
        preds = []
        for t in range(T):
            x = X[:, t, :]
            z = self._sigmoid(x @ self.Wxz + h @ self.Whz + self.bz)
            r = self._sigmoid(x @ self.Wxr + h @ self.Whr + self.br)
            hc = np.tanh(x @ self.Wxh + (r * h) @ self.Whh + self.bh)
            h_new = (1 - z) * h + z * hc
            self.memory.append((x, h, z, r, hc, h_new))
            h = h_new
            preds.append(h @ self.Why + self.by)
        return np.stack(preds, axis=1)

    def backward(self, X, y, preds):
        N, T, _ = X.shape
        g = {
            n: np.zeros_like(getattr(self, n))
            for n in ("Wxz", "Whz", "bz", "Wxr", "Whr", "br", "Wxh", "Whh", "bh", "Why", "by")
        }
        dh_next = np.zeros((N, self.bz.size))
        dy_all = 2 * (preds - y) / y.size
        for t in range(T - 1, -1, -1):
            x, h, z, r, hc, h_new = self.memory[t]
            dy = dy_all[:, t]
            g["Why"] += h_new.T @ dy
            g["by"] += dy.sum(axis=0)
            dh = dy @ self.Why.T + dh_next
            dhc = dh * z * (1 - hc**2)
            dz = dh * (hc - h) * z * (1 - z)
            drh = dhc @ self.Whh.T
            dr = drh * h * r * (1 - r)
            g["Wxh"] += x.T @ dhc
            g["Whh"] += (r * h).T @ dhc
            g["bh"] += dhc.sum(axis=0)
            g["Wxz"] += x.T @ dz
            g["Whz"] += h.T @ dz
            g["bz"] += dz.sum(axis=0)
            g["Wxr"] += x.T @ dr
            g["Whr"] += h.T @ dr
            g["br"] += dr.sum(axis=0)
            dh_next = dh * (1 - z) + drh * r + dz @ self.Whz.T + dr @ self.Whr.T
        return g

    def loss(self, preds, y):
        return np.mean((preds - y) ** 2)

    def fit(self, X, y, epochs=100, lr=0.1):
        for _ in range(epochs):
            preds = self.forward(X)
            grads = self.backward(X, y, preds)
            for name, grad in grads.items():
                setattr(self, name, getattr(self, name) - lr * grad)
