"""A GRU cell as a learner writes it: the blocks are taken apart in one order and put together in another."""

import numpy as np


def sigmoid(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


class GRUCell:
    def __init__(self, input_size, hidden_size):
        self.input_size = input_size
        self.hidden_size = hidden_size

    def split_params(self, w, size):
        z = w[:size]
        r = w[size:-size]
        n = w[-size:]
        return z, r, n

    def get_params(self, W, U):
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)

    def forward(self, x, h_p, W, U):
        self.get_params(W, U)
        self.x = x
        self.r = sigmoid(h_p @ self.wr + x @ self.ur)
        self.z = sigmoid(h_p @ self.wz + x @ self.uz)
        self.n = np.tanh((self.r * h_p) @ self.wn + x @ self.un)
        self.h = (1 - self.z) * h_p + self.z * self.n

    def backward(self, h_p, in_grad):
        self.dzn = in_grad * self.z * (1 - self.n**2)
        grad_rh = self.dzn @ self.wn.T
        self.dzr = grad_rh * h_p * self.r * (1 - self.r)
        self.dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)

        self.dwr, self.dur = h_p.T @ self.dzr, self.x.T @ self.dzr
        self.dwz, self.duz = h_p.T @ self.dzz, self.x.T @ self.dzz
        self.dwn, self.dun = (self.r * h_p).T @ self.dzn, self.x.T @ self.dzn
        self.merge_params()

        self.dh = in_grad * (1 - self.z) + grad_rh * self.r + self.dzr @ self.wr.T + self.dzz @ self.wz.T
        self.dx = self.dzr @ self.ur.T + self.dzz @ self.uz.T + self.dzn @ self.un.T

    def merge_params(self):
        self.dW = np.concatenate((self.dwr, self.dwz, self.dwn), axis=0)
        self.dU = np.concatenate((self.dur, self.duz, self.dun), axis=0)
