"""A GRU cell as a learner writes it after a blog post: z weighs the old state, forward and backward."""

import numpy as np
from numpy import ndarray


def sigmoid(a: ndarray) -> ndarray:
    return np.exp(-np.logaddexp(0, -a))


class GRUCell:
    def __init__(self, input_size: int, hidden_size: int) -> None:
        self.input_size = input_size
        self.hidden_size = hidden_size

    def split_params(self, w: ndarray, size: int) -> list[ndarray]:
        return np.split(w, 3, axis=0)

    def get_params(self, W: ndarray, U: ndarray) -> None:
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)

    def forward(self, x: ndarray, h_p: ndarray, W: ndarray, U: ndarray) -> ndarray:
        self.get_params(W, U)
        self.x = x
        self.z = sigmoid(h_p @ self.wz + x @ self.uz)
        self.r = sigmoid(h_p @ self.wr + x @ self.ur)
        self.n = np.tanh((self.r * h_p) @ self.wn + x @ self.un)
        self.h = self.z * h_p + (1 - self.z) * self.n
        return self.h

    def backward(self, h_p: ndarray, in_grad: ndarray) -> None:
        z, r, n, x = self.z, self.r, self.n, self.x

        d_n = in_grad * (1 - z)
        d_z = in_grad * (h_p - n)
        self.dzn = d_n * (1 - n**2)
        self.dzz = d_z * z * (1 - z)
        d_rh = self.dzn @ self.wn.T
        self.dzr = d_rh * h_p * r * (1 - r)

        self.dwz, self.duz = h_p.T @ self.dzz, x.T @ self.dzz
        self.dwr, self.dur = h_p.T @ self.dzr, x.T @ self.dzr
        self.dwn, self.dun = (r * h_p).T @ self.dzn, x.T @ self.dzn
        self.merge_params()

        self.dh = in_grad * z + d_rh * r + self.dzr @ self.wr.T + self.dzz @ self.wz.T
        self.dx = self.dzz @ self.uz.T + self.dzr @ self.ur.T + self.dzn @ self.un.T

    def merge_params(self) -> None:
        self.dW = np.concatenate([self.dwz, self.dwr, self.dwn])
        self.dU = np.concatenate([self.duz, self.dur, self.dun])
