"""Functions with a cache; two gates stacked, the candidate apart."""

import numpy as np


def sg(a):
    return 1 / (1 + np.exp(-a))


def gru_step_forward(x, prev_h, Wx, Wh, bh, Wxt, Wht, bht):
    N, H = prev_h.shape
    g = sg(x.dot(Wx) + prev_h.dot(Wh) + bh)
    r, u = g[:, :H], g[:, H:]
    t = np.tanh((r * prev_h).dot(Wht) + x.dot(Wxt) + bht)
    return (1 - u) * prev_h + u * t, (x, prev_h, Wx, Wh, Wxt, Wht, r, u, t)


def gru_step_backward(dcurrent_h, cache):
    x, prev_h, Wx, Wh, Wxt, Wht, r, u, t = cache
    dt = dcurrent_h * u * (1 - t * t)
    q = dt.dot(Wht.T)
    dg = np.hstack([q * prev_h * r * (1 - r), dcurrent_h * (t - prev_h) * u * (1 - u)])
    dx = dt.dot(Wxt.T) + dg.dot(Wx.T)
    dprev_h = dcurrent_h * (1 - u) + q * r + dg.dot(Wh.T)
    dWx = x.T.dot(dg)
    dWh = prev_h.T.dot(dg)
    dbh = dg.sum(0)
    dWxt = x.T.dot(dt)
    dWht = (r * prev_h).T.dot(dt)
    dbht = dt.sum(0)
    return dx, dprev_h, dWx, dWh, dbh, dWxt, dWht, dbht
