import numpy as np


class _Gru:
    def __init__(self):
        self.tape = {}

    def step(self, x, h, P):
        z = 1 / (1 + np.exp(-(P["Wz"] @ x + P["Uz"] @ h + P["bz"])))
        r = 1 / (1 + np.exp(-(P["Wr"] @ x + P["Ur"] @ h + P["br"])))
        c = np.tanh(P["Wc"] @ x + P["Uc"] @ (r * h) + P["bc"])
        hn = z * c + (1 - z) * h
        self.tape = dict(x=x, h=h, z=z, r=r, c=c, P=P)
        return hn

    def grad(self, dhn):
        t = self.tape
        x, h, z, r, c, P = t["x"], t["h"], t["z"], t["r"], t["c"], t["P"]
        ac = dhn * z * (1 - c * c)
        az = dhn * (c - h) * z * (1 - z)
        drh = P["Uc"].T @ ac
        ar = drh * h * r * (1 - r)
        g = {}
        for k, a, hid in (("z", az, h), ("r", ar, h), ("c", ac, r * h)):
            g["W" + k] = a @ x.T
            g["U" + k] = a @ hid.T
            g["b" + k] = a.sum(axis=1, keepdims=True)
        dx = sum(P["W" + k].T @ a for k, a in (("z", az), ("r", ar), ("c", ac)))
        dh = dhn * (1 - z) + r * drh + P["Uz"].T @ az + P["Ur"].T @ ar
        return dx, dh, g


_gru = _Gru()
gru_step = _gru.step
gru_grad = _gru.grad


def init(n_in, n_hid, seed=0):
    rng = np.random.default_rng(seed)
    P = {}
    for k in "zrc":
        P["W" + k] = rng.normal(0, 0.1, (n_hid, n_in))
        P["U" + k] = rng.normal(0, 0.1, (n_hid, n_hid))
        P["b" + k] = np.zeros((n_hid, 1))
    return P
