"""A submission's cells unrolled over time, for a network on the other side of the pipe that trains with them.

Standard library and NumPy only. It knows no data, no labels and no loss.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .signatures import taken


class Unrolled:
    """One cell a step, all sharing their parameters: a network without what is above it."""

    def __init__(self, cell_class: Any) -> None:
        self._cell_class = cell_class
        self._api: Mapping[str, Any] = {}
        self._cells: list[Any] = []
        self._states: list[dict[str, Any]] = []
        self.where, self.step = "forward", 0

    def answer(self, api: Mapping[str, Any], sizes: list[int], arrays: dict[str, Any]) -> list[Any]:
        """The hidden states; or where `arrays` holds upstream, the gradients of the parameters, such as dW and dU.

        `arrays` holds the input (steps, batch, input), `h_0` (batch, hidden) and the parameters; states other than h
        are zero at first. `upstream` and the states (steps, batch, hidden). Raises whatever the cells raise, and
        TypeError where one shows no array of the right shape. `api` tells how the cells are driven, as
        `recording.api_of` makes it.
        """
        self._api = api
        return self._backward(**arrays) if "upstream" in arrays else [self._forward(sizes, arrays)]

    def _forward(self, sizes: list[int], arrays: dict[str, Any]) -> Any:
        _, input_size, hidden_size, _ = sizes
        states, first = self._api["states"], arrays["h_0"]
        at = {previous: first if k == 0 else np.zeros_like(first) for k, (previous, *_) in enumerate(states)}
        parameters = {name: arrays[name] for name in self._api["parameters"]}
        self._shapes = {name: array.shape for name, array in parameters.items()}
        self._cells, self._states, outputs = [], [], []
        for step, x_t in enumerate(arrays[self._api["input"]]):
            self.step = step
            self.where = self._api["cell"]
            cell = self._cell_class(input_size, hidden_size)
            self.where = "forward"
            given = {self._api["input"]: x_t, **at, **parameters}
            cell.forward(*(given[name] for name in self._arguments(cell, "forward")))
            self._cells.append(cell)
            self._states.append(at)
            at = {previous: _array(cell, state, first.shape) for previous, state, *_ in states}
            outputs.append(at[states[0][0]])
        return np.array(outputs, float)

    def _backward(self, upstream: Any) -> list[Any]:
        self.where = "backward"
        sums = {name: np.zeros(shape) for name, shape in self._shapes.items()}
        states = self._api["states"]
        from_next_step = {argument: np.zeros_like(upstream[0]) for _, _, argument, _ in states}
        for step, cell in reversed(list(enumerate(self._cells))):
            self.step, given = step, self._states[step] | from_next_step
            given[states[0][2]] = upstream[step] + given[states[0][2]]
            names = self._arguments(cell, "backward")
            cell.backward(*(given[name] for name in names))
            for name, total in sums.items():
                total += _array(cell, self._api["parameters"][name], total.shape)
            # What a cell does not take from the next step, the one before need not show.
            from_next_step |= {a: _array(cell, d, upstream[step].shape) for _, _, a, d in states if a in names}
        return list(sums.values())

    def _arguments(self, cell: Any, where: str) -> list[str]:
        names: list[str] = self._api[where]
        return names[: taken(cell, where, self._api)]


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
