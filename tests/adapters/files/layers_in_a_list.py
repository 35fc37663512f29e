"""Several layers, one above the other: a list with a dict for each."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def make_params(sizes, seed=0):
    rng = np.random.default_rng(seed)
    layers = []
    for d, h in zip(sizes[:-1], sizes[1:]):
        layers.append(
            {
                "Wz": rng.normal(size=(d + h, h)) * 0.3,
                "Wr": rng.normal(size=(d + h, h)) * 0.3,
                "Wn": rng.normal(size=(d + h, h)) * 0.3,
                "bz": np.zeros(h),
                "br": np.zeros(h),
                "bn": np.zeros(h),
            }
        )
    return layers


def gru_forward(layers, xs):
    """xs (T, B, d)"""
    tape = []
    for p in layers:
        H = p["bz"].size
        h, out, saved = np.zeros((xs.shape[1], H)), [], []
        for x in xs:
            v = np.hstack([x, h])
            z, r = sigmoid(v @ p["Wz"] + p["bz"]), sigmoid(v @ p["Wr"] + p["br"])
            w = np.hstack([x, r * h])
            n = np.tanh(w @ p["Wn"] + p["bn"])
            saved.append((v, w, h, z, r, n))
            h = z * h + (1 - z) * n
            out.append(h)
        tape.append(saved)
        xs = np.array(out)
    return xs, tape


def gru_backward(layers, tape, dhs):
    grads = []
    for p, saved in zip(reversed(layers), reversed(tape)):
        g = {k: np.zeros_like(v) for k, v in p.items()}
        dh = 0.0
        H = p["bz"].size
        D = p["Wz"].shape[0] - H
        dxs = np.zeros((len(saved), dhs.shape[1], D))
        for t in range(len(saved) - 1, -1, -1):
            v, w, h, z, r, n = saved[t]
            d = dhs[t] + dh
            an = d * (1 - z) * (1 - n**2)
            dw = an @ p["Wn"].T
            az = d * (h - n) * z * (1 - z)
            ar = dw[:, D:] * h * r * (1 - r)
            dv = az @ p["Wz"].T + ar @ p["Wr"].T
            for k, a, q in (("z", az, v), ("r", ar, v), ("n", an, w)):
                g["W" + k] += q.T @ a
                g["b" + k] += a.sum(0)
            dxs[t] = dw[:, :D] + dv[:, :D]
            dh = d * z + dw[:, D:] * r + dv[:, D:]
        grads.insert(0, g)
        dhs = dxs
    return grads, dhs
