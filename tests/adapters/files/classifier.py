import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class GRUClassifier:
    """Reads a batch of sequences (N, T, D); class from the last state."""

    def __init__(self, input_size, hidden_size, num_classes, seed=0):
        g = np.random.default_rng(seed)
        self.input_size, self.hidden_size, self.num_classes = input_size, hidden_size, num_classes
        self.params = {
            "Wz": g.normal(0, 0.3, (input_size, hidden_size)),
            "Uz": g.normal(0, 0.3, (hidden_size, hidden_size)),
            "bz": np.zeros(hidden_size),
            "Wr": g.normal(0, 0.3, (input_size, hidden_size)),
            "Ur": g.normal(0, 0.3, (hidden_size, hidden_size)),
            "br": np.zeros(hidden_size),
            "Wh": g.normal(0, 0.3, (input_size, hidden_size)),
            "Uh": g.normal(0, 0.3, (hidden_size, hidden_size)),
            "bh": np.zeros(hidden_size),
            "Wo": g.normal(0, 0.3, (hidden_size, num_classes)),
            "bo": np.zeros(num_classes),
        }

    def forward(self, X):
        p = self.params
        N, T, _ = X.shape
        h = np.zeros((N, self.hidden_size))
        self.cache = []
        for t in range(T):
            x = X[:, t]
            z = sigmoid(x @ p["Wz"] + h @ p["Uz"] + p["bz"])
            r = sigmoid(x @ p["Wr"] + h @ p["Ur"] + p["br"])
            c = np.tanh(x @ p["Wh"] + (r * h) @ p["Uh"] + p["bh"])
            self.cache.append((x, h, z, r, c))
            h = z * h + (1 - z) * c
        self.h_last = h
        s = h @ p["Wo"] + p["bo"]
        s = s - s.max(axis=1, keepdims=True)
        e = np.exp(s)
        self.probs = e / e.sum(axis=1, keepdims=True)
        return self.probs

    def loss(self, X, y):
        probs = self.forward(X)
        return -np.mean(np.log(probs[np.arange(len(y)), y]))

    def backward(self, y):
        p = self.params
        g = {k: np.zeros_like(v) for k, v in p.items()}
        N = len(y)
        ds = self.probs.copy()
        ds[np.arange(N), y] -= 1
        ds /= N
        g["Wo"] = self.h_last.T @ ds
        g["bo"] = ds.sum(0)
        dh = ds @ p["Wo"].T
        for x, h, z, r, c in reversed(self.cache):
            dc = dh * (1 - z) * (1 - c * c)
            dz = dh * (h - c) * z * (1 - z)
            drh = dc @ p["Uh"].T
            dr = drh * h * r * (1 - r)
            for k, d, a in (("z", dz, h), ("r", dr, h), ("h", dc, r * h)):
                g["W" + k] += x.T @ d
                g["U" + k] += a.T @ d
                g["b" + k] += d.sum(0)
            dh = dh * z + drh * r + dz @ p["Uz"].T + dr @ p["Ur"].T
        self.grads = g
        return g
