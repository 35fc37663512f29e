"""Parameters as objects with `.data` and `.grad`, added to; rows."""

import numpy as np


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


class GRUBlock:
    def __init__(self, input_dim, hidden_dim):
        self.Wi = Parameter(np.random.randn(input_dim, 3 * hidden_dim))
        self.Wr = Parameter(np.random.randn(hidden_dim, 3 * hidden_dim))
        self.bias = Parameter(np.zeros(3 * hidden_dim))

    def forward(self, x, h):
        H = h.shape[1]
        a, b = x @ self.Wi.data + self.bias.data, h @ self.Wr.data
        r = 1 / (1 + np.exp(-(a[:, :H] + b[:, :H])))
        z = 1 / (1 + np.exp(-(a[:, H : 2 * H] + b[:, H : 2 * H])))
        n = np.tanh(a[:, 2 * H :] + r * b[:, 2 * H :])
        self.saved = x, h, r, z, n, b[:, 2 * H :]
        return n + z * (h - n)

    def backward(self, grad_output):
        x, h, r, z, n, q = self.saved
        dn = grad_output * (1 - z) * (1 - n**2)
        dz = grad_output * (h - n) * z * (1 - z)
        dr = dn * q * r * (1 - r)
        da = np.hstack([dr, dz, dn])
        db = np.hstack([dr, dz, dn * r])
        self.Wi.grad += x.T @ da
        self.Wr.grad += h.T @ db
        self.bias.grad += da.sum(0)
        return da @ self.Wi.data.T, grad_output * z + db @ self.Wr.data.T
