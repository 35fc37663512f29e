import numpy as np


class LSTMRegressor:
    def __init__(self, n_in, n_hidden, n_out=1, lr=0.01):
        rng = np.random.RandomState(0)
        self.n_in, self.n_hidden, self.n_out, self.lr = n_in, n_hidden, n_out, lr
        k = n_in + n_hidden
        self.Wf, self.Wi, self.Wo, self.Wg = [rng.randn(n_hidden, k) * 0.2 for _ in range(4)]
        self.bf, self.bi, self.bo, self.bg = [np.zeros(n_hidden) for _ in range(4)]
        self.Wy = rng.randn(n_out, n_hidden) * 0.2
        self.by = np.zeros(n_out)

    @staticmethod
    def _s(v):
        return 1 / (1 + np.exp(-v))

    def forward(self, seq):
        h = np.zeros(self.n_hidden)
        c = np.zeros(self.n_hidden)
        self.hist = []
        for x in seq:
            v = np.concatenate([x, h])
            f = self._s(self.Wf @ v + self.bf)
            i = self._s(self.Wi @ v + self.bi)
            o = self._s(self.Wo @ v + self.bo)
            g = np.tanh(self.Wg @ v + self.bg)
            c_new = f * c + i * g
            h = o * np.tanh(c_new)
            self.hist.append((v, f, i, o, g, c, c_new))
            c = c_new
        self.h_T = h
        self.y = self.Wy @ h + self.by
        return self.y

    def compute_loss(self, seq, target):
        return 0.5 * np.sum((self.forward(seq) - target) ** 2)

    def backward(self, target):
        d = self.n_in
        dy = self.y - target
        grads = {
            n: np.zeros_like(getattr(self, n)) for n in ("Wf", "Wi", "Wo", "Wg", "bf", "bi", "bo", "bg", "Wy", "by")
        }
        grads["Wy"] += np.outer(dy, self.h_T)
        grads["by"] += dy
        dh = self.Wy.T @ dy
        dc = np.zeros(self.n_hidden)
        for v, f, i, o, g, c_prev, c in self.hist[::-1]:
            tc = np.tanh(c)
            do = dh * tc * o * (1 - o)
            dc = dc + dh * o * (1 - tc**2)
            df = dc * c_prev * f * (1 - f)
            di = dc * g * i * (1 - i)
            dg = dc * i * (1 - g**2)
            dv = np.zeros_like(v)
            for n, dd in (("f", df), ("i", di), ("o", do), ("g", dg)):
                grads["W" + n] += np.outer(dd, v)
                grads["b" + n] += dd
                dv += getattr(self, "W" + n).T @ dd
            dh = dv[d:]
            dc = dc * f
        self.grads = grads
        return grads
