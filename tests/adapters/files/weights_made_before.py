from __future__ import annotations

from dataclasses import dataclass, field, fields
import numpy as np


@dataclass
class LSTMWeights:
    w_ih: np.ndarray
    w_hh: np.ndarray
    bias: np.ndarray

    @classmethod
    def random(cls, n_in: int, n_hidden: int, rng: np.random.Generator) -> LSTMWeights:
        k = 1 / np.sqrt(n_hidden)
        return cls(
            rng.uniform(-k, k, (4 * n_hidden, n_in)),
            rng.uniform(-k, k, (4 * n_hidden, n_hidden)),
            np.zeros(4 * n_hidden),
        )

    def zeros_like(self) -> LSTMWeights:
        return LSTMWeights(*(np.zeros_like(getattr(self, f.name)) for f in fields(self)))


@dataclass
class Tape:
    x: np.ndarray
    h: np.ndarray
    c: np.ndarray
    gates: tuple[np.ndarray, ...]
    c_new: np.ndarray


@dataclass
class LSTM:
    weights: LSTMWeights
    grads: LSTMWeights = None
    tape: list[Tape] = field(default_factory=list)

    def __post_init__(self):
        self.grads = self.weights.zeros_like()

    def forward(self, xs: np.ndarray, state: tuple[np.ndarray, np.ndarray]):
        h, c = state
        w = self.weights
        self.tape.clear()
        out = []
        for x in xs:
            i, f, g, o = np.split(x @ w.w_ih.T + h @ w.w_hh.T + w.bias, 4, axis=-1)
            i, f, o = (1 / (1 + np.exp(-v)) for v in (i, f, o))
            g = np.tanh(g)
            c_new = f * c + i * g
            self.tape.append(Tape(x, h, c, (i, f, g, o), c_new))
            c = c_new
            h = o * np.tanh(c)
            out.append(h)
        return np.stack(out), (h, c)

    def backward(self, dout: np.ndarray, dstate=None):
        dh, dc = dstate if dstate is not None else (np.zeros_like(dout[0]), np.zeros_like(dout[0]))
        dx = []
        self.grads = self.weights.zeros_like()
        for t in reversed(range(len(self.tape))):
            s = self.tape[t]
            i, f, g, o = s.gates
            tc = np.tanh(s.c_new)
            dh = dh + dout[t]
            dc = dc + dh * o * (1 - tc**2)
            d = np.concatenate(
                [dc * g * i * (1 - i), dc * s.c * f * (1 - f), dc * i * (1 - g**2), dh * tc * o * (1 - o)], axis=-1
            )
            self.grads.w_ih += d.T @ s.x
            self.grads.w_hh += d.T @ s.h
            self.grads.bias += d.sum(0)
            dx.append(d @ self.weights.w_ih)
            dh, dc = d @ self.weights.w_hh, dc * f
        return np.stack(dx[::-1]), (dh, dc)
