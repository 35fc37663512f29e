import numpy as np


class LSTMLayer:
    """One step a call; what a step leaves is kept for the way back."""

    def __init__(self, n_out):
        self.n_out = n_out
        self.ready = False

    def _make(self, n_in):
        k, rng = self.n_out + n_in, np.random.default_rng(5)
        self.params = {w: rng.normal(0, 0.4, (k, self.n_out)) for w in ("Wf", "Wi", "Wc", "Wo")}
        self.params.update({b: np.zeros((1, self.n_out)) for b in ("bf", "bi", "bc", "bo")})
        self.grads = {name: np.zeros_like(p) for name, p in self.params.items()}
        self.steps, self.h, self.c, self.carried = [], None, None, None
        self.ready = True

    def forward(self, Xt):
        if not self.ready:
            self._make(Xt.shape[1])
        if self.h is None:
            self.h = np.zeros((len(Xt), self.n_out))
            self.c = np.zeros((len(Xt), self.n_out))
        hx = np.hstack([self.h, Xt])
        s = lambda a: 1 / (1 + np.exp(-a))
        p = self.params
        f, i, o = (s(hx @ p["W" + g] + p["b" + g]) for g in "fio")
        g = np.tanh(hx @ p["Wc"] + p["bc"])
        c = f * self.c + i * g
        self.steps.append((hx, f, i, o, g, self.c, c))
        self.c = c
        self.h = o * np.tanh(c)
        return self.h, self.c

    def backward(self, dLdht):
        hx, f, i, o, g, c_prev, c = self.steps.pop()
        dh, dc = (0, 0) if self.carried is None else self.carried
        dh = dLdht + dh
        dc = dc + dh * o * (1 - np.tanh(c) ** 2)
        d = {
            "f": dc * c_prev * f * (1 - f),
            "i": dc * g * i * (1 - i),
            "c": dc * i * (1 - g**2),
            "o": dh * np.tanh(c) * o * (1 - o),
        }
        dhx = 0
        for name, delta in d.items():
            self.grads["W" + name] += hx.T @ delta
            self.grads["b" + name] += delta.sum(axis=0, keepdims=True)
            dhx = dhx + delta @ self.params["W" + name].T
        self.carried = dhx[:, : self.n_out], dc * f
        return dhx[:, self.n_out :]
