import numpy as np


def init_rnn(n_x, n_h):
    return {"Wxh": np.random.randn(n_x, n_h) * 0.1, "Whh": np.random.randn(n_h, n_h) * 0.1, "bh": np.zeros(n_h)}


def rnn_forward(params, x, h0):
    """x (T, B, n_x)"""
    h, hs = h0, [h0]
    for xt in x:
        h = np.tanh(xt @ params["Wxh"] + h @ params["Whh"] + params["bh"])
        hs.append(h)
    return np.array(hs[1:]), (x, np.array(hs))


def rnn_backward(params, cache, dout, clip=5.0):
    x, hs = cache
    g = {k: np.zeros_like(v) for k, v in params.items()}
    dh = np.zeros_like(hs[0])
    for t in range(len(x) - 1, -1, -1):
        da = (dout[t] + dh) * (1 - hs[t + 1] ** 2)
        g["Wxh"] += x[t].T @ da
        g["Whh"] += hs[t].T @ da
        g["bh"] += da.sum(axis=0)
        dh = da @ params["Whh"].T
    norm = np.sqrt(sum((v**2).sum() for v in g.values()))
    if clip is not None and norm > clip:
        for k in g:
            g[k] *= clip / norm
    return g
