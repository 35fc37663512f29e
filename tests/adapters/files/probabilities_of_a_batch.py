"""A GRU over a batch of sequences with the probability of one of two classes on top, its loss in a call of its own."""

import numpy as np


def sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


class SentimentGRU:
    def __init__(self, input_dim, hidden_dim, seed=1):
        rng = np.random.RandomState(seed)
        s = 1.0 / np.sqrt(hidden_dim)
        self.hidden_dim = hidden_dim
        self.params = {
            "W": rng.uniform(-s, s, (input_dim, 3 * hidden_dim)),
            "U": rng.uniform(-s, s, (hidden_dim, 3 * hidden_dim)),
            "b": np.zeros(3 * hidden_dim),
            "W_out": rng.uniform(-s, s, (hidden_dim, 1)),
            "b_out": np.zeros(1),
        }
        self.grads = {}

    def forward(self, X):
        """X (N, T, D) -> probabilities (N, 1)"""
        N, T, _ = X.shape
        H = self.hidden_dim
        W, U, b = self.params["W"], self.params["U"], self.params["b"]
        h = np.zeros((N, H))
        self.X, self.states = X, []
        for t in range(T):
            a = X[:, t] @ W + b
            z = sigmoid(a[:, :H] + h @ U[:, :H])
            r = sigmoid(a[:, H : 2 * H] + h @ U[:, H : 2 * H])
            n = np.tanh(a[:, 2 * H :] + (r * h) @ U[:, 2 * H :])
            self.states.append((h, z, r, n))
            h = (1 - z) * h + z * n
        self.last = h
        self.p = sigmoid(h @ self.params["W_out"] + self.params["b_out"])
        return self.p

    def loss(self, y):
        p = np.clip(self.p, 1e-12, 1 - 1e-12)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def backward(self, y):
        N, T, _ = self.X.shape
        H = self.hidden_dim
        W, U = self.params["W"], self.params["U"]
        g = {k: np.zeros_like(v) for k, v in self.params.items()}
        dlogit = (self.p - y) / N
        g["W_out"] = self.last.T @ dlogit
        g["b_out"] = dlogit.sum(axis=0)
        dh = dlogit @ self.params["W_out"].T
        for t in reversed(range(T)):
            h, z, r, n = self.states[t]
            dn = dh * z * (1 - n**2)
            dz = dh * (n - h) * z * (1 - z)
            drh = dn @ U[:, 2 * H :].T
            dr = drh * h * r * (1 - r)
            da = np.hstack([dz, dr, dn])
            g["W"] += self.X[:, t].T @ da
            g["b"] += da.sum(axis=0)
            g["U"] += np.hstack([h.T @ dz, h.T @ dr, (r * h).T @ dn])
            dh = dh * (1 - z) + drh * r + dz @ U[:, :H].T + dr @ U[:, H : 2 * H].T
        self.grads = g
        return g
