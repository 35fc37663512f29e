"""A script: parameters are globals, a loss over characters, and gradients returned."""

import numpy as np

vocab_size, hidden_size = 6, 4
Wz, Wr, Wh = (np.random.randn(hidden_size, vocab_size) * 0.1 for _ in range(3))
Uz, Ur, Uh = (np.random.randn(hidden_size, hidden_size) * 0.1 for _ in range(3))
bz, br, bh = (np.zeros((hidden_size, 1)) for _ in range(3))
Wy, by = np.random.randn(vocab_size, hidden_size) * 0.1, np.zeros((vocab_size, 1))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def lossFun(inputs, targets, hprev):
    xs, zs, rs, cs, hs, ps = {}, {}, {}, {}, {-1: np.copy(hprev)}, {}
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        zs[t] = sigmoid(Wz @ xs[t] + Uz @ hs[t - 1] + bz)
        rs[t] = sigmoid(Wr @ xs[t] + Ur @ hs[t - 1] + br)
        cs[t] = np.tanh(Wh @ xs[t] + Uh @ (rs[t] * hs[t - 1]) + bh)
        hs[t] = zs[t] * hs[t - 1] + (1 - zs[t]) * cs[t]
        y = Wy @ hs[t] + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    dWz, dWr, dWh = np.zeros_like(Wz), np.zeros_like(Wr), np.zeros_like(Wh)
    dUz, dUr, dUh = np.zeros_like(Uz), np.zeros_like(Ur), np.zeros_like(Uh)
    dbz, dbr, dbh = np.zeros_like(bz), np.zeros_like(br), np.zeros_like(bh)
    dWy, dby = np.zeros_like(Wy), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWy += dy @ hs[t].T
        dby += dy
        dh = Wy.T @ dy + dhnext
        dc = dh * (1 - zs[t]) * (1 - cs[t] ** 2)
        dz = dh * (hs[t - 1] - cs[t]) * zs[t] * (1 - zs[t])
        back = Uh.T @ dc
        dr = back * hs[t - 1] * rs[t] * (1 - rs[t])
        dWz += dz @ xs[t].T
        dWr += dr @ xs[t].T
        dWh += dc @ xs[t].T
        dUz += dz @ hs[t - 1].T
        dUr += dr @ hs[t - 1].T
        dUh += dc @ (rs[t] * hs[t - 1]).T
        dbz += dz
        dbr += dr
        dbh += dc
        dhnext = dh * zs[t] + back * rs[t] + Uz.T @ dz + Ur.T @ dr
    return loss, dWz, dWr, dWh, dUz, dUr, dUh, dbz, dbr, dbh, dWy, dby, hs[len(inputs) - 1]
