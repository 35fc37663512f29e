"""A cell of a package that is not here: its base class and its sigmoid are imported from folders above."""

from typing import Tuple
import numpy as np
from ...layers import Layer
from ...activations import Sigmoid


class GRUCell(Layer):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        limit = np.sqrt(6 / (input_size + hidden_size))
        for k in "zrh":
            setattr(self, "W_" + k, np.random.uniform(-limit, limit, (hidden_size, input_size + hidden_size)))
            setattr(self, "b_" + k, np.zeros(hidden_size))
        self.cache = None

    def parameters(self):
        yield self.W_z
        yield self.b_z

    def forward(self, x: np.ndarray, h_prev: np.ndarray) -> np.ndarray:
        c = np.concatenate([h_prev, x], axis=1)
        z = Sigmoid(c.dot(self.W_z.T) + self.b_z)
        r = Sigmoid(c.dot(self.W_r.T) + self.b_r)
        cr = np.concatenate([r * h_prev, x], axis=1)
        n = np.tanh(cr.dot(self.W_h.T) + self.b_h)
        self.cache = (h_prev, z, r, n, c, cr)
        return (1 - z) * h_prev + z * n

    def backward(self, dh_next: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        h, z, r, n, c, cr = self.cache
        H = self.hidden_size
        an = dh_next * z * (1 - n**2)
        self.dW_h, self.db_h = an.T.dot(cr), np.sum(an, axis=0)
        dcr = an.dot(self.W_h)
        ar = dcr[:, :H] * h * r * (1 - r)
        self.dW_r, self.db_r = ar.T.dot(c), np.sum(ar, axis=0)
        az = dh_next * (n - h) * z * (1 - z)
        self.dW_z, self.db_z = az.T.dot(c), np.sum(az, axis=0)
        dc = ar.dot(self.W_r) + az.dot(self.W_z)
        dh_prev = dh_next * (1 - z) + dc[:, :H] + dcr[:, :H] * r
        dx = dcr[:, H:] + dc[:, H:]
        return dx, dh_prev
