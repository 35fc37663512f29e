"""A forward pass that yields one state after the other."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class GRU:
    def __init__(self, n_in, n_hidden):
        rng = np.random.default_rng(0)
        self.Wz, self.Wr, self.Wn = (rng.normal(size=(n_hidden, n_in)) * 0.3 for _ in range(3))
        self.Uz, self.Ur, self.Un = (rng.normal(size=(n_hidden, n_hidden)) * 0.3 for _ in range(3))
        self.bz, self.br, self.bn = (np.zeros(n_hidden) for _ in range(3))

    def forward(self, xs, h):
        """Yields the state of each step."""
        self.tape = []
        for x in xs:
            z = sigmoid(self.Wz @ x + self.Uz @ h + self.bz)
            r = sigmoid(self.Wr @ x + self.Ur @ h + self.br)
            n = np.tanh(self.Wn @ x + self.Un @ (r * h) + self.bn)
            self.tape.append((x, h, z, r, n))
            h = (1 - z) * n + z * h
            yield h

    def backward(self, dhs):
        for k in ("Wz", "Wr", "Wn", "Uz", "Ur", "Un", "bz", "br", "bn"):
            setattr(self, "d" + k, np.zeros_like(getattr(self, k)))
        dh, dxs = 0, []
        for (x, h, z, r, n), d in zip(reversed(self.tape), reversed(dhs)):
            d = d + dh
            an = d * (1 - z) * (1 - n**2)
            q = self.Un.T @ an
            az = d * (h - n) * z * (1 - z)
            ar = q * h * r * (1 - r)
            for k, a, v in (("z", az, h), ("r", ar, h), ("n", an, r * h)):
                setattr(self, "dW" + k, getattr(self, "dW" + k) + np.outer(a, x))
                setattr(self, "dU" + k, getattr(self, "dU" + k) + np.outer(a, v))
                setattr(self, "db" + k, getattr(self, "db" + k) + a)
            dxs.append(self.Wz.T @ az + self.Wr.T @ ar + self.Wn.T @ an)
            dh = d * z + q * r + self.Uz.T @ az + self.Ur.T @ ar
        return dxs[::-1], dh
