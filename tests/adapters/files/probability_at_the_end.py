import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class SentimentGRU:
    """Positive or negative: one number for a sequence of word vectors."""

    def __init__(self, input_size, hidden_size):
        r = np.random.RandomState(2)
        n, d = hidden_size, input_size
        self.Wz, self.Wr, self.Wc = (r.randn(n, n + d) * 0.1 for _ in range(3))
        self.bz, self.br, self.bc = (np.zeros(n) for _ in range(3))
        self.w, self.b = r.randn(n) * 0.1, np.zeros(1)

    def forward(self, xs):
        h = np.zeros(len(self.bz))
        self.tape = []
        for x in xs:
            hx = np.concatenate([h, x])
            z = sigmoid(self.Wz @ hx + self.bz)
            r = sigmoid(self.Wr @ hx + self.br)
            rhx = np.concatenate([r * h, x])
            c = np.tanh(self.Wc @ rhx + self.bc)
            self.tape.append((h, hx, z, r, rhx, c))
            h = (1 - z) * h + z * c
        self.h = h
        self.p = sigmoid(self.w @ h + self.b[0])
        return self.p

    def loss(self, p, y):
        return -(y * np.log(p) + (1 - y) * np.log(1 - p))

    def backward(self, y):
        n = len(self.h)
        g = {k: np.zeros_like(getattr(self, k)) for k in ("Wz", "Wr", "Wc", "bz", "br", "bc", "w", "b")}
        d = self.p - y
        g["w"] = d * self.h
        g["b"][0] = d
        dh = d * self.w
        for h, hx, z, r, rhx, c in self.tape[::-1]:
            dc = dh * z * (1 - c * c)
            dz = dh * (c - h) * z * (1 - z)
            drhx = self.Wc.T @ dc
            dr = drhx[:n] * h * r * (1 - r)
            g["Wc"] += np.outer(dc, rhx)
            g["Wz"] += np.outer(dz, hx)
            g["Wr"] += np.outer(dr, hx)
            g["bc"] += dc
            g["bz"] += dz
            g["br"] += dr
            dh = dh * (1 - z) + drhx[:n] * r + (self.Wz.T @ dz)[:n] + (self.Wr.T @ dr)[:n]
        return g
