"""The derivative of a sequence's loss along one direction in everything, measured in one forward pass.

It differentiates the forward equations of a layer's table, as the oracle does, and knows no backward formula.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru.calculus.dual import Matrix, NotDual, Recurrence
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.oracle import derivatives_along, variables
from gru.problem import Problem

Array = NDArray[Any]


class Direction(NamedTuple):
    """A direction in all that a sequence's loss is a function of.

    `dense` has it for the input and the first states by name, shaped like them. `thin` has it for each parameter as a
    column and a row, whose product it is: an error E of a gradient shows as columnᵀ·E·rowᵀ, which is zero for no E.
    """

    dense: dict[str, Array]
    thin: dict[str, tuple[Array, Array]]

    def whole(self) -> dict[str, Array]:
        """The same by the names of `variables`, each shaped like what it moves."""
        return self.dense | {name: left * right for name, (left, right) in self.thin.items()}


def slope_along(problem: Problem, direction: Direction, form: Form = CHAPTER) -> float:
    """The derivative of a sequence's loss along one direction: a forward pass on values and tangents, in real numbers.

    Where a formula of the layer has no rule for that, by a complex step. Raises ValueError where it is not finite.
    """
    recurrence = _recurrence(form)
    if recurrence is None:
        return float(derivatives_along(problem, direction.whole(), form))
    at = variables(problem, form)
    duals: dict[str, Any] = {name: np.stack([at[name], along]) for name, along in direction.dense.items()}
    duals |= {c.previous: duals[start] for c, start in zip(form.layer.carried, form.starts, strict=True)}
    for stack in form.stacks:
        left, right = direction.thin[stack.name]
        lefts = form.blocks_of(stack, left)
        for name, block in form.blocks_of(stack, at[stack.name].astype(float, copy=False)).items():
            is_row = stack.rows == "1"
            duals[name] = np.stack([block, lefts[name] * right]) if is_row else Matrix(block, lefts[name], right)
    slope = float((recurrence.tangents(duals) * problem.upstream).sum())
    if not np.isfinite(slope):
        raise ValueError("the derivative along this direction is not finite")
    return slope


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
