"""A layer with two flags."""

import numpy as np


class GRU:
    """(T, B, D) -> (T, B, H); with or without biases, from either end."""

    def __init__(self, input_size, hidden_size, bias=True, reverse=False):
        self.input_size, self.hidden_size, self.bias, self.reverse = input_size, hidden_size, bias, reverse
        k = hidden_size**-0.5
        self.W = np.random.uniform(-k, k, (input_size, 3 * hidden_size))
        self.U = np.random.uniform(-k, k, (hidden_size, 3 * hidden_size))
        if bias:
            self.b = np.random.uniform(-k, k, 3 * hidden_size)

    def forward(self, x, h0):
        H = self.hidden_size
        if self.reverse:
            x = x[::-1]
        h = h0
        self.steps, ys = [], []
        for xt in x:
            a = xt @ self.W
            if self.bias:
                a = a + self.b
            z = 1 / (1 + np.exp(-a[:, :H] - h @ self.U[:, :H]))
            r = 1 / (1 + np.exp(-a[:, H : 2 * H] - h @ self.U[:, H : 2 * H]))
            n = np.tanh(a[:, 2 * H :] + (r * h) @ self.U[:, 2 * H :])
            self.steps.append((xt, h, z, r, n))
            h = (1 - z) * h + z * n
            ys.append(h)
        y = np.stack(ys)
        return y[::-1] if self.reverse else y

    def backward(self, dy):
        H = self.hidden_size
        if self.reverse:
            dy = dy[::-1]
        self.dW, self.dU = np.zeros_like(self.W), np.zeros_like(self.U)
        if self.bias:
            self.db = np.zeros_like(self.b)
        dx = np.zeros((len(dy),) + self.steps[0][0].shape)
        dh = np.zeros_like(dy[0])
        for t in reversed(range(len(dy))):
            xt, h, z, r, n = self.steps[t]
            dh = dh + dy[t]
            dn = dh * z * (1 - n**2)
            dz = dh * (n - h) * z * (1 - z)
            drh = dn @ self.U[:, 2 * H :].T
            dr = drh * h * r * (1 - r)
            da = np.concatenate([dz, dr, dn], axis=1)
            self.dW += xt.T @ da
            self.dU += np.concatenate([h.T @ dz, h.T @ dr, (r * h).T @ dn], axis=1)
            if self.bias:
                self.db += da.sum(0)
            dx[t] = da @ self.W.T
            dh = dh * (1 - z) + drh * r + dz @ self.U[:, :H].T + dr @ self.U[:, H : 2 * H].T
        if self.reverse:
            dx = dx[::-1]
        return dx, dh
