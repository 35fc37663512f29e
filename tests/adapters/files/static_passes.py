"""A class that is made for its two static passes: all weights of an LSTM are one array, the biases its first row."""

import numpy as np


class LSTM:
    @staticmethod
    def init(input_size, hidden_size, fancy_forget_bias_init=3):
        W_all = np.random.randn(input_size + hidden_size + 1, 4 * hidden_size) / np.sqrt(input_size + hidden_size)
        W_all[0, :] = 0
        if fancy_forget_bias_init != 0:
            W_all[0, hidden_size : 2 * hidden_size] = fancy_forget_bias_init
        return W_all

    @staticmethod
    def forward(X, W_all, c0=None, h0=None):
        n, b, input_size = X.shape
        d = W_all.shape[1] // 4
        if c0 is None:
            c0 = np.zeros((b, d))
        if h0 is None:
            h0 = np.zeros((b, d))
        xphpb = W_all.shape[0]
        Hin = np.zeros((n, b, xphpb))
        Hout = np.zeros((n, b, d))
        gates = np.zeros((n, b, d * 4))
        gates_f = np.zeros((n, b, d * 4))
        C = np.zeros((n, b, d))
        Ct = np.zeros((n, b, d))
        for t in range(n):
            prevh = Hout[t - 1] if t > 0 else h0
            Hin[t, :, 0] = 1
            Hin[t, :, 1 : input_size + 1] = X[t]
            Hin[t, :, input_size + 1 :] = prevh
            gates[t] = Hin[t].dot(W_all)
            gates_f[t, :, : 3 * d] = 1.0 / (1.0 + np.exp(-gates[t, :, : 3 * d]))
            gates_f[t, :, 3 * d :] = np.tanh(gates[t, :, 3 * d :])
            prevc = C[t - 1] if t > 0 else c0
            C[t] = gates_f[t, :, :d] * gates_f[t, :, 3 * d :] + gates_f[t, :, d : 2 * d] * prevc
            Ct[t] = np.tanh(C[t])
            Hout[t] = gates_f[t, :, 2 * d : 3 * d] * Ct[t]
        cache = {
            "W_all": W_all,
            "Hout": Hout,
            "gates_f": gates_f,
            "gates": gates,
            "C": C,
            "Ct": Ct,
            "Hin": Hin,
            "c0": c0,
            "h0": h0,
        }
        return Hout, C[t], Hout[t], cache

    @staticmethod
    def backward(dHout_in, cache, dcn=None, dhn=None):
        W_all, Hout, gates_f, gates, C, Ct, Hin = [
            cache[k] for k in ("W_all", "Hout", "gates_f", "gates", "C", "Ct", "Hin")
        ]
        c0 = cache["c0"]
        n, b, d = Hout.shape
        input_size = W_all.shape[0] - d - 1
        dgates = np.zeros(gates.shape)
        dgates_f = np.zeros(gates_f.shape)
        dW_all = np.zeros(W_all.shape)
        dHin = np.zeros(Hin.shape)
        dC = np.zeros(C.shape)
        dX = np.zeros((n, b, input_size))
        dh0 = np.zeros((b, d))
        dc0 = np.zeros((b, d))
        dHout = dHout_in.copy()
        if dcn is not None:
            dC[n - 1] += dcn.copy()
        if dhn is not None:
            dHout[n - 1] += dhn.copy()
        for t in reversed(range(n)):
            tanhCt = Ct[t]
            dgates_f[t, :, 2 * d : 3 * d] = tanhCt * dHout[t]
            dC[t] += (1 - tanhCt**2) * (gates_f[t, :, 2 * d : 3 * d] * dHout[t])
            if t > 0:
                dgates_f[t, :, d : 2 * d] = C[t - 1] * dC[t]
                dC[t - 1] += gates_f[t, :, d : 2 * d] * dC[t]
            else:
                dgates_f[t, :, d : 2 * d] = c0 * dC[t]
                dc0 = gates_f[t, :, d : 2 * d] * dC[t]
            dgates_f[t, :, :d] = gates_f[t, :, 3 * d :] * dC[t]
            dgates_f[t, :, 3 * d :] = gates_f[t, :, :d] * dC[t]
            dgates[t, :, 3 * d :] = (1 - gates_f[t, :, 3 * d :] ** 2) * dgates_f[t, :, 3 * d :]
            y = gates_f[t, :, : 3 * d]
            dgates[t, :, : 3 * d] = (y * (1.0 - y)) * dgates_f[t, :, : 3 * d]
            dW_all += np.dot(Hin[t].transpose(), dgates[t])
            dHin[t] = dgates[t].dot(W_all.transpose())
            dX[t] = dHin[t, :, 1 : input_size + 1]
            if t > 0:
                dHout[t - 1, :] += dHin[t, :, input_size + 1 :]
            else:
                dh0 += dHin[t, :, input_size + 1 :]
        return dX, dW_all, dc0, dh0
