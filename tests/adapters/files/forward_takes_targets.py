import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rnn_gru_forward(x, y, weights):
    """x (features, batch, steps), y the same of outputs: the mean over the batch of a cross-entropy."""
    W = weights
    n, m, T = W["Wr"].shape[0], x.shape[1], x.shape[2]
    a, loss, memory = np.zeros((n, m)), 0.0, []
    for t in range(T):
        v = np.concatenate([a, x[:, :, t]])
        r, u = sigmoid(W["Wr"] @ v + W["br"]), sigmoid(W["Wu"] @ v + W["bu"])
        vr = np.concatenate([r * a, x[:, :, t]])
        c = np.tanh(W["Wc"] @ vr + W["bc"])
        after = u * c + (1 - u) * a
        e = np.exp(W["Wy"] @ after + W["by"])
        p = e / e.sum(axis=0)
        loss -= np.sum(y[:, :, t] * np.log(p)) / m
        memory.append((v, r, u, vr, c, a, after, p))
        a = after
    return loss, memory


def rnn_gru_backward(y, memory, weights):
    W, m = weights, y.shape[1]
    grads = {"d" + name: np.zeros_like(value) for name, value in W.items()}
    da = 0
    for t in reversed(range(len(memory))):
        v, r, u, vr, c, a, after, p = memory[t]
        n = len(a)
        dp = (p - y[:, :, t]) / m
        da = da + W["Wy"].T @ dp
        dc = da * u * (1 - c**2)
        dvr = W["Wc"].T @ dc
        dr = dvr[:n] * a * r * (1 - r)
        du = da * (c - a) * u * (1 - u)
        for name, d, given in (("r", dr, v), ("u", du, v), ("c", dc, vr), ("y", dp, after)):
            grads["dW" + name] += d @ given.T
            grads["db" + name] += d.sum(axis=1, keepdims=True)
        dv = W["Wr"].T @ dr + W["Wu"].T @ du
        da = da * (1 - u) + dvr[:n] * r + dv[:n]
    return grads
