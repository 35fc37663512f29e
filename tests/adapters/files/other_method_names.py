"""A layer whose passes have names of their own."""

import numpy as np


class GRU:
    def __init__(self, n_in, n_hid):
        self.n_in, self.n_hid = n_in, n_hid
        self.params = [np.random.randn(n_in + n_hid, n_hid) * 0.1 for _ in range(3)] + [
            np.zeros(n_hid) for _ in range(3)
        ]

    def step(self, x, h):
        Wz, Wr, Wh, bz, br, bh = self.params
        xh = np.hstack((x, h))
        z = 1 / (1 + np.exp(-xh @ Wz - bz))
        r = 1 / (1 + np.exp(-xh @ Wr - br))
        xrh = np.hstack((x, r * h))
        c = np.tanh(xrh @ Wh + bh)
        hn = z * h + (1 - z) * c
        return hn, (xh, xrh, z, r, c, h)

    def run(self, xs, h0):
        hs, caches, h = [], [], h0
        for x in xs:
            h, cache = self.step(x, h)
            hs.append(h)
            caches.append(cache)
        return hs, caches

    def grad_step(self, dh, cache):
        Wz, Wr, Wh = self.params[:3]
        xh, xrh, z, r, c, h = cache
        n = self.n_in
        dc = dh * (1 - z) * (1 - c * c)
        dz = dh * (h - c) * z * (1 - z)
        dxrh = dc @ Wh.T
        dr = dxrh[:, n:] * h * r * (1 - r)
        dxh = dz @ Wz.T + dr @ Wr.T
        grads = [xh.T @ dz, xh.T @ dr, xrh.T @ dc, dz.sum(0), dr.sum(0), dc.sum(0)]
        return grads, dxh[:, :n] + dxrh[:, :n], dh * z + dxh[:, n:] + dxrh[:, n:] * r

    def grad_run(self, dhs, caches):
        total = [np.zeros_like(p) for p in self.params]
        dxs, dh = [], 0
        for d, cache in zip(reversed(dhs), reversed(caches)):
            grads, dx, dh = self.grad_step(d + dh, cache)
            total = [a + b for a, b in zip(total, grads)]
            dxs.insert(0, dx)
        return total, dxs, dh
