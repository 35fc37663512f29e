"""A plain recurrent cell whose passes have names that nobody looks for: a course's adapter tells them."""

import numpy as np


class Memory:
    def __init__(self, width, size):
        self.A = np.zeros((width, size))
        self.B = np.zeros((size, size))
        self.c = np.zeros(size)

    def go(self, inp, state):
        self.kept = inp, state
        self.out = np.tanh(inp @ self.A + state @ self.B + self.c)
        return self.out

    def come_home(self, up):
        inp, state = self.kept
        d = up * (1 - self.out)
        return {"A": inp.T @ d, "B": state.T @ d, "c": d.sum(axis=0), "inp": d @ self.A.T, "state": d @ self.B.T}
