"""A sequence of cells that share W and U: backpropagation through time, and the sums (17)–(22).

Works with any class of the chapter's API. It never knows what is above it: the upstream
gradient of every step is an argument.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gru.calculus.arrays import Array
from gru.layers.gru.cell import GRUCell


class Gradients(NamedTuple):
    """The derivatives of the loss of a sequence.

    `dW` (3·hidden, hidden) and `dU` (3·input, hidden) are the sums (17)–(22), stacked; `dx`
    (steps, batch, input) is (24) at every step; `dh_0` (batch, hidden) is (23) at the first.
    """

    dW: Array
    dU: Array
    dx: Array
    dh_0: Array


class GRUSequence:
    """A GRU unrolled over time: one cell a step, all of them sharing one `W` and one `U`."""

    def __init__(self, input_size: int, hidden_size: int, cell: Callable[[int, int], Any] = GRUCell) -> None:
        self._new_cell = partial(cell, input_size, hidden_size)
        self.cells: list[Any] = []

    def forward(self, x: Array, h_0: Array, W: Array, U: Array) -> Array:
        """The hidden states h_1 … h_τ.

        Args:
            x: The inputs, (steps, batch, input).
            h_0: The first state, (batch, hidden).
            W: The recurrent weights, (3·hidden, hidden).
            U: The input weights, (3·input, hidden).

        Returns:
            The states, (steps, batch, hidden).

        Raises:
            ValueError: There is no step.
        """
        if len(x) == 0:
            raise ValueError("a sequence needs at least one step: x has none")
        self.cells = [self._new_cell() for _ in x]
        self._states: list[Array] = [h_0]
        for cell, x_t in zip(self.cells, x, strict=True):
            cell.forward(x_t, self._states[-1], W, U)
            self._states.append(cell.h)
        return np.stack(self._states[1:])

    def backward(self, upstream: Array | Sequence[Array]) -> Gradients:
        """The derivatives of a loss with ∂loss/∂h_t = `upstream[t]` from outside the sequence.

        `upstream` (steps, batch, hidden): what comes from the layer above, at every step. What
        comes from the next step is added here, so that δ_t is the sum of both.
        """
        if len(upstream) != len(self.cells):
            raise ValueError(f"upstream has {len(upstream)} steps, but forward was given {len(self.cells)}")
        from_next_step: Any = 0
        for cell, h_p, from_above in zip(
            reversed(self.cells), reversed(self._states[:-1]), reversed(upstream), strict=True
        ):
            cell.backward(h_p, from_above + from_next_step)
            from_next_step = cell.dh
        return Gradients(
            dW=np.sum([cell.dW for cell in self.cells], axis=0),
            dU=np.sum([cell.dU for cell in self.cells], axis=0),
            dx=np.stack([cell.dx for cell in self.cells]),
            dh_0=from_next_step,
        )
