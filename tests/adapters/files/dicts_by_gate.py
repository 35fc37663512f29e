import numpy as np


class GRUModel:
    """Predicts the next value of a series."""

    def __init__(self, input_dim=1, hidden_dim=8, output_dim=1, seed=3):
        np.random.seed(seed)
        s = 0.3
        self.W = {g: np.random.randn(hidden_dim, input_dim) * s for g in "zrh"}
        self.U = {g: np.random.randn(hidden_dim, hidden_dim) * s for g in "zrh"}
        self.b = {g: np.zeros((hidden_dim, 1)) for g in "zrh"}
        self.V = np.random.randn(output_dim, hidden_dim) * s
        self.c = np.zeros((output_dim, 1))
        self.hidden_dim = hidden_dim

    @staticmethod
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    def forward(self, sequence):
        """sequence: list of column vectors; the prediction is made from the last state."""
        h = np.zeros((self.hidden_dim, 1))
        self.steps = []
        for x in sequence:
            z = self.sigmoid(self.W["z"] @ x + self.U["z"] @ h + self.b["z"])
            r = self.sigmoid(self.W["r"] @ x + self.U["r"] @ h + self.b["r"])
            k = np.tanh(self.W["h"] @ x + self.U["h"] @ (r * h) + self.b["h"])
            self.steps.append((x, h, z, r, k))
            h = (1 - z) * h + z * k
        self.last = h
        return self.V @ h + self.c

    def backward(self, dout):
        grads = {
            "W": {g: np.zeros_like(w) for g, w in self.W.items()},
            "U": {g: np.zeros_like(w) for g, w in self.U.items()},
            "b": {g: np.zeros_like(w) for g, w in self.b.items()},
            "V": dout @ self.last.T,
            "c": dout.copy(),
        }
        dh = self.V.T @ dout
        for x, h, z, r, k in reversed(self.steps):
            a = {}
            a["h"] = dh * z * (1 - k**2)
            a["z"] = dh * (k - h) * z * (1 - z)
            back = self.U["h"].T @ a["h"]
            a["r"] = back * h * r * (1 - r)
            for g in "zrh":
                grads["W"][g] += a[g] @ x.T
                grads["U"][g] += a[g] @ ((r * h) if g == "h" else h).T
                grads["b"][g] += a[g]
            dh = dh * (1 - z) + back * r + self.U["z"].T @ a["z"] + self.U["r"].T @ a["r"]
        return grads
