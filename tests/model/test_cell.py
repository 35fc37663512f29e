"""The chapter's class: its exact API, its shapes and dtypes, and every value where the equations put it."""

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from gru import GRUCell, oracle
from gru.layer import Sizes
from gru.layers.gru.equations import EXPOSED
from gru.layers.gru.forms import CHAPTER
from gru.problem import Problem, find
from gru.strategies import problems

METHODS = {
    "__init__": ["input_size", "hidden_size"],
    "split_params": ["w", "size"],
    "get_params": ["W", "U"],
    "forward": ["x", "h_p", "W", "U"],
    "backward": ["h_p", "in_grad"],
    "merge_params": [],
}
AFTER_FORWARD = {"wz", "wr", "wn", "uz", "ur", "un", "x", "z", "r", "n", "h"}
AFTER_BACKWARD = {"dzz", "dzn", "dzr", "dwn", "dun", "dwr", "dur", "dwz", "duz", "dW", "dU", "dh", "dx"}


def arguments(problem: Problem, step: int = 0) -> tuple[Any, Any, Any]:
    """x_t, h_{t-1} and δ_t of one step, in the problem's precision."""
    at = oracle.given(problem)
    return tuple(array[step].astype(problem.precision) for array in (at["x"], at["h_p"], at["in_grad"]))


def run(problem: Problem) -> GRUCell:
    x, h_p, in_grad = arguments(problem)
    cell = GRUCell(problem.sizes.input, problem.sizes.hidden)
    cell.forward(x, h_p, problem.W, problem.U)
    cell.backward(h_p, in_grad)
    return cell


@pytest.mark.parametrize("name", METHODS)
def test_the_methods_are_the_chapters(name: str) -> None:
    assert list(inspect.signature(getattr(GRUCell, name)).parameters) == ["self", *METHODS[name]]


def test_there_is_no_other_public_method() -> None:
    public = {name for name, member in vars(GRUCell).items() if callable(member) and not name.startswith("_")}
    assert public == set(METHODS) - {"__init__"}


def test_attributes_are_set_when_the_chapter_sets_them() -> None:
    problem = find("2,3,4,1/ordinary/float64/0")
    x, h_p, in_grad = arguments(problem)
    cell = GRUCell(3, 4)
    assert vars(cell) == {"input_size": 3, "hidden_size": 4}
    returned = cell.forward(x, h_p, problem.W, problem.U)
    assert vars(cell).keys() == {"input_size", "hidden_size"} | AFTER_FORWARD
    assert returned is cell.h
    cell.backward(h_p, in_grad)
    assert vars(cell).keys() == {"input_size", "hidden_size"} | AFTER_FORWARD | AFTER_BACKWARD


@given(problem=problems())
def test_shapes_and_dtypes(problem: Problem) -> None:
    cell = run(problem)
    for name in AFTER_FORWARD | AFTER_BACKWARD:
        value = getattr(cell, name)
        assert (name, value.shape) == (name, CHAPTER.shape_of(name, problem.sizes))
        assert (name, value.dtype) == (name, problem.precision)


@given(problem=problems())
def test_every_value_is_its_equation(problem: Problem) -> None:
    """Applied to the cell's own values, each equation gives what the cell has, to the last bit."""
    _, h_p, in_grad = arguments(problem)
    cell = run(problem)
    for equation in EXPOSED:
        if not equation.is_sum:
            np.testing.assert_array_equal(
                getattr(cell, equation.name), equation(vars(cell) | {"h_p": h_p, "in_grad": in_grad}), equation.id
            )


def test_merged_gradients_are_stacked_like_the_parameters() -> None:
    cell = run(find("2,3,4,1/ordinary/float64/0"))
    np.testing.assert_array_equal(cell.dW, np.concatenate([cell.dwz, cell.dwr, cell.dwn]))
    np.testing.assert_array_equal(cell.dU, np.concatenate([cell.duz, cell.dur, cell.dun]))


@given(problem=problems())
def test_arguments_are_left_alone(problem: Problem) -> None:
    """A read-only array that is written to raises."""
    x, h_p, in_grad = arguments(problem)
    W, U = problem.W.copy(), problem.U.copy()
    for array in (x, h_p, in_grad, W, U):
        array.flags.writeable = False
    cell = GRUCell(problem.sizes.input, problem.sizes.hidden)
    cell.forward(x, h_p, W, U)
    cell.backward(h_p, in_grad)
    assert np.isfinite(cell.dW).all()


def test_a_second_use_gives_the_same() -> None:
    problem = find("2,3,4,1/ordinary/float64/0")
    x, h_p, in_grad = arguments(problem)
    cell = run(problem)
    first = {name: getattr(cell, name).copy() for name in AFTER_BACKWARD}
    cell.forward(x, h_p, problem.W, problem.U)
    cell.backward(h_p, in_grad)
    for name, value in first.items():
        np.testing.assert_array_equal(getattr(cell, name), value, name)


def test_extreme_preactivations_give_finite_gradients() -> None:
    """Pre-activations of ±1e4 in both precisions; warnings are errors here."""
    for dtype in (np.float32, np.float64):
        signs = np.where(np.arange(9 * 3).reshape(9, 3) % 2, 1, -1).astype(dtype)
        cell = GRUCell(3, 3)
        ones = np.ones((2, 3), dtype)
        cell.forward(ones, ones, 1e4 * signs, np.zeros((9, 3), dtype))
        cell.backward(ones, ones)
        for name in AFTER_FORWARD | AFTER_BACKWARD:
            value = getattr(cell, name)
            assert np.isfinite(value).all(), name
            assert value.dtype == dtype, name


def test_every_quantity_of_the_cell_has_a_shape() -> None:
    assert set(CHAPTER.dimensions) >= AFTER_FORWARD | AFTER_BACKWARD
    assert CHAPTER.shape_of("dW", Sizes(2, 3, 4)) == (12, 4)
    assert CHAPTER.shape_of("U", Sizes(2, 3, 4)) == (9, 4)
