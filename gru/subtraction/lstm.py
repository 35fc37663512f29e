"""The chapter's LSTM beside its GRU: one cell, and a sequence of cells that share their weights.

    f, i, o = σ(h_{t-1}·W + x_t·U + b),   g = tanh(h_{t-1}·W + x_t·U + b),  each with its own block
    c_t = f ∘ c_{t-1} + i ∘ g,   h_t = o ∘ tanh(c_t)

This is the one place that knows the order f, i, g, o. It never knows what is above the sequence.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru.calculus.functions import sigmoid

Array = NDArray[Any]

GATES = ("f", "i", "g", "o")
"""The order in which the blocks are stacked: forget gate, input gate, candidate, output gate."""


class LSTMGradients(NamedTuple):
    """The derivatives of the loss of a sequence, each shaped like what it is the derivative by.

    `dW` (4·hidden, hidden), `dU` (4·input, hidden) and `db` (4, hidden) are sums over the steps;
    `dx` (steps, batch, input); `dh_0` and `dc_0` (batch, hidden).
    """

    dW: Array
    dU: Array
    db: Array
    dx: Array
    dh_0: Array
    dc_0: Array


class LSTMCell:
    """One step of an LSTM. `forward` must come before `backward`.

    Arrays may carry leading axes, and may be complex in `forward`.
    """

    f: Array
    i: Array
    g: Array
    o: Array
    c: Array
    h: Array
    dW: Array
    dU: Array
    db: Array
    dx: Array
    dh: Array
    dc: Array

    def __init__(self, input_size: int, hidden_size: int) -> None:
        self.input_size = input_size
        self.hidden_size = hidden_size

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> None:
        """Set `f, i, g, o, c, h`, all (batch, hidden).

        `x` (batch, input), `h_p` and `c_p` (batch, hidden), `W` (4·hidden, hidden),
        `U` (4·input, hidden), `b` (4, hidden) or None for no bias.
        """
        self._x, self._h_p, self._c_p = x, h_p, c_p
        self._W, self._U = _split(W, self.hidden_size), _split(U, self.input_size)
        biases = (0, 0, 0, 0) if b is None else _split(b, 1)
        zf, zi, zg, zo = (h_p @ w + x @ u + bias for w, u, bias in zip(self._W, self._U, biases, strict=True))
        self.f, self.i, self.g, self.o = sigmoid(zf), sigmoid(zi), np.tanh(zg), sigmoid(zo)
        self.c = self.f * c_p + self.i * self.g
        self._tanh_c = np.tanh(self.c)
        self.h = self.o * self._tanh_c

    def backward(self, in_grad: Array, c_grad: Array) -> None:
        """Set `dW, dU, db, dx, dh, dc`.

        `in_grad` is ∂loss/∂h_t, `c_grad` what comes to c_t from the next step, both (batch, hidden).
        """
        dc = c_grad + in_grad * self.o * (1 - self._tanh_c**2)
        dzf = dc * self._c_p * self.f * (1 - self.f)
        dzi = dc * self.g * self.i * (1 - self.i)
        dzg = dc * self.i * (1 - self.g**2)
        dzo = in_grad * self._tanh_c * self.o * (1 - self.o)
        gates = (dzf, dzi, dzg, dzo)
        self.dW = _merge([self._h_p.mT @ dz for dz in gates])
        self.dU = _merge([self._x.mT @ dz for dz in gates])
        self.db = _merge([dz.sum(axis=-2, keepdims=True) for dz in gates])
        self.dh = np.sum([dz @ w.mT for dz, w in zip(gates, self._W, strict=True)], axis=0)
        self.dx = np.sum([dz @ u.mT for dz, u in zip(gates, self._U, strict=True)], axis=0)
        self.dc = dc * self.f


class LSTMSequence:
    """An LSTM unrolled over time: one cell a step, all sharing `W`, `U` and `b`."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        self._sizes = (input_size, hidden_size)
        self._cells: list[LSTMCell] = []

    def forward(self, x: Array, h_0: Array, W: Array, U: Array, b: Array | None = None) -> Array:
        """The hidden states h_1 … h_τ, (steps, batch, hidden); c_0 is zero.

        `x` (steps, batch, input), `h_0` (batch, hidden); the weights as in `LSTMCell.forward`.
        """
        self._cells = [LSTMCell(*self._sizes) for _ in x]
        h, c = h_0, np.zeros_like(h_0)
        for cell, x_t in zip(self._cells, x, strict=True):
            cell.forward(x_t, h, c, W, U, b)
            h, c = cell.h, cell.c
        return np.stack([cell.h for cell in self._cells])

    def backward(self, upstream: Array | Sequence[Array]) -> LSTMGradients:
        """The derivatives of a loss with ∂loss/∂h_t = `upstream[t]` from outside the sequence."""
        dh: Any = 0
        dc: Any = 0
        for cell, from_above in zip(reversed(self._cells), reversed(upstream), strict=True):
            cell.backward(from_above + dh, dc)
            dh, dc = cell.dh, cell.dc
        return LSTMGradients(
            dW=np.sum([cell.dW for cell in self._cells], axis=0),
            dU=np.sum([cell.dU for cell in self._cells], axis=0),
            db=np.sum([cell.db for cell in self._cells], axis=0),
            dx=np.stack([cell.dx for cell in self._cells]),
            dh_0=dh,
            dc_0=dc,
        )


def _split(stacked: Array, size: int) -> tuple[Array, ...]:
    """The blocks f, i, g, o of `stacked` (…, 4·size, hidden), views of (…, size, hidden)."""
    return tuple(stacked[..., gate * size : (gate + 1) * size, :] for gate in range(len(GATES)))


def _merge(blocks: list[Array]) -> Array:
    """The inverse of `_split`."""
    return np.concatenate(blocks, axis=-2)
