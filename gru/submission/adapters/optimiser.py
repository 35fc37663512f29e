"""What stands for an optimiser, where a layer is handed one: it shows the gradients that a file keeps to itself.

It takes every gradient off its parameter, times a rate that is 0 unless gradients are looked for.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

OPTIMISER = "optimiser"
"""The word of an adapter for one."""


class Optimiser:
    """An optimiser of any course: `update(parameter, gradient)`, by whatever name, of arrays or of lists and dicts.

    The rate is that of all, so that copies have it too.
    """

    rate = 0.0

    def update(self, *given: Any, **named: Any) -> Any:
        """The first of the things that go together, each array in it changed in place."""
        things = [thing for thing in (*given, *named.values()) if isinstance(thing, np.ndarray | dict | list | tuple)]
        if len(things) < 2:
            return None
        for parameter, gradient in _pairs(things[0], things[1]):
            parameter -= self.rate * gradient
        return things[0]

    step = apply = apply_gradients = update_params = update_param = update_parameters = optimize = __call__ = update

    def zero_grad(self) -> None:
        """Nothing is kept."""


def _pairs(parameters: Any, gradients: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(parameters, dict) and isinstance(gradients, dict):
        for key, value in parameters.items():
            alike = [gradients[name] for name in (key, f"d{key}", f"d_{key}", f"grad_{key}") if name in gradients]
            yield from _pairs(value, alike[0]) if alike else ()
    elif isinstance(parameters, list | tuple) and isinstance(gradients, list | tuple):
        for value, gradient in zip(parameters, gradients, strict=False):
            yield from _pairs(value, gradient)
    elif isinstance(parameters, np.ndarray) and np.shape(parameters) == np.shape(gradients):
        yield parameters, gradients
