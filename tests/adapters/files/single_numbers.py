"""A GRU over a sequence of single numbers, which answers a number."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class GRU:
    def __init__(self, n_hidden: int, seed: int = 0):
        rng = np.random.default_rng(seed)
        H = self.H = n_hidden
        self.params = {}
        for g in ("z", "r", "h"):
            self.params[f"W{g}"] = rng.uniform(-1, 1, size=(H, 1))
            self.params[f"U{g}"] = rng.uniform(-1, 1, size=(H, H))
            self.params[f"b{g}"] = np.zeros(H)
        self.params["Why"] = rng.uniform(-1, 1, size=H)
        self.params["by"] = np.zeros(())

    def forward(self, seq: np.ndarray):
        p, h = self.params, np.zeros(self.H)
        cache = {"h": [h], "z": [], "r": [], "n": []}
        for t in range(len(seq)):
            x = seq[t]
            z = sigmoid(p["Wz"][:, 0] * x + p["Uz"] @ h + p["bz"])
            r = sigmoid(p["Wr"][:, 0] * x + p["Ur"] @ h + p["br"])
            n = np.tanh(p["Wh"][:, 0] * x + p["Uh"] @ (r * h) + p["bh"])
            h = (1 - z) * h + z * n
            for k, v in (("z", z), ("r", r), ("n", n), ("h", h)):
                cache[k].append(v)
        return float(p["Why"] @ h + p["by"]), cache

    def backward(self, ds: float, cache: dict, seq: np.ndarray):
        p = self.params
        grads = {k: np.zeros_like(v) for k, v in p.items()}
        grads["Why"] = ds * cache["h"][-1]
        grads["by"] = np.asarray(ds)
        dh = ds * p["Why"]
        for t in range(len(seq), 0, -1):
            x, hp = seq[t - 1], cache["h"][t - 1]
            z, r, n = cache["z"][t - 1], cache["r"][t - 1], cache["n"][t - 1]
            an = dh * z * (1 - n**2)
            q = p["Uh"].T @ an
            az = dh * (n - hp) * z * (1 - z)
            ar = q * hp * r * (1 - r)
            for g, a, v in (("z", az, hp), ("r", ar, hp), ("h", an, r * hp)):
                grads[f"W{g}"][:, 0] += a * x
                grads[f"U{g}"] += np.outer(a, v)
                grads[f"b{g}"] += a
            dh = dh * (1 - z) + q * r + p["Uz"].T @ az + p["Ur"].T @ ar
        return grads
