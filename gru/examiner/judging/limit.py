"""The limit: the largest difference that a correct submission can show, from its rounding errors.

The running error analysis of `gru.calculus.rounding`, applied to a layer's own equations. It never looks at what a
submission computed wrongly or rightly.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import (
    FORMS,
    UNDERFLOW,
    Rounded,
    Running,
    exact,
    limit,
    rounded_gate,
    running_gate,
    squashed,
    unit_roundoff,
)
from gru.layer import Equation, Form

V = TypeVar("V")


class OnDemand(Mapping[str, V]):
    """Values by name, each made when it is first asked for.

    Args:
        names: Those that there are.
        make: Makes the value of a name.
    """

    def __init__(self, names: Iterable[str], make: Callable[[str], V]) -> None:
        self._names, self._make = dict.fromkeys(names), make
        self._made: dict[str, V] = {}

    def __getitem__(self, name: str) -> V:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def roundings(
    given: Mapping[str, Array],
    values: Mapping[str, Array],
    form: Form,
    instead: Mapping[str, Equation] | None = None,
) -> Mapping[str, Rounded]:
    """The rounding errors of every left-hand side, by name. Each is found when it is asked for, and what it is made of.

    Args:
        given: What the equations of a step are given, by name: the input, the states, δ and the blocks.
        values: The values that the errors are taken at: true ones, or those of a submission. Steps lie on the
            first axis.
        form: The equations.
        instead: Equations that stand in place of those of the same name.
    """
    named = {equation.name: equation for equation in form.ordered} | dict(instead or {})

    def rounded(name: str) -> Rounded:
        if name not in named:
            return exact(given[name])
        inside, value = form.preactivations.get(name), values.get(name)
        if inside is not None and value is not None:
            return rounded_gate(value, found[inside], is_tanh=form.activations[name] == "tanh")
        bound: Rounded = named[name](found)
        return bound if value is None else bound.at_least(value)

    made = (name for name in named if name in values or name in form.hidden_inside)
    found = OnDemand((*given, *made), rounded)
    return found


def one_rounding(values: Array, dtype: Any, axis: tuple[int, ...] | None = None) -> Array:
    """The limit on numbers that were only moved: one rounding of the largest along `axis`, to the precision `dtype`."""
    largest = np.abs(values).max(axis=axis)
    if not np.isfinite(largest).all():
        largest = np.abs(np.nan_to_num(values)).max(axis=axis)
    # What is too small for the precision becomes zero, or loses digits.
    return np.asarray(limit(largest, dtype) + float(np.finfo(dtype).smallest_subnormal))


__all__ = [
    "FORMS",
    "UNDERFLOW",
    "Rounded",
    "Running",
    "exact",
    "limit",
    "one_rounding",
    "rounded_gate",
    "roundings",
    "running_gate",
    "squashed",
    "unit_roundoff",
]
