import numpy as np


class GRUClassifier:
    def __init__(self, n_features, n_hidden, n_classes, seed=42):
        rng = np.random.RandomState(seed)
        self.H = n_hidden
        self.params = {
            "Wz": rng.randn(n_features + n_hidden, n_hidden) * 0.1,
            "bz": np.zeros((1, n_hidden)),
            "Wr": rng.randn(n_features + n_hidden, n_hidden) * 0.1,
            "br": np.zeros((1, n_hidden)),
            "Wh": rng.randn(n_features + n_hidden, n_hidden) * 0.1,
            "bh": np.zeros((1, n_hidden)),
            "Wy": rng.randn(n_hidden, n_classes) * 0.1,
            "by": np.zeros((1, n_classes)),
        }

    @staticmethod
    def _sigmoid(x):
        return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))

    def forward(self, X):
        B, T, D = X.shape
        p = self.params
        h = np.zeros((B, self.H))
        self.cache = []
        for t in range(T):
            xh = np.hstack([X[:, t], h])
            z = self._sigmoid(xh @ p["Wz"] + p["bz"])
            r = self._sigmoid(xh @ p["Wr"] + p["br"])
            xrh = np.hstack([X[:, t], r * h])
            c = np.tanh(xrh @ p["Wh"] + p["bh"])
            self.cache.append((xh, xrh, h, z, r, c))
            h = (1 - z) * h + z * c
        self.h_last = h
        logits = h @ p["Wy"] + p["by"]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.probs = e / e.sum(axis=1, keepdims=True)
        return self.probs

    def compute_loss(self, probs, y):
        return -np.mean(np.log(probs[np.arange(len(y)), y] + 1e-8))

    def backward(self, X, y):
        B, T, D = X.shape
        p = self.params
        g = {k: np.zeros_like(v) for k, v in p.items()}
        d = self.probs.copy()
        d[np.arange(B), y] -= 1
        d /= B
        g["Wy"] = self.h_last.T @ d
        g["by"] = d.sum(axis=0, keepdims=True)
        dh = d @ p["Wy"].T
        for t in reversed(range(T)):
            xh, xrh, hp, z, r, c = self.cache[t]
            dc = dh * z * (1 - c**2)
            dz = dh * (c - hp) * z * (1 - z)
            dxrh = dc @ p["Wh"].T
            drh = dxrh[:, D:]
            dr = drh * hp * r * (1 - r)
            g["Wh"] += xrh.T @ dc
            g["bh"] += dc.sum(axis=0, keepdims=True)
            g["Wz"] += xh.T @ dz
            g["bz"] += dz.sum(axis=0, keepdims=True)
            g["Wr"] += xh.T @ dr
            g["br"] += dr.sum(axis=0, keepdims=True)
            dh = dh * (1 - z) + drh * r + (dz @ p["Wz"].T)[:, D:] + (dr @ p["Wr"].T)[:, D:]
        return g

    def update(self, g, lr=0.01):
        for k in self.params:
            self.params[k] -= lr * g[k]

    def fit(self, X, y, epochs=10):
        for _ in range(epochs):
            pr = self.forward(X)
            self.update(self.backward(X, y))
