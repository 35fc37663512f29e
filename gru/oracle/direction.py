"""The derivatives of a sequence's loss, measured in one forward pass: along one direction, or by every entry.

It differentiates the forward equations of a layer's table, as the oracle does, and knows no backward formula.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from gru.calculus import complex_dual
from gru.calculus.arrays import Array
from gru.calculus.dual import Entries, Thin
from gru.calculus.recurrence import NotDual, Recurrence
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.oracle.probes import MEMORY
from gru.oracle.sequence import derivatives_along, summed_gradient, variables
from gru.problem import Problem

FEW_VARIABLES = 350
"""Up to so many variables all entries are measured in one forward pass: it costs its calls, not its numbers. Beyond,
each step is measured by itself, where whole columns of a weight are moved at once."""


FEW_NUMBERS, FEW_WEIGHTS = 1_000, 10_000
"""Up to so many numbers that go through a function in one step, and so many weights, complex arithmetic is faster along
one direction: it has a third of the calls, and each costs some times as much for every number. Where the two meet was
measured: of hidden 40 and batch 8, or 8 and 40, both take as long."""


@dataclass(frozen=True)
class Direction:
    """A direction in all that a sequence's loss is a function of.

    `dense` has it for the first states by name, shaped like them. `thin` has it for the parameters and the input, as
    columns and a row, whose product it is: an error E of a gradient shows as columnᵀ·E·rowᵀ, which is zero for no E.
    """

    dense: dict[str, Array]
    thin: dict[str, tuple[Array, Array]]

    @cached_property
    def whole(self) -> dict[str, Array]:
        """The same by the names of `variables`, each shaped like what it moves."""
        return self.dense | {name: left * right for name, (left, right) in self.thin.items()}

    @cached_property
    def by_complex(self) -> dict[str, Array]:
        """The same as what is added to numbers that move in complex arithmetic."""
        return {name: complex_dual.step_along(along) for name, along in self.whole.items()}

    @cached_property
    def sizes(self) -> "Direction":
        """The direction without its signs."""
        thin = {name: (np.abs(left), np.abs(right)) for name, (left, right) in self.thin.items()}
        return Direction({name: np.abs(along) for name, along in self.dense.items()}, thin)

    def slope(self, gradient: Mapping[str, Any]) -> float:
        """The slope that a gradient has along it."""
        dense = sum(np.vdot(gradient[name], along) for name, along in self.dense.items())
        return float(dense + sum(np.vdot(left, gradient[name] @ right.T) for name, (left, right) in self.thin.items()))


def slope_along(problem: Problem, direction: Direction, form: Form = CHAPTER) -> float:
    """The derivative of a sequence's loss along one direction: a forward pass on values and tangents.

    In real numbers, or in complex ones where that is faster. Where a formula of the layer has no rule for that, by a
    complex step on all of it.

    Args:
        problem: The problem.
        direction: How everything moves at once.
        form: The form of the layer.

    Raises:
        ValueError: The derivative is not finite.
    """
    recurrence = _recurrence(form)
    if recurrence is None:
        return float(derivatives_along(problem, direction.whole, form))
    if _is_small(problem, form):
        slope = _slope_by_complex(recurrence, problem, direction, form)
        if np.isfinite(slope):
            return slope
    moved: dict[str, Any] = {}
    for stack in form.stacks:
        left, right = direction.thin[stack.name]
        lefts = form.blocks_of(stack, left)
        for name, block in form.blocks_of(stack, problem.parameters[stack.name].astype(float, copy=False)).items():
            is_row = stack.rows == "1"
            moved[name] = np.stack([block, lefts[name] * right]) if is_row else Thin(block, lefts[name], right)
    at = variables(problem, form)
    given: dict[str, Any] = {name: np.stack([at[name], along]) for name, along in direction.dense.items()}
    x = form.layer.input
    given[x] = Thin(at[x].astype(float, copy=False), *direction.thin[x])
    return float(_slopes(recurrence, problem, form, moved | given)[0])


def _is_small(problem: Problem, form: Form) -> bool:
    weights = sum(problem.parameters[stack.name].size for stack in form.stacks)
    return problem.initial[0].size * len(form.preactivations) <= FEW_NUMBERS and weights <= FEW_WEIGHTS


def _slope_by_complex(recurrence: Recurrence, problem: Problem, direction: Direction, form: Form) -> float:
    """The same by complex numbers; NaN where they overflow."""
    at = {name: array + direction.by_complex[name] for name, array in variables(problem, form).items()}
    values = {form.layer.input: at[form.layer.input][np.newaxis]}
    for stack in form.stacks:
        is_row = stack.rows == "1"
        for name, block in form.blocks_of(stack, at[stack.name]).items():
            values[name] = block[np.newaxis] if is_row else block
    for carried, start in zip(form.layer.carried, form.starts, strict=True):
        values[carried.previous] = at[start][np.newaxis]
    return float(np.vdot(recurrence.tangents_by_complex(values), problem.upstream))


def gradient(problem: Problem, form: Form = CHAPTER, *, memory: int = MEMORY) -> dict[str, Array]:
    """The gradient of a sequence's loss in all that it is a function of, in the way that is fastest for its size.

    The same as `oracle.full_gradient`, to rounding.

    Args:
        problem: The problem.
        form: The form of the layer.
        memory: Bytes that may be held at once.

    Raises:
        ValueError: The gradient is not finite.
    """
    recurrence, at = _recurrence(form), variables(problem, form)
    ends = dict(zip(at, accumulate(array.size for array in at.values()), strict=True))
    count = sum(array.size for array in at.values())
    if recurrence is None or count > FEW_VARIABLES:
        return summed_gradient(problem, form, memory=memory)
    firsts = {name: ends[name] - array.size for name, array in at.items()}
    moved: dict[str, Any] = {}
    for name in (form.layer.input, *form.starts):
        moved[name] = _each_entry(at[name], firsts[name], count)
    for stack in form.stacks:
        first = firsts[stack.name]
        for name in form.order_of(stack):
            block = form.blocks_of(stack, at[stack.name].astype(float, copy=False))[name]
            n, m = block.shape
            moved[name] = _each_entry(block, first, count) if stack.rows == "1" else Entries(block, ((n, m, 0, first),))
            first += n * m
    slopes = _slopes(recurrence, problem, form, moved)
    return {name: slopes[firsts[name] : ends[name]].reshape(array.shape) for name, array in at.items()}


def _each_entry(values: Array, first: int, count: int) -> Array:
    """The dual of an array of which each entry is moved by itself, the first one along direction number `first`."""
    dual = np.zeros((1 + count, values.size))
    dual[0] = values.ravel()
    np.fill_diagonal(dual[1 + first : 1 + first + values.size], 1.0)
    return dual.reshape(1 + count, *values.shape)


def _slopes(recurrence: Recurrence, problem: Problem, form: Form, moved: Mapping[str, Any]) -> Array:
    """The derivative of the loss along each direction; `moved` has the duals by the names of `variables` and blocks."""
    starts = {c.previous: moved[start] for c, start in zip(form.layer.carried, form.starts, strict=True)}
    tangents = recurrence.tangents({**moved, **starts})
    slopes: Array = np.einsum("tkbh,tbh->k", tangents, problem.upstream)
    if not np.isfinite(slopes).all():
        raise ValueError("a derivative along these directions is not finite")
    return slopes


@cache
def _recurrence(form: Form) -> Recurrence | None:
    """The forward pass of a layer, ready for duals; None where a formula of it has no rule there."""
    functions = {name: (form.activations[name], inside) for name, inside in form.preactivations.items()}
    formulas = {equation.name: equation.expression for equation in form.forward}
    carried = {one.previous: one.state for one in form.layer.carried}
    rows = [name for stack in form.stacks if stack.rows == "1" for name in form.order_of(stack)]
    matrices = [name for name in form.blocks if name not in rows]
    try:
        return Recurrence(formulas, functions, carried, form.layer.input, matrices, rows, form.output)
    except NotDual:
        return None
