"""A GRU cell as a learner writes it: equation (10) has lost a factor."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-np.clip(a, -700, 700)))


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
        # the two gates
        self.z = sigmoid(np.dot(h_p, self.wz) + np.dot(x, self.uz))
        self.r = sigmoid(np.dot(h_p, self.wr) + np.dot(x, self.ur))
        # the candidate, then the new state
        self.n = np.tanh(np.dot(self.r * h_p, self.wn) + np.dot(x, self.un))
        self.h = (1 - self.z) * h_p + self.z * self.n

    def backward(self, h_p, in_grad):
        # pre-activations
        self.dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)
        self.dzn = in_grad * self.z * (1 - self.n * self.n)
        self.dzr = np.dot(self.dzn, self.wn.T) * self.r * (1 - self.r)
        # weights
        self.dwn = np.dot((self.r * h_p).T, self.dzn)
        self.dun = np.dot(self.x.T, self.dzn)
        self.dwr = np.dot(h_p.T, self.dzr)
        self.dur = np.dot(self.x.T, self.dzr)
        self.dwz = np.dot(h_p.T, self.dzz)
        self.duz = np.dot(self.x.T, self.dzz)
        self.merge_params()
        # what goes to the step before, and to the layer below
        self.dh = (
            in_grad * (1 - self.z)
            + np.dot(self.dzn, self.wn.T) * self.r
            + np.dot(self.dzr, self.wr.T)
            + np.dot(self.dzz, self.wz.T)
        )
        self.dx = np.dot(self.dzn, self.un.T) + np.dot(self.dzr, self.ur.T) + np.dot(self.dzz, self.uz.T)

    def merge_params(self):
        self.dW = np.vstack((self.dwz, self.dwr, self.dwn))
        self.dU = np.vstack((self.duz, self.dur, self.dun))
