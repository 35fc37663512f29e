"""The gradient of a whole sequence against the oracle's: every entry of it, or along one random direction.

For whoever has a gradient and no cell: it names no equation. What rounding may do is worked out only where
it could matter.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru import oracle
from gru.calculus.functions import sigmoid
from gru.examiner.limit import FORMS, Running, limit, running_gate, unit_roundoff
from gru.examiner.outcome import Comparison
from gru.layers.gru.forms import CHAPTER, Convention
from gru.layers.gru.parameters import GATES
from gru.problem import Problem

Array = NDArray[Any]

BLOCKS = ("W", "U", "x", "h_0")
"""What the loss of a sequence is a function of."""

_BACKWARD = (9, 10, 8, 11, 12, 13, 14, 15, 16, 23, 24)
"""The equations of one step, in an order in which each finds what it needs."""


def check_complete(
    problem: Problem, gradient: Mapping[str, Array], convention: Convention = CHAPTER
) -> dict[str, Comparison]:
    """Every entry of a gradient with respect to `W`, `U`, `x` and `h_0` beside the measured one.

    `gradient` holds them by these names, each shaped like what it belongs to. Raises ValueError
    where one is missing or has another shape.
    """
    _require_blocks(problem, gradient)
    measured = oracle.gradient(problem, convention)
    limits = cache(lambda: _limits(problem, convention))

    def compare(name: str) -> Comparison:
        true, claimed = measured[name], np.asarray(gradient[name])
        error, largest = float(np.abs(claimed - true).max()), float(np.abs(true).max())
        return Comparison(error, _limit(error, largest, claimed.dtype, lambda: float(limits()[name].max())), largest)

    return {name: compare(name) for name in BLOCKS}


def check_along(
    problem: Problem, gradient: Mapping[str, Array], seed: int = 0, convention: Convention = CHAPTER
) -> Comparison:
    """A gradient's slope along one random direction in all of `W`, `U`, `x` and `h_0`, beside the measured one.

    Any error shows with probability one, so far as it is above rounding. `gradient` is that of
    `check_complete`. Raises what that raises.
    """
    _require_blocks(problem, gradient)
    direction = _direction(problem, seed)
    measured = float(oracle.derivatives_along(problem, direction, convention))
    terms = np.concatenate([np.ravel(gradient[name] * direction[name]) for name in BLOCKS])
    error, largest = abs(float(terms.sum()) - measured), float(np.abs(terms).sum())

    def bound() -> float:
        limits = _limits(problem, convention)
        return sum(float((limits[name] * np.abs(direction[name])).sum()) for name in BLOCKS) + _of_sum(
            direction, limits
        )

    dtype = max((np.asarray(gradient[name]).dtype for name in BLOCKS), key=unit_roundoff)
    return Comparison(error, _limit(error, largest, dtype, bound), largest)


def _direction(problem: Problem, seed: int) -> dict[str, Array]:
    """A random direction in everything that the loss is a function of: no two entries are tied to each other."""
    shapes = [getattr(problem, name).shape for name in BLOCKS]
    ends = tuple(accumulate(map(prod, shapes)))
    numbers = np.random.default_rng(seed).random(ends[-1]) - 0.5
    starts = (0, *ends[:-1])
    parts = (numbers[start:end] for start, end in zip(starts, ends, strict=True))
    return {name: part.reshape(shape) for name, part, shape in zip(BLOCKS, parts, shapes, strict=True)}


def _of_sum(direction: Mapping[str, Array], limits: Mapping[str, Array]) -> float:
    """What the sum of the terms itself rounds: at most one rounding of all of them for each."""
    count = sum(array.size for array in direction.values())
    return count * max(float((limits[name] * np.abs(direction[name])).max()) for name in BLOCKS)


def _limit(error: float, largest: float, dtype: Any, bound: Callable[[], float]) -> float:
    """The limit, or where the error is below it anyhow, what it is at least: rounding alone of the largest entry.

    The analysis counts more than one rounding of everything, so that this is never more than it.
    """
    least = FORMS * unit_roundoff(dtype) * largest
    return least if error <= least else max(least, float(limit(np.array(bound()), dtype)))


def _require_blocks(problem: Problem, gradient: Mapping[str, Array]) -> None:
    for name in BLOCKS:
        expected = getattr(problem, name).shape
        if name not in gradient or np.shape(gradient[name]) != expected:
            found = f"of shape {np.shape(gradient[name])}" if name in gradient else "not there"
            raise ValueError(f"the gradient with respect to {name} is {found}; expected shape {expected}")


def _limits(problem: Problem, convention: Convention) -> dict[str, Array]:
    """The rounding errors of every entry of the gradient, in units of the unit roundoff.

    The running error analysis of `limit`, through all steps forward and then backward.
    """
    cells = _forward(problem, convention)
    sums: dict[str, Any] = {}
    dx: list[Array] = []
    from_next_step: Any = 0
    for cell, from_above in zip(reversed(cells), reversed(problem.upstream.astype(float)), strict=True):
        cell["in_grad"] = _exact(from_above) + from_next_step
        for number in _BACKWARD:
            equation = convention.equations[number]
            cell[equation.name] = equation(cell)
        from_next_step = cell["dh"]
        dx.append(cell["dx"].roundings)
        for block in ("wz", "uz", "wr", "ur", "wn", "un"):
            sums[block] = cell[f"d{block}"] + sums.get(block, 0)
    stacked = {s.upper(): convention.merge({gate: sums[s + gate].roundings for gate in GATES}) for s in ("w", "u")}
    return stacked | {"x": np.stack(dx[::-1]), "h_0": from_next_step.roundings}


def _forward(problem: Problem, convention: Convention) -> list[dict[str, Running]]:
    """What every cell is given and makes of it, with the errors that have come so far."""
    weights = {name: _exact(block) for name, block in oracle.blocks(problem, convention).items()}
    h = _exact(problem.h_0.astype(float))
    cells = []
    for x in problem.x.astype(float):
        cell = {**weights, "x": _exact(x), "h_p": h}
        for number, before in ((1, 5), (2, 6), (3, 7)):
            preactivation = convention.equations[before](cell)
            value = (np.tanh if number == 3 else sigmoid)(preactivation.value)
            cell[convention.equations[number].name] = running_gate(value, preactivation, is_tanh=number == 3)
        h = convention.equations[4](cell)
        cells.append(cell)
    return cells


def _exact(value: Array) -> Running:
    """A number that is given."""
    return Running(value, np.zeros_like(value))
