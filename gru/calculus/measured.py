"""A gradient by whichever method the function takes, with its error bars."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.complex_step import STARTS, NotComplexDifferentiable, complex_step
from gru.calculus.line import Function
from gru.calculus.ridders import ridders


class Measured(NamedTuple):
    """A gradient, the bound on the error of each entry, and how it was measured.

    A complex step has no error but rounding: its bounds are 0.
    """

    value: Array
    error: Array
    method: Literal["complex step", "Ridders"]


def measured_gradient(function: Function, arguments: Sequence[Any], *, wrt: int = 0) -> Measured:
    """The gradient of a function of one number with respect to `arguments[wrt]`.

    By a verified complex step; where the function refuses complex numbers or drops a derivative, as `np.var`,
    `np.linalg.norm` and `scipy.special.expit` do, by Ridders' method, entry by entry, from three starts.

    Args:
        function: Called as `function(*arguments)`; takes one point at a time and returns one real number.
        arguments: Arrays and whatever else the function takes.
        wrt: The number of the argument to differentiate by.

    Returns:
        Arrays of float64 shaped like the argument.

    Raises:
        ValueError: A result that is not one finite real number.
    """
    try:
        value = complex_step(function, arguments, wrt=wrt)
        return Measured(value, np.zeros(value.shape), "complex step")
    except NotComplexDifferentiable:
        shape = np.shape(arguments[wrt])
        values, errors = np.empty(shape), np.empty(shape)
        for index in np.ndindex(shape):
            direction: list[Array | None] = [None] * len(arguments)
            unit = np.zeros(shape)
            unit[index] = 1
            direction[wrt] = unit
            runs = [ridders(function, arguments, direction, start=start) for start in STARTS]
            best = min(runs, key=lambda run: run.error)
            apart = max(run.value for run in runs) - min(run.value for run in runs)
            values[index], errors[index] = best.value, best.error + apart
        return Measured(values, errors, "Ridders")
