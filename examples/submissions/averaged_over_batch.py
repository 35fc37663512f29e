"""A GRU cell as a learner writes it: the gradients of the weights are means over the batch."""

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
        batch_size = len(in_grad)
        one_minus_z = 1 - self.z

        self.dzz = in_grad * (self.n - h_p) * self.z * one_minus_z
        self.dzn = in_grad * self.z * (1 - self.n**2)
        self.dzr = (self.dzn @ self.wn.T) * h_p * self.r * (1 - self.r)

        self.dwz = h_p.T @ self.dzz / batch_size
        self.dwr = h_p.T @ self.dzr / batch_size
        self.dwn = (self.r * h_p).T @ self.dzn / batch_size
        self.duz = self.x.T @ self.dzz / batch_size
        self.dur = self.x.T @ self.dzr / batch_size
        self.dun = self.x.T @ self.dzn / batch_size
        self.merge_params()

        self.dh = in_grad * one_minus_z + (self.dzn @ self.wn.T) * self.r + self.dzr @ self.wr.T + self.dzz @ self.wz.T
        self.dx = self.dzz @ self.uz.T + self.dzr @ self.ur.T + self.dzn @ self.un.T

    def merge_params(self):
        self.dW = np.concatenate((self.dwz, self.dwr, self.dwn))
        self.dU = np.concatenate((self.duz, self.dur, self.dun))
