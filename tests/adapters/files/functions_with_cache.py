"""Functions of arrays with a cache: one step, and a sequence (N, T, D) around it."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gru_step_forward(x, prev_h, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x.dot(Wx) + b
    g = prev_h.dot(Wh[:, : 2 * H])
    r, z = sigmoid(a[:, :H] + g[:, :H]), sigmoid(a[:, H : 2 * H] + g[:, H:])
    n = np.tanh(a[:, 2 * H :] + (r * prev_h).dot(Wh[:, 2 * H :]))
    next_h = z * prev_h + (1 - z) * n
    return next_h, (x, prev_h, Wx, Wh, r, z, n)


def gru_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, r, z, n = cache
    H = prev_h.shape[1]
    dn = dnext_h * (1 - z) * (1 - n * n)
    dz = dnext_h * (prev_h - n) * z * (1 - z)
    drh = dn.dot(Wh[:, 2 * H :].T)
    dr = drh * prev_h * r * (1 - r)
    da = np.concatenate([dr, dz, dn], axis=1)
    dx = da.dot(Wx.T)
    dprev_h = dnext_h * z + drh * r + da[:, : 2 * H].dot(Wh[:, : 2 * H].T)
    dWx = x.T.dot(da)
    dWh = np.concatenate([prev_h.T.dot(da[:, : 2 * H]), (r * prev_h).T.dot(dn)], axis=1)
    db = da.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def gru_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h, caches = np.zeros((N, T, h0.shape[1])), []
    prev_h = h0
    for t in range(T):
        prev_h, cache = gru_step_forward(x[:, t], prev_h, Wx, Wh, b)
        h[:, t] = prev_h
        caches.append(cache)
    return h, caches


def gru_backward(dh, caches):
    N, T, H = dh.shape
    dx = np.zeros((N, T, caches[0][0].shape[1]))
    dWx, dWh, db = 0, 0, 0
    dprev = np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t], dprev, dWx_t, dWh_t, db_t = gru_step_backward(dh[:, t] + dprev, caches[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    dh0 = dprev
    return dx, dh0, dWx, dWh, db
