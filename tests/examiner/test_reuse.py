"""The second use of a cell, with other arguments: what is kept from the first is `state`, and nothing else."""

import pytest

from gru.examiner import examine
from gru.problem import find
from gru.report.sentences import all_said
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.examiner.stale import FRESH, STALE

OF_THE_CLASS = {"MemoOfTheClass"}
"""What these keep is there for a new cell too, which gives the same: the equation is wrong as well."""


@pytest.mark.one_in(12)
@pytest.mark.parametrize("name", STALE)
def test_what_is_kept_from_the_first_use_is_found(name: str) -> None:
    examination = examine(TrustedCells(STALE[name]), effort=of_this_run())
    wrong = {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"}
    assert examination.verdict == "wrong"
    assert wrong == {"state"} or name in OF_THE_CLASS


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", FRESH)
def test_what_may_be_kept_is_right(name: str) -> None:
    assert examine(TrustedCells(FRESH[name]), effort=of_this_run()).verdict == "right"


def test_the_report_says_what_was_kept_and_that_it_was_the_second_use() -> None:
    outcome = examine(TrustedCells(STALE["First_z"]), effort=of_this_run()).outcome("state")
    assert all_said(outcome.facts).startswith("when a cell is used again with ")
    assert "z is still that of the first use" in all_said(outcome.facts)
    assert outcome.mistake is not None
    assert outcome.mistake.ids == ("state/kept-from-first-use",)


def test_a_call_that_fails_in_the_second_use_is_told() -> None:
    text = all_said(examine(TrustedCells(STALE["BuffersOfTheFirstBatch"]), effort=of_this_run()).outcome("state").facts)
    assert "backward raised ValueError" in text
    assert "when a cell is used again with" in text


def test_one_problem_by_itself_shows_it_again() -> None:
    problem = examine(TrustedCells(STALE["Smoothed"]), effort=of_this_run()).outcome("state").problem
    assert problem is not None
    assert examine(TrustedCells(STALE["Smoothed"]), problem=find(problem)).outcome("state").status == "wrong"
