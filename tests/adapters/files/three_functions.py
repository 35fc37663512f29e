import numpy as np

alphabet = sorted(set("to be or not to be"))
width, size = 12, len(alphabet)
rng = np.random.default_rng(2)
Wu, Wf, Wg = (rng.normal(size=(width, size)) * 0.1 for _ in range(3))
Ru, Rf, Rg = (rng.normal(size=(width, width)) * 0.1 for _ in range(3))
bu, bf, bg = (np.zeros((width, 1)) for _ in range(3))
Wo, bo = rng.normal(size=(size, width)) * 0.1, np.zeros((size, 1))


def logistic(a):
    return 1 / (1 + np.exp(-a))


def softmax(scores):
    e = np.exp(scores - scores.max())
    return e / e.sum()


def forward_pass(inputs, hprev):
    x, h, u, f, g, scores = {}, {-1: hprev}, {}, {}, {}, {}
    for t, position in enumerate(inputs):
        x[t] = np.zeros((size, 1))
        x[t][position] = 1
        u[t] = logistic(Wu @ x[t] + Ru @ h[t - 1] + bu)
        f[t] = logistic(Wf @ x[t] + Rf @ h[t - 1] + bf)
        g[t] = np.tanh(Wg @ x[t] + Rg @ (f[t] * h[t - 1]) + bg)
        h[t] = (1 - u[t]) * h[t - 1] + u[t] * g[t]
        scores[t] = Wo @ h[t] + bo
    return x, h, (u, f, g), scores


def cross_entropy(scores, targets):
    return sum(-np.log(softmax(scores[t])[target, 0]) for t, target in enumerate(targets))


def backward_pass(x, h, gates, scores, targets):
    grads = {n: np.zeros_like(globals()[n]) for n in "Wu Wf Wg Ru Rf Rg bu bf bg Wo bo".split()}
    after = np.zeros((width, 1))
    for t in reversed(range(len(targets))):
        ds = softmax(scores[t])
        ds[targets[t]] -= 1
        u, f, g = (gate[t] for gate in gates)
        dh = Wo.T @ ds + after
        dg = dh * u * (1 - g * g)
        du = dh * (g - h[t - 1]) * u * (1 - u)
        drh = Rg.T @ dg
        df = drh * h[t - 1] * f * (1 - f)
        for n, d, state in (("u", du, h[t - 1]), ("f", df, h[t - 1]), ("g", dg, f * h[t - 1])):
            grads["W" + n] += d @ x[t].T
            grads["R" + n] += d @ state.T
            grads["b" + n] += d
        grads["Wo"] += ds @ h[t].T
        grads["bo"] += ds
        after = dh * (1 - u) + drh * f + Ru.T @ du + Rf.T @ df
    return grads
