import numpy as np
from collections import namedtuple

GRUParams = namedtuple("GRUParams", "W R b")
Cache = namedtuple("Cache", "params x h z r n")


def sigma(a):
    return 0.5 + 0.5 * np.tanh(0.5 * a)


def cell(params, x, h):
    """W (3, D, H), R (3, H, H), b (3, H): z, r, n."""
    a = np.einsum("bd,gdh->gbh", x, params.W) + params.b[:, None]
    z = sigma(a[0] + np.einsum("bh,hk->bk", h, params.R[0]))
    r = sigma(a[1] + np.einsum("bh,hk->bk", h, params.R[1]))
    n = np.tanh(a[2] + r * np.einsum("bh,hk->bk", h, params.R[2]))
    return (1 - z) * n + z * h, Cache(params, x, h, z, r, n)


def cell_grad(dh_out, cache):
    p, x, h, z, r, n = cache
    dn = dh_out * (1 - z) * (1 - n * n)
    dz = dh_out * (h - n) * z * (1 - z)
    m = np.einsum("bh,hk->bk", h, p.R[2])
    dr = dn * m * r * (1 - r)
    d_in = np.stack([dz, dr, dn])
    d_rec = np.stack([dz, dr, dn * r])
    dW = np.einsum("bd,gbh->gdh", x, d_in)
    dR = np.einsum("bh,gbk->ghk", h, d_rec)
    db = d_in.sum(axis=1)
    dx = np.einsum("gbh,gdh->bd", d_in, p.W)
    dh = dh_out * z + np.einsum("gbk,ghk->bh", d_rec, p.R)
    return dx, dh, GRUParams(dW, dR, db)
