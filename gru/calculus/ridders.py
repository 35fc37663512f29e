"""Ridders' method: the derivative along one direction by extrapolated differences, with a bound on its error."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gru.calculus.line import Direction, Function, in_double, line

_EXTRAPOLATION = 2
"""How much Richardson's extrapolation can enlarge an error: Π (4ʲ + 1)/(4ʲ − 1) < 2."""


class Estimate(NamedTuple):
    """A measured derivative, and a bound on its error."""

    value: float
    error: float


def ridders(
    function: Function,
    arguments: Sequence[Any],
    direction: Direction,
    *,
    start: float = 0.05,
    levels: int = 6,
    magnitude: float | None = None,
) -> Estimate:
    """The derivative of a function of one number along one direction, by Ridders' method.

    Central differences at falling steps are extrapolated to a step of zero; the entry of the tableau with the
    smallest bound is the estimate. It takes 2·`levels` evaluations of the function.

    The bound is Ridders' own estimate, the distance to the two entries that went into this one, which by itself
    covers the error only about every other time; and the rounding of the function, ε·`magnitude`/h, which
    extrapolation can double. What a function does between the points of the finest step is not seen.

    Args:
        function: It returns one real number.
        arguments: Where the derivative is taken.
        direction: `direction[k]` has the shape of `arguments[k]`, or is None, and that argument does not move.
        start: The first step, as a multiple of the direction.
        levels: How many steps, each half of the one before.
        magnitude: The sum of the absolute values of the terms that the function adds up. By default it is judged
            from the function's values and slopes, which is too little where terms much larger than these cancel.

    Returns:
        The derivative, and a bound on its error.

    Raises:
        ValueError: Shapes do not go together, or a result is not one finite number.
    """
    if levels < 2 or not start > 0:
        raise ValueError(f"Ridders' method needs two levels or more and a start above 0, not {levels} and {start}")
    along = line(function, arguments, direction)
    steps = [start / 2**level for level in range(levels)]
    values = [(along(step), along(-step)) for step in steps]
    epsilon = max(np.finfo(value.dtype).eps for pair in values for value in pair)
    differences = [float(ahead - behind) / (2 * step) for step, (ahead, behind) in zip(steps, values, strict=True)]
    if magnitude is None:
        largest = max(abs(float(value)) for pair in values for value in pair)
        magnitude = largest + max(map(abs, differences)) * _reach(arguments, direction)
    rounding = [_EXTRAPOLATION * float(epsilon) * magnitude / step for step in steps]
    return min(_tableau(differences, rounding), key=lambda estimate: estimate.error)


def gaussian_directions(rng: np.random.Generator, arguments: Sequence[Any]) -> list[Direction]:
    """One Gaussian direction for each argument, in which that argument alone moves.

    One an argument, so that a small one is not drowned by a large one; Gaussian, because with random signs two
    equal and opposite errors cancel half the time.

    Args:
        rng: Draws the numbers.
        arguments: The arguments of a function.

    Returns:
        The directions, each fit for `ridders`.
    """
    return [
        [rng.standard_normal(np.shape(argument)) if k == moved else None for k in range(len(arguments))]
        for moved, argument in enumerate(arguments)
    ]


def _reach(arguments: Sequence[Any], direction: Direction) -> float:
    """How far the rounding of the arguments moves a function, as a multiple of ε and of its slope.

    By no more than ε·‖∇f‖·‖a‖, and the slope along a Gaussian direction is about ‖∇f‖ times the
    root of the mean square of its entries.
    """
    moving = [
        (in_double(argument), in_double(d)) for argument, d in zip(arguments, direction, strict=True) if d is not None
    ]
    a, d = (np.concatenate([np.ravel(one) for one in ones]) for ones in zip(*moving, strict=True))
    spread = float(np.sqrt(np.mean(d**2)))
    return float(np.linalg.norm(a)) / spread if spread else 0.0


def _tableau(differences: Sequence[float], rounding: Sequence[float]) -> Iterator[Estimate]:
    """Every extrapolated entry of Ridders' tableau, with its bound."""
    above = [differences[0]]
    for difference, rounded in zip(differences[1:], rounding[1:], strict=True):
        row = [difference]
        for order, coarser in enumerate(above, start=1):
            finer = row[-1]
            value = finer + (finer - coarser) / (4**order - 1)
            row.append(value)
            yield Estimate(value, max(abs(value - finer), abs(value - coarser)) + rounded)
        above = row
