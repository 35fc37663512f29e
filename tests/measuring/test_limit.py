"""The limit: as large as the rounding of any right formula, and not much larger."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gru.calculus.rounding import UNDERFLOW, Rounded, Running, exact, limit, unit_roundoff
from gru.examiner import examine
from gru.examiner.judging.case import judge_uses
from gru.examiner.judging.comparison import compare
from gru.examiner.judging.evidence import gather
from gru.examiner.judging.limit import roundings
from gru.examiner.judging.reference import Reference
from gru.layers.gru.equations import EXPOSED
from gru.layers.gru.forms import CHAPTER
from gru.problem import PRECISIONS, Problem, find
from gru.strategies import problems, regimes, sizes
from gru.submission.contract import Recording
from gru.submission.trusted import TrustedCells
from tests.examiner.planted import altered, plant
from tests.examiner.right_cells import CELLS

pytestmark = pytest.mark.filterwarnings("ignore")
"""Learners' sigmoids overflow, and that is no news."""

Array = Any

FORWARD = {1, 2, 3, 4}
NAMES = [equation.name for equation in EXPOSED]
WIDE = sizes(max_batch=7, max_input=9, max_hidden=12, max_steps=8)


def run(cell: type, reference: Reference) -> Recording:
    """What a cell of our own answers to a problem."""
    (recording,) = TrustedCells(cell).run([reference.job()])
    return recording


# It is large enough: no right formula is beyond it


@settings(max_examples=3 * settings().max_examples)
@given(problem=problems(sizes=WIDE), name=st.sampled_from(list(CELLS)))
def test_a_right_cell_is_within_the_limit_in_any_form(problem: Problem, name: str) -> None:
    reference = Reference(problem)
    (case,) = judge_uses(reference, run(CELLS[name], reference))
    outside = {f.check: f.comparison for f in case.findings if f.status not in ("right", "missing")}
    assert outside == {}


@given(problem=problems(sizes=WIDE))
def test_the_bound_holds_before_any_allowance_for_other_forms(problem: Problem) -> None:
    """The chapter's own formulas in single precision: at most as many roundings as were counted for them."""
    reference = Reference(problem)
    given = {name: value.astype(np.float32) for name, value in reference.given.items()}
    values: dict[str, Array] = {}
    for equation in EXPOSED:
        values[equation.name] = equation(given | values)
    exactly = {name: value.astype(float) for name, value in given.items()}
    truth: dict[str, Array] = {}
    for equation in EXPOSED:
        truth[equation.name] = equation(exactly | truth)
    bounds = roundings(exactly, truth, CHAPTER)
    for name in NAMES:
        bound = bounds[name].roundings.max(axis=(-2, -1)) * unit_roundoff(np.float32) * (1 + 1e-3)
        assert (np.abs(values[name] - truth[name]).max(axis=(-2, -1)) <= bound).all(), name


_numbers = st.floats(-1e3, 1e3, width=32)
_squares = npst.arrays(np.float32, (3, 3), elements=_numbers)

FORMULAS = {
    "a sum": lambda a, b, c: a + b + c,
    "a difference of products": lambda a, b, c: a * b - b * c,
    "a matrix product": lambda a, b, c: (a @ b) * c,
    "products in a row": lambda a, b, c: a @ b.mT @ c,
    "a quotient": lambda a, b, c: (a - b) * c / 3,
    "a sum over an axis": lambda a, b, c: (a * b - c).sum(axis=0),
    "a tangent": lambda a, b, c: np.tanh(a - b) * c,
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=list(FORMULAS))
@given(a=_squares, b=_squares, c=_squares)
def test_rounding_is_bounded_through_every_operation(formula: Any, a: Array, b: Array, c: Array) -> None:
    single, double = formula(a, b, c), formula(*(value.astype(float) for value in (a, b, c)))
    bound = formula(exact(a.astype(float)), exact(b.astype(float)), exact(c.astype(float)))
    allowed = bound.roundings * unit_roundoff(np.float32) * (1 + 1e-3) + 1e3 * np.finfo(np.float32).tiny
    assert (np.abs(single - double) <= allowed).all()
    assert (np.abs(double) <= bound.scale * (1 + 1e-12)).all()


def test_a_difference_is_no_smaller_than_a_sum() -> None:
    """Where numbers cancel, their rounding errors do not."""
    a, b = exact(np.full((2, 2), 3.0)), exact(np.full((2, 2), 2.0))
    assert np.array_equal((a - b).scale, (a + b).scale)
    assert np.array_equal((-a).roundings, a.roundings)


def test_a_division_by_something_rounded_is_refused() -> None:
    """No formula of the chapter has one; its bound would need the smallest value, not the largest."""
    with pytest.raises(TypeError):
        exact(np.ones(2)) / (exact(np.ones(2)) + exact(np.ones(2)))


def test_a_division_by_a_given_number_is_that_by_a_number() -> None:
    by_number, by_given = exact(np.ones(2)) / 3, exact(np.ones(2)) / exact(np.asarray(3.0))
    np.testing.assert_array_equal(by_given.scale, by_number.scale)
    np.testing.assert_array_equal(by_given.roundings, by_number.roundings)


@cache
def after_sixty_steps() -> Reference:
    return Reference(find("2,6,1,60/zero-input/float32/2615"))


@pytest.mark.one_in(20)
@pytest.mark.parametrize("name", list(CELLS))
def test_what_underflows_is_within_the_limit(name: str) -> None:
    """After 60 steps without an input little is left of the state: the products have few digits, or none."""
    reference = after_sixty_steps()
    (case,) = judge_uses(reference, run(CELLS[name], reference))
    assert {f.check for f in case.findings if f.status not in ("right", "missing")} == set()


# It goes with the numbers


def limits(problem: Problem, dtype: Any = np.float64) -> dict[str, Array]:
    """The limits of all blocks by name."""
    reference = Reference(problem)
    return {name: reference.limits(name, dtype) for name in NAMES}


@given(problem=problems(sizes=WIDE, precisions=st.just("float64")), power=st.integers(-40, 40))
def test_the_limit_is_linear_in_delta(problem: Problem, power: int) -> None:
    plain, scaled = limits(problem), limits(replace(problem, upstream=2.0**power * problem.upstream))
    # What products lose that underflow does not go with δ.
    atol = 2.0**40 * UNDERFLOW
    for equation in EXPOSED:
        factor = 1.0 if equation.number in FORWARD else 2.0**power
        np.testing.assert_allclose(scaled[equation.name], factor * plain[equation.name], rtol=1e-9, atol=atol)


@given(problem=problems(sizes=WIDE))
def test_the_limit_has_one_number_a_step_and_none_is_below_zero(problem: Problem) -> None:
    every = limits(problem)
    for equation in EXPOSED:
        found = every[equation.name]
        assert found.shape == (() if equation.is_sum else (problem.sizes.steps,))
        assert (found >= 0).all()
        assert np.isfinite(found).all()


@given(problem=problems(regimes=regimes(among=["zero-upstream"])))
def test_without_delta_the_derivatives_are_zero_to_the_last_digit(problem: Problem) -> None:
    found = limits(problem)
    for equation in EXPOSED:
        assert np.all(found[equation.name] == 0) == (equation.number not in FORWARD)


@given(bound=st.floats(1e-100, 1e100))
def test_the_limit_is_a_number_of_roundings(bound: float) -> None:
    """That of single precision is 2²⁹ times that of double, but for the oracle's share."""
    double, single = limit(np.asarray(bound), np.float64), limit(np.asarray(bound), np.float32)
    assert unit_roundoff(np.float32) == 2.0**29 * unit_roundoff(np.float64)
    assert single >= double >= bound * unit_roundoff(np.float64)
    assert single <= 2.0**29 * double


def test_larger_weights_have_a_larger_limit() -> None:
    problem = find("2,3,4,1/ordinary/float64/0")
    plain, larger = limits(problem), limits(replace(problem, parameters={"W": 8 * problem.W, "U": 8 * problem.U}))
    assert (larger["dh"] > plain["dh"]).all()
    assert (larger["dx"] > plain["dx"]).all()


# It is small enough: what is beyond it is found


@given(
    problem=problems(sizes=WIDE, regimes=regimes(among=["ordinary", "large", "tiny", "zero-state"])),
    name=st.sampled_from(NAMES),
    data=st.data(),
)
def test_what_is_beyond_twice_the_limit_is_found_in_any_entry(problem: Problem, name: str, data: st.DataObject) -> None:
    """The value is within one limit of the truth, so that one entry further off by two is beyond it."""
    reference = Reference(problem)
    own = gather(reference, run(CELLS["GRUCell"], reference).uses[0]).own[name]
    entry = tuple(data.draw(st.integers(0, length - 1)) for length in own.shape)
    allowed = reference.limits(name, problem.precision)
    off = own.copy()
    off[entry] += 2.001 * allowed[entry[:-2]] + np.finfo(float).tiny
    assert compare(own, reference.truth[name], allowed).agrees
    assert not compare(off, reference.truth[name], allowed).agrees


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["z", "h", "dzz", "dzn", "dzr", "dwn", "dur", "dh", "dx"])
def test_a_relative_error_of_a_hundred_limits_is_a_wrong_formula(name: str, precision: str) -> None:
    problem = find(f"2,3,4,1/ordinary/{precision}/0")
    reference = Reference(problem)
    relative = float(100 * (reference.limits(name, precision) / reference.largest[name]).max())
    assert relative < (1e-9 if precision == "float64" else 1e-1)
    planted = plant("", altered(name, lambda value, at: (value * (1 + relative)).astype(value.dtype)))
    examination = examine(TrustedCells(planted.cell), problem=problem)
    assert {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"} == planted.wrong


def test_the_limit_is_within_a_few_thousand_times_of_what_right_cells_show() -> None:
    """A bound counts every rounding at its worst; right cells come this close to it, equation by equation."""
    largest = dict.fromkeys(NAMES, 0.0)
    for seed in range(12):
        reference = Reference(find(f"2,3,4,2/ordinary/float64/{seed}"))
        for cell in ("GRUCell", "ExpandedSums", "TanhBySigmoid", "Einsum"):
            evidence = gather(reference, run(CELLS[cell], reference).uses[0])
            for name in NAMES:
                allowed = reference.limits(name, np.float64)
                comparison = compare(evidence.own[name], reference.truth[name], allowed)
                largest[name] = max(largest[name], comparison.error / comparison.limit)
    assert {name: ratio for name, ratio in largest.items() if not 1 / 5000 < ratio < 1} == {}


@pytest.mark.parametrize("kind", [Rounded, Running])
@pytest.mark.parametrize(
    ("operation", "name"), [(np.exp, "np.exp"), (np.arctan2, "np.arctan2"), (np.add.reduce, "np.add.reduce")]
)
def test_an_operation_that_has_no_rule_is_told(kind: Any, operation: Any, name: str) -> None:
    quantity = kind(np.ones((2, 2)), np.zeros((2, 2)))
    arguments = (quantity, quantity) if operation is np.arctan2 else (quantity,)
    with pytest.raises(TypeError, match=f"{name} of a {kind.__name__} has no rule; supported are"):
        operation(*arguments)
