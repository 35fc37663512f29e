"""(8)–(16), (23) and (24): every derivative of one step is the slope of loss = Σ δ_t ∘ h_t, measured by differences.

In the order of the chapter. Shapes and numbers are drawn by Hypothesis: a batch, an input and a state of size 1 and
more, states and δ of zero, and weights at which the gates are saturated.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from gru import GRUCell
from tests.verification.slopes import Problem, assert_is_slope, problems

Array = Any

GATES = {"z": 0, "r": 1, "n": 2}
"""The place of each gate's block in W and U; n is h̃."""


def check_preactivation(equation: str, at: Problem, cell: type = GRUCell) -> None:
    """δ_zz, δ_zh̃ or δ_zr: ∂loss/∂z_zt, ∂loss/∂z_h̃t, ∂loss/∂z_rt, all (batch, hidden).

    The pre-activation is moved from outside. Give x one more column for each row of the batch, holding the identity:
    the rows that U has for these columns are added to the pre-activations, row by row.
    """
    name = equation.partition("-")[2]
    batch, inputs = at.x.shape[1:]
    columns = np.concatenate([at.x, np.eye(batch)[None]], axis=-1)
    added = [rows for block in np.split(at.U, 3) for rows in (block, np.zeros_like(at.h_0))]
    wider = replace(at, x=columns, U=np.concatenate(added))
    end = (GATES[name[-1]] + 1) * (inputs + batch)
    check(cell, wider, name, "U", slice(end - batch, end))


def check_weight(equation: str, at: Problem, cell: type = GRUCell) -> None:
    """d_W (hidden, hidden) or d_U (input, hidden) of one gate, and of this step alone."""
    name = equation.partition("-")[2]
    stacked = {"w": "W", "u": "U"}[name[1]]
    size = len(getattr(at, stacked)) // 3
    start = GATES[name[-1]] * size
    check(cell, at, name, stacked, slice(start, start + size))


def check_argument(equation: str, at: Problem, cell: type = GRUCell) -> None:
    """δ_{h_t−1} (batch, hidden) or δ_{x_t} (batch, input)."""
    name = equation.partition("-")[2]
    check(cell, at, name, {"dh": "h_0", "dx": "x"}[name])


def check(cell: type, at: Problem, name: str, argument: str, rows: slice = slice(None)) -> None:
    """The cell's `name` is the derivative of the loss by the `rows` of the argument."""
    sizes = at.x.shape[-1], at.h_0.shape[-1]

    def loss(x: Array, h_p: Array, W: Array, U: Array) -> Any:
        moved = cell(*sizes)
        moved.forward(x[0], h_p, W, U)
        return np.sum(at.upstream[0] * moved.h)

    there = cell(*sizes)
    there.forward(at.x[0], at.h_0, at.W, at.U)
    there.backward(at.h_0, at.upstream[0])
    gradient = getattr(there, name)
    assert_is_slope(loss, at, argument, gradient[None] if argument == "x" else gradient, rows)


@pytest.mark.parametrize("equation", ["8-dzz", "9-dzn", "10-dzr"])
@given(at=problems())
def test_the_gradient_of_a_preactivation(equation: str, at: Problem) -> None:
    """δ_zz, δ_zh̃, δ_zr."""
    check_preactivation(equation, at)


@pytest.mark.parametrize("equation", ["11-dwn", "12-dun", "13-dwr", "14-dur", "15-dwz", "16-duz"])
@given(at=problems())
def test_the_gradient_of_a_weight(equation: str, at: Problem) -> None:
    """d_{W_h,t}, d_{U_h,t}, d_{W_r,t}, d_{U_r,t}, d_{W_z,t}, d_{U_z,t}."""
    check_weight(equation, at)


@pytest.mark.parametrize("equation", ["23-dh", "24-dx"])
@given(at=problems())
def test_the_gradient_of_what_the_cell_is_given(equation: str, at: Problem) -> None:
    """δ_{h_t−1}, which goes to the step before, and δ_{x_t}, which goes to the layer below."""
    check_argument(equation, at)
