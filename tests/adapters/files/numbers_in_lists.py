"""An RNN's cell without NumPy: its numbers are lists, and lists of lists."""

import math
import random


def table(rows, columns):
    return [[random.uniform(-0.4, 0.4) for _ in range(columns)] for _ in range(rows)]


def times(table, vector):
    return [sum(a * b for a, b in zip(row, vector)) for row in table]


def times_transposed(table, vector):
    return [sum(row[j] * v for row, v in zip(table, vector)) for j in range(len(table[0]))]


class RNNCell:
    def __init__(self, n_in, n_hidden):
        self.W, self.U, self.b = table(n_hidden, n_in), table(n_hidden, n_hidden), [0.0] * n_hidden

    def forward(self, x, h):
        sums = [a + c + b for a, c, b in zip(times(self.W, x), times(self.U, h), self.b)]
        self.x, self.h_prev, self.h = x, h, [math.tanh(a) for a in sums]
        return self.h

    def backward(self, dh):
        da = [d * (1 - h * h) for d, h in zip(dh, self.h)]
        self.dW = [[d * v for v in self.x] for d in da]
        self.dU = [[d * v for v in self.h_prev] for d in da]
        self.db = list(da)
        return times_transposed(self.W, da), times_transposed(self.U, da)
