"""A plain RNN that answers its outputs, and takes their gradients."""

import numpy as np


class ElmanNetwork:
    def __init__(self, n_in, n_hidden, n_out):
        rng = np.random.RandomState(1)
        self.W_xh = rng.randn(n_in, n_hidden) * 0.1
        self.W_hh = rng.randn(n_hidden, n_hidden) * 0.1
        self.W_hy = rng.randn(n_hidden, n_out) * 0.1
        self.b_h = np.zeros(n_hidden)
        self.b_y = np.zeros(n_out)

    def forward(self, X):
        # X: (T, n_in)
        self.X = X
        self.h = [np.zeros(self.W_hh.shape[0])]
        self.y = []
        for x in X:
            self.h.append(np.tanh(x @ self.W_xh + self.h[-1] @ self.W_hh + self.b_h))
            self.y.append(self.h[-1] @ self.W_hy + self.b_y)
        return np.array(self.y)

    def backward(self, dY):
        self.dW_xh, self.dW_hh, self.dW_hy = (
            np.zeros_like(self.W_xh),
            np.zeros_like(self.W_hh),
            np.zeros_like(self.W_hy),
        )
        self.db_h, self.db_y = np.zeros_like(self.b_h), np.zeros_like(self.b_y)
        dh_next = np.zeros(self.W_hh.shape[0])
        for t in range(len(self.X) - 1, -1, -1):
            self.dW_hy += np.outer(self.h[t + 1], dY[t])
            self.db_y += dY[t]
            dh = self.W_hy @ dY[t] + dh_next
            da = dh * (1 - self.h[t + 1] ** 2)
            self.dW_xh += np.outer(self.X[t], da)
            self.dW_hh += np.outer(self.h[t], da)
            self.db_h += da
            dh_next = self.W_hh @ da
        return self.dW_xh, self.dW_hh, self.dW_hy, self.db_h, self.db_y
