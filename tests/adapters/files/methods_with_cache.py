import numpy as np

IN, GRU_H = (6, 9)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Agent:
    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        for k in "zrn":
            setattr(self, "W" + k, rng.standard_normal((GRU_H, IN)) * 0.3)
            setattr(self, "U" + k, rng.standard_normal((GRU_H, GRU_H)) * 0.3)
            setattr(self, "b" + k, np.zeros(GRU_H))
        self.Wv = rng.standard_normal((1, GRU_H))
        self.bv = np.zeros(1)
        self._m = {}

    def gru_step(self, x, h):
        z = _sigmoid(self.Wz @ x + self.Uz @ h + self.bz)
        r = _sigmoid(self.Wr @ x + self.Ur @ h + self.br)
        rh = r * h
        n = np.tanh(self.Wn @ x + self.Un @ rh + self.bn)
        return ((1.0 - z) * h + z * n, (x, h, z, r, rh, n))

    def gru_step_backward(self, dh_new, cache):
        x, h, z, r, rh, n = cache
        dn_pre = dh_new * z * (1.0 - n * n)
        drh = self.Un.T @ dn_pre
        dz_pre = dh_new * (n - h) * z * (1.0 - z)
        dr_pre = drh * h * r * (1.0 - r)
        dh_prev = dh_new * (1.0 - z) + drh * r + self.Uz.T @ dz_pre + self.Ur.T @ dr_pre
        grads = {
            "Wz": np.outer(dz_pre, x),
            "Uz": np.outer(dz_pre, h),
            "bz": dz_pre,
            "Wr": np.outer(dr_pre, x),
            "Ur": np.outer(dr_pre, h),
            "br": dr_pre,
            "Wn": np.outer(dn_pre, x),
            "Un": np.outer(dn_pre, rh),
            "bn": dn_pre,
        }
        return (dh_prev, grads)
