"""A GRU cell as a learner writes it: tried with as many inputs as hidden units only."""

import numpy as np


def sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


class GRUCell:
    def __init__(self, input_size, hidden_size):
        self.input_size = input_size
        self.hidden_size = hidden_size

    def split_params(self, w, size):
        return [w[k * size : (k + 1) * size] for k in range(3)]

    def get_params(self, W, U):
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)

    def forward(self, x, h_p, W, U):
        self.get_params(W, U)
        self.x = x
        self.z = sigmoid(np.matmul(h_p, self.wz) + np.matmul(x, self.uz))
        self.r = sigmoid(np.matmul(h_p, self.wr) + np.matmul(x, self.ur))
        self.n = np.tanh(np.matmul(self.r * h_p, self.wn) + np.matmul(x, self.un))
        self.h = (1 - self.z) * h_p + self.z * self.n
        return self.h

    def backward(self, h_p, in_grad):
        self.dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)
        self.dzn = in_grad * self.z * (1 - np.square(self.n))
        self.dzr = np.matmul(self.dzn, self.wn.T) * h_p * self.r * (1 - self.r)

        self.dwn = np.matmul((self.r * h_p).T, self.dzn)
        self.dun = np.matmul(self.x.T, self.dzn)
        self.dwr = np.matmul(h_p.T, self.dzr)
        self.dur = np.matmul(self.x.T, self.dzr)
        self.dwz = np.matmul(h_p.T, self.dzz)
        self.duz = np.matmul(self.x.T, self.dzz)
        self.merge_params()

        self.dh = (
            in_grad * (1 - self.z)
            + np.matmul(self.dzn, self.wn.T) * self.r
            + np.matmul(self.dzr, self.wr.T)
            + np.matmul(self.dzz, self.wz.T)
        )
        self.dx = np.matmul(self.dzn, self.un) + np.matmul(self.dzr, self.ur) + np.matmul(self.dzz, self.uz)

    def merge_params(self):
        self.dW = np.concatenate((self.dwz, self.dwr, self.dwn), axis=0)
        self.dU = np.concatenate((self.duz, self.dur, self.dun), axis=0)
