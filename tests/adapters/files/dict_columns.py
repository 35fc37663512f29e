"""Functions with a dict of parameters over [h; x], columns, gradients in a dict; no file-wide state."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def initialize_parameters(n_x, n_a):
    return {
        "Wu": np.random.randn(n_a, n_a + n_x),
        "Wr": np.random.randn(n_a, n_a + n_x),
        "Wc": np.random.randn(n_a, n_a + n_x),
        "bu": np.zeros((n_a, 1)),
        "br": np.zeros((n_a, 1)),
        "bc": np.zeros((n_a, 1)),
    }


def gru_cell_forward(xt, a_prev, parameters):
    concat = np.concatenate([a_prev, xt])
    u = sigmoid(parameters["Wu"] @ concat + parameters["bu"])
    r = sigmoid(parameters["Wr"] @ concat + parameters["br"])
    c = np.tanh(parameters["Wc"] @ np.concatenate([r * a_prev, xt]) + parameters["bc"])
    a_next = u * c + (1 - u) * a_prev
    return a_next, (a_next, a_prev, xt, u, r, c, parameters)


def gru_cell_backward(da_next, cache):
    a_next, a_prev, xt, u, r, c, parameters = cache
    n_a = a_prev.shape[0]
    dc = da_next * u * (1 - c**2)
    du = da_next * (c - a_prev) * u * (1 - u)
    back = parameters["Wc"].T @ dc
    dr = back[:n_a] * a_prev * r * (1 - r)
    concat = np.concatenate([a_prev, xt])
    both = parameters["Wu"].T @ du + parameters["Wr"].T @ dr
    return {
        "dxt": both[n_a:] + back[n_a:],
        "da_prev": both[:n_a] + back[:n_a] * r + da_next * (1 - u),
        "dWu": du @ concat.T,
        "dbu": np.sum(du, axis=1, keepdims=True),
        "dWr": dr @ concat.T,
        "dbr": np.sum(dr, axis=1, keepdims=True),
        "dWc": dc @ np.concatenate([r * a_prev, xt]).T,
        "dbc": np.sum(dc, axis=1, keepdims=True),
    }
