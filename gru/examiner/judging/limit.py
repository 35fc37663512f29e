"""The limit: the largest difference that a correct submission can show, from its rounding errors.

The running error analysis of `gru.calculus.rounding`, applied to a layer's own equations. It never looks at what a
submission computed wrongly or rightly.
"""

from collections.abc import Mapping
from typing import Any

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


def roundings(
    given: Mapping[str, Array],
    values: Mapping[str, Array],
    form: Form,
    instead: Mapping[str, Equation] | None = None,
) -> dict[str, Rounded]:
    """The rounding errors of every left-hand side, by name.

    Args:
        given: What the equations of a step are given, by name: the input, the states, δ and the blocks.
        values: The values that the errors are taken at: true ones, or those of a submission. Steps lie on the
            first axis.
        form: The equations.
        instead: Equations that stand in place of those of the same name.
    """
    found = {name: exact(value) for name, value in given.items()}
    for equation in form.ordered:
        inside, value = form.preactivations.get(equation.name), values.get(equation.name)
        equation = (instead or {}).get(equation.name, equation)
        if inside is not None and value is not None:
            is_tanh = form.activations[equation.name] == "tanh"
            found[equation.name] = rounded_gate(value, found[inside], is_tanh=is_tanh)
        elif value is not None:
            found[equation.name] = equation(found).at_least(value)
        elif equation.name in form.hidden_inside:
            found[equation.name] = equation(found)
    return found


def one_rounding(values: Array, dtype: Any) -> Array:
    """The limit on numbers that were only moved: one rounding of the largest, to the precision `dtype`."""
    largest = np.abs(values).max()
    if not np.isfinite(largest):
        largest = np.abs(np.nan_to_num(values)).max()
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
