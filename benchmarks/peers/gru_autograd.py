"""Equations (1)–(4) in autograd's NumPy."""

from typing import Any

import autograd.numpy as np


def loss(x: Any, h_0: Any, W: Any, U: Any, upstream: Any) -> Any:
    """Σ_t upstream_t · h_t."""
    hidden, inputs = W.shape[1], x.shape[2]
    wz, wr, wn = W[:hidden], W[hidden : 2 * hidden], W[2 * hidden :]
    uz, ur, un = U[:inputs], U[inputs : 2 * inputs], U[2 * inputs :]
    h, total = h_0, 0.0
    for t, from_above in enumerate(upstream):
        z = 1 / (1 + np.exp(-(np.dot(h, wz) + np.dot(x[t], uz))))
        r = 1 / (1 + np.exp(-(np.dot(h, wr) + np.dot(x[t], ur))))
        n = np.tanh(np.dot(r * h, wn) + np.dot(x[t], un))
        h = (1 - z) * h + z * n
        total = total + np.sum(from_above * h)
    return total
