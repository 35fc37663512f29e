"""No GRU but a plain cell; backward changes the parameters itself."""

import numpy as np


class MyGRU:
    def __init__(self, input_dim, hidden_dim, lr=0.1):
        self.lr = lr
        self.W = np.random.randn(hidden_dim, input_dim)
        self.U = np.random.randn(hidden_dim, hidden_dim)
        self.b = np.zeros(hidden_dim)

    def forward(self, x, h):
        self.x, self.h0 = x, h
        self.h1 = np.tanh(self.W @ x + self.U @ h + self.b)
        return self.h1

    def backward(self, dh):
        d = dh * (1 - self.h1**2)
        dh_prev = self.U.T @ d
        dx = self.W.T @ d
        self.dW = np.outer(d, self.x)
        self.dU = np.outer(d, self.h0)
        self.db = d
        self.W -= self.lr * self.dW
        self.U -= self.lr * self.dU
        self.b -= self.lr * self.db
        return dx, dh_prev
