"""A step that answers an output and its state, and is given the gradients of both."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class GRU:
    """A step with an output; both its gradient and that of the next step's state come from above."""

    def __init__(self, input_size, hidden_size, output_size):
        s = 0.3
        self.input_size, self.hidden_size = input_size, hidden_size
        self.Wz, self.Wr, self.Wh = (np.random.randn(input_size + hidden_size, hidden_size) * s for _ in range(3))
        self.bz, self.br, self.bh = (np.zeros((1, hidden_size)) for _ in range(3))
        self.Wy, self.by = np.random.randn(hidden_size, output_size) * s, np.zeros((1, output_size))

    def forward(self, x, h_prev):
        c = np.hstack((x, h_prev))
        z, r = sigmoid(c @ self.Wz + self.bz), sigmoid(c @ self.Wr + self.br)
        cr = np.hstack((x, r * h_prev))
        n = np.tanh(cr @ self.Wh + self.bh)
        h_next = (1 - z) * h_prev + z * n
        y = h_next @ self.Wy + self.by
        self.cache = {"x": x, "h_prev": h_prev, "c": c, "z": z, "r": r, "cr": cr, "n": n, "h_next": h_next}
        return y, h_next

    def backward(self, dy, dh_next):
        k, D = self.cache, self.input_size
        h, z, r, n = k["h_prev"], k["z"], k["r"], k["n"]
        dWy, dby = k["h_next"].T @ dy, dy.sum(0, keepdims=True)
        dh = dy @ self.Wy.T + dh_next
        an = dh * z * (1 - n**2)
        az = dh * (n - h) * z * (1 - z)
        dcr = an @ self.Wh.T
        ar = dcr[:, D:] * h * r * (1 - r)
        dc = az @ self.Wz.T + ar @ self.Wr.T
        grads = {
            "dWz": k["c"].T @ az,
            "dWr": k["c"].T @ ar,
            "dWh": k["cr"].T @ an,
            "dWy": dWy,
            "dby": dby,
            "dbz": az.sum(0, keepdims=True),
            "dbr": ar.sum(0, keepdims=True),
            "dbh": an.sum(0, keepdims=True),
        }
        dh_prev = dh * (1 - z) + dcr[:, D:] * r + dc[:, D:]
        dx = dcr[:, :D] + dc[:, :D]
        return dx, dh_prev, grads
