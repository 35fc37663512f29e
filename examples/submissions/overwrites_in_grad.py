"""A GRU cell as a learner writes it: the backward pass saves memory by working in its argument."""

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
        through_wn = self.dzn @ self.wn.T
        self.dzr = through_wn * h_p * self.r * (1 - self.r)

        for gate, grad, state in (("z", self.dzz, h_p), ("r", self.dzr, h_p), ("n", self.dzn, self.r * h_p)):
            setattr(self, "dw" + gate, state.T @ grad)
            setattr(self, "du" + gate, self.x.T @ grad)
        self.merge_params()

        self.dh = in_grad
        self.dh *= 1 - self.z
        self.dh += through_wn * self.r
        self.dh += self.dzr @ self.wr.T
        self.dh += self.dzz @ self.wz.T
        self.dx = self.dzn @ self.un.T + self.dzr @ self.ur.T + self.dzz @ self.uz.T

    def merge_params(self):
        self.dW = np.concatenate((self.dwz, self.dwr, self.dwn))
        self.dU = np.concatenate((self.duz, self.dur, self.dun))
