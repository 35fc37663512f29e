"""The gradient of a whole sequence against the oracle's: every entry of it, or along one random direction.

For whoever has a gradient and no cell: it names no equation. What rounding may do is worked out only where
it could matter.
"""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np

from gru import oracle
from gru.calculus.arrays import Array
from gru.calculus.rounding import FORMS, Running, limit, running_gate, unit_roundoff
from gru.examiner.outcome import Comparison
from gru.layer import ACTIVATIONS, Form
from gru.layers.gru.forms import CHAPTER
from gru.oracle.direction import Direction, slope_along
from gru.oracle.direction import gradient as measured_gradient
from gru.problem import Problem

ROUNDINGS = 8
"""The analysis counts more than so many roundings of every derivative: of a pre-activation, its function, the state
that is made of it, and the factors and the sum of the derivative. A test holds it to that, in every regime."""


def check_complete(problem: Problem, gradient: Mapping[str, Array], form: Form = CHAPTER) -> dict[str, Comparison]:
    """Every entry of a gradient with respect to `W`, `U`, `x` and `h_0` beside the measured one.

    `gradient` holds them by these names, each shaped like what it belongs to. Raises ValueError
    where one is missing or has another shape.
    """
    names = _required(problem, gradient, form)
    measured = measured_gradient(problem, form)
    limits = cache(lambda: _limits(problem, form))

    def compare(name: str) -> Comparison:
        true, claimed = measured[name], np.asarray(gradient[name])
        error, largest = float(np.abs(claimed - true).max()), float(np.abs(true).max())
        return Comparison(error, _limit(error, largest, claimed.dtype, lambda: float(limits()[name].max())), largest)

    return {name: compare(name) for name in names}


def check_along(problem: Problem, gradient: Mapping[str, Array], seed: int = 0, form: Form = CHAPTER) -> Comparison:
    """A gradient's slope along one random direction in all of `W`, `U`, `x` and `h_0`, beside the measured one.

    Any error shows with probability one, so far as it is above rounding. `gradient` is that of
    `check_complete`. Raises what that raises.
    """
    names = _required(problem, gradient, form)
    direction = _direction(problem, seed, form)
    measured = slope_along(problem, direction, form)
    claimed = {name: np.asarray(gradient[name]) for name in names}
    # The sum of the absolute values of the slope's terms.
    largest = direction.sizes.slope({name: np.abs(block) for name, block in claimed.items()})
    error = abs(direction.slope(claimed) - measured)

    def bound() -> float:
        limits, along = _limits(problem, form), direction.whole
        of_terms = sum(float((limits[name] * np.abs(along[name])).sum()) for name in names)
        return of_terms + _of_sum(along, limits)

    dtype = max({block.dtype for block in claimed.values()}, key=unit_roundoff)
    return Comparison(error, _limit(error, largest, dtype, bound), largest)


def _direction(problem: Problem, seed: int, form: Form = CHAPTER) -> Direction:
    """A random direction in everything that the loss is a function of: no two entries are tied to each other.

    No number of it is near zero, so that an error in one entry shows at not much less than its size.
    """
    shapes = tuple((name, array.shape) for name, array in oracle.variables(problem, form).items())
    return _drawn(shapes, frozenset(form.starts), seed)


@lru_cache(maxsize=64)
def _drawn(shapes: tuple[tuple[str, tuple[int, ...]], ...], starts: frozenset[str], seed: int) -> Direction:
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> Array:
        numbers = rng.random(shape) - 0.5
        return numbers + np.copysign(0.5, numbers)

    thin = {name: (drawn(*shape[:-1], 1), drawn(1, shape[-1])) for name, shape in shapes if name not in starts}
    return Direction({name: drawn(*shape) for name, shape in shapes if name in starts}, thin)


def _of_sum(direction: Mapping[str, Array], limits: Mapping[str, Array]) -> float:
    """The rounding error of the sum itself: at most one rounding of all terms for each term."""
    count = sum(array.size for array in direction.values())
    return count * max(float((limits[name] * np.abs(along)).max()) for name, along in direction.items())


def _limit(error: float, largest: float, dtype: Any, bound: Callable[[], float]) -> float:
    """The limit; where the error is below a simpler, smaller bound, that bound, as the analysis is slow."""
    least = ROUNDINGS * FORMS * unit_roundoff(dtype) * largest
    return least if error <= least else max(least, float(limit(np.array(bound()), dtype)))


def _required(problem: Problem, gradient: Mapping[str, Array], form: Form) -> tuple[str, ...]:
    """The names of the loss's arguments. Raises ValueError where a gradient lacks one, or has another shape."""
    variables = oracle.variables(problem, form)
    for name, array in variables.items():
        if name not in gradient or np.shape(gradient[name]) != array.shape:
            found = f"of shape {np.shape(gradient[name])}" if name in gradient else "not there"
            raise ValueError(f"the gradient with respect to {name} is {found}; expected shape {array.shape}")
    return tuple(variables)


def _limits(problem: Problem, form: Form) -> dict[str, Array]:
    """The rounding errors of every entry of the gradient, in units of the unit roundoff.

    The running error analysis of `rounding`, through all steps forward and then backward.
    """
    layer = form.layer
    cells = _forward(problem, form)
    sums: dict[str, Any] = {}
    dx: list[Array] = []
    from_next_step: dict[str, Any] = {}
    for cell, from_above in zip(reversed(cells), reversed(problem.upstream.astype(float)), strict=True):
        for carried in layer.carried:
            above = from_above if carried.state == form.output else np.zeros_like(from_above)
            cell[carried.upstream] = _exact(above) + from_next_step.get(carried.previous, 0)
        for equation in form.backward:
            cell[equation.name] = equation(cell)
        from_next_step = {c.previous: cell[form.derivatives[c.previous].name] for c in layer.carried}
        dx.append(cell[form.derivatives[layer.input].name].roundings)
        for block in form.blocks:
            sums[block] = cell[form.derivatives[block].name] + sums.get(block, 0)
    roundings = {block: total.roundings for block, total in sums.items()}
    stacked = {stack.name: form.stacked(stack, roundings) for stack in form.stacks}
    firsts = {
        name: from_next_step[carried.previous].roundings
        for name, carried in zip(form.starts, layer.carried, strict=True)
    }
    return stacked | {layer.input: np.stack(dx[::-1])} | firsts


def _forward(problem: Problem, form: Form) -> list[dict[str, Running]]:
    """What every cell is given and makes of it, with the errors that have come so far."""
    layer = form.layer
    weights = {name: _exact(block) for name, block in oracle.blocks(problem, form).items()}
    at = {c.previous: _exact(state.astype(float)) for c, state in zip(layer.carried, problem.initial, strict=True)}
    cells = []
    for x in problem.x.astype(float):
        cell = {**weights, layer.input: _exact(x), **at}
        for equation in form.forward:
            inside = form.preactivations.get(equation.name)
            if inside is None:
                cell[equation.name] = equation(cell)
            else:
                kind = form.activations[equation.name]
                value = ACTIVATIONS[kind](cell[inside].value)
                cell[equation.name] = running_gate(value, cell[inside], is_tanh=kind == "tanh")
        at = {carried.previous: cell[carried.state] for carried in layer.carried}
        cells.append(cell)
    return cells


def _exact(value: Array) -> Running:
    """A number that is given."""
    return Running(value, np.zeros_like(value))
