import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class GRUNet:
    """The first state is a parameter too."""

    def __init__(self, n_in, n_hid, seed=1):
        r = np.random.RandomState(seed)
        self.Wz, self.Wr, self.Wn = (r.randn(n_in, n_hid) * 0.3 for _ in range(3))
        self.Uz, self.Ur, self.Un = (r.randn(n_hid, n_hid) * 0.3 for _ in range(3))
        self.bz, self.br, self.bn = (np.zeros(n_hid) for _ in range(3))
        self.h0 = np.zeros(n_hid)

    def forward(self, X):
        T, B, _ = X.shape
        h = np.tile(self.h0, (B, 1))
        self.cache, H = [], []
        for x in X:
            z = sigmoid(x @ self.Wz + h @ self.Uz + self.bz)
            r = sigmoid(x @ self.Wr + h @ self.Ur + self.br)
            n = np.tanh(x @ self.Wn + (r * h) @ self.Un + self.bn)
            self.cache.append((x, h, z, r, n))
            h = z * h + (1 - z) * n
            H.append(h)
        return np.stack(H)

    def backward(self, dH):
        for k in ("Wz", "Wr", "Wn", "Uz", "Ur", "Un", "bz", "br", "bn"):
            setattr(self, "d" + k, np.zeros_like(getattr(self, k)))
        dX = [None] * len(dH)
        dh = np.zeros_like(dH[0])
        for t in range(len(dH) - 1, -1, -1):
            x, h, z, r, n = self.cache[t]
            dh = dh + dH[t]
            an = dh * (1 - z) * (1 - n**2)
            az = dh * (h - n) * z * (1 - z)
            s = an @ self.Un.T
            ar = s * h * r * (1 - r)
            self.dWz += x.T @ az
            self.dWr += x.T @ ar
            self.dWn += x.T @ an
            self.dUz += h.T @ az
            self.dUr += h.T @ ar
            self.dUn += (r * h).T @ an
            self.dbz += az.sum(0)
            self.dbr += ar.sum(0)
            self.dbn += an.sum(0)
            dX[t] = az @ self.Wz.T + ar @ self.Wr.T + an @ self.Wn.T
            dh = dh * z + az @ self.Uz.T + ar @ self.Ur.T + s * r
        self.dh0 = dh.sum(axis=0)
        return np.stack(dX)
