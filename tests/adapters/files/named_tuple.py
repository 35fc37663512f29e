from typing import NamedTuple
import numpy as np


class GRUParams(NamedTuple):
    W: np.ndarray  # (D, 3H)
    U: np.ndarray  # (H, 3H)
    b: np.ndarray  # (3H,)


def init_params(rng, input_dim, hidden_dim):
    return GRUParams(
        rng.normal(size=(input_dim, 3 * hidden_dim)) * 0.1,
        rng.normal(size=(hidden_dim, 3 * hidden_dim)) * 0.1,
        np.zeros(3 * hidden_dim),
    )


def sigmoid(x):
    return 0.5 * (np.tanh(0.5 * x) + 1.0)


def gru_cell(params, x, h):
    W, U, b = params
    H = h.shape[-1]
    xw = x @ W + b
    hu = h @ U
    z = sigmoid(xw[:, :H] + hu[:, :H])
    r = sigmoid(xw[:, H : 2 * H] + hu[:, H : 2 * H])
    c = np.tanh(xw[:, 2 * H :] + r * hu[:, 2 * H :])
    h_new = z * h + (1 - z) * c
    return h_new, (x, h, z, r, c, hu[:, 2 * H :])


def gru_cell_vjp(params, res, g):
    W, U, b = params
    x, h, z, r, c, hc = res
    dc = g * (1 - z) * (1 - c**2)
    dz = g * (h - c) * z * (1 - z)
    dr = dc * hc * r * (1 - r)
    dxw = np.concatenate([dz, dr, dc], -1)
    dhu = np.concatenate([dz, dr, dc * r], -1)
    dparams = GRUParams(x.T @ dxw, h.T @ dhu, dxw.sum(0))
    return dparams, dxw @ W.T, dhu @ U.T + g * z
