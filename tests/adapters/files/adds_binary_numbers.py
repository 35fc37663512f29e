import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class BinaryAdder:
    def __init__(self, input_dim=2, hidden_dim=16, output_dim=1, alpha=0.1):
        r = np.random.RandomState(0)
        self.synapse_0 = 2 * r.random_sample((input_dim, hidden_dim)) - 1
        self.synapse_1 = 2 * r.random_sample((hidden_dim, output_dim)) - 1
        self.synapse_h = 2 * r.random_sample((hidden_dim, hidden_dim)) - 1
        self.alpha = alpha

    def forward(self, X):
        self.layer_1 = [np.zeros((1, self.synapse_h.shape[0]))]
        self.layer_2, self.X = [], X
        for x in X:
            h = sigmoid(x[None] @ self.synapse_0 + self.layer_1[-1] @ self.synapse_h)
            self.layer_1.append(h)
            self.layer_2.append(sigmoid(h @ self.synapse_1))
        return np.array(self.layer_2)[:, 0]

    def loss(self, out, y):
        return 0.5 * np.sum((out - y) ** 2)

    def backward(self, y):
        d0, d1, dh = (np.zeros_like(s) for s in (self.synapse_0, self.synapse_1, self.synapse_h))
        future = np.zeros((1, self.synapse_h.shape[0]))
        for t in reversed(range(len(self.X))):
            out = self.layer_2[t]
            delta2 = (out - y[t]) * out * (1 - out)
            d1 += self.layer_1[t + 1].T @ delta2
            delta1 = (
                (future @ self.synapse_h.T + delta2 @ self.synapse_1.T)
                * self.layer_1[t + 1]
                * (1 - self.layer_1[t + 1])
            )
            dh += self.layer_1[t].T @ delta1
            d0 += self.X[t][None].T @ delta1
            future = delta1
        return {"synapse_0": d0, "synapse_1": d1, "synapse_h": dh}
