"""GRU over a sequence with explicit loops over units."""

import numpy as np


def sigm(a):
    return 1.0 / (1.0 + np.exp(-a))


def gru_fwd(x, h0, Wz, Uz, Wr, Ur, Wn, Un):
    T, D = x.shape
    H = h0.shape[0]
    hs = np.zeros((T + 1, H))
    zs, rs, ns = np.zeros((T, H)), np.zeros((T, H)), np.zeros((T, H))
    hs[0] = h0
    for t in range(T):
        for j in range(H):
            zs[t, j] = sigm(sum(Wz[j, i] * x[t, i] for i in range(D)) + sum(Uz[j, k] * hs[t, k] for k in range(H)))
            rs[t, j] = sigm(sum(Wr[j, i] * x[t, i] for i in range(D)) + sum(Ur[j, k] * hs[t, k] for k in range(H)))
        for j in range(H):
            ns[t, j] = np.tanh(
                sum(Wn[j, i] * x[t, i] for i in range(D)) + sum(Un[j, k] * rs[t, k] * hs[t, k] for k in range(H))
            )
            hs[t + 1, j] = (1 - zs[t, j]) * ns[t, j] + zs[t, j] * hs[t, j]
    return hs[1:], (x, hs, zs, rs, ns)


def gru_bwd(dhs, cache, Wz, Uz, Wr, Ur, Wn, Un):
    x, hs, zs, rs, ns = cache
    T, D = x.shape
    H = hs.shape[1]
    dWz, dUz, dWr, dUr, dWn, dUn = (np.zeros_like(w) for w in (Wz, Uz, Wr, Ur, Wn, Un))
    dx = np.zeros_like(x)
    dh = np.zeros(H)
    for t in reversed(range(T)):
        dh = dh + dhs[t]
        an = dh * (1 - zs[t]) * (1 - ns[t] ** 2)
        az = dh * (hs[t] - ns[t]) * zs[t] * (1 - zs[t])
        q = np.zeros(H)
        for k in range(H):
            for j in range(H):
                q[k] += Un[j, k] * an[j]
        ar = q * hs[t] * rs[t] * (1 - rs[t])
        prev = dh * zs[t] + q * rs[t]
        for j in range(H):
            for i in range(D):
                dWz[j, i] += az[j] * x[t, i]
                dWr[j, i] += ar[j] * x[t, i]
                dWn[j, i] += an[j] * x[t, i]
                dx[t, i] += Wz[j, i] * az[j] + Wr[j, i] * ar[j] + Wn[j, i] * an[j]
            for k in range(H):
                dUz[j, k] += az[j] * hs[t, k]
                dUr[j, k] += ar[j] * hs[t, k]
                dUn[j, k] += an[j] * rs[t, k] * hs[t, k]
                prev[k] += Uz[j, k] * az[j] + Ur[j, k] * ar[j]
        dh = prev
    return dx, dh, dWz, dUz, dWr, dUr, dWn, dUn
