import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def ln(a, g, b, eps=1e-5):
    mu, var = a.mean(1, keepdims=True), a.var(1, keepdims=True)
    inv = 1 / np.sqrt(var + eps)
    n = (a - mu) * inv
    return g * n + b, (n, inv, g)


def ln_back(d, cache):
    n, inv, g = cache
    dg, db = (d * n).sum(0), d.sum(0)
    dn = d * g
    da = inv * (dn - dn.mean(1, keepdims=True) - n * (dn * n).mean(1, keepdims=True))
    return da, dg, db


class LNGRUCell:
    def __init__(self, n_in, n_hid):
        r = np.random.default_rng(6)
        for g in "zrh":
            setattr(self, "W" + g, r.normal(0, 0.3, (n_in, n_hid)))
            setattr(self, "U" + g, r.normal(0, 0.3, (n_hid, n_hid)))
            setattr(self, "g" + g, np.ones(n_hid))
            setattr(self, "b" + g, np.zeros(n_hid))

    def forward(self, x, h):
        self.x, self.h = x, h
        az, self.cz = ln(x @ self.Wz + h @ self.Uz, self.gz, self.bz)
        ar, self.cr = ln(x @ self.Wr + h @ self.Ur, self.gr, self.br)
        self.z, self.r = sigmoid(az), sigmoid(ar)
        ah, self.ch = ln(x @ self.Wh + (self.r * h) @ self.Uh, self.gh, self.bh)
        self.n = np.tanh(ah)
        return (1 - self.z) * h + self.z * self.n

    def backward(self, dh):
        x, h, z, r, n = self.x, self.h, self.z, self.r, self.n
        dn, self.dgh, self.dbh = ln_back(dh * z * (1 - n**2), self.ch)
        drh = dn @ self.Uh.T
        dz, self.dgz, self.dbz = ln_back(dh * (n - h) * z * (1 - z), self.cz)
        dr, self.dgr, self.dbr = ln_back(drh * h * r * (1 - r), self.cr)
        self.dWz, self.dWr, self.dWh = x.T @ dz, x.T @ dr, x.T @ dn
        self.dUz, self.dUr, self.dUh = h.T @ dz, h.T @ dr, (r * h).T @ dn
        dx = dz @ self.Wz.T + dr @ self.Wr.T + dn @ self.Wh.T
        return dx, dh * (1 - z) + drh * r + dz @ self.Uz.T + dr @ self.Ur.T
