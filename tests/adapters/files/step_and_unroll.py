"""Functions of one step, and of a sequence around it that calls them."""

import numpy as np
from collections import namedtuple

Cache = namedtuple("Cache", "x h z r n rh")


def init_params(rng, d, m):
    p = {}
    for g in "zrn":
        p["W" + g] = rng.normal(size=(d, m)) / np.sqrt(d)
        p["U" + g] = rng.normal(size=(m, m)) / np.sqrt(m)
        p["b" + g] = np.zeros(m)
    return p


def _sig(a):
    return 0.5 * (1 + np.tanh(a / 2))


def gru_step(params, x, h):
    """x (B, d), h (B, m) -> new state, cache"""
    z = _sig(x @ params["Wz"] + h @ params["Uz"] + params["bz"])
    r = _sig(x @ params["Wr"] + h @ params["Ur"] + params["br"])
    rh = r * h
    n = np.tanh(x @ params["Wn"] + rh @ params["Un"] + params["bn"])
    return (1 - z) * h + z * n, Cache(x, h, z, r, n, rh)


def gru_step_backward(params, dh, cache):
    """-> dict of gradients, dx, dh_prev"""
    c = cache
    dn = dh * c.z * (1 - c.n**2)
    dz = dh * (c.n - c.h) * c.z * (1 - c.z)
    drh = dn @ params["Un"].T
    dr = drh * c.h * c.r * (1 - c.r)
    grads = {}
    for g, a, hh in (("z", dz, c.h), ("r", dr, c.h), ("n", dn, c.rh)):
        grads["W" + g] = c.x.T @ a
        grads["U" + g] = hh.T @ a
        grads["b" + g] = a.sum(0)
    dx = dz @ params["Wz"].T + dr @ params["Wr"].T + dn @ params["Wn"].T
    dh_prev = dh * (1 - c.z) + drh * c.r + dz @ params["Uz"].T + dr @ params["Ur"].T
    return grads, dx, dh_prev


def unroll(params, xs, h0):
    h, caches, hs = h0, [], []
    for x in xs:
        h, cache = gru_step(params, x, h)
        caches.append(cache)
        hs.append(h)
    return np.stack(hs), caches


def unroll_backward(params, dhs, caches):
    total = {k: np.zeros_like(v) for k, v in params.items()}
    dxs = []
    carry = 0
    for dh, cache in zip(dhs[::-1], caches[::-1]):
        g, dx, carry = gru_step_backward(params, dh + carry, cache)
        for k in total:
            total[k] += g[k]
        dxs.append(dx)
    return total, np.stack(dxs[::-1]), carry
