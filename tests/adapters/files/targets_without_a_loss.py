import numpy as np


class Classifier:
    """Many to one: the shares of the classes, and a backward pass that is told the right one."""

    def __init__(self, n_inputs, n_hidden, n_outputs, rate=0.05):
        self.Wi, self.Wr = np.random.randn(n_hidden, n_inputs), np.random.randn(n_hidden, n_hidden)
        self.Wo, self.b, self.c = (
            np.random.randn(n_outputs, n_hidden),
            np.zeros((n_hidden, 1)),
            np.zeros((n_outputs, 1)),
        )
        self.rate = rate

    def forward(self, inputs):
        self.inputs, self.states = inputs, [np.zeros_like(self.b)]
        for x in inputs:
            self.states.append(np.tanh(self.Wi @ x + self.Wr @ self.states[-1] + self.b))
        e = np.exp(self.Wo @ self.states[-1] + self.c)
        self.shares = e / e.sum()
        return self.shares

    def backward(self, target):
        do = self.shares.copy()
        do[target] -= 1
        gWo, gc = do @ self.states[-1].T, do
        gWi, gWr, gb = np.zeros_like(self.Wi), np.zeros_like(self.Wr), np.zeros_like(self.b)
        dh = self.Wo.T @ do
        for t in reversed(range(len(self.inputs))):
            da = dh * (1 - self.states[t + 1] ** 2)
            gWi += da @ self.inputs[t].T
            gWr += da @ self.states[t].T
            gb += da
            dh = self.Wr.T @ da
        return {"Wi": gWi, "Wr": gWr, "Wo": gWo, "b": gb, "c": gc}
