import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class LSTMCell:
    def __init__(self, input_size, hidden_size):
        self.hidden_size = hidden_size
        self.W = np.random.randn(input_size + hidden_size, 4 * hidden_size) * 0.2
        self.b = np.zeros(4 * hidden_size)

    def forward(self, x, state):
        h_prev, c_prev = state
        H = self.hidden_size
        xh = np.hstack((x, h_prev))
        a = xh @ self.W + self.b
        i, f, o, g = (sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H]), np.tanh(a[:, 3 * H :]))
        c = f * c_prev + i * g
        h = o * np.tanh(c)
        self.cache = (xh, c_prev, i, f, o, g, c)
        return (h, (h, c))

    def backward(self, dh, dc):
        H = self.hidden_size
        xh, c_prev, i, f, o, g, c = self.cache
        t = np.tanh(c)
        dc = dc + dh * o * (1 - t * t)
        da = np.hstack((dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dh * t * o * (1 - o), dc * i * (1 - g * g)))
        self.dW = xh.T @ da
        self.db = da.sum(0)
        dxh = da @ self.W.T
        return (dxh[:, :-H], dxh[:, -H:], dc * f)
