"""A layer over whole sequences that is made of cells of the same file."""

import numpy as np


class GRUStep:
    """The light form without a reset gate."""

    def __init__(self, params):
        self.params = params
        self.grads = [np.zeros_like(p) for p in params]

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        n = Wh.shape[0]
        a = x @ Wx + b
        self.z = 1 / (1 + np.exp(-(a[:, :n] + h_prev @ Wh[:, :n])))
        self.c = np.tanh(a[:, n : 2 * n] + h_prev @ Wh[:, n : 2 * n] + 0 * a[:, 2 * n :])
        self.x, self.h_prev = x, h_prev
        return (1 - self.z) * h_prev + self.z * self.c

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        dz = dh_next * (self.c - self.h_prev) * self.z * (1 - self.z)
        dc = dh_next * self.z * (1 - self.c**2)
        da = np.hstack([dz, dc, np.zeros_like(dc)])
        for grad, value in zip(self.grads, (self.x.T @ da, self.h_prev.T @ da, da.sum(0))):
            grad[...] = value
        return da @ Wx.T, da @ Wh.T + dh_next * (1 - self.z)


class GRULayer:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(p) for p in self.params]

    def forward(self, xs):
        N, T, _ = xs.shape
        h, self.steps, hs = np.zeros((N, self.params[1].shape[0])), [], []
        for t in range(T):
            self.steps.append(GRUStep(self.params))
            h = self.steps[-1].forward(xs[:, t], h)
            hs.append(h)
        return np.stack(hs, axis=1)

    def backward(self, dhs):
        dxs, dh = np.empty((*dhs.shape[:2], self.params[0].shape[0])), 0
        for grad in self.grads:
            grad[...] = 0
        for t in reversed(range(dhs.shape[1])):
            dxs[:, t], dh = self.steps[t].backward(dhs[:, t] + dh)
            for grad, own in zip(self.grads, self.steps[t].grads):
                grad += own
        return dxs
