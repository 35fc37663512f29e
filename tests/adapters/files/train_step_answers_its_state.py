import numpy as np


class RNN:
    def __init__(self, vocab_size, hidden_size, lr=0.01):
        self.hidden_size = hidden_size
        self.vocab_size = vocab_size
        self.lr = lr
        self.Wxh = np.random.randn(hidden_size, vocab_size) * 0.01
        self.Whh = np.random.randn(hidden_size, hidden_size) * 0.01
        self.Why = np.random.randn(vocab_size, hidden_size) * 0.01
        self.bh = np.zeros((hidden_size, 1))
        self.by = np.zeros((vocab_size, 1))

    def train_step(self, inputs, targets, hprev):
        xs, hs, ps = {}, {-1: hprev.copy()}, {}
        loss = 0
        for t, ix in enumerate(inputs):
            xs[t] = np.eye(self.vocab_size)[ix].reshape(-1, 1)
            hs[t] = np.tanh(self.Wxh @ xs[t] + self.Whh @ hs[t - 1] + self.bh)
            y = self.Why @ hs[t] + self.by
            y -= y.max()
            ps[t] = np.exp(y) / np.exp(y).sum()
            loss -= np.log(ps[t][targets[t], 0])
        grads = [np.zeros_like(p) for p in (self.Wxh, self.Whh, self.Why, self.bh, self.by)]
        dWxh, dWhh, dWhy, dbh, dby = grads
        dhn = np.zeros_like(hprev)
        for t in range(len(inputs) - 1, -1, -1):
            dy = ps[t].copy()
            dy[targets[t]] -= 1
            dWhy += dy @ hs[t].T
            dby += dy
            da = (1 - hs[t] ** 2) * (self.Why.T @ dy + dhn)
            dWxh += da @ xs[t].T
            dWhh += da @ hs[t - 1].T
            dbh += da
            dhn = self.Whh.T @ da
        for p, g in zip((self.Wxh, self.Whh, self.Why, self.bh, self.by), grads):
            p -= self.lr * g
        return loss, hs[len(inputs) - 1]
