"""A small autograd engine: objects with `data` and `grad`, a cell made of them, and `backward` of what it answers.

The upstream gradient is given as most of them take it: `backward` of the sum of the answer times δ.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .adapter import Adapter
from .answer import answered_at
from .source import own


class Engine(Adapter):
    """A cell whose forward pass takes and answers objects of the file's own class `tensor`."""

    family = "engine"
    tensor = "Tensor"

    def forward(self, made: Any, x: Any, h: Any) -> Any:
        """What the cell answers, given objects in the place of arrays."""
        wrap = getattr(self.module, self.tensor)
        self._inputs = {"x": wrapped(wrap, x), "h": wrapped(wrap, h)}
        returned = super().forward(made, self._inputs["x"], self._inputs["h"])
        self._returned = returned
        return returned

    def backward(self, made: Any, delta: Any, cache: Any, x: Any, h: Any) -> Any:
        """The gradients of what was given, by their names; those of the parameters are in their objects."""
        answer = answered_at(made, self._returned, self.state.removesuffix(".data"))
        wrap = getattr(self.module, self.tensor)
        parts = answer if isinstance(answer, list) else [answer]
        deltas = delta if isinstance(delta, list) else [delta]
        total: Any = None
        for part, part_delta in zip(parts, deltas, strict=True):
            product = part * wrap(part_delta)
            total = product if total is None else total + product
        if hasattr(total, "sum"):
            total = total.sum()
        total.backward()
        return {f"d{name}": grads(given) for name, given in self._inputs.items() if given is not None}

    def describe(self) -> str:
        """One line on what is driven, for a report."""
        return f"{super().describe()}; by the file's own {self.tensor}"


def wrapped(wrap: Any, value: Any) -> Any:
    """Arrays as objects of the engine."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return type(value)(wrapped(wrap, item) for item in value)
    return wrap(value)


def grads(given: Any) -> Any:
    """The gradients that objects hold."""
    if isinstance(given, list | tuple):
        return [grads(item) for item in given]
    held = given.grad
    return getattr(held, "data", held) if not isinstance(held, np.ndarray) else held


def tensors(module: Any) -> Iterator[str]:
    """The classes of a file whose objects hold `data` and `grad`, and go backward."""
    for name, kind in own(module).items():
        if isinstance(kind, type) and callable(getattr(kind, "backward", None)):
            try:
                thing = kind(np.ones((2, 2)))
                holds = isinstance(thing.data, np.ndarray) and thing.data.shape == (2, 2) and hasattr(thing, "grad")
            except Exception:
                continue
            if holds:
                yield name


def engines(module: Any, base: Mapping[str, Any], source: str) -> Iterator[Engine]:
    """Adapters for a class that has a forward pass and leaves the way back to an engine."""
    for tensor in tensors(module):
        if tensor != base["target"]:
            yield Engine(module, **base, tensor=tensor, source=source)
