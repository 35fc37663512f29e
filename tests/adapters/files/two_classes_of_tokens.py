import numpy as np


class Sentiment:
    """Tokens through an embedding and a plain RNN to the probability of one of two classes."""

    def __init__(self, vocab_size, embed_dim, hidden_dim):
        draw = np.random.default_rng(0).normal
        self.E, self.W = draw(size=(vocab_size, embed_dim)), draw(size=(embed_dim, hidden_dim))
        self.R, self.b = draw(size=(hidden_dim, hidden_dim)), np.zeros(hidden_dim)
        self.v, self.c = draw(size=hidden_dim), np.zeros(1)

    def forward(self, tokens):
        self.tokens, self.h = tokens, [np.zeros(len(self.b))]
        for token in tokens:
            self.h.append(np.tanh(self.E[token] @ self.W + self.h[-1] @ self.R + self.b))
        self.p = 1 / (1 + np.exp(-(self.h[-1] @ self.v + self.c[0])))
        return self.p

    def loss(self, p, y):
        return -(y * np.log(p) + (1 - y) * np.log(1 - p))

    def backward(self, y):
        d = self.p - y
        grads = {name: np.zeros_like(getattr(self, name)) for name in "EWRbvc"}
        grads["v"] += d * self.h[-1]
        grads["c"][0] = d
        dh = d * self.v
        for t in reversed(range(len(self.tokens))):
            da = dh * (1 - self.h[t + 1] ** 2)
            grads["W"] += np.outer(self.E[self.tokens[t]], da)
            grads["R"] += np.outer(self.h[t], da)
            grads["b"] += da
            grads["E"][self.tokens[t]] += self.W @ da
            dh = self.R @ da
        return grads
