import numpy as np


def make_rnn(input_size, hidden_size, seed=0):
    draw = np.random.default_rng(seed).normal
    weights = {"Wx": draw(size=(input_size, hidden_size)), "Wh": draw(size=(hidden_size, hidden_size))}
    weights["b"] = np.zeros(hidden_size)
    grads = {name: np.zeros_like(value) for name, value in weights.items()}
    memory = []

    def forward(xs, h):
        memory[:] = []
        for x in xs:
            after = np.tanh(x @ weights["Wx"] + h @ weights["Wh"] + weights["b"])
            memory.append((x, h, after))
            h = after
        return np.array([after for *_, after in memory])

    def backward(dhs):
        for grad in grads.values():
            grad[...] = 0
        dh, dxs = 0, []
        for d, (x, h, after) in zip(dhs[::-1], memory[::-1]):
            da = (d + dh) * (1 - after**2)
            grads["Wx"] += x.T @ da
            grads["Wh"] += h.T @ da
            grads["b"] += da.sum(axis=0)
            dxs.append(da @ weights["Wx"].T)
            dh = da @ weights["Wh"].T
        return np.array(dxs[::-1]), dh

    return forward, backward
