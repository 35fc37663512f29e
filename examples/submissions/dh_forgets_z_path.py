"""A GRU cell as a learner writes it: equation (23) has three of its four terms."""

import numpy as np


class GRUCell:
    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size

    @staticmethod
    def sigmoid(a):
        return (np.tanh(a / 2) + 1) / 2

    def split_params(self, w, size):
        return tuple(w[i * size : (i + 1) * size, :] for i in range(3))

    def get_params(self, W, U):
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)

    def forward(self, x, h_p, W, U):
        self.get_params(W, U)
        self.x = x
        self.z = self.sigmoid(h_p.dot(self.wz) + x.dot(self.uz))
        self.r = self.sigmoid(h_p.dot(self.wr) + x.dot(self.ur))
        self.n = np.tanh((self.r * h_p).dot(self.wn) + x.dot(self.un))
        self.h = h_p + self.z * (self.n - h_p)

    def backward(self, h_p, in_grad):
        # dL/dz, then through the sigmoid
        dz = in_grad * (self.n - h_p)
        self.dzz = dz * self.z * (1 - self.z)
        # dL/dn, then through the tanh
        dn = in_grad * self.z
        self.dzn = dn * (1 - self.n**2)
        # dL/d(r*h), dL/dr, then through the sigmoid
        drh = self.dzn.dot(self.wn.T)
        dr = drh * h_p
        self.dzr = dr * self.r * (1 - self.r)

        self.dwz = h_p.T.dot(self.dzz)
        self.dwr = h_p.T.dot(self.dzr)
        self.dwn = (h_p * self.r).T.dot(self.dzn)
        self.duz = self.x.T.dot(self.dzz)
        self.dur = self.x.T.dot(self.dzr)
        self.dun = self.x.T.dot(self.dzn)
        self.merge_params()

        self.dh = in_grad * (1 - self.z) + drh * self.r + self.dzr.dot(self.wr.T)
        self.dx = self.dzz.dot(self.uz.T) + self.dzr.dot(self.ur.T) + self.dzn.dot(self.un.T)

    def merge_params(self):
        self.dW = np.r_[self.dwz, self.dwr, self.dwn]
        self.dU = np.r_[self.duz, self.dur, self.dun]
