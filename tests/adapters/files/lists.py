"""A layer with a list of parameters and a list of gradients, written in place; and a layer over time."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class GRU:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        H = Wh.shape[0]
        a = x @ Wx[:, : 2 * H] + h_prev @ Wh[:, : 2 * H] + b[: 2 * H]
        z, r = sigmoid(a[:, :H]), sigmoid(a[:, H:])
        g = np.tanh(x @ Wx[:, 2 * H :] + (r * h_prev) @ Wh[:, 2 * H :] + b[2 * H :])
        self.cache = (x, h_prev, z, r, g)
        return (1 - z) * h_prev + z * g

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        H = Wh.shape[0]
        x, h_prev, z, r, g = self.cache
        dg = dh_next * z * (1 - g**2)
        dz = dh_next * (g - h_prev) * z * (1 - z)
        dhr = dg @ Wh[:, 2 * H :].T
        dr = dhr * h_prev * r * (1 - r)
        da = np.hstack([dz, dr, dg])
        dWx = x.T @ da
        dWh = np.hstack([h_prev.T @ dz, h_prev.T @ dr, (r * h_prev).T @ dg])
        db = da.sum(axis=0)
        dx = da @ Wx.T
        dh_prev = dh_next * (1 - z) + dhr * r + dz @ Wh[:, :H].T + dr @ Wh[:, H : 2 * H].T
        self.grads[0][...] = dWx
        self.grads[1][...] = dWh
        self.grads[2][...] = db
        return dx, dh_prev
