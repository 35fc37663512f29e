"""A script with a command line, weights in a file, settings in a dict, and an object with slots."""

import argparse
import sys

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--hidden", type=int, default=8)
parser.add_argument("--data", required=True)
options = parser.parse_args()
weights = np.load("weights.npz")
path = sys.argv[1]


class RNN:
    __slots__ = ("W", "U", "b", "kept", "dW", "dU", "db")

    def __init__(self, config, made_before=None):
        n, h = config["input_size"], config.get("hidden_size", options.hidden)
        self.W, self.U, self.b = np.random.randn(n, h) * 0.3, np.random.randn(h, h) * 0.3, np.zeros(h)
        if made_before:
            self.W[...] = weights[made_before]

    def forward(self, x, h):
        self.kept = x, h, np.tanh(x @ self.W + h @ self.U + self.b)
        return self.kept[-1]

    def backward(self, dh):
        x, h, new = self.kept
        da = dh * (1 - new**2)
        self.dW, self.dU, self.db = x.T @ da, h.T @ da, da.sum(0)
        return da @ self.W.T, da @ self.U.T


def read():
    return open(path).read()


model = RNN({"input_size": 4}, "W")
for epoch in range(3):
    print(model.forward(read(), np.zeros((1, options.hidden))))
