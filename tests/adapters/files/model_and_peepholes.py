"""An LSTM with peepholes in a dict called m, as functions."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def init_lstm(n_in, n_hid, seed=0):
    r = np.random.RandomState(seed)
    m = {"W": r.randn(4 * n_hid, n_in) * 0.3, "R": r.randn(4 * n_hid, n_hid) * 0.3, "b": np.zeros(4 * n_hid)}
    m["p"] = r.randn(3, n_hid) * 0.3
    return m


def lstm_fwd(m, x, h0, c0):
    """x (T, n_in)"""
    H = h0.size
    h, c, hs, tape = h0, c0, [], []
    for xt in x:
        a = m["W"] @ xt + m["R"] @ h + m["b"]
        i = sigmoid(a[:H] + m["p"][0] * c)
        f = sigmoid(a[H : 2 * H] + m["p"][1] * c)
        g = np.tanh(a[2 * H : 3 * H])
        cn = f * c + i * g
        o = sigmoid(a[3 * H :] + m["p"][2] * cn)
        tape.append((xt, h, c, i, f, g, cn, o))
        c, h = cn, o * np.tanh(cn)
        hs.append(h)
    return np.array(hs), tape


def lstm_bwd(m, dhs, tape):
    H = dhs.shape[1]
    grads = {k: np.zeros_like(v) for k, v in m.items()}
    dx, dh, dc = np.zeros((len(tape), m["W"].shape[1])), np.zeros(H), np.zeros(H)
    for t in reversed(range(len(tape))):
        xt, h, c, i, f, g, cn, o = tape[t]
        d = dhs[t] + dh
        tc = np.tanh(cn)
        ao = d * tc * o * (1 - o)
        e = dc + d * o * (1 - tc**2) + ao * m["p"][2]
        ai, af, ag = e * g * i * (1 - i), e * c * f * (1 - f), e * i * (1 - g**2)
        a = np.concatenate([ai, af, ag, ao])
        grads["W"] += np.outer(a, xt)
        grads["R"] += np.outer(a, h)
        grads["b"] += a
        grads["p"] += np.array([ai * c, af * c, ao * cn])
        dx[t] = m["W"].T @ a
        dh = m["R"].T @ a
        dc = e * f + ai * m["p"][0] + af * m["p"][1]
    return dx, dh, dc, grads
