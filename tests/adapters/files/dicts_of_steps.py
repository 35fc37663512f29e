import numpy as np


def sig(a):
    return 1 / (1 + np.exp(-a))


def init(nx, nh, rng=np.random):
    return dict(
        Wz=rng.randn(nh, nx),
        Wr=rng.randn(nh, nx),
        Wh=rng.randn(nh, nx),
        Uz=rng.randn(nh, nh),
        Ur=rng.randn(nh, nh),
        Uh=rng.randn(nh, nh),
        bz=np.zeros((nh, 1)),
        br=np.zeros((nh, 1)),
        bh=np.zeros((nh, 1)),
    )


def gru_forward(params, xs, h0):
    p = params
    hs, zs, rs, cs = {-1: h0}, {}, {}, {}
    for t in range(len(xs)):
        zs[t] = sig(p["Wz"] @ xs[t] + p["Uz"] @ hs[t - 1] + p["bz"])
        rs[t] = sig(p["Wr"] @ xs[t] + p["Ur"] @ hs[t - 1] + p["br"])
        cs[t] = np.tanh(p["Wh"] @ xs[t] + p["Uh"] @ (rs[t] * hs[t - 1]) + p["bh"])
        hs[t] = zs[t] * hs[t - 1] + (1 - zs[t]) * cs[t]
    return hs, (zs, rs, cs, xs)


def gru_backward(params, hs, cache, dhs):
    p = params
    zs, rs, cs, xs = cache
    grads = {k: np.zeros_like(v) for k, v in p.items()}
    dxs = {}
    dnext = np.zeros_like(hs[0])
    for t in reversed(range(len(xs))):
        dh = dhs[t] + dnext
        dc = dh * (1 - zs[t])
        dac = dc * (1 - cs[t] ** 2)
        dz = dh * (hs[t - 1] - cs[t])
        daz = dz * zs[t] * (1 - zs[t])
        drh = p["Uh"].T @ dac
        dar = drh * hs[t - 1] * rs[t] * (1 - rs[t])
        grads["Wz"] += daz @ xs[t].T
        grads["Uz"] += daz @ hs[t - 1].T
        grads["bz"] += daz.sum(1, keepdims=True)
        grads["Wr"] += dar @ xs[t].T
        grads["Ur"] += dar @ hs[t - 1].T
        grads["br"] += dar.sum(1, keepdims=True)
        grads["Wh"] += dac @ xs[t].T
        grads["Uh"] += dac @ (rs[t] * hs[t - 1]).T
        grads["bh"] += dac.sum(1, keepdims=True)
        dxs[t] = p["Wz"].T @ daz + p["Wr"].T @ dar + p["Wh"].T @ dac
        dnext = dh * zs[t] + drh * rs[t] + p["Uz"].T @ daz + p["Ur"].T @ dar
    return grads, dxs, dnext
