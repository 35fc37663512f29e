import numpy as np


def sigma(a):
    return 1 / (1 + np.exp(-a))


class LSTMCell:
    """One cell of many that share their parameters."""

    def __init__(self, params, grads):
        self.params, self.grads = params, grads

    def forward(self, x, h_prev, c_prev):
        self.v, self.c_prev = np.concatenate([x, h_prev]), c_prev
        i, f, o, u = np.split(self.params["W"] @ self.v + self.params["b"], 4)
        self.i, self.f, self.o, self.u = sigma(i), sigma(f), sigma(o), np.tanh(u)
        self.c = self.f * c_prev + self.i * self.u
        return self.o * np.tanh(self.c), self.c

    def backward(self, dh, dc):
        t = np.tanh(self.c)
        dc = dc + dh * self.o * (1 - t**2)
        parts = dc * self.u * self.i * (1 - self.i), dc * self.c_prev * self.f * (1 - self.f)
        da = np.concatenate([*parts, dh * t * self.o * (1 - self.o), dc * self.i * (1 - self.u**2)])
        self.grads["W"] += np.outer(da, self.v)
        self.grads["b"] += da
        dv = self.params["W"].T @ da
        return dv[: -len(dh)], dv[-len(dh) :], dc * self.f


def init_params(n_in, n_hidden):
    return {"W": np.random.randn(4 * n_hidden, n_in + n_hidden), "b": np.zeros(4 * n_hidden)}
