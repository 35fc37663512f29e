"""One array of weights, biases in its first row; the last state is answered and taken apart."""

import numpy as np


class GRU:
    @staticmethod
    def init(input_size, hidden_size):
        W = np.random.randn(input_size + hidden_size + 1, 3 * hidden_size) / np.sqrt(input_size + hidden_size)
        W[0, :] = 0
        return W

    @staticmethod
    def forward(X, W, h0=None):
        """X is (n, b, input_size); the first row of W is the bias."""
        n, b, input_size = X.shape
        d = W.shape[1] // 3
        if h0 is None:
            h0 = np.zeros((b, d))
        Hin = np.zeros((n, b, W.shape[0]))
        Hout = np.zeros((n, b, d))
        G = np.zeros((n, b, 3 * d))
        RH = np.zeros((n, b, d))
        for t in range(n):
            prevh = Hout[t - 1] if t > 0 else h0
            Hin[t, :, 0] = 1
            Hin[t, :, 1 : input_size + 1] = X[t]
            Hin[t, :, input_size + 1 :] = prevh
            G[t, :, : 2 * d] = 1.0 / (1.0 + np.exp(-Hin[t].dot(W[:, : 2 * d])))
            RH[t] = G[t, :, d : 2 * d] * prevh
            lower = np.concatenate([Hin[t, :, : input_size + 1], RH[t]], axis=1)
            G[t, :, 2 * d :] = np.tanh(lower.dot(W[:, 2 * d :]))
            z = G[t, :, :d]
            Hout[t] = z * prevh + (1 - z) * G[t, :, 2 * d :]
        cache = dict(W=W, Hin=Hin, Hout=Hout, G=G, RH=RH, h0=h0)
        return Hout, Hout[-1], cache

    @staticmethod
    def backward(dHout_in, cache, dhn=None):
        W, Hin, Hout, G, RH, h0 = (cache[k] for k in ("W", "Hin", "Hout", "G", "RH", "h0"))
        n, b, d = Hout.shape
        input_size = W.shape[0] - d - 1
        dW = np.zeros_like(W)
        dX = np.zeros((n, b, input_size))
        dH = dHout_in.copy()
        if dhn is not None:
            dH[n - 1] += dhn
        dh0 = np.zeros((b, d))
        for t in reversed(range(n)):
            prevh = Hout[t - 1] if t > 0 else h0
            z, r, c = G[t, :, :d], G[t, :, d : 2 * d], G[t, :, 2 * d :]
            da = np.zeros((b, 3 * d))
            da[:, 2 * d :] = dH[t] * (1 - z) * (1 - c**2)
            da[:, :d] = dH[t] * (prevh - c) * z * (1 - z)
            dlower = da[:, 2 * d :].dot(W[:, 2 * d :].T)
            drh = dlower[:, input_size + 1 :]
            da[:, d : 2 * d] = drh * prevh * r * (1 - r)
            lower = np.concatenate([Hin[t, :, : input_size + 1], RH[t]], axis=1)
            dW[:, : 2 * d] += Hin[t].T.dot(da[:, : 2 * d])
            dW[:, 2 * d :] += lower.T.dot(da[:, 2 * d :])
            dHin = da[:, : 2 * d].dot(W[:, : 2 * d].T)
            dX[t] = dHin[:, 1 : input_size + 1] + dlower[:, 1 : input_size + 1]
            dprev = dH[t] * z + drh * r + dHin[:, input_size + 1 :]
            if t > 0:
                dH[t - 1] += dprev
            else:
                dh0 += dprev
        return dX, dW, dh0
