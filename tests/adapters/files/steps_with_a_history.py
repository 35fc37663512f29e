import numpy as np


class GRULayer:
    """Keeps its own state; call reset() before a sequence."""

    def __init__(self, nIn, nHidden):
        self.nIn, self.nHidden = nIn, nHidden
        k = np.sqrt(1.0 / nHidden)
        self.weights_ih = np.random.uniform(-k, k, (3 * nHidden, nIn))
        self.weights_hh = np.random.uniform(-k, k, (3 * nHidden, nHidden))
        self.bias_ih = np.random.uniform(-k, k, 3 * nHidden)
        self.bias_hh = np.random.uniform(-k, k, 3 * nHidden)
        self.reset()

    def reset(self):
        self.h = np.zeros(self.nHidden)
        self.history = []
        self.grad_ih = np.zeros_like(self.weights_ih)
        self.grad_hh = np.zeros_like(self.weights_hh)
        self.grad_bi = np.zeros_like(self.bias_ih)
        self.grad_bh = np.zeros_like(self.bias_hh)

    def forward(self, x):
        n = self.nHidden
        gi = self.weights_ih @ x + self.bias_ih
        gh = self.weights_hh @ self.h + self.bias_hh
        r = 1 / (1 + np.exp(-(gi[:n] + gh[:n])))
        z = 1 / (1 + np.exp(-(gi[n : 2 * n] + gh[n : 2 * n])))
        c = np.tanh(gi[2 * n :] + r * gh[2 * n :])
        self.history.append((x, self.h, r, z, c, gh[2 * n :]))
        self.h = (1 - z) * c + z * self.h
        return self.h

    def backward(self, dhs):
        """dhs: a gradient for each step of the sequence."""
        n = self.nHidden
        dh = np.zeros(n)
        dxs = []
        for (x, h, r, z, c, q), d in zip(self.history[::-1], dhs[::-1]):
            dh = dh + d
            dc = dh * (1 - z) * (1 - c**2)
            dz = dh * (h - c) * z * (1 - z)
            dr = dc * q * r * (1 - r)
            di = np.concatenate([dr, dz, dc])
            dhh = np.concatenate([dr, dz, dc * r])
            self.grad_ih += np.outer(di, x)
            self.grad_hh += np.outer(dhh, h)
            self.grad_bi += di
            self.grad_bh += dhh
            dxs.append(self.weights_ih.T @ di)
            dh = dh * z + self.weights_hh.T @ dhh
        return dxs[::-1]
