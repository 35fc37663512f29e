"""A script: an LSTM over characters, whose loss is given both states."""

import numpy as np

vocab_size, hidden_size = 6, 4
V, H = vocab_size, hidden_size
Z = H + V

Wf = np.random.randn(H, Z) * 0.1
bf = np.zeros((H, 1))
Wi = np.random.randn(H, Z) * 0.1
bi = np.zeros((H, 1))
Wc = np.random.randn(H, Z) * 0.1
bc = np.zeros((H, 1))
Wo = np.random.randn(H, Z) * 0.1
bo = np.zeros((H, 1))
Wy = np.random.randn(V, H) * 0.1
by = np.zeros((V, 1))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lossFun(inputs, targets, hprev, cprev):
    xs, zs, fs, is_, gs, os, cs, hs, ps = {}, {}, {}, {}, {}, {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    cs[-1] = np.copy(cprev)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((V, 1))
        xs[t][inputs[t]] = 1
        zs[t] = np.vstack((hs[t - 1], xs[t]))
        fs[t] = sigmoid(Wf @ zs[t] + bf)
        is_[t] = sigmoid(Wi @ zs[t] + bi)
        gs[t] = np.tanh(Wc @ zs[t] + bc)
        cs[t] = fs[t] * cs[t - 1] + is_[t] * gs[t]
        os[t] = sigmoid(Wo @ zs[t] + bo)
        hs[t] = os[t] * np.tanh(cs[t])
        y = Wy @ hs[t] + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    dWf, dWi, dWc, dWo, dWy = map(np.zeros_like, (Wf, Wi, Wc, Wo, Wy))
    dbf, dbi, dbc, dbo, dby = map(np.zeros_like, (bf, bi, bc, bo, by))
    dhnext, dcnext = np.zeros_like(hs[0]), np.zeros_like(cs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWy += dy @ hs[t].T
        dby += dy
        dh = Wy.T @ dy + dhnext
        do = dh * np.tanh(cs[t]) * os[t] * (1 - os[t])
        dWo += do @ zs[t].T
        dbo += do
        dc = dcnext + dh * os[t] * (1 - np.tanh(cs[t]) ** 2)
        dg = dc * is_[t] * (1 - gs[t] ** 2)
        dWc += dg @ zs[t].T
        dbc += dg
        di = dc * gs[t] * is_[t] * (1 - is_[t])
        dWi += di @ zs[t].T
        dbi += di
        df = dc * cs[t - 1] * fs[t] * (1 - fs[t])
        dWf += df @ zs[t].T
        dbf += df
        dz = Wf.T @ df + Wi.T @ di + Wc.T @ dg + Wo.T @ do
        dhnext = dz[:H, :]
        dcnext = fs[t] * dc
    return loss, dWf, dWi, dWc, dWo, dWy, dbf, dbi, dbc, dbo, dby, hs[len(inputs) - 1], cs[len(inputs) - 1]
