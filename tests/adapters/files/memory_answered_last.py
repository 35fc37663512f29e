import numpy as np


def sigmoid(x):
    return 1.0 / (1 + np.exp(-x))


class Parameters:
    def __init__(self, mem_cell_ct, x_dim):
        self.mem_cell_ct = mem_cell_ct
        self.x_dim = x_dim
        n = x_dim + mem_cell_ct
        for g in "gifo":
            setattr(self, "w" + g, np.random.uniform(-0.1, 0.1, (mem_cell_ct, n)))
            setattr(self, "b" + g, np.random.uniform(-0.1, 0.1, mem_cell_ct))
            setattr(self, "w" + g + "_diff", np.zeros((mem_cell_ct, n)))
            setattr(self, "b" + g + "_diff", np.zeros(mem_cell_ct))


class Node:
    """One step; the parameters are shared."""

    def __init__(self, param):
        self.param = param

    def forward(self, x, s_prev, h_prev):
        p = self.param
        self.s_prev, self.h_prev = s_prev, h_prev
        self.xc = np.hstack((x, h_prev))
        self.g = np.tanh(p.wg @ self.xc + p.bg)
        self.i = sigmoid(p.wi @ self.xc + p.bi)
        self.f = sigmoid(p.wf @ self.xc + p.bf)
        self.o = sigmoid(p.wo @ self.xc + p.bo)
        self.s = self.g * self.i + s_prev * self.f
        self.th = np.tanh(self.s)
        self.h = self.th * self.o
        return self.h, self.s

    def backward(self, up_h, up_s):
        p = self.param
        ds = self.o * up_h * (1 - self.th**2) + up_s
        do = self.th * up_h * self.o * (1 - self.o)
        di = self.g * ds * self.i * (1 - self.i)
        dg = self.i * ds * (1 - self.g**2)
        df = self.s_prev * ds * self.f * (1 - self.f)
        dxc = np.zeros_like(self.xc)
        for k, d in zip("gifo", (dg, di, df, do)):
            getattr(p, "w" + k + "_diff")[...] += np.outer(d, self.xc)
            getattr(p, "b" + k + "_diff")[...] += d
            dxc += getattr(p, "w" + k).T @ d
        n = p.x_dim
        return dxc[:n], ds * self.f, dxc[n:]
