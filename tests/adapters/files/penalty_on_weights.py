import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class GRUClassifier:
    """The class of a sequence of vectors; L2 on the weights, not on the biases."""

    def __init__(self, n_in, n_hid, n_cls, lam=1e-3):
        r = np.random.default_rng(9)
        self.lam = lam
        self.p = {
            "Wz": r.normal(0, 0.2, (n_in, n_hid)),
            "Wr": r.normal(0, 0.2, (n_in, n_hid)),
            "Wn": r.normal(0, 0.2, (n_in, n_hid)),
            "Uz": r.normal(0, 0.2, (n_hid, n_hid)),
            "Ur": r.normal(0, 0.2, (n_hid, n_hid)),
            "Un": r.normal(0, 0.2, (n_hid, n_hid)),
            "bz": np.zeros(n_hid),
            "br": np.zeros(n_hid),
            "bn": np.zeros(n_hid),
            "V": r.normal(0, 0.2, (n_hid, n_cls)),
            "c": np.zeros(n_cls),
        }

    def loss(self, X, y):
        p = self.p
        N, T, _ = X.shape
        h = np.zeros((N, p["bz"].size))
        tape = []
        for t in range(T):
            x = X[:, t]
            z = sigmoid(x @ p["Wz"] + h @ p["Uz"] + p["bz"])
            r = sigmoid(x @ p["Wr"] + h @ p["Ur"] + p["br"])
            n = np.tanh(x @ p["Wn"] + (r * h) @ p["Un"] + p["bn"])
            tape.append((x, h, z, r, n))
            h = z * h + (1 - z) * n
        s = h @ p["V"] + p["c"]
        s = s - s.max(1, keepdims=True)
        q = np.exp(s)
        q /= q.sum(1, keepdims=True)
        loss = -np.log(q[np.arange(N), y]).mean()
        loss += 0.5 * self.lam * sum((v**2).sum() for k, v in p.items() if k[0] in "WUV")
        g = {k: np.zeros_like(v) for k, v in p.items()}
        ds = q.copy()
        ds[np.arange(N), y] -= 1
        ds /= N
        g["V"] += h.T @ ds
        g["c"] += ds.sum(0)
        dh = ds @ p["V"].T
        for x, h, z, r, n in tape[::-1]:
            dn = dh * (1 - z) * (1 - n * n)
            dz = dh * (h - n) * z * (1 - z)
            drh = dn @ p["Un"].T
            dr = drh * h * r * (1 - r)
            for k, d, m in (("z", dz, h), ("r", dr, h), ("n", dn, r * h)):
                g["W" + k] += x.T @ d
                g["U" + k] += m.T @ d
                g["b" + k] += d.sum(0)
            dh = dh * z + drh * r + dz @ p["Uz"].T + dr @ p["Ur"].T
        for k in p:
            if k[0] in "WUV":
                g[k] += self.lam * p[k]
        return loss, g
