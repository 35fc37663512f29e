import numpy as np


class GRU:
    """Everything in loops over batch rows, and gates in a dict."""

    GATES = ("update", "reset", "new")

    def __init__(self, nin, nhid, rng=None):
        rng = rng or np.random.RandomState(3)
        self.nin, self.nhid = nin, nhid
        self.theta = {}
        for gate in self.GATES:
            self.theta[gate] = {
                "x": rng.randn(nhid, nin) / np.sqrt(nin),
                "h": rng.randn(nhid, nhid) / np.sqrt(nhid),
                "b": np.zeros(nhid),
            }
        self.zero_grad()

    def zero_grad(self):
        self.dtheta = {g: {k: np.zeros_like(v) for k, v in p.items()} for g, p in self.theta.items()}

    def forward(self, inputs, h0=None):
        """inputs: (batch, time, nin) -> (batch, time, nhid)"""
        B, T, _ = inputs.shape
        out = np.zeros((B, T, self.nhid))
        self.memory = []
        for b in range(B):
            h = np.zeros(self.nhid) if h0 is None else h0[b]
            row = []
            for t in range(T):
                x = inputs[b, t]
                up, re, nw = (self.theta[g] for g in self.GATES)
                u = 1 / (1 + np.exp(-(up["x"] @ x + up["h"] @ h + up["b"])))
                r = 1 / (1 + np.exp(-(re["x"] @ x + re["h"] @ h + re["b"])))
                m = nw["h"] @ h
                n = np.tanh(nw["x"] @ x + r * m + nw["b"])
                row.append((x, h, u, r, m, n))
                h = u * h + (1 - u) * n
                out[b, t] = h
            self.memory.append(row)
        return out

    def backward(self, dout):
        B, T, _ = dout.shape
        dinputs = np.zeros((B, T, self.nin))
        dh0 = np.zeros((B, self.nhid))
        for b in range(B):
            dh = np.zeros(self.nhid)
            for t in range(T - 1, -1, -1):
                x, h, u, r, m, n = self.memory[b][t]
                dh = dh + dout[b, t]
                au = dh * (h - n) * u * (1 - u)
                an = dh * (1 - u) * (1 - n**2)
                ar = an * m * r * (1 - r)
                for g, a, ah in (("update", au, au), ("reset", ar, ar), ("new", an, an * r)):
                    self.dtheta[g]["x"] += np.outer(a, x)
                    self.dtheta[g]["h"] += np.outer(ah, h)
                    self.dtheta[g]["b"] += a
                dinputs[b, t] = sum(self.theta[g]["x"].T @ a for g, a in (("update", au), ("reset", ar), ("new", an)))
                dh = dh * u + sum(self.theta[g]["h"].T @ a for g, a in (("update", au), ("reset", ar), ("new", an * r)))
            dh0[b] = dh
        return dinputs, dh0
