"""Gradients that are plainly wrong: told by few runs, before they are measured as exactly as can be.

It finds nothing right: what is not plainly wrong is for `own_forward` to judge.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.ridders import ridders
from gru.examiner.bench import Bench, DrivenProblem
from gru.examiner.entries import ARGUMENTS
from gru.gradient.outcome import Comparison

DIRECTIONS = 2
"""Gaussian directions of each gradient on each problem: an error hides from one of them with the probability
that its product with a Gaussian number is below the error bar."""

COARSE = float(np.finfo(np.float32).eps / np.finfo(float).eps)
"""How many times as much single precision rounds as double precision does."""


def plainly_wrong(bench: Bench, problem: DrivenProblem, name: str, claimed: Array) -> Comparison | None:
    """A gradient that is wrong in whatever precision the submission computes; None where that is not plain.

    Along every direction it is further from Ridders' estimate than the bound of that for a function in single
    precision. This spares the slow search for what rounding could explain.
    """
    argument = ARGUMENTS.get(name, name)
    value = np.array(problem.value(argument), float)
    random = np.random.Generator(np.random.PCG64([value.size, 1]))
    magnitude = _magnitude(bench, problem)
    for _ in range(DIRECTIONS):
        try:
            slope = _slope(bench, problem, {name: claimed}, random, magnitude)
        except ValueError:
            # Near the point something is not finite: nothing is plainly wrong.
            return None
        if not slope.is_off:
            return None
    largest = max(abs(slope.measured), slope.terms / np.sqrt(value.size))
    return Comparison(
        argument,
        value.shape,
        "wrong",
        "value",
        (),
        slope.claimed,
        slope.measured,
        slope.bar,
        largest,
        directions=DIRECTIONS,
    )


def some_plainly_wrong(bench: Bench, problem: DrivenProblem, claimed: Mapping[str, Array]) -> bool:
    """Whether some of these gradients may be wrong in this way: all of them along one direction in all at once."""
    random = np.random.Generator(np.random.PCG64([len(claimed), 2]))
    try:
        return not claimed or _slope(bench, problem, claimed, random, _magnitude(bench, problem)).is_off
    except ValueError:
        return True


class _Slope(NamedTuple):
    """The slope of the loss along one direction as gradients claim it, and as Ridders' method measures it."""

    claimed: float
    measured: float
    bar: float
    terms: float

    @property
    def is_off(self) -> bool:
        """Whether the two are further apart than the bar."""
        return abs(self.claimed - self.measured) > self.bar


def _magnitude(bench: Bench, problem: DrivenProblem) -> float:
    """The terms of the loss together, as they are rounded in single precision."""
    states, _ = bench.run(problem, {})
    return COARSE * float(np.abs(problem.delta * states).sum())


def _slope(
    bench: Bench,
    problem: DrivenProblem,
    gradients: Mapping[str, Array],
    random: np.random.Generator,
    magnitude: float,
) -> _Slope:
    """The slopes along a Gaussian direction in what these gradients are by. Raises what `ridders` and `run` raise."""
    arguments = [ARGUMENTS.get(name, name) for name in gradients]
    values = [np.array(problem.value(argument), float) for argument in arguments]
    # However many move, they do not move further together than one of them.
    directions = [random.normal(size=value.shape) / np.sqrt(len(values)) for value in values]

    def loss(*moved: Array) -> float:
        return float((problem.delta * bench.run(problem, dict(zip(arguments, moved, strict=True)))[0]).sum())

    parts = [gradient * along for gradient, along in zip(gradients.values(), directions, strict=True)]
    claimed, terms = (float(sum(part.sum() for part in some)) for some in (parts, [np.abs(part) for part in parts]))
    estimate = ridders(loss, values, directions, magnitude=magnitude)
    size = sum(value.size for value in values)
    bar = estimate.error + COARSE * np.finfo(float).eps * size * terms
    return _Slope(claimed, estimate.value, bar, terms)
