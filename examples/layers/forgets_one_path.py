"""A minimal gated unit whose gate forgets one of the two ways in which the loss reaches it."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class MGUCell:
    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size

    def split_params(self, w, size):
        return w[:size], w[size:]

    def forward(self, x, h_p, W, U):
        self.x = x
        self.wf, self.wn = self.split_params(W, self.hidden_size)
        self.uf, self.un = self.split_params(U, self.input_size)
        self.f = sigmoid(h_p @ self.wf + x @ self.uf)
        self.n = np.tanh((self.f * h_p) @ self.wn + x @ self.un)
        self.h = (1 - self.f) * h_p + self.f * self.n

    def backward(self, h_p, in_grad):
        f, n = self.f, self.n
        self.dzn = in_grad * f * (1 - n**2)
        self.dzf = in_grad * (n - h_p) * f * (1 - f)
        self.dwn, self.dun = (f * h_p).T @ self.dzn, self.x.T @ self.dzn
        self.dwf, self.duf = h_p.T @ self.dzf, self.x.T @ self.dzf
        self.dW, self.dU = np.vstack([self.dwf, self.dwn]), np.vstack([self.duf, self.dun])
        self.dh = in_grad * (1 - f) + (self.dzn @ self.wn.T) * f + self.dzf @ self.wf.T
        self.dx = self.dzn @ self.un.T + self.dzf @ self.uf.T
