"""A GRU over positions in an alphabet, with an embedding below it and logits on top."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class CharGRU:
    def __init__(self, vocab_size, embed_dim, hidden_dim):
        r = np.random.default_rng(0)
        self.E = r.normal(size=(vocab_size, embed_dim)) * 0.3
        self.Wx = r.normal(size=(embed_dim, 3 * hidden_dim)) * 0.3
        self.Wh = r.normal(size=(hidden_dim, 3 * hidden_dim)) * 0.3
        self.b = np.zeros(3 * hidden_dim)
        self.Wo = r.normal(size=(hidden_dim, vocab_size)) * 0.3
        self.bo = np.zeros(vocab_size)
        self.H = hidden_dim

    def forward(self, ids, h0=None):
        B, T = ids.shape
        H = self.H
        h = np.zeros((B, H)) if h0 is None else h0
        self.ids, self.tape, self.hs = ids, [], []
        for t in range(T):
            x = self.E[ids[:, t]]
            gx, gh = x @ self.Wx + self.b, h @ self.Wh[:, : 2 * H]
            z, r = sigmoid(gx[:, :H] + gh[:, :H]), sigmoid(gx[:, H : 2 * H] + gh[:, H:])
            n = np.tanh(gx[:, 2 * H :] + (r * h) @ self.Wh[:, 2 * H :])
            self.tape.append((x, h, z, r, n))
            h = (1 - z) * h + z * n
            self.hs.append(h)
        return np.stack(self.hs, 1) @ self.Wo + self.bo

    def backward(self, dlogits):
        B, T, V = dlogits.shape
        H = self.H
        g = {k: np.zeros_like(getattr(self, k)) for k in ("E", "Wx", "Wh", "b", "Wo", "bo")}
        g["bo"] = dlogits.sum((0, 1))
        dh = np.zeros((B, H))
        for t in range(T - 1, -1, -1):
            x, h, z, r, n = self.tape[t]
            g["Wo"] += self.hs[t].T @ dlogits[:, t]
            d = dh + dlogits[:, t] @ self.Wo.T
            an = d * z * (1 - n**2)
            q = an @ self.Wh[:, 2 * H :].T
            a = np.concatenate([d * (n - h) * z * (1 - z), q * h * r * (1 - r), an], 1)
            g["Wx"] += x.T @ a
            g["b"] += a.sum(0)
            g["Wh"][:, : 2 * H] += h.T @ a[:, : 2 * H]
            g["Wh"][:, 2 * H :] += (r * h).T @ an
            np.add.at(g["E"], self.ids[:, t], a @ self.Wx.T)
            dh = d * (1 - z) + q * r + a[:, : 2 * H] @ self.Wh[:, : 2 * H].T
        return g


def cross_entropy(logits, targets):
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    B, T, _ = logits.shape
    rows, cols = np.arange(B)[:, None], np.arange(T)
    loss = -np.log(p[rows, cols, targets]).mean()
    d = p.copy()
    d[rows, cols, targets] -= 1
    return loss, d / (B * T)
