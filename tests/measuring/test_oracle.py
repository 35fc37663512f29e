"""The oracle measures what it says, by two independent witnesses: Ridders' method and SciPy's.

Both differentiate the same forward pass by real differences, and bound or estimate their own error.
"""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.differentiate import derivative

from gru import numdiff, oracle
from gru.calculus.complex_step import Arithmetic
from gru.examiner.judging.reference import Reference
from gru.layers.gru import equations, parameters
from gru.layers.gru.equations import EQUATIONS
from gru.layers.gru.parameters import GATES
from gru.problem import Problem, find
from gru.strategies import precisions, problems, regimes, sizes

Array = Any
UNIT = np.finfo(float).eps

SMOOTH = problems(
    sizes=sizes(max_batch=3, max_hidden=3, max_steps=4),
    regimes=regimes(among=["ordinary", "tiny", "zero-state", "zero-input", "large-upstream"]),
    precisions=precisions(among=["float64"]),
)
STEP_QUANTITIES = ("dzz", "dzn", "dzr", "dwn", "dun", "dwr", "dur", "dwz", "duz", "dh", "dx")
ROUNDINGS_OF_A_STEP = 20
"""Sums over hidden and input (three each at most here) and the activations: counted generously."""


WEIGHTS = ("wz", "uz", "wr", "ur", "wn", "un")
"""The blocks of the parameters."""


def run(problem: Problem, moved: dict[tuple[str, int], Array]) -> tuple[float, float]:
    """The loss of a whole sequence, and the sum of its terms without signs.

    `moved` holds what is added to a quantity at one step alone: to a pre-activation (`zz`), to a
    weight as used there (`wz`), to x_t (`x`) or to h_{t-1} as used there (`h_p`).
    """
    weights, h = oracle.blocks(problem), problem.h_0
    loss = magnitude = 0.0
    for t, (x_t, upstream) in enumerate(zip(problem.x, problem.upstream, strict=True)):
        at = weights | {"x": x_t, "h_p": h, "zz": 0.0, "zr": 0.0, "zn": 0.0}
        at = {name: value + moved.get((name, t), 0.0) for name, value in at.items()}
        h = oracle.step(**at)
        loss += float(np.sum(upstream * h))
        magnitude += float(np.abs(upstream).sum() * (1 + ROUNDINGS_OF_A_STEP))
    return loss, magnitude


def assert_witnessed(problem: Problem, gradient: Array, names: list[tuple[str, int]]) -> None:
    """The slope of the loss along a Gaussian direction, moving these quantities together, is the gradient's."""
    direction = np.random.default_rng(1).standard_normal(gradient.shape)

    def loss(along: Array) -> Any:
        return np.float64(run(problem, dict.fromkeys(names, along))[0])

    _, magnitude = run(problem, {})
    measured = numdiff.ridders(loss, [np.zeros(gradient.shape)], [direction], magnitude=magnitude)
    terms = gradient * direction
    assert abs(terms.sum() - measured.value) <= measured.error + UNIT * terms.size * np.abs(terms).sum()


MOVED = {"dzz": "zz", "dzn": "zn", "dzr": "zr", "dh": "h_p", "dx": "x"} | {f"d{w}": w for w in WEIGHTS}
"""What is moved to measure each left-hand side of one step."""


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", STEP_QUANTITIES)
@settings(max_examples=15)
@given(problem=SMOOTH)
def test_a_step_is_moved_within_the_whole_sequence(name: str, problem: Problem) -> None:
    """(8)–(16), (23), (24): the quantity as used at step t only, whatever the loss is made of later."""
    measured = oracle.step_gradients(oracle.given(problem))[name]
    for t in range(problem.sizes.steps):
        assert_witnessed(problem, measured[t], [(MOVED[name], t)])


@pytest.mark.parametrize("number", range(17, 23))
@settings(max_examples=15)
@given(problem=SMOOTH)
def test_a_shared_weight_is_moved_at_all_steps(number: int, problem: Problem) -> None:
    """(17)–(22)."""
    name = EQUATIONS[number].name
    weight = name.removeprefix("sum_d")
    everywhere = [(weight, t) for t in range(problem.sizes.steps)]
    assert_witnessed(problem, oracle.parameter_gradients(problem)[name], everywhere)


@settings(max_examples=15)
@given(problem=SMOOTH)
def test_the_full_gradient_is_that_of_the_whole_sequence(problem: Problem) -> None:
    """W and U as used at all steps, x_t at step t, h_0 at the first."""
    full = oracle.full_gradient(problem)
    for t, gradient in enumerate(full["x"]):
        assert_witnessed(problem, gradient, [("x", t)])
    assert_witnessed(problem, full["h_0"], [("h_p", 0)])
    reference = Reference(problem)
    for stacked, size in (("W", problem.sizes.hidden), ("U", problem.sizes.input)):
        for gate, gradient in zip(GATES, parameters.split(full[stacked], size), strict=True):
            name = f"sum_d{stacked.lower()}{gate}"
            assert np.abs(gradient - reference.truth[name]).max() <= 2 * reference.limits(name, np.float64), name


@pytest.mark.parametrize("weight", WEIGHTS)
def test_scipy_sees_the_same_slope_entry_by_entry(weight: str) -> None:
    """The second witness. Beside its own estimate there is rounding at its smallest step."""
    problem = find("2,3,2,3/ordinary/float64/0")
    gradient = oracle.parameter_gradients(problem)[f"sum_d{weight}"]
    loss, smallest_step = along_each_entry(problem, weight, gradient.shape), 2.0**-10
    measured = derivative(
        loss, np.zeros(gradient.size), initial_step=0.5, step_factor=2, maxiter=8, preserve_shape=True
    )
    _, magnitude = run(problem, {})
    rounding = UNIT * magnitude / smallest_step
    assert measured.success.all() or (measured.error < rounding).all()
    assert (np.abs(gradient.ravel() - measured.df) <= measured.error + rounding).all()


def along_each_entry(problem: Problem, weight: str, shape: tuple[int, int]) -> Callable[[Array], Array]:
    """Entry k of the argument moves entry k of the weight, at all steps: SciPy's vectorised form."""

    def loss(moves: Array) -> Array:
        units = np.eye(shape[0] * shape[1]).reshape(-1, *shape)
        moves = np.asarray(moves)
        columns = moves.reshape(len(units), -1)
        found = [
            [run(problem, {(weight, t): move * unit for t in range(problem.sizes.steps)})[0] for move in row]
            for unit, row in zip(units, columns, strict=True)
        ]
        return np.array(found).reshape(moves.shape)

    return loss


@given(problem=problems(sizes=sizes(max_steps=6), precisions=precisions(among=["float64"])))
def test_the_steps_add_up(problem: Problem) -> None:
    """Σ_t of (11)–(16) is (17)–(22), though the two are measured by moving different things.

    Each step may be off by its limit, and passes what it is off by to the steps before it.
    """
    reference = Reference(problem)
    by_step = oracle.step_gradients(reference.given)
    for name, whole in oracle.parameter_gradients(problem).items():
        step = name.removeprefix("sum_")
        limit = problem.sizes.steps * reference.limits(step, np.float64).sum()
        assert np.abs(by_step[step].sum(axis=0) - whole).max() <= limit, name


@given(problem=problems())
def test_pairs_are_complex_arithmetic(problem: Problem) -> None:
    """The shortcut in real numbers gives what true complex numbers give, to rounding."""
    reference = Reference(problem)
    pair, true = (oracle.step_gradients(reference.given, arithmetic=kind) for kind in ("pair", "complex"))
    for name in STEP_QUANTITIES:
        limit = reference.limits(name, np.float64)[:, None, None]
        assert (np.abs(pair[name] - true[name]) <= 2 * limit).all(), name
    pair, true = (oracle.parameter_gradients(problem, arithmetic=kind) for kind in ("pair", "complex"))
    for name in pair:
        assert np.abs(pair[name] - true[name]).max() <= 2 * reference.limits(name, np.float64), name


@pytest.mark.parametrize("arithmetic", ["pair", "complex"])
def test_memory_is_bounded_and_changes_nothing(arithmetic: Arithmetic) -> None:
    reference, memory = Reference(find("4,8,12,2/ordinary/float64/0")), 2 * numdiff.MIB
    at = reference.given
    directions = sum(8 * 144 * array.size for array in (at["wr"], at["ur"]))
    tracemalloc.start()
    bounded = oracle.step_gradients(at, arithmetic=arithmetic, memory=memory)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= memory + 2 * directions
    for name in STEP_QUANTITIES:
        limit = reference.limits(name, np.float64)[:, None, None]
        assert (np.abs(bounded[name] - reference.truth[name]) <= 2 * limit).all(), name


@pytest.mark.parametrize("id", ["2,3,4,3/ordinary/float64/0", "2,3,4,3/saturated/float32/0"])
def test_no_backward_equation_is_called(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The formulas on trial give no evidence."""
    measured = oracle.step_gradients(oracle.given(find(id)))

    def on_trial(*_: Any) -> None:
        raise AssertionError("the oracle called a backward equation")

    for number in range(8, 25):
        equation = EQUATIONS[number]
        monkeypatch.setattr(equations, equation.function.__name__, on_trial)
        monkeypatch.setitem(vars(equation), "function", on_trial)
    again = oracle.step_gradients(oracle.given(find(id)))
    oracle.parameter_gradients(find(id))
    for name, value in measured.items():
        np.testing.assert_array_equal(again[name], value)


def test_a_planted_mistake_is_seen_by_both_witnesses() -> None:
    """The witnesses are not blind: a gradient off by 1e-6 of itself does not pass."""
    problem = find("2,3,2,3/ordinary/float64/0")
    gradient = oracle.parameter_gradients(problem)["sum_dwr"] * (1 + 1e-6)
    with pytest.raises(AssertionError):
        assert_witnessed(problem, gradient, [("wr", t) for t in range(3)])
