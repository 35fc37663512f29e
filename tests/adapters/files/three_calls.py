import numpy as np


class GRU:
    """Character GRU: three calls, loss apart"""

    def __init__(self, vocab_size, hidden_size=64, seq_length=25, lr=0.01):
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.seq_length = seq_length
        self.lr = lr
        s = 1.0 / np.sqrt(hidden_size)
        self.Wz = np.random.uniform(-s, s, (hidden_size, hidden_size + vocab_size))
        self.Wr = np.random.uniform(-s, s, (hidden_size, hidden_size + vocab_size))
        self.Wh = np.random.uniform(-s, s, (hidden_size, hidden_size + vocab_size))
        self.Wy = np.random.uniform(-s, s, (vocab_size, hidden_size))
        self.bz = np.zeros((hidden_size, 1))
        self.br = np.zeros((hidden_size, 1))
        self.bh = np.zeros((hidden_size, 1))
        self.by = np.zeros((vocab_size, 1))

    def sigmoid(self, x):
        return 1 / (1 + np.exp(-x))

    def forward(self, inputs, h_prev):
        self.xs, self.zx, self.zrx, self.z, self.r, self.hbar, self.h, self.y, self.p = (
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
        )
        self.h[-1] = np.copy(h_prev)
        for t in range(len(inputs)):
            self.xs[t] = np.zeros((self.vocab_size, 1))
            self.xs[t][inputs[t]] = 1
            self.zx[t] = np.vstack((self.h[t - 1], self.xs[t]))
            self.z[t] = self.sigmoid(self.Wz @ self.zx[t] + self.bz)
            self.r[t] = self.sigmoid(self.Wr @ self.zx[t] + self.br)
            self.zrx[t] = np.vstack((self.r[t] * self.h[t - 1], self.xs[t]))
            self.hbar[t] = np.tanh(self.Wh @ self.zrx[t] + self.bh)
            self.h[t] = (1 - self.z[t]) * self.h[t - 1] + self.z[t] * self.hbar[t]
            self.y[t] = self.Wy @ self.h[t] + self.by
            e = np.exp(self.y[t] - np.max(self.y[t]))
            self.p[t] = e / e.sum()
        return self.p, self.h[len(inputs) - 1]

    def loss(self, targets):
        return sum(-np.log(self.p[t][targets[t], 0]) for t in range(len(targets)))

    def backward(self, targets):
        H = self.hidden_size
        grads = {k: np.zeros_like(getattr(self, k)) for k in ["Wz", "Wr", "Wh", "Wy", "bz", "br", "bh", "by"]}
        dh_next = np.zeros((H, 1))
        for t in reversed(range(len(targets))):
            dy = np.copy(self.p[t])
            dy[targets[t]] -= 1
            grads["Wy"] += dy @ self.h[t].T
            grads["by"] += dy
            dh = self.Wy.T @ dy + dh_next
            dhbar = dh * self.z[t] * (1 - self.hbar[t] ** 2)
            dz = dh * (self.hbar[t] - self.h[t - 1]) * self.z[t] * (1 - self.z[t])
            dzrx = self.Wh.T @ dhbar
            dr = dzrx[:H] * self.h[t - 1] * self.r[t] * (1 - self.r[t])
            grads["Wh"] += dhbar @ self.zrx[t].T
            grads["Wz"] += dz @ self.zx[t].T
            grads["Wr"] += dr @ self.zx[t].T
            grads["bh"] += dhbar
            grads["bz"] += dz
            grads["br"] += dr
            dzx = self.Wz.T @ dz + self.Wr.T @ dr
            dh_next = dh * (1 - self.z[t]) + dzx[:H] + dzrx[:H] * self.r[t]
        return grads
