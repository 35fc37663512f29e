import numpy as np


def logistic(a):
    return 1.0 / (1.0 + np.exp(-a))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    zo, zi, zg, zf = np.split(x @ Wx + prev_h @ Wh + b, 4, axis=1)
    o, i, g, f = logistic(zo), logistic(zi), np.tanh(zg), logistic(zf)
    c = f * prev_c + i * g
    t = np.tanh(c)
    return o * t, c, (x, prev_h, prev_c, o, i, g, f, t)


def lstm_step_backward(dh, dc, Wx, Wh, cache):
    x, prev_h, prev_c, o, i, g, f, t = cache
    dc = dc + dh * o * (1 - t * t)
    dzo = dh * t * o * (1 - o)
    dzi = dc * g * i * (1 - i)
    dzg = dc * i * (1 - g * g)
    dzf = dc * prev_c * f * (1 - f)
    da = np.concatenate([dzo, dzi, dzg, dzf], axis=1)
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def lstm_forward(x, h0, Wx, Wh, b):
    h, c = h0, np.zeros_like(h0)
    states, caches = np.zeros((*x.shape[:2], h0.shape[1])), []
    for t in range(x.shape[1]):
        h, c, cache = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        states[:, t] = h
        caches.append(cache)
    return states, (caches, Wx, Wh)


def lstm_backward(dstates, cache):
    caches, Wx, Wh = cache
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wx.shape[1])
    dx = np.zeros((*dstates.shape[:2], Wx.shape[0]))
    dh, dc = np.zeros_like(dstates[:, 0]), np.zeros_like(dstates[:, 0])
    for t in reversed(range(len(caches))):
        dx[:, t], dh, dc, dWx_t, dWh_t, db_t = lstm_step_backward(dstates[:, t] + dh, dc, Wx, Wh, caches[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    dh0 = dh
    return dx, dh0, dWx, dWh, db
