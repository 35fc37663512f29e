"""The states of a GRU, pooled by attention."""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class AttentiveGRU:
    """States of a GRU, pooled by attention."""

    def __init__(self, input_dim, hidden_dim):
        D, H = input_dim, hidden_dim
        r = np.random.RandomState(4)
        self.W, self.U, self.b = r.randn(3, D, H) * 0.3, r.randn(3, H, H) * 0.3, np.zeros((3, H))
        self.Wa, self.va = r.randn(H, H) * 0.3, r.randn(H) * 0.3

    def forward(self, x):
        """x (B, T, D), the context (B, H)"""
        B, T, _ = x.shape
        h, self.tape, hs = np.zeros((B, self.U.shape[-1])), [], []
        for t in range(T):
            z = sigmoid(x[:, t] @ self.W[0] + h @ self.U[0] + self.b[0])
            r = sigmoid(x[:, t] @ self.W[1] + h @ self.U[1] + self.b[1])
            n = np.tanh(x[:, t] @ self.W[2] + (r * h) @ self.U[2] + self.b[2])
            self.tape.append((x[:, t], h, z, r, n))
            h = (1 - z) * h + z * n
            hs.append(h)
        self.hs = np.stack(hs, 1)
        self.u = np.tanh(self.hs @ self.Wa)
        s = self.u @ self.va
        e = np.exp(s - s.max(1, keepdims=True))
        self.alpha = e / e.sum(1, keepdims=True)
        return (self.alpha[..., None] * self.hs).sum(1)

    def backward(self, dctx):
        da = (self.hs * dctx[:, None]).sum(-1)
        ds = self.alpha * (da - (da * self.alpha).sum(1, keepdims=True))
        self.dva = (ds[..., None] * self.u).sum((0, 1))
        du = ds[..., None] * self.va * (1 - self.u**2)
        self.dWa = np.einsum("bti,btj->ij", self.hs, du)
        dhs = self.alpha[..., None] * dctx[:, None] + du @ self.Wa.T
        self.dW, self.dU, self.db = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.b)
        dx, dh = np.zeros(dhs.shape[:2] + (self.W.shape[1],)), 0.0
        for t in reversed(range(dhs.shape[1])):
            x, h, z, r, n = self.tape[t]
            d = dhs[:, t] + dh
            an = d * z * (1 - n**2)
            q = an @ self.U[2].T
            a = [d * (n - h) * z * (1 - z), q * h * r * (1 - r), an]
            for k, v in enumerate((h, h, r * h)):
                self.dW[k] += x.T @ a[k]
                self.dU[k] += v.T @ a[k]
                self.db[k] += a[k].sum(0)
                dx[:, t] += a[k] @ self.W[k].T
            dh = d * (1 - z) + q * r + a[0] @ self.U[0].T + a[1] @ self.U[1].T
        return dx
