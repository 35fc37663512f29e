"""A submission's cells unrolled over time, for a network on the other side of the pipe that trains with them.

Standard library and NumPy only: the worker loads this file by its path, as it cannot see the
package. It knows no data, no labels and no loss.
"""

from typing import Any

import numpy as np


class Unrolled:
    """One cell a step, all sharing W and U: the chapter's network without what is above it."""

    def __init__(self, cell_class: Any) -> None:
        self._cell_class = cell_class
        self._cells: list[Any] = []
        self._states: list[Any] = []
        self.where, self.step = "forward", 0

    def answer(self, sizes: list[int], arrays: dict[str, Any]) -> list[Any]:
        """The hidden states, where `arrays` holds x, h_0, W and U; where it holds upstream, the gradients dW and dU.

        `x` (steps, batch, input), `h_0` (batch, hidden), `W` (3·hidden, hidden), `U` (3·input, hidden),
        `upstream` and the states (steps, batch, hidden). Raises whatever the cells raise, and
        TypeError where one shows no array of the right shape.
        """
        return self._backward(**arrays) if "upstream" in arrays else [self._forward(sizes, **arrays)]

    def _forward(self, sizes: list[int], x: Any, h_0: Any, W: Any, U: Any) -> Any:
        _, input_size, hidden_size, _ = sizes
        self._cells, self._states, self._shapes = [], [h_0], (W.shape, U.shape)
        for self.step, x_t in enumerate(x):
            self.where = "GRUCell"
            cell = self._cell_class(input_size, hidden_size)
            self.where = "forward"
            cell.forward(x_t, self._states[-1], W, U)
            self._cells.append(cell)
            self._states.append(_array(cell, "h", h_0.shape))
        return np.array(self._states[1:], float)

    def _backward(self, upstream: Any) -> list[Any]:
        self.where = "backward"
        dW, dU = (np.zeros(shape) for shape in self._shapes)
        from_next_step: Any = 0
        for step, cell in reversed(list(enumerate(self._cells))):
            self.step, h_p = step, self._states[step]
            cell.backward(h_p, upstream[step] + from_next_step)
            dW += _array(cell, "dW", dW.shape)
            dU += _array(cell, "dU", dU.shape)
            from_next_step = _array(cell, "dh", h_p.shape)
        return [dW, dU]


def _array(cell: Any, name: str, shape: tuple[int, ...]) -> Any:
    """What the cell shows under a name as a plain array, no copy; a subclass, such as a matrix, is one too.

    Raises TypeError where that is no array of this shape.
    """
    value = getattr(cell, name)
    if not issubclass(type(value), np.ndarray):
        raise TypeError(f"{name} is {type(value).__name__}; expected an array of shape {shape}")
    array = np.asarray(value)
    if array.shape != shape or array.dtype.kind != "f":
        raise TypeError(f"{name} is {array.dtype} of shape {array.shape}; expected an array of shape {shape}")
    return array
