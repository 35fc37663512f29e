"""Planted mistakes: each one caught, and `wrong` exactly where it was planted.

`pytest` takes a part of them, spread over all equations and rules; `pytest -m full` takes all, those by rule at quick
effort, and `tox -e soak` all at normal effort on several seeds.
"""

import numpy as np
import pytest

from gru.examiner import Examination, examine
from gru.layers.gru.equations import EQUATIONS, EXPOSED
from gru.problem import Effort, find
from gru.report.sentences import all_said
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.examiner.planted import EQUATION, Learner, Planted, formula_mistakes, other_mistakes, plant

pytestmark = pytest.mark.filterwarnings("ignore")
"""Wrong formulas overflow, and that is no news."""

BY_RULE = list(formula_mistakes())
BY_HAND = list(other_mistakes())


def wrong_checks(examination: Examination) -> set[str]:
    return {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"}


def check_caught(planted: Planted, seed: int, effort: Effort) -> None:
    """The verdict is `wrong`, on exactly the checks at which the mistake was planted."""
    examination = examine(TrustedCells(planted.cell), seed=seed, effort=effort)
    assert examination.verdict == "wrong"
    assert wrong_checks(examination) == planted.wrong


@pytest.mark.one_in(80)
@pytest.mark.parametrize("planted", BY_HAND, ids=lambda planted: planted.id)
def test_a_mistake_by_hand_is_caught_where_it_is(planted: Planted) -> None:
    check_caught(planted, seed=0, effort=of_this_run())


@pytest.mark.one_in(160)
@pytest.mark.parametrize("planted", BY_RULE, ids=lambda planted: planted.id)
def test_a_mistake_by_rule_is_caught_where_it_is(planted: Planted) -> None:
    check_caught(planted, seed=0, effort="quick")


@pytest.mark.soak
@pytest.mark.parametrize("planted", [*BY_HAND, *BY_RULE], ids=lambda planted: planted.id)
def test_a_planted_mistake_is_caught_on_every_seed(planted: Planted) -> None:
    for seed in range(3):
        check_caught(planted, seed, "normal")


# What else is said of a planted mistake


def outcome_of(name: str, examination: Examination) -> str:
    """The status of the equation for `name`."""
    (status,) = (outcome.status for outcome in examination.outcomes if outcome.name == name)
    return status


def test_a_cell_without_a_planted_mistake_is_right() -> None:
    assert examine(TrustedCells(plant("none", {}).cell), effort=of_this_run()).verdict == "right"


def test_a_wrong_outcome_carries_the_smallest_problem_that_shows_it() -> None:
    planted = plant("fails from hidden 2 on", {"dzr": lambda cell, at: EQUATION["dzr"]({**at, "wn": at["wn"].mT})})
    outcome = examine(TrustedCells(planted.cell), effort=of_this_run()).outcome("equation-10")
    assert outcome.sizes is not None
    assert outcome.sizes.hidden == 2
    assert outcome.sizes.batch == 1
    assert outcome.problem is not None


@pytest.mark.full
def test_each_of_two_mistakes_is_found_behind_the_other() -> None:
    """A mistake in (3) changes every number that (9) is made of; (9) is judged on those numbers."""
    planted = plant(
        "no reset, and σ' for tanh'",
        {
            "n": lambda cell, at: EQUATION["n"]({**at, "r": 1 + 0 * at["r"]}),
            "dzn": lambda cell, at: at["in_grad"] * at["z"] * at["n"] * (1 - at["n"]),
        },
    )
    assert wrong_checks(examine(TrustedCells(planted.cell), effort=of_this_run())) == {"equation-3", "equation-9"}


def test_what_is_made_of_an_odd_value_is_not_called_wrong() -> None:
    """Half precision in (10) reaches (13) and (23) as numbers that no check has seen."""
    (planted,) = (planted for planted in BY_HAND if planted.id == "dzr is in half precision")
    examination = examine(TrustedCells(planted.cell), effort=of_this_run())
    for equation in EXPOSED:
        if "dzr" in equation.inputs:
            assert outcome_of(equation.name, examination) in ("inherited", "not_examined")
    assert outcome_of(EQUATIONS[9].name, examination) == "right"


@pytest.mark.full
def test_a_wrong_formula_that_is_not_zero_where_the_right_one_is_rounds_in_its_own_way() -> None:
    """With h_prev = 0 the limit of (10) is zero; without the factor h_prev, the order of a sum still shows."""
    planted = plant("", {"dzr": lambda cell, at: (at["dzn"] @ at["wn"].mT) * at["r"] * (1 - at["r"])})
    for seed in range(20):
        examination = examine(TrustedCells(planted.cell), problem=find(f"1,1,2,1/zero-state/float32/{seed}"))
        assert wrong_checks(examination) == {"equation-10"}


# Blocks of another shape


class Outer(Learner):
    """np.outer where a product of matrices belongs: right for a batch of one row, of another shape for more."""

    names: tuple[str, ...] = ()

    def merge_params(self) -> None:
        for name in self.names:
            setattr(self, name, np.outer(getattr(self, name), np.ones(2)) if len(self.x) > 1 else getattr(self, name))
        super().merge_params()


def test_the_block_that_makes_merge_raise_is_named() -> None:
    examination = examine(TrustedCells(type("OneOuter", (Outer,), {"names": ("dwr",)})), effort=of_this_run())
    assert wrong_checks(examination) == {"interface", "equation-13"}
    assert "dwr is an array of float64 of shape" in all_said(examination.outcome("equation-13").facts)


def test_blocks_of_another_shape_are_wrong_and_what_is_made_of_them_inherits() -> None:
    blocks = ("dwz", "dwr", "dwn", "duz", "dur", "dun")
    examination = examine(TrustedCells(type("AllOuter", (Outer,), {"names": blocks})), effort=of_this_run())
    assert wrong_checks(examination) == {f"equation-{number}" for number in range(11, 17)}
    inherited = {outcome.check for outcome in examination.outcomes if outcome.status == "inherited"}
    assert inherited == {"merge", *(f"equation-{number}" for number in range(17, 23))}


def test_a_value_of_another_kind_is_wrong_only_where_it_arises() -> None:
    planted = plant("", {"dzr": lambda cell, at: EQUATION["dzr"](at).astype(complex)})
    examination = examine(TrustedCells(planted.cell), effort=of_this_run())
    assert wrong_checks(examination) == {"equation-10"}
    assert outcome_of("dwr", examination) in ("inherited", "not_examined")
