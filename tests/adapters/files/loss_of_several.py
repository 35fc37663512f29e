import numpy as np
import operator


class GRUNumpy:
    def __init__(self, word_dim, hidden_dim=100, bptt_truncate=-1):
        self.word_dim = word_dim
        self.hidden_dim = hidden_dim
        self.bptt_truncate = bptt_truncate
        self.U = np.random.uniform(-np.sqrt(1.0 / word_dim), np.sqrt(1.0 / word_dim), (3, hidden_dim, word_dim))
        self.W = np.random.uniform(-np.sqrt(1.0 / hidden_dim), np.sqrt(1.0 / hidden_dim), (3, hidden_dim, hidden_dim))
        self.V = np.random.uniform(-np.sqrt(1.0 / hidden_dim), np.sqrt(1.0 / hidden_dim), (word_dim, hidden_dim))
        self.b = np.zeros((3, hidden_dim))
        self.c = np.zeros(word_dim)

    def forward_propagation(self, x):
        T = len(x)
        s = np.zeros((T + 1, self.hidden_dim))
        o = np.zeros((T, self.word_dim))
        z, r, g = np.zeros((T, self.hidden_dim)), np.zeros((T, self.hidden_dim)), np.zeros((T, self.hidden_dim))
        for t in np.arange(T):
            z[t] = 1 / (1 + np.exp(-(self.U[0][:, x[t]] + self.W[0].dot(s[t - 1]) + self.b[0])))
            r[t] = 1 / (1 + np.exp(-(self.U[1][:, x[t]] + self.W[1].dot(s[t - 1]) + self.b[1])))
            g[t] = np.tanh(self.U[2][:, x[t]] + self.W[2].dot(s[t - 1] * r[t]) + self.b[2])
            s[t] = (1 - z[t]) * g[t] + z[t] * s[t - 1]
            e = self.V.dot(s[t]) + self.c
            e = np.exp(e - e.max())
            o[t] = e / e.sum()
        return [o, s, z, r, g]

    def calculate_total_loss(self, x, y):
        L = 0
        for i in np.arange(len(y)):
            o = self.forward_propagation(x[i])[0]
            L += -1 * np.sum(np.log(o[np.arange(len(y[i])), y[i]]))
        return L

    def calculate_loss(self, x, y):
        N = sum(len(y_i) for y_i in y)
        return self.calculate_total_loss(x, y) / N

    def bptt(self, x, y):
        T = len(y)
        o, s, z, r, g = self.forward_propagation(x)
        dLdU, dLdV, dLdW = np.zeros(self.U.shape), np.zeros(self.V.shape), np.zeros(self.W.shape)
        dLdb, dLdc = np.zeros(self.b.shape), np.zeros(self.c.shape)
        delta_o = o
        delta_o[np.arange(len(y)), y] -= 1.0
        dh = np.zeros(self.hidden_dim)
        for t in np.arange(T)[::-1]:
            dLdV += np.outer(delta_o[t], s[t])
            dLdc += delta_o[t]
            dh = dh + self.V.T.dot(delta_o[t])
            dg = dh * (1 - z[t]) * (1 - g[t] ** 2)
            dz = dh * (s[t - 1] - g[t]) * z[t] * (1 - z[t])
            dsr = self.W[2].T.dot(dg)
            dr = dsr * s[t - 1] * r[t] * (1 - r[t])
            for k, d in enumerate((dz, dr, dg)):
                dLdU[k][:, x[t]] += d
                dLdb[k] += d
            dLdW[0] += np.outer(dz, s[t - 1])
            dLdW[1] += np.outer(dr, s[t - 1])
            dLdW[2] += np.outer(dg, s[t - 1] * r[t])
            dh = dh * z[t] + dsr * r[t] + self.W[0].T.dot(dz) + self.W[1].T.dot(dr)
        return [dLdU, dLdV, dLdW, dLdb, dLdc]
