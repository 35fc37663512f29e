import numpy as np


class GRU:
    def __init__(self, n_in, n_hidden, drop=0.25, rng=None):
        self.rng, self.drop, self.n_hidden = rng or np.random.default_rng(), drop, n_hidden
        self.W, self.U = self.rng.normal(size=(n_in, 3 * n_hidden)), self.rng.normal(size=(n_hidden, 3 * n_hidden))
        self.b = np.zeros(3 * n_hidden)

    def forward(self, xs, h):
        H, self.steps, states = self.n_hidden, [], []
        for x in xs:
            mask = (self.rng.random(x.shape) > self.drop) / (1 - self.drop)
            a, s = (x * mask) @ self.W + self.b, h @ self.U[:, : 2 * H]
            z, r = (1 / (1 + np.exp(-a[:, k : k + H] - s[:, k : k + H])) for k in (0, H))
            n = np.tanh(a[:, 2 * H :] + (r * h) @ self.U[:, 2 * H :])
            self.steps.append((x, mask, h, z, r, n))
            h = z * h + (1 - z) * n
            states.append(h)
        return np.stack(states)

    def backward(self, dout):
        H, dxs, dh = self.n_hidden, [], 0
        self.dW, self.dU, self.db = (np.zeros_like(p) for p in (self.W, self.U, self.b))
        for (x, mask, h, z, r, n), d in zip(self.steps[::-1], dout[::-1]):
            d = d + dh
            dn = d * (1 - z) * (1 - n**2)
            drh = dn @ self.U[:, 2 * H :].T
            da = np.hstack([d * (h - n) * z * (1 - z), drh * h * r * (1 - r), dn])
            self.dW += (x * mask).T @ da
            self.dU += np.hstack([h.T @ da[:, : 2 * H], (r * h).T @ dn])
            self.db += da.sum(axis=0)
            dxs.append((da @ self.W.T) * mask)
            dh = d * z + drh * r + da[:, : 2 * H] @ self.U[:, : 2 * H].T
        return np.stack(dxs[::-1]), dh
