"""`inherited` has to be earned: what a mistake passes on, and what no formula has made.

The sets of consequences are computed from the table of the equations, by the chapter's dependencies.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gru.examiner import CHECKS, Examination, examine
from gru.examiner.judging.comparison import Standard, compare
from gru.layer import Sizes
from gru.layers.gru.equations import EQUATIONS, EXPOSED
from gru.layers.gru.forms import CHAPTER
from gru.report.sentences import all_said
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.examiner.planted import EQUATION, FORWARD, OUT_OF_THE_CELL, STEP, Formula, Learner, altered, hiding, plant

pytestmark = pytest.mark.filterwarnings("ignore")
"""Cells that compute nonsense overflow, and that is no news."""

Array = Any


def examined(formulas: Mapping[str, Formula], base: type = Learner) -> Examination:
    """The examination of a cell with these formulas in place of the chapter's."""
    return examine(TrustedCells(plant("", formulas, base=base).cell), effort=of_this_run())


def equations_with(status: str, examination: Examination) -> set[int]:
    """The numbers of the equations whose outcome this is."""
    return {o.equation for o in examination.outcomes if o.status == status and o.equation is not None}


def consequences(name: str) -> set[int]:
    """The numbers of all equations that are made of `name`, near and far, the sums included."""
    reached = {name}
    for equation in EXPOSED:
        if reached.intersection(equation.inputs):
            reached.add(equation.name)
    return {equation.number for equation in EXPOSED if equation.name in reached - {name}}


ALL = {equation.number for equation in EXPOSED}


# What a mistake passes on


def test_a_mistake_in_10_has_the_consequences_that_the_chapter_says() -> None:
    assert consequences("dzr") == {13, 14, 19, 20, 23, 24}


@pytest.mark.one_in(20)
@pytest.mark.parametrize("name", EQUATION)
def test_exactly_what_is_made_of_a_wrong_value_inherits(name: str) -> None:
    formulas = altered(name, lambda value, at: 0.75 * value)
    examination = examined(formulas)
    number = EQUATION[name].number
    assert equations_with("wrong", examination) == {number}
    assert equations_with("inherited", examination) == consequences(name)
    assert equations_with("right", examination) == ALL - consequences(name) - {number}


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("first", "second"), [("z", "dzr"), ("dzn", "dzr"), ("dzz", "dwz"), ("dzr", "dh")])
def test_a_mistake_behind_another_is_wrong_and_not_inherited(first: str, second: str) -> None:
    formulas = altered(first, lambda value, at: 0.75 * value) | altered(second, lambda value, at: 1.25 * value)
    examination = examined(formulas)
    wrong = {EQUATION[first].number, EQUATION[second].number}
    assert equations_with("wrong", examination) == wrong
    assert equations_with("inherited", examination) == (consequences(first) | consequences(second)) - wrong


def test_a_wrong_value_costs_what_it_costs_at_the_first_of_several_steps_too() -> None:
    """The mistake is at the last step only; the true δ_t goes to the others, so they are right."""
    formulas = altered("dzn", lambda value, at: 0.5 * value, when=lambda cell, at: at["x"].shape == (3, 2))
    examination = examined(formulas)
    assert equations_with("wrong", examination) == {9}
    assert equations_with("inherited", examination) == consequences("dzn")


# What earns nothing


def _zeros(name: str, at: Mapping[str, Array], random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return np.zeros(shape)


def _ones(name: str, at: Mapping[str, Array], random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return np.ones(shape)


def _a_constant_each(name: str, at: Mapping[str, Array], random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return np.full(shape, 0.1 + list(EQUATION).index(name) / 20)


def _noise(name: str, at: Mapping[str, Array], random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return random.normal(size=shape)


def _noise_like_delta(name: str, at: Mapping[str, Array], random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return random.normal(size=shape) * np.abs(at.get("in_grad", at["h_p"])).max()


def _the_same_noise(name: str, at: Mapping[str, Array], random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return np.random.default_rng(sum(map(ord, name))).normal(size=shape)


def _a_copy(name: str, at: Mapping[str, Array], random: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Some array of this shape that was given."""
    given = ("in_grad", "x", "h_p", "wn", "un")
    return next((at[other] for other in given if other in at and at[other].shape == shape), np.zeros(shape))


def _not_a_number(name: str, at: Mapping[str, Array], random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return np.full(shape, np.nan)


NONSENSE: dict[str, Callable[[str, Mapping[str, Array], np.random.Generator, tuple[int, int]], Array]] = {
    "zeros": _zeros,
    "ones": _ones,
    "a constant each": _a_constant_each,
    "noise": _noise,
    "noise as large as δ": _noise_like_delta,
    "the same noise every time": _the_same_noise,
    "copies of the arguments": _a_copy,
    "NaN": _not_a_number,
}


def nonsense(kind: str, names: tuple[str, ...]) -> dict[str, Formula]:
    """For each of these names a value that no formula has made."""
    random = np.random.default_rng(0)

    def formula(name: str) -> Formula:
        def value(cell: Learner, at: Mapping[str, Array]) -> Array:
            sizes = Sizes(len(at["x"]), cell.input_size, cell.hidden_size)
            return NONSENSE[kind](name, at, random, CHAPTER.shape_of(name, sizes)).astype(at["x"].dtype)

        return value

    return {name: formula(name) for name in names}


BACKWARD = (*STEP, *OUT_OF_THE_CELL)


@pytest.mark.full
@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_in_place_of_the_derivatives_earns_nothing(kind: str) -> None:
    examination = examined(nonsense(kind, BACKWARD))
    assert equations_with("right", examination) == {1, 2, 3, 4}
    assert equations_with("inherited", examination) == set()
    assert examination.verdict == "wrong"


@pytest.mark.one_in(8)
@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_in_place_of_everything_earns_nothing(kind: str) -> None:
    examination = examined(nonsense(kind, (*FORWARD, *BACKWARD)))
    assert equations_with("right", examination) == set()
    assert equations_with("inherited", examination) == set()
    assert examination.verdict == "wrong"


@pytest.mark.full
@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_in_one_place_is_wrong_there_and_at_most_passed_on(kind: str) -> None:
    examination = examined(nonsense(kind, ("dzr",)))
    assert equations_with("wrong", examination) == {10}
    assert equations_with("right", examination) == ALL - {10} - consequences("dzr")


@pytest.mark.full
def test_zeros_pass_nothing_on() -> None:
    """0 = h_prevᵀ·0 holds for (13), and says nothing of it; in (23) and (24) a term is never seen."""
    examination = examined(nonsense("zeros", ("dzr",)))
    assert equations_with("not_examined", examination) == consequences("dzr")


class AnswersAnother(Learner):
    """Gives the right answers to the problem of this shape that came before."""

    before: dict[Any, Any]

    def __init_subclass__(cls) -> None:
        cls.before = {}

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24) of another problem; of none, at first."""
        super().backward(h_p, in_grad)
        names = (*BACKWARD, "dW", "dU")
        own = {name: getattr(self, name) for name in names}
        key = self.x.shape, self.hidden_size
        for name, value in self.before.get(key, {name: np.zeros_like(own[name]) for name in names}).items():
            setattr(self, name, value)
        self.before[key] = own


@pytest.mark.full
def test_right_answers_to_other_problems_earn_nothing() -> None:
    """But for the sums, which are the sums of what is shown, and no worse."""
    examination = examined({}, base=AnswersAnother)
    assert equations_with("right", examination) == {1, 2, 3, 4}
    assert examination.outcome("state").status == "wrong"
    assert equations_with("inherited", examination) & {8, 9, 10, 23} == set()


@pytest.mark.full
def test_a_sign_turned_everywhere_is_wrong_only_where_delta_enters() -> None:
    """With −δ for δ, (8), (9) and (23) are wrong; the others are right for the −δ_zz, −δ_zh̃, −δ_zr given."""
    with_delta = {number for number in ALL if "in_grad" in EQUATIONS[number].inputs}

    class Turned(Learner):
        def backward(self, h_p: Array, in_grad: Array) -> None:
            super().backward(h_p, -in_grad)

    examination = examined({}, base=Turned)
    assert equations_with("wrong", examination) == with_delta == {8, 9, 23}
    assert equations_with("inherited", examination) == ALL - with_delta - {1, 2, 3, 4}


# Hidden values


@pytest.mark.full
@pytest.mark.parametrize("name", [name for name in (*FORWARD, *BACKWARD) if name not in CHAPTER.required])
def test_a_hidden_value_is_right_where_all_that_is_made_of_it_is(name: str) -> None:
    assert examined({}, base=hiding(name)).verdict == "right"


def test_all_hidden_values_at_once_are_right() -> None:
    names = [name for name in (*FORWARD, *BACKWARD) if name not in CHAPTER.required]
    assert examined({}, base=hiding(*names)).verdict == "right"


@pytest.mark.full
@pytest.mark.parametrize("name", ["dzz", "dzn", "dzr", "dwr"])
def test_a_hidden_value_is_worked_out_where_something_made_of_it_is_wrong(name: str) -> None:
    examination = examined(altered(name, lambda value, at: 0.75 * value), base=hiding(name))
    assert equations_with("wrong", examination) == {EQUATION[name].number}
    assert equations_with("right", examination) == ALL - consequences(name) - {EQUATION[name].number}
    assert examination.verdict == "wrong"


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", CHAPTER.required)
def test_what_is_required_is_missing_where_it_is_hidden(name: str) -> None:
    examination = examined({}, base=hiding(name))
    assert examination.outcome("interface").status == "wrong"
    assert name in all_said(examination.outcome("interface").facts)
    assert examination.verdict == "wrong"


# Comparing two blocks


blocks = npst.arrays(float, (2, 3, 4), elements=st.floats(-1e6, 1e6))


@given(block=blocks)
def test_a_block_agrees_with_itself_at_a_limit_of_zero(block: Array) -> None:
    assert compare(block, block, np.zeros(2)).agrees


@given(block=blocks, position=st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 3)))
def test_not_a_number_never_agrees(block: Array, position: tuple[int, int, int]) -> None:
    own = block.copy()
    own[position] = np.nan
    comparison = compare(own, block, np.full(2, np.inf))
    assert not comparison.agrees
    assert comparison.entries()[0].index == position[1:]
    assert comparison.step == position[0]


@given(own=blocks, truth=blocks, limit=st.floats(0, 1e6))
def test_blocks_agree_where_no_entry_is_further_apart_than_the_limit(own: Array, truth: Array, limit: float) -> None:
    comparison = compare(own, truth, np.full(2, limit))
    assert comparison.agrees == bool((np.abs(own - truth) <= limit).all())
    assert comparison.error == np.abs(own - truth)[comparison.step].max()


@given(own=blocks, truth=blocks)
def test_the_entry_shown_first_is_the_furthest_apart(own: Array, truth: Array) -> None:
    assume(not np.array_equal(own, truth))
    comparison = compare(own, truth, np.zeros(2))
    first = comparison.entries()[0]
    assert abs(first.submission - first.measured) == comparison.error


any_blocks = npst.arrays(float, (2, 3, 4), elements=st.floats())


@given(own=any_blocks, truth=blocks, limit=st.floats(0, 1e6))
def test_many_blocks_at_once_are_compared_as_each_by_itself(own: Array, truth: Array, limit: float) -> None:
    """Blocks at several steps, and one of none: the last of each, as a sum over the steps stands beside its terms."""
    shown, right = {"all": own, "last": own[1]}, {"all": truth, "last": truth[1]}
    limits = {"all": np.array([limit, 2 * limit]), "last": np.array(limit)}
    largest = {name: np.abs(block).max(axis=(-2, -1)) for name, block in right.items()}
    problems = [{name: np.stack([np.zeros_like(at[name]), at[name]]) for name in at} for at in (right, limits, largest)]
    found = dict(Standard(*problems).compare(1, shown))
    assert found.keys() == right.keys()
    for name, comparison in found.items():
        alone = compare(shown[name], right[name], limits[name], largest[name])
        np.testing.assert_equal(comparison[:4], alone[:4])
        assert comparison.agrees == alone.agrees
        # NaN is no other NaN, but is written like one.
        assert repr(comparison.entries()) == repr(alone.entries())
        assert repr(comparison.block()) == repr(alone.block())


def test_every_check_has_an_outcome() -> None:
    assert tuple(outcome.check for outcome in examined({}).outcomes) == CHECKS


@pytest.mark.parametrize("base", [Learner, pytest.param(hiding("dun", "dur", "duz"), marks=pytest.mark.full)])
def test_an_input_that_is_changed_in_place_is_charged_once(base: type[Learner]) -> None:
    class Halves(base):  # type: ignore[valid-type, misc]
        def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
            super().forward(x, h_p, W, U)
            x *= 0.5

    examination = examine(TrustedCells(Halves))
    assert [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"] == ["state"]
