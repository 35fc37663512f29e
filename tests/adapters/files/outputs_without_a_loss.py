"""A regressor whose backward pass is given targets: of which loss, nothing says."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class GRURegressor:
    def __init__(self, input_size, hidden_size, output_size, learning_rate=0.01):
        self.hidden_size, self.learning_rate = hidden_size, learning_rate
        k = 1 / np.sqrt(hidden_size)
        for g in "zrh":
            setattr(self, "W" + g, np.random.uniform(-k, k, (hidden_size, input_size)))
            setattr(self, "U" + g, np.random.uniform(-k, k, (hidden_size, hidden_size)))
            setattr(self, "b" + g, np.zeros((hidden_size, 1)))
        self.V, self.c = np.random.uniform(-k, k, (output_size, hidden_size)), np.zeros((output_size, 1))

    def forward(self, inputs):
        self.inputs, self.hs, self.gates = inputs, {-1: np.zeros((self.hidden_size, 1))}, {}
        for t, x in enumerate(inputs):
            hp = self.hs[t - 1]
            z = sigmoid(self.Wz @ x + self.Uz @ hp + self.bz)
            r = sigmoid(self.Wr @ x + self.Ur @ hp + self.br)
            n = np.tanh(self.Wh @ x + self.Uh @ (r * hp) + self.bh)
            self.gates[t] = z, r, n
            self.hs[t] = (1 - z) * hp + z * n
        self.y = self.V @ self.hs[len(inputs) - 1] + self.c
        return self.y

    def backward(self, target):
        g = {k + n: np.zeros_like(getattr(self, k + n)) for k in "WUb" for n in "zrh"}
        T = len(self.inputs)
        dy = self.y - target
        g["V"], g["c"] = dy @ self.hs[T - 1].T, dy
        dh = self.V.T @ dy
        for t in range(T - 1, -1, -1):
            x, hp, (z, r, n) = self.inputs[t], self.hs[t - 1], self.gates[t]
            an = dh * z * (1 - n**2)
            q = self.Uh.T @ an
            a = {"z": dh * (n - hp) * z * (1 - z), "r": q * hp * r * (1 - r), "h": an}
            for k, v in (("z", hp), ("r", hp), ("h", r * hp)):
                g["W" + k] += a[k] @ x.T
                g["U" + k] += a[k] @ v.T
                g["b" + k] += a[k]
            dh = dh * (1 - z) + q * r + self.Uz.T @ a["z"] + self.Ur.T @ a["r"]
        self.grads = g
        return g

    def step(self):
        for k, d in self.grads.items():
            setattr(self, k, getattr(self, k) - self.learning_rate * d)
