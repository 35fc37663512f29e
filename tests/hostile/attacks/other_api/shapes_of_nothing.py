"""Its worker says that a parameter has seventy axes.

Comes of it: not_examined, protocol
"""

import numpy as np
from worker import adapters


class Layer:
    def __init__(self, input_size, hidden_size):
        driver = adapters().Driver
        driver.shapes = lambda self, sizes: {name: [1] * 70 + [8] for name in self.described()["names"]}
        self.W = np.ones((input_size, hidden_size))

    def forward(self, x, h):
        self.x, self.h = x, np.tanh(x @ self.W + h)
        return self.h

    def backward(self, delta):
        inner = delta * (1 - self.h**2)
        self.dW = self.x.T @ inner
        return inner @ self.W.T, inner
