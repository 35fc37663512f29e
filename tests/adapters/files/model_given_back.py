import numpy as np


class Network:
    def __init__(self, n_in, n_hidden, n_out, lr=0.05):
        self.lr = lr
        g = np.random.default_rng(1)
        self.model = dict(
            Wz=g.normal(size=(n_in + n_hidden, n_hidden)) / 10,
            Wr=g.normal(size=(n_in + n_hidden, n_hidden)) / 10,
            Wh=g.normal(size=(n_in + n_hidden, n_hidden)) / 10,
            Wy=g.normal(size=(n_hidden, n_out)) / 10,
            bz=np.zeros((1, n_hidden)),
            br=np.zeros((1, n_hidden)),
            bh=np.zeros((1, n_hidden)),
            by=np.zeros((1, n_out)),
        )
        self.n_hidden = n_hidden

    def forward(self, X, h, m):
        h_old = h
        v = np.column_stack((h_old, X))
        hz = 1 / (1 + np.exp(-(v @ m["Wz"] + m["bz"])))
        hr = 1 / (1 + np.exp(-(v @ m["Wr"] + m["br"])))
        w = np.column_stack((hr * h_old, X))
        hh = np.tanh(w @ m["Wh"] + m["bh"])
        h = (1 - hz) * h_old + hz * hh
        y = h @ m["Wy"] + m["by"]
        cache = (v, w, hz, hr, hh, h, h_old)
        return y, h, cache

    def backward(self, dy, dh_next, m, cache):
        v, w, hz, hr, hh, h, h_old = cache
        n = self.n_hidden
        dWy, dby = h.T @ dy, dy.sum(0, keepdims=True)
        dh = dy @ m["Wy"].T + dh_next
        dhh = dh * hz * (1 - hh**2)
        dhz = dh * (hh - h_old) * hz * (1 - hz)
        dw = dhh @ m["Wh"].T
        dhr = dw[:, :n] * h_old * hr * (1 - hr)
        dv = dhz @ m["Wz"].T + dhr @ m["Wr"].T
        grad = dict(
            Wz=v.T @ dhz,
            bz=dhz.sum(0, keepdims=True),
            Wr=v.T @ dhr,
            br=dhr.sum(0, keepdims=True),
            Wh=w.T @ dhh,
            bh=dhh.sum(0, keepdims=True),
            Wy=dWy,
            by=dby,
        )
        return grad, dh * (1 - hz) + dw[:, :n] * hr + dv[:, :n]
