import numpy as np


class GRU:
    """All weights live in one flat vector theta, as optimisers like it; views give the matrices."""

    def __init__(self, n_in, n_hid):
        self.n, self.h = n_in, n_hid
        self.theta = np.random.randn(3 * n_hid * (n_in + n_hid + 1)) * 0.1
        self.grad = np.zeros_like(self.theta)

    def _views(self, v):
        return v.reshape(3, self.h, self.n + self.h + 1)

    def forward(self, x, h):
        Wz, Wr, Wn = self._views(self.theta)
        one = np.ones((len(x), 1))
        v = np.hstack([x, h, one])
        z = 1 / (1 + np.exp(-v @ Wz.T))
        r = 1 / (1 + np.exp(-v @ Wr.T))
        vr = np.hstack([x, r * h, one])
        n = np.tanh(vr @ Wn.T)
        self.mem = h, v, vr, z, r, n
        return z * h + (1 - z) * n

    def backward(self, d):
        h, v, vr, z, r, n = self.mem
        Wz, Wr, Wn = self._views(self.theta)
        Gz, Gr, Gn = self._views(self.grad)
        an = d * (1 - z) * (1 - n * n)
        az = d * (h - n) * z * (1 - z)
        dvr = an @ Wn
        s = slice(self.n, self.n + self.h)
        ar = dvr[:, s] * h * r * (1 - r)
        Gz += az.T @ v
        Gr += ar.T @ v
        Gn += an.T @ vr
        dv = az @ Wz + ar @ Wr
        return dv[:, : self.n] + dvr[:, : self.n], dv[:, s] + dvr[:, s] * r + d * z
