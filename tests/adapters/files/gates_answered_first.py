import numpy as np


class Param:
    def __init__(self, name, value):
        self.name = name
        self.v = value
        self.d = np.zeros_like(value)
        self.m = np.zeros_like(value)


class Parameters:
    def __init__(self, H_size, X_size):
        z_size = H_size + X_size
        w = 0.1
        self.W_z = Param("W_z", np.random.randn(H_size, z_size) * w)
        self.b_z = Param("b_z", np.zeros((H_size, 1)))
        self.W_r = Param("W_r", np.random.randn(H_size, z_size) * w)
        self.b_r = Param("b_r", np.zeros((H_size, 1)))
        self.W_h = Param("W_h", np.random.randn(H_size, z_size) * w)
        self.b_h = Param("b_h", np.zeros((H_size, 1)))

    def all(self):
        return [self.W_z, self.b_z, self.W_r, self.b_r, self.W_h, self.b_h]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dsigmoid(y):
    return y * (1 - y)


def dtanh(y):
    return 1 - y * y


def forward(x, h_prev, p):
    zx = np.row_stack((h_prev, x)) if hasattr(np, "row_stack") else np.vstack((h_prev, x))
    z = sigmoid(np.dot(p.W_z.v, zx) + p.b_z.v)
    r = sigmoid(np.dot(p.W_r.v, zx) + p.b_r.v)
    rx = np.vstack((r * h_prev, x))
    h_bar = np.tanh(np.dot(p.W_h.v, rx) + p.b_h.v)
    h = (1 - z) * h_prev + z * h_bar
    return zx, z, r, rx, h_bar, h


def backward(dh_next, h_prev, zx, z, r, rx, h_bar, h, p):
    H = h.shape[0]
    dh = dh_next
    dh_bar = dh * z * dtanh(h_bar)
    dz = dh * (h_bar - h_prev) * dsigmoid(z)
    drx = np.dot(p.W_h.v.T, dh_bar)
    dr = drx[:H] * h_prev * dsigmoid(r)
    p.W_h.d += np.dot(dh_bar, rx.T)
    p.b_h.d += dh_bar
    p.W_z.d += np.dot(dz, zx.T)
    p.b_z.d += dz
    p.W_r.d += np.dot(dr, zx.T)
    p.b_r.d += dr
    dzx = np.dot(p.W_z.v.T, dz) + np.dot(p.W_r.v.T, dr)
    return dh * (1 - z) + dzx[:H] + drx[:H] * r
