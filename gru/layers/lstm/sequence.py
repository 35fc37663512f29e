"""A sequence of LSTM cells that share their parameters: backpropagation through time, along h and along c."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gru.calculus.arrays import Array
from gru.layers.lstm.cell import LSTMCell


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


class LSTMSequence:
    """An LSTM unrolled over time: one cell a step, all sharing `W`, `U` and `b`."""

    def __init__(self, input_size: int, hidden_size: int, cell: Callable[[int, int], Any] = LSTMCell) -> None:
        self._new_cell = partial(cell, input_size, hidden_size)
        self.cells: list[Any] = []

    def forward(self, x: Array, h_0: Array, W: Array, U: Array, b: Array | None = None) -> Array:
        """The hidden states h_1 … h_τ; c_0 is zero.

        Args:
            x: The inputs, (steps, batch, input).
            h_0: The first hidden state, (batch, hidden).
            W: The recurrent weights, (4·hidden, hidden).
            U: The input weights, (4·input, hidden).
            b: The biases, (4, hidden); None for none.

        Returns:
            The states, (steps, batch, hidden).
        """
        self.cells = [self._new_cell() for _ in x]
        self._states = [(h_0, np.zeros_like(h_0))]
        for cell, x_t in zip(self.cells, x, strict=True):
            cell.forward(x_t, *self._states[-1], W, U, b)
            self._states.append((cell.h, cell.c))
        return np.stack([cell.h for cell in self.cells])

    def backward(self, upstream: Array | Sequence[Array]) -> LSTMGradients:
        """The derivatives of a loss with ∂loss/∂h_t = `upstream[t]` from outside the sequence."""
        dh: Any = 0
        dc: Any = 0
        for cell, states, from_above in zip(
            reversed(self.cells), reversed(self._states[:-1]), reversed(upstream), strict=True
        ):
            cell.backward(*states, from_above + dh, dc)
            dh, dc = cell.dh, cell.dc
        return LSTMGradients(
            dW=np.sum([cell.dW for cell in self.cells], axis=0),
            dU=np.sum([cell.dU for cell in self.cells], axis=0),
            db=np.sum([cell.db for cell in self.cells], axis=0),
            dx=np.stack([cell.dx for cell in self.cells]),
            dh_0=dh,
            dc_0=dc,
        )
