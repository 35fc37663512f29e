import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class GRUNet:
    def __init__(self, input_size, hidden_size, output_size):
        self.p = {}
        for k in "zrh":
            self.p["W" + k] = np.random.randn(hidden_size, input_size) * 0.2
            self.p["U" + k] = np.random.randn(hidden_size, hidden_size) * 0.2
            self.p["b" + k] = np.zeros((hidden_size, 1))
        self.p["Wy"] = np.random.randn(output_size, hidden_size) * 0.2
        self.p["by"] = np.zeros((output_size, 1))
        self.H = hidden_size

    def loss(self, X, Y):
        """X: (T, D, 1), Y: (T, O, 1)"""
        p = self.p
        h = np.zeros((self.H, 1))
        tape = []
        loss = 0
        for x, y in zip(X, Y):
            z = sigmoid(p["Wz"] @ x + p["Uz"] @ h + p["bz"])
            r = sigmoid(p["Wr"] @ x + p["Ur"] @ h + p["br"])
            n = np.tanh(p["Wh"] @ x + p["Uh"] @ (r * h) + p["bh"])
            hn = (1 - z) * h + z * n
            o = p["Wy"] @ hn + p["by"]
            loss += 0.5 * np.sum((o - y) ** 2)
            tape.append((x, h, z, r, n, hn, o - y))
            h = hn
        g = {k: np.zeros_like(v) for k, v in p.items()}
        dh = np.zeros((self.H, 1))
        for x, h, z, r, n, hn, e in reversed(tape):
            g["Wy"] += e @ hn.T
            g["by"] += e
            dh = dh + p["Wy"].T @ e
            dn = dh * z * (1 - n * n)
            dz = dh * (n - h) * z * (1 - z)
            drh = p["Uh"].T @ dn
            dr = drh * h * r * (1 - r)
            for k, d, hh in (("z", dz, h), ("r", dr, h), ("h", dn, r * h)):
                g["W" + k] += d @ x.T
                g["U" + k] += d @ hh.T
                g["b" + k] += d
            dh = dh * (1 - z) + drh * r + p["Uz"].T @ dz + p["Ur"].T @ dr
        return (loss, g)
