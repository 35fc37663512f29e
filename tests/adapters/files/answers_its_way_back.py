import numpy as np


class Cell:
    """A call answers the new state and the function that goes back from it."""

    def __init__(self, n_in, n_out):
        draw = np.random.default_rng(0).normal
        self.p = {"W": draw(size=(n_in, 3 * n_out)), "R": draw(size=(n_out, 3 * n_out)), "b": np.zeros(3 * n_out)}
        self.g = {name: np.zeros_like(value) for name, value in self.p.items()}
        self.n_out = n_out

    def __call__(self, x, h):
        n = self.n_out
        a, s = x @ self.p["W"] + self.p["b"], h @ self.p["R"]
        r, z = (1 / (1 + np.exp(-a[:, k : k + n] - s[:, k : k + n])) for k in (0, n))
        c = np.tanh(a[:, 2 * n :] + r * s[:, 2 * n :])

        def pull(ct):
            dc = ct * (1 - z) * (1 - c**2)
            dr, dz = dc * s[:, 2 * n :] * r * (1 - r), ct * (h - c) * z * (1 - z)
            da, ds = np.hstack([dr, dz, dc]), np.hstack([dr, dz, dc * r])
            for name, of, given in (("W", da, x), ("R", ds, h)):
                self.g[name] += given.T @ of
            self.g["b"] += da.sum(axis=0)
            return da @ self.p["W"].T, ct * z + ds @ self.p["R"].T

        return (1 - z) * c + z * h, pull
