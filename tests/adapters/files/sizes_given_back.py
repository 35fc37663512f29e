import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def init_params(D, H):
    P = {}
    for k in "zrh":
        P["W" + k] = np.random.randn(H, D)
        P["U" + k] = np.random.randn(H, H)
        P["b" + k] = np.zeros(H)
    return P


def gru_forward_step(x, h, P):
    z = sigmoid(P["Wz"] @ x + P["Uz"] @ h + P["bz"])
    r = sigmoid(P["Wr"] @ x + P["Ur"] @ h + P["br"])
    c = np.tanh(P["Wh"] @ x + P["Uh"] @ (r * h) + P["bh"])
    return (z * h + (1 - z) * c, (x, h, z, r, c))


def gru_backward_step(dh, cache, P, H):
    x, h, z, r, c = cache
    dc = dh * (1 - z) * (1 - c**2)
    dz = dh * (h - c) * z * (1 - z)
    drh = P["Uh"].T @ dc
    dr = drh * h * r * (1 - r)
    g = {}
    for k, d, hh in (("z", dz, h), ("r", dr, h), ("h", dc, r * h)):
        g["W" + k] = np.outer(d, x)
        g["U" + k] = np.outer(d, hh)
        g["b" + k] = d
    dh_prev = dh * z + drh * r + P["Uz"].T @ dz + P["Ur"].T @ dr
    assert dh_prev.shape == (H,)
    return (dh_prev, g)
