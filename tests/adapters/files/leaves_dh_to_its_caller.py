import numpy as np


def sig(a):
    return 1 / (1 + np.exp(-a))


class MyGRUCell:
    def __init__(self, input_size, hidden_size):
        r = np.random.default_rng(0)
        self.H = hidden_size
        self.Wz, self.Wr, self.Wh = (r.normal(size=(input_size, hidden_size)) for _ in range(3))
        self.Uz, self.Ur, self.Uh = (r.normal(size=(hidden_size, hidden_size)) for _ in range(3))
        self.dWz, self.dWr, self.dWh = (np.zeros((input_size, hidden_size)) for _ in range(3))
        self.dUz, self.dUr, self.dUh = (np.zeros((hidden_size, hidden_size)) for _ in range(3))
        self.stack = []
        self.h_prev = None

    def forward(self, x):
        h = np.zeros((len(x), self.H)) if self.h_prev is None else self.h_prev
        z = sig(x @ self.Wz + h @ self.Uz)
        r = sig(x @ self.Wr + h @ self.Ur)
        n = np.tanh(x @ self.Wh + (r * h) @ self.Uh)
        self.stack.append((x, h, z, r, n))
        out = (1 - z) * h + z * n
        self.h_prev = out.copy()
        return out

    def backward(self, dh):
        x, h, z, r, n = self.stack.pop()
        dn = dh * z * (1 - n * n)
        dz = dh * (n - h) * z * (1 - z)
        drh = dn @ self.Uh.T
        dr = drh * h * r * (1 - r)
        self.dWz += x.T @ dz
        self.dWr += x.T @ dr
        self.dWh += x.T @ dn
        self.dUz += h.T @ dz
        self.dUr += h.T @ dr
        self.dUh += (r * h).T @ dn
        dh_prev = dh * (1 - z) + drh * r + dz @ self.Uz.T + dr @ self.Ur.T
        return dz @ self.Wz.T + dr @ self.Wr.T + dn @ self.Wh.T, dh_prev
