"""A script that reads a text which is not here, defines a loss over characters, and trains as soon as it is run."""

import numpy as np
import matplotlib.pyplot as plt

text = open("shakespeare.txt").read()
alphabet = sorted(set(text))
index = {letter: k for k, letter in enumerate(alphabet)}
V, n_hidden, rate = len(alphabet), 6, 0.1

rng = np.random.default_rng(0)
U = rng.normal(size=(n_hidden, V))
W = rng.normal(size=(n_hidden, n_hidden))
Uz, Wz = rng.normal(size=(n_hidden, V)), rng.normal(size=(n_hidden, n_hidden))
b, bz = np.zeros((n_hidden, 1)), np.zeros((n_hidden, 1))
Wy, by = rng.normal(size=(V, n_hidden)), np.zeros((V, 1))


def loss_and_gradients(inputs, targets, hprev):
    steps, h, loss = [], hprev, 0.0
    for i, target in zip(inputs, targets):
        x = np.zeros((V, 1))
        x[i] = 1
        z = 1 / (1 + np.exp(-(Uz @ x + Wz @ h + bz)))
        c = np.tanh(U @ x + W @ h + b)
        new = z * h + (1 - z) * c
        scores = Wy @ new + by
        p = np.exp(scores - scores.max())
        p /= p.sum()
        loss -= np.log(p[target, 0])
        steps.append((x, h, z, c, new, p, target))
        h = new
    dU, dW, dUz, dWz, dWy = (np.zeros_like(w) for w in (U, W, Uz, Wz, Wy))
    db, dbz, dby = np.zeros_like(b), np.zeros_like(bz), np.zeros_like(by)
    back = np.zeros_like(hprev)
    for x, h, z, c, new, p, target in reversed(steps):
        dy = p.copy()
        dy[target] -= 1
        dWy += dy @ new.T
        dby += dy
        dh = Wy.T @ dy + back
        dc = dh * (1 - z) * (1 - c * c)
        dz = dh * (h - c) * z * (1 - z)
        dU += dc @ x.T
        dW += dc @ h.T
        db += dc
        dUz += dz @ x.T
        dWz += dz @ h.T
        dbz += dz
        back = dh * z + W.T @ dc + Wz.T @ dz
    return loss, {"U": dU, "W": dW, "Uz": dUz, "Wz": dWz, "Wy": dWy, "b": db, "bz": dbz, "by": dby}, h


losses = []
h = np.zeros((n_hidden, 1))
while True:
    start = rng.integers(len(text) - 26)
    ids = [index[letter] for letter in text[start : start + 26]]
    loss, gradients, h = loss_and_gradients(ids[:-1], ids[1:], h)
    losses.append(loss)
    W -= rate * gradients["W"]
    if len(losses) % 1000 == 0:
        plt.plot(losses)
        plt.show()
