"""A network over characters that is given its alphabet."""

import numpy as np


class CharGRU:
    def __init__(
        self, char_to_idx, idx_to_char, vocab, h_size=12, seq_len=20, clip_value=5.0, epochs=50, learning_rate=1e-2
    ):
        self.n_h = h_size
        self.seq_len = seq_len
        self.clip_value = clip_value
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.char_to_idx = char_to_idx
        self.idx_to_char = idx_to_char
        self.vocab = vocab
        self.smooth_loss = -np.log(1.0 / len(vocab)) * seq_len
        v = len(vocab)
        self.params = {}
        for g in "zrh":
            self.params["W" + g] = np.random.randn(self.n_h, v) * 0.1
            self.params["U" + g] = np.random.randn(self.n_h, self.n_h) * 0.1
            self.params["b" + g] = np.zeros((self.n_h, 1))
        self.params["V"] = np.random.randn(v, self.n_h) * 0.1
        self.params["c"] = np.zeros((v, 1))
        self.grads = {k: np.zeros_like(p) for k, p in self.params.items()}

    @staticmethod
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def softmax(x):
        e = np.exp(x - np.max(x))
        return e / e.sum()

    def one_hot(self, idx):
        x = np.zeros((len(self.vocab), 1))
        x[idx] = 1
        return x

    def forward_backward(self, x_batch, y_batch, h_prev):
        p = self.params
        xs, hs, zs, rs, ns, ps = {}, {-1: h_prev}, {}, {}, {}, {}
        loss = 0
        for t in range(len(x_batch)):
            xs[t] = self.one_hot(x_batch[t])
            zs[t] = self.sigmoid(p["Wz"] @ xs[t] + p["Uz"] @ hs[t - 1] + p["bz"])
            rs[t] = self.sigmoid(p["Wr"] @ xs[t] + p["Ur"] @ hs[t - 1] + p["br"])
            ns[t] = np.tanh(p["Wh"] @ xs[t] + p["Uh"] @ (rs[t] * hs[t - 1]) + p["bh"])
            hs[t] = zs[t] * hs[t - 1] + (1 - zs[t]) * ns[t]
            ps[t] = self.softmax(p["V"] @ hs[t] + p["c"])
            loss -= np.log(ps[t][y_batch[t], 0])
        for k in self.grads:
            self.grads[k] = np.zeros_like(p[k])
        g = self.grads
        dh_next = np.zeros_like(h_prev)
        for t in reversed(range(len(x_batch))):
            dy = ps[t].copy()
            dy[y_batch[t]] -= 1
            g["V"] += dy @ hs[t].T
            g["c"] += dy
            dh = p["V"].T @ dy + dh_next
            dn = dh * (1 - zs[t]) * (1 - ns[t] ** 2)
            dz = dh * (hs[t - 1] - ns[t]) * zs[t] * (1 - zs[t])
            drh = p["Uh"].T @ dn
            dr = drh * hs[t - 1] * rs[t] * (1 - rs[t])
            for k, d in (("z", dz), ("r", dr), ("h", dn)):
                g["W" + k] += d @ xs[t].T
                g["b" + k] += d
            g["Uz"] += dz @ hs[t - 1].T
            g["Ur"] += dr @ hs[t - 1].T
            g["Uh"] += dn @ (rs[t] * hs[t - 1]).T
            dh_next = dh * zs[t] + drh * rs[t] + p["Uz"].T @ dz + p["Ur"].T @ dr
        return loss, hs[len(x_batch) - 1]

    def train(self, text):
        h = np.zeros((self.n_h, 1))
        for i in range(0, len(text) - self.seq_len, self.seq_len):
            xs = [self.char_to_idx[c] for c in text[i : i + self.seq_len]]
            ys = [self.char_to_idx[c] for c in text[i + 1 : i + 1 + self.seq_len]]
            loss, h = self.forward_backward(xs, ys, h)
            for k in self.params:
                self.params[k] -= self.learning_rate * np.clip(self.grads[k], -self.clip_value, self.clip_value)
