"""Learns one number for a sequence by plain gradient descent, a sequence at a time."""

import numpy as np


class GRUNetwork:
    """Sequence to one value; learns by plain gradient descent."""

    def __init__(self, n_features, n_units, lr=0.01):
        self.n_features, self.n_units, self.lr = n_features, n_units, lr
        s = 1 / np.sqrt(n_units)
        self.Wz = np.random.uniform(-s, s, (n_units, n_features + n_units))
        self.Wr = np.random.uniform(-s, s, (n_units, n_features + n_units))
        self.Wh = np.random.uniform(-s, s, (n_units, n_features + n_units))
        self.bz, self.br, self.bh = np.zeros(n_units), np.zeros(n_units), np.zeros(n_units)
        self.V = np.random.uniform(-s, s, n_units)
        self.c = 0.0

    @staticmethod
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    def forward(self, seq):
        h = np.zeros(self.n_units)
        self.steps = []
        for x in seq:
            v = np.concatenate((x, h))
            z = self.sigmoid(self.Wz @ v + self.bz)
            r = self.sigmoid(self.Wr @ v + self.br)
            w = np.concatenate((x, r * h))
            g = np.tanh(self.Wh @ w + self.bh)
            self.steps.append((h, v, w, z, r, g))
            h = z * h + (1 - z) * g
        self.h = h
        return self.V @ h + self.c

    def fit_one(self, seq, target):
        y = self.forward(seq)
        dy = y - target
        dWz, dWr, dWh = np.zeros_like(self.Wz), np.zeros_like(self.Wr), np.zeros_like(self.Wh)
        dbz, dbr, dbh = np.zeros_like(self.bz), np.zeros_like(self.br), np.zeros_like(self.bh)
        dV = dy * self.h
        dc = dy
        dh = dy * self.V
        for h, v, w, z, r, g in reversed(self.steps):
            dz = dh * (h - g) * z * (1 - z)
            dg = dh * (1 - z) * (1 - g * g)
            dw = self.Wh.T @ dg
            drh = dw[self.n_features :]
            dr = drh * h * r * (1 - r)
            dWz += np.outer(dz, v)
            dWr += np.outer(dr, v)
            dWh += np.outer(dg, w)
            dbz += dz
            dbr += dr
            dbh += dg
            dv = self.Wz.T @ dz + self.Wr.T @ dr
            dh = dh * z + drh * r + dv[self.n_features :]
        for p, d in (
            (self.Wz, dWz),
            (self.Wr, dWr),
            (self.Wh, dWh),
            (self.bz, dbz),
            (self.br, dbr),
            (self.bh, dbh),
            (self.V, dV),
        ):
            p -= self.lr * d
        self.c -= self.lr * dc
        return 0.5 * dy**2

    def fit(self, sequences, targets, epochs=10):
        history = []
        for _ in range(epochs):
            history.append(sum(self.fit_one(s, t) for s, t in zip(sequences, targets)) / len(targets))
        return history
