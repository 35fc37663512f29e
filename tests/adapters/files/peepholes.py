"""An LSTM whose gates see the cell state, for one sample."""

import numpy as np


class Peepholes:
    """LSTM with peephole connections (Gers & Schmidhuber)."""

    def __init__(self, input_size, hidden_size):
        n, m = input_size, hidden_size
        r = lambda *s: np.random.randn(*s) * 0.1
        self.W_i, self.W_f, self.W_o, self.W_z = r(m, n), r(m, n), r(m, n), r(m, n)
        self.R_i, self.R_f, self.R_o, self.R_z = r(m, m), r(m, m), r(m, m), r(m, m)
        self.p_i, self.p_f, self.p_o = r(m), r(m), r(m)
        self.b_i, self.b_f, self.b_o, self.b_z = r(m), np.ones(m), r(m), r(m)

    def forward(self, x, h_prev, c_prev):
        self.x, self.h_prev, self.c_prev = x, h_prev, c_prev
        s = lambda a: 1 / (1 + np.exp(-a))
        self.z = np.tanh(self.W_z @ x + self.R_z @ h_prev + self.b_z)
        self.i = s(self.W_i @ x + self.R_i @ h_prev + self.p_i * c_prev + self.b_i)
        self.f = s(self.W_f @ x + self.R_f @ h_prev + self.p_f * c_prev + self.b_f)
        self.c = self.z * self.i + c_prev * self.f
        self.o = s(self.W_o @ x + self.R_o @ h_prev + self.p_o * self.c + self.b_o)
        self.h = np.tanh(self.c) * self.o
        return self.h, self.c

    def backward(self, dh, dc_next):
        x, h_prev, c_prev = self.x, self.h_prev, self.c_prev
        do = dh * np.tanh(self.c) * self.o * (1 - self.o)
        dc = dh * self.o * (1 - np.tanh(self.c) ** 2) + self.p_o * do + dc_next
        df = dc * c_prev * self.f * (1 - self.f)
        di = dc * self.z * self.i * (1 - self.i)
        dz = dc * self.i * (1 - self.z**2)
        self.dW_i, self.dW_f, self.dW_o, self.dW_z = (np.outer(d, x) for d in (di, df, do, dz))
        self.dR_i, self.dR_f, self.dR_o, self.dR_z = (np.outer(d, h_prev) for d in (di, df, do, dz))
        self.dp_i, self.dp_f, self.dp_o = di * c_prev, df * c_prev, do * self.c
        self.db_i, self.db_f, self.db_o, self.db_z = di, df, do, dz
        dx = self.W_i.T @ di + self.W_f.T @ df + self.W_o.T @ do + self.W_z.T @ dz
        dh_prev = self.R_i.T @ di + self.R_f.T @ df + self.R_o.T @ do + self.R_z.T @ dz
        dc_prev = dc * self.f + self.p_i * di + self.p_f * df
        return dx, dh_prev, dc_prev
