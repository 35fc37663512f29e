import numpy as np


class StatefulGRU:
    """step() once for each input; reset() before a new sequence; bptt() at the end."""

    def __init__(self, n_input, n_hidden):
        self.n_input, self.n_hidden = n_input, n_hidden
        init = lambda *s: np.random.uniform(-0.2, 0.2, s)
        self.Wz, self.Wr, self.Wh = init(n_hidden, n_input), init(n_hidden, n_input), init(n_hidden, n_input)
        self.Uz, self.Ur, self.Uh = init(n_hidden, n_hidden), init(n_hidden, n_hidden), init(n_hidden, n_hidden)
        self.bz, self.br, self.bh = np.zeros(n_hidden), np.zeros(n_hidden), np.zeros(n_hidden)
        self.reset()

    def reset(self):
        self.h = np.zeros(self.n_hidden)
        self.trace = []

    def step(self, x):
        hp = self.h
        z = 1 / (1 + np.exp(-(self.Wz @ x + self.Uz @ hp + self.bz)))
        r = 1 / (1 + np.exp(-(self.Wr @ x + self.Ur @ hp + self.br)))
        hc = np.tanh(self.Wh @ x + self.Uh @ (r * hp) + self.bh)
        self.h = (1 - z) * hp + z * hc
        self.trace.append((x, hp, z, r, hc))
        return self.h

    def bptt(self, dhs):
        for n in ("Wz", "Wr", "Wh", "Uz", "Ur", "Uh", "bz", "br", "bh"):
            setattr(self, "d" + n, np.zeros_like(getattr(self, n)))
        dh = np.zeros(self.n_hidden)
        for (x, hp, z, r, hc), d in zip(reversed(self.trace), reversed(dhs)):
            dh = dh + d
            ah = dh * z * (1 - hc**2)
            az = dh * (hc - hp) * z * (1 - z)
            drh = self.Uh.T @ ah
            ar = drh * hp * r * (1 - r)
            self.dWz += np.outer(az, x)
            self.dUz += np.outer(az, hp)
            self.dbz += az
            self.dWr += np.outer(ar, x)
            self.dUr += np.outer(ar, hp)
            self.dbr += ar
            self.dWh += np.outer(ah, x)
            self.dUh += np.outer(ah, r * hp)
            self.dbh += ah
            dh = dh * (1 - z) + drh * r + self.Uz.T @ az + self.Ur.T @ ar
        return dh
