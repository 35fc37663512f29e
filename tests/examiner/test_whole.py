"""The gradient of a whole sequence: a right one agrees in every regime, and any mistake is found either way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru import oracle
from gru.examiner import whole
from gru.examiner.judging.limit import limit
from gru.examiner.whole import check_along, check_complete
from gru.layers.gru.sequence import GRUSequence
from gru.oracle import direction
from gru.problem import REGIMES, Problem, find
from gru.strategies import problems
from tests.forms import FORMS

Gradient = dict[str, np.ndarray]


BLOCKS = ("W", "U", "x", "h_0")
"""What the loss of a sequence is a function of."""


def gradient_of(problem: Problem) -> Gradient:
    """By the project's own cells, backwards through time."""
    sequence = GRUSequence(problem.sizes.input, problem.sizes.hidden)
    sequence.forward(problem.x, problem.h_0, problem.W, problem.U)
    found = sequence.backward(problem.upstream)
    return {"W": found.dW, "U": found.dU, "x": found.dx, "h_0": found.dh_0}


def roundings_of(problem: Problem) -> Gradient:
    """What rounding may do to each entry of a gradient, in units of the unit roundoff."""
    return whole._limits(problem, FORMS["chapter"])


@given(problem=problems(), seed=st.integers(0, 5))
def test_a_right_gradient_agrees(problem: Problem, seed: int) -> None:
    gradient = gradient_of(problem)
    assert all(comparison.agrees for comparison in check_complete(problem, gradient).values())
    assert check_along(problem, gradient, seed).agrees


@pytest.mark.one_in(4)
@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("sizes", ["2,3,4,1", "3,2,5,30", "4,8,16,6"])
def test_the_limit_is_never_less_than_what_is_assumed_of_it(sizes: str, regime: str) -> None:
    """A small error is passed without working the limit out: some roundings of the largest entry are in it at least."""
    problem = find(f"{sizes}/{regime}/float64/0")
    limits, truth = roundings_of(problem), oracle.full_gradient(problem)
    for name in BLOCKS:
        assert limits[name].max() >= whole.ROUNDINGS * np.abs(truth[name]).max()


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("relative", [1e-3, 1e-9])
def test_one_entry_off_is_found_either_way(name: str, relative: float) -> None:
    problem = find("3,2,4,5/ordinary/float64/0")
    gradient = gradient_of(problem)
    wrong = gradient[name].copy()
    wrong.flat[np.abs(wrong).argmax()] *= 1 + relative
    gradient |= {name: wrong}
    assert [block for block, c in check_complete(problem, gradient).items() if not c.agrees] == [name]
    assert not check_along(problem, gradient).agrees


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_neither_depends_on_the_scale_of_the_loss(scale: float) -> None:
    problem = find("3,2,4,5/ordinary/float64/0")
    scaled = Problem(**{**problem.__dict__, "upstream": problem.upstream * scale})
    gradient = gradient_of(scaled)
    assert check_along(scaled, gradient).agrees
    gradient["U"] = gradient["U"] * (1 + 1e-9)
    assert not check_along(scaled, gradient).agrees
    assert not check_complete(scaled, gradient)["U"].agrees


@pytest.mark.parametrize("convention", ["swapped", "torch", "torch-rzn"])
def test_the_measured_slope_is_that_of_the_measured_gradient(convention: str) -> None:
    """Both are measured on the form's own forward pass, and differ by no more than the limit of that form."""
    problem, form = find("2,3,4,3/ordinary/float64/1"), FORMS[convention]
    gradient = oracle.full_gradient(problem, form)
    assert check_along(problem, gradient, form=form).agrees
    assert not check_along(problem, gradient).agrees


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("sizes", ["1,1,1,1", "3,2,4,5", "4,8,8,3"])
def test_a_gradient_is_the_same_measured_at_once_and_step_by_step(sizes: str, regime: str) -> None:
    """Each of two ways to measure rounds as a right gradient may."""
    problem = find(f"{sizes}/{regime}/float64/0")
    at_once, bounds = oracle.full_gradient(problem), roundings_of(problem)
    for measured in (oracle.summed_gradient(problem), direction.gradient(problem)):
        for name, block in at_once.items():
            assert (np.abs(measured[name] - block) <= 2 * limit(bounds[name], np.float64)).all(), name


@pytest.mark.parametrize(("name", "value"), [("W", None), ("x", np.zeros((1, 1)))])
def test_a_gradient_of_another_shape_is_refused(name: str, value: object) -> None:
    problem = find("2,3,4,3/ordinary/float64/1")
    gradient: dict[str, object] = dict(gradient_of(problem))
    if value is None:
        del gradient[name]
    else:
        gradient[name] = value
    for check in (check_complete, check_along):
        with pytest.raises(ValueError, match=f"with respect to {name} is"):
            check(problem, gradient)  # type: ignore[arg-type]
