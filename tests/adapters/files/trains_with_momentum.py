"""A classifier that trains with momentum, and has its loss and its gradients apart."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class GRUClassifier:
    def __init__(self, n_in, n_hidden, n_classes, lr=0.1, momentum=0.9):
        r = np.random.default_rng(2)
        self.p = {
            "Wx": r.normal(size=(n_in, 3 * n_hidden)) * 0.3,
            "Wh": r.normal(size=(n_hidden, 3 * n_hidden)) * 0.3,
            "b": np.zeros(3 * n_hidden),
            "V": r.normal(size=(n_hidden, n_classes)) * 0.3,
            "c": np.zeros(n_classes),
        }
        self.v = {k: np.zeros_like(a) for k, a in self.p.items()}
        self.lr, self.momentum, self.H = lr, momentum, n_hidden

    def forward(self, X):
        p, H = self.p, self.H
        h, self.tape = np.zeros((X.shape[0], H)), []
        for t in range(X.shape[1]):
            a, g = X[:, t] @ p["Wx"] + p["b"], h @ p["Wh"][:, : 2 * H]
            z, r = sigmoid(a[:, :H] + g[:, :H]), sigmoid(a[:, H : 2 * H] + g[:, H:])
            n = np.tanh(a[:, 2 * H :] + (r * h) @ p["Wh"][:, 2 * H :])
            self.tape.append((X[:, t], h, z, r, n))
            h = (1 - z) * h + z * n
        self.h = h
        s = h @ p["V"] + p["c"]
        e = np.exp(s - s.max(1, keepdims=True))
        self.probs = e / e.sum(1, keepdims=True)
        return self.probs

    def loss(self, probs, y):
        return -np.log(probs[np.arange(len(y)), y]).mean()

    def backward(self, y):
        p, H, N = self.p, self.H, len(y)
        g = {k: np.zeros_like(a) for k, a in p.items()}
        d = self.probs.copy()
        d[np.arange(N), y] -= 1
        d /= N
        g["V"], g["c"] = self.h.T @ d, d.sum(0)
        dh = d @ p["V"].T
        for x, h, z, r, n in reversed(self.tape):
            an = dh * z * (1 - n**2)
            q = an @ p["Wh"][:, 2 * H :].T
            a = np.hstack([dh * (n - h) * z * (1 - z), q * h * r * (1 - r), an])
            g["Wx"] += x.T @ a
            g["b"] += a.sum(0)
            g["Wh"][:, : 2 * H] += h.T @ a[:, : 2 * H]
            g["Wh"][:, 2 * H :] += (r * h).T @ an
            dh = dh * (1 - z) + q * r + a[:, : 2 * H] @ p["Wh"][:, : 2 * H].T
        return g

    def train_step(self, X, y):
        probs = self.forward(X)
        g = self.backward(y)
        for k in self.p:
            self.v[k] = self.momentum * self.v[k] - self.lr * g[k]
            self.p[k] += self.v[k]
        return self.loss(probs, y)
