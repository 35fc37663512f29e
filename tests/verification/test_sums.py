"""(17)–(22): over any number of steps the gradient of a weight is the sum of those of the steps.

The loss gives every state a weight of its own, so that an upstream gradient enters at every step. δ_{x_t} at every step
and δ_{h_0} are held against the slope as well: they have come through all the steps.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from gru import GRUCell, GRUSequence
from tests.verification.slopes import Problem, assert_is_slope, problem, problems

Array = Any

SUMS = {
    "17-dwn": ("W", 2),
    "18-dun": ("U", 2),
    "19-dwr": ("W", 1),
    "20-dur": ("U", 1),
    "21-dwz": ("W", 0),
    "22-duz": ("U", 0),
}
"""Of each equation, what the loss is differentiated by: the parameter, and the place of the block in it."""

UNSATURATED = (1, 0.01)
"""Scales of weights at which roundings do not multiply from step to step until the bound says nothing."""


def check_sum(equation: str, at: Problem, cell: type = GRUCell) -> None:
    """d_W or d_U of one gate, summed over the steps."""
    parameter, block = SUMS[equation]
    size = len(getattr(at, parameter)) // 3
    rows = slice(block * size, (block + 1) * size)
    check(cell, at, parameter, "d" + parameter, rows)


def check(cell: type, at: Problem, argument: str, name: str, rows: slice = slice(None)) -> None:
    """The sequence's `name` is the derivative of the loss by the `rows` of the argument."""
    sequence = GRUSequence(at.x.shape[-1], at.h_0.shape[-1], cell)

    def loss(*moved: Array) -> Any:
        return np.sum(at.upstream * sequence.forward(*moved))

    loss(at.x, at.h_0, at.W, at.U)
    gradient = getattr(sequence.backward(at.upstream), name)
    assert_is_slope(loss, at, argument, gradient[..., rows, :], rows)


@pytest.mark.parametrize("equation", SUMS)
@given(at=problems(max_steps=6, weights=UNSATURATED))
def test_the_sum_over_the_steps(equation: str, at: Problem) -> None:
    """d_{W_h}, d_{U_h}, d_{W_r}, d_{U_r}, d_{W_z}, d_{U_z}."""
    check_sum(equation, at)


@pytest.mark.parametrize(("name", "argument"), [("dx", "x"), ("dh_0", "h_0")])
@given(at=problems(max_steps=6, weights=UNSATURATED))
def test_what_has_come_through_the_steps(name: str, argument: str, at: Problem) -> None:
    """δ_{x_t} at every step, and δ_{h_0}."""
    check(GRUCell, at, argument, name)


def test_one_step_is_its_own_sum() -> None:
    """With τ = 1 the sums are d_{W,t} and d_{U,t} themselves, to the last bit."""
    at = problem((1, 2, 3, 4), seed=0)
    sequence = GRUSequence(3, 4)
    sequence.forward(at.x, at.h_0, at.W, at.U)
    found = sequence.backward(at.upstream)
    np.testing.assert_array_equal(found.dW, sequence.cells[0].dW)
    np.testing.assert_array_equal(found.dU, sequence.cells[0].dU)
