import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_cell(x, h, W, U, b):
    Wz, Wr, Wh = W
    Uz, Ur, Uh = U
    bz, br, bh = b
    z = sigmoid(Wz @ x + Uz @ h + bz)
    r = sigmoid(Wr @ x + Ur @ h + br)
    c = np.tanh(Wh @ x + Uh @ (r * h) + bh)
    return (1 - z) * h + z * c, z, r, c


def gru_cell_backward(dh, x, h, W, U, b):
    Wz, Wr, Wh = W
    Uz, Ur, Uh = U
    _, z, r, c = gru_cell(x, h, W, U, b)
    dc = dh * z * (1 - c**2)
    dz = dh * (c - h) * z * (1 - z)
    q = Uh.T @ dc
    dr = q * h * r * (1 - r)
    dW = np.stack([np.outer(d, x) for d in (dz, dr, dc)])
    dU = np.stack([np.outer(dz, h), np.outer(dr, h), np.outer(dc, r * h)])
    db = np.stack([dz, dr, dc])
    dx = Wz.T @ dz + Wr.T @ dr + Wh.T @ dc
    dh_prev = dh * (1 - z) + q * r + Uz.T @ dz + Ur.T @ dr
    return dx, dh_prev, dW, dU, db


def numerical_grad(f, p, eps=1e-5):
    g = np.zeros_like(p)
    it = np.nditer(p, flags=["multi_index"])
    for _ in it:
        i = it.multi_index
        o = p[i]
        p[i] = o + eps
        a = f()
        p[i] = o - eps
        b = f()
        p[i] = o
        g[i] = (a - b) / (2 * eps)
    return g


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    W, U, b = rng.normal(size=(3, 4, 3)), rng.normal(size=(3, 4, 4)), rng.normal(size=(3, 4))
    x, h, g = rng.normal(size=3), rng.normal(size=4), rng.normal(size=4)
    dx, dh, dW, dU, db = gru_cell_backward(g, x, h, W, U, b)
    assert np.allclose(dW, numerical_grad(lambda: gru_cell(x, h, W, U, b)[0] @ g, W))
