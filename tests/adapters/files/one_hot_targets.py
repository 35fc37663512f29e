import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class GRUNet:
    """Many to many classifier, batch of one sequence of vectors."""

    def __init__(self, input_dim, hidden_dim, output_dim, lr=0.01):
        self.input_dim, self.hidden_dim, self.output_dim, self.lr = input_dim, hidden_dim, output_dim, lr
        s = 0.2
        r = np.random.RandomState(1)
        self.Wz, self.Wr, self.Wh = (r.uniform(-s, s, (hidden_dim, input_dim)) for _ in range(3))
        self.Uz, self.Ur, self.Uh = (r.uniform(-s, s, (hidden_dim, hidden_dim)) for _ in range(3))
        self.bz, self.br, self.bh = (np.zeros(hidden_dim) for _ in range(3))
        self.Wy = r.uniform(-s, s, (output_dim, hidden_dim))
        self.by = np.zeros(output_dim)

    def forward(self, X):
        T = len(X)
        self.X = X
        self.h = np.zeros((T + 1, self.hidden_dim))
        self.z, self.r, self.c = (np.zeros((T, self.hidden_dim)) for _ in range(3))
        self.y = np.zeros((T, self.output_dim))
        for t in range(T):
            hp = self.h[t - 1]
            self.z[t] = sigmoid(self.Wz @ X[t] + self.Uz @ hp + self.bz)
            self.r[t] = sigmoid(self.Wr @ X[t] + self.Ur @ hp + self.br)
            self.c[t] = np.tanh(self.Wh @ X[t] + self.Uh @ (self.r[t] * hp) + self.bh)
            self.h[t] = (1 - self.z[t]) * hp + self.z[t] * self.c[t]
            e = np.exp(self.Wy @ self.h[t] + self.by)
            self.y[t] = e / e.sum()
        return self.y

    def loss(self, X, targets):
        y = self.forward(X)
        return -np.sum(targets * np.log(y))

    def backward(self, targets):
        T = len(targets)
        g = {
            k: np.zeros_like(getattr(self, k))
            for k in ("Wz", "Wr", "Wh", "Uz", "Ur", "Uh", "bz", "br", "bh", "Wy", "by")
        }
        dnext = np.zeros(self.hidden_dim)
        for t in reversed(range(T)):
            hp = self.h[t - 1]
            do = self.y[t] - targets[t]
            g["Wy"] += np.outer(do, self.h[t])
            g["by"] += do
            dh = self.Wy.T @ do + dnext
            dc = dh * self.z[t] * (1 - self.c[t] ** 2)
            dz = dh * (self.c[t] - hp) * self.z[t] * (1 - self.z[t])
            drh = self.Uh.T @ dc
            dr = drh * hp * self.r[t] * (1 - self.r[t])
            for k, d, i in (("z", dz, hp), ("r", dr, hp), ("h", dc, self.r[t] * hp)):
                g["W" + k] += np.outer(d, self.X[t])
                g["U" + k] += np.outer(d, i)
                g["b" + k] += d
            dnext = dh * (1 - self.z[t]) + drh * self.r[t] + self.Uz.T @ dz + self.Ur.T @ dr
        self.grads = g
        return g

    def update(self):
        for k, v in self.grads.items():
            getattr(self, k)[...] -= self.lr * v
