"""A GRU cell as a learner writes it, with every equation right."""

import numpy as np


def sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


class GRUCell:
    def __init__(self, input_size, hidden_size):
        self.input_size = input_size
        self.hidden_size = hidden_size

    def split_params(self, w, size):
        return w[:size], w[size : 2 * size], w[2 * size :]

    def get_params(self, W, U):
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)

    def forward(self, x, h_p, W, U):
        self.get_params(W, U)
        self.x = x
        self.z = sigmoid(h_p @ self.wz + x @ self.uz)
        self.r = sigmoid(h_p @ self.wr + x @ self.ur)
        self.n = np.tanh((self.r * h_p) @ self.wn + x @ self.un)
        self.h = (1 - self.z) * h_p + self.z * self.n

    def backward(self, h_p, in_grad):
        self.dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)
        self.dzn = in_grad * self.z * (1 - self.n**2)
        self.dzr = (self.dzn @ self.wn.T) * h_p * self.r * (1 - self.r)

        self.dwn = (self.r * h_p).T @ self.dzn
        self.dun = self.x.T @ self.dzn
        self.dwr = h_p.T @ self.dzr
        self.dur = self.x.T @ self.dzr
        self.dwz = h_p.T @ self.dzz
        self.duz = self.x.T @ self.dzz
        self.merge_params()

        self.dh = in_grad * (1 - self.z)
        self.dh = self.dh + (self.dzn @ self.wn.T) * self.r
        self.dh = self.dh + self.dzr @ self.wr.T
        self.dh = self.dh + self.dzz @ self.wz.T
        self.dx = self.dzn @ self.un.T + self.dzr @ self.ur.T + self.dzz @ self.uz.T

    def merge_params(self):
        self.dW = np.concatenate((self.dwz, self.dwr, self.dwn), axis=0)
        self.dU = np.concatenate((self.duz, self.dur, self.dun), axis=0)
