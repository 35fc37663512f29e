import numpy as np


class GRU:
    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weights = None

    def initialize(self):
        i, h = self.input_size, self.hidden_size
        self.weights = {n: np.random.randn(h, i + h) * 0.1 for n in ("z", "r", "c")}
        self.biases = {n: np.zeros((h, 1)) for n in ("z", "r", "c")}

    def forward(self, x, h):
        if self.weights is None:
            self.initialize()
        s = lambda a: 1 / (1 + np.exp(-a))
        v = np.vstack([x, h])
        z = s(self.weights["z"] @ v + self.biases["z"])
        r = s(self.weights["r"] @ v + self.biases["r"])
        u = np.vstack([x, r * h])
        c = np.tanh(self.weights["c"] @ u + self.biases["c"])
        self.cache = (v, u, h, z, r, c)
        return (1 - z) * h + z * c

    def backward(self, dh):
        v, u, h, z, r, c = self.cache
        i = self.input_size
        dc = dh * z * (1 - c**2)
        dz = dh * (c - h) * z * (1 - z)
        du = self.weights["c"].T @ dc
        dr = du[i:] * h * r * (1 - r)
        dv = self.weights["z"].T @ dz + self.weights["r"].T @ dr
        grads = {
            "weights": {"z": dz @ v.T, "r": dr @ v.T, "c": dc @ u.T},
            "biases": {"z": dz.sum(1, keepdims=True), "r": dr.sum(1, keepdims=True), "c": dc.sum(1, keepdims=True)},
        }
        return grads, dv[:i] + du[:i], dh * (1 - z) + du[i:] * r + dv[i:]
