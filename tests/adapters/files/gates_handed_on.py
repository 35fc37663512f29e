import numpy as np


class Param:
    def __init__(self, name, value):
        self.name = name
        self.v = value
        self.d = np.zeros_like(value)
        self.m = np.zeros_like(value)


class Parameters:
    def __init__(self):
        H_size, X_size = 10, 6
        z = H_size + X_size
        self.W_f = Param("W_f", np.random.randn(H_size, z) * 0.1 + 0.5)
        self.b_f = Param("b_f", np.zeros((H_size, 1)))
        self.W_i = Param("W_i", np.random.randn(H_size, z) * 0.1 + 0.5)
        self.b_i = Param("b_i", np.zeros((H_size, 1)))
        self.W_C = Param("W_C", np.random.randn(H_size, z) * 0.1)
        self.b_C = Param("b_C", np.zeros((H_size, 1)))
        self.W_o = Param("W_o", np.random.randn(H_size, z) * 0.1 + 0.5)
        self.b_o = Param("b_o", np.zeros((H_size, 1)))

    def all(self):
        return [self.W_f, self.W_i, self.W_C, self.W_o, self.b_f, self.b_i, self.b_C, self.b_o]


parameters = Parameters()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dsigmoid(y):
    return y * (1 - y)


def dtanh(y):
    return 1 - y * y


def forward(x, h_prev, C_prev, p=parameters):
    z = np.vstack((h_prev, x))
    f = sigmoid(np.dot(p.W_f.v, z) + p.b_f.v)
    i = sigmoid(np.dot(p.W_i.v, z) + p.b_i.v)
    C_bar = np.tanh(np.dot(p.W_C.v, z) + p.b_C.v)
    C = f * C_prev + i * C_bar
    o = sigmoid(np.dot(p.W_o.v, z) + p.b_o.v)
    h = o * np.tanh(C)
    return z, f, i, C_bar, C, o, h


def backward(dh_next, dC_next, C_prev, z, f, i, C_bar, C, o, h, p=parameters):
    dh = np.copy(dh_next)
    do = dh * np.tanh(C) * dsigmoid(o)
    p.W_o.d += np.dot(do, z.T)
    p.b_o.d += do
    dC = np.copy(dC_next)
    dC += dh * o * dtanh(np.tanh(C))
    dC_bar = dC * i * dtanh(C_bar)
    p.W_C.d += np.dot(dC_bar, z.T)
    p.b_C.d += dC_bar
    di = dC * C_bar * dsigmoid(i)
    p.W_i.d += np.dot(di, z.T)
    p.b_i.d += di
    df = dC * C_prev * dsigmoid(f)
    p.W_f.d += np.dot(df, z.T)
    p.b_f.d += df
    dz = np.dot(p.W_f.v.T, df) + np.dot(p.W_i.v.T, di) + np.dot(p.W_C.v.T, dC_bar) + np.dot(p.W_o.v.T, do)
    dh_prev = dz[:10, :]
    dC_prev = f * dC
    return dh_prev, dC_prev
