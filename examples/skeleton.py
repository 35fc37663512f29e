"""An empty GRU cell, to be filled in."""

import numpy as np


class GRUCell:
    def __init__(self, input_size, hidden_size):
        self.input_size = input_size
        self.hidden_size = hidden_size

    def split_params(self, w, size):
        # Three equal blocks of rows, in the order z, r, h~.
        return w[:size], w[size : 2 * size], w[2 * size :]

    def get_params(self, W, U):
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)

    def forward(self, x, h_p, W, U):
        # x is (batch, input), h_p is (batch, hidden).
        self.get_params(W, U)
        self.x = x
        # (1) z = sigmoid(h_p @ wz + x @ uz)
        # (2) r = sigmoid(h_p @ wr + x @ ur)
        # (3) n = tanh((r * h_p) @ wn + x @ un)
        # (4) h = (1 - z) * h_p + z * n
        raise NotImplementedError("forward: set self.z, self.r, self.n and self.h")

    def backward(self, h_p, in_grad):
        # in_grad is the gradient of the loss by h, (batch, hidden).
        # (8)-(10) self.dzz, self.dzn, self.dzr: by the arguments of sigmoid, tanh and sigmoid
        # (11)-(16) self.dwn, self.dun, self.dwr, self.dur, self.dwz, self.duz: by the blocks of W and U
        # (23) self.dh: by h_p, (24) self.dx: by x
        raise NotImplementedError("backward: set the gradients, then call merge_params()")

    def merge_params(self):
        self.dW = np.concatenate([self.dwz, self.dwr, self.dwn])
        self.dU = np.concatenate([self.duz, self.dur, self.dun])
