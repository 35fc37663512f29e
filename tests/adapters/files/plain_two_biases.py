import numpy as np


class RNNCell:
    def __init__(self, input_size, hidden_size):
        h, d = hidden_size, input_size
        self.W_ih, self.W_hh = np.random.randn(h, d), np.random.randn(h, h)
        self.b_ih, self.b_hh = np.random.randn(h), np.random.randn(h)
        self.dW_ih, self.dW_hh = np.zeros((h, d)), np.zeros((h, h))
        self.db_ih, self.db_hh = np.zeros(h), np.zeros(h)

    def forward(self, x, h_prev_t):
        self.x, self.h_prev = x, h_prev_t
        self.h = np.tanh(x @ self.W_ih.T + self.b_ih + h_prev_t @ self.W_hh.T + self.b_hh)
        return self.h

    def backward(self, delta):
        dz = delta * (1 - self.h**2)
        self.dW_ih += dz.T @ self.x
        self.dW_hh += dz.T @ self.h_prev
        self.db_ih += dz.sum(axis=0)
        self.db_hh += dz.sum(axis=0)
        return dz @ self.W_ih, dz @ self.W_hh
