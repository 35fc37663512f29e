"""A rubric: what it says, what is refused with line and key, and the points that come of it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru.examiner import CHECKS
from gru.examiner.outcome import Examination, Outcome, Reason, Status, Verdict
from gru.grading.record import Record, credits_of, failure_of, record_of
from gru.grading.rubric import EQUAL_POINTS, Item, Rubric, RubricError, read
from gru.report.result import Result

GOOD = """\
title = "Homework 5"
rounding = 1
inherited = true
feedback = "hint"

[checks]
equation-9 = 2
equation-10 = { points = 3.5, requires = ["equation-9"], visibility = "after_due_date" }

[checks.merge]
points = 1
inherited = false
feedback = "none"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "rubric.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rubric_is_read(tmp_path: Path) -> None:
    rubric = read(write(tmp_path, GOOD))
    assert rubric == Rubric(
        (
            Item("merge", 1, inherited=False, feedback="none"),
            Item("equation-9", 2, feedback="hint"),
            Item("equation-10", 3.5, ("equation-9",), feedback="hint", visibility="after_due_date"),
        ),
        title="Homework 5",
        rounding=1,
        feedback="hint",
    )
    assert rubric.maximum == 6.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[checks", "line 1"),
        ("", "line 1: checks: no check is worth anything"),
        ("titel = 'x'\n[checks]\nmerge = 1", "line 1: titel: there is no such key"),
        ("[checks]\n\nequation-99 = 1", "line 3: checks.equation-99: there is no such key"),
        ("[checks]\nequation-9 = 1\nequation-10 = -1", "line 3: checks.equation-10.points: -1; expected points"),
        ("[checks]\nequation-10 = 'five'", "line 2: checks.equation-10.points: 'five'"),
        ("[checks]\nequation-10 = true", "line 2: checks.equation-10.points: True"),
        ("[checks]\nequation-10 = nan", "expected points, 0 to 1,000,000"),
        ("[checks]\nequation-10 = inf", "expected points, 0 to 1,000,000"),
        ("[checks]\nequation-10 = {}", "checks.equation-10.points: None"),
        ("[checks.merge]\npoints = 1\npoint = 2", "line 3: checks.merge.point: there is no such key"),
        ("[checks]\nmerge = { points = 1, requires = ['split'] }", "line 2: checks.merge.requires: ['split']"),
        ("[checks]\nmerge = { points = 1, requires = 'merge' }", "it requires itself"),
        (
            "[checks]\nsplit = { points = 1, requires = ['merge'] }\nmerge = { points = 1, requires = ['split'] }",
            "line 2: checks.split.requires: it requires itself",
        ),
        ("rounding = 9\n[checks]\nmerge = 1", "line 1: rounding: 9; expected a number of decimals"),
        ("rounding = 'a'\n[checks]\nmerge = 1", "line 1: rounding: 'a'; expected a whole number"),
        (
            "# feedback\nfeedback = 'all'\n[checks]\nmerge = 1",
            "line 2: feedback: 'all'; expected one of none, location",
        ),
        ("inherited = 1\n[checks]\nmerge = 1", "line 1: inherited: 1; expected true or false"),
        ("[checks.merge]\npoints = 1\nvisibility = 'no'", "line 3: checks.merge.visibility: 'no'"),
        ("[checks]\nmerge = 0", "all points are 0"),
        ("checks = 5", "line 1: checks: 5; expected a table"),
    ],
)
def test_a_rubric_that_is_none_is_refused_with_line_and_key(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RubricError) as error:
        read(write(tmp_path, text))
    assert message in str(error.value)


def test_a_rubric_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rubric.toml"
    path.write_bytes("title = 'é'".encode("latin-1"))
    with pytest.raises(RubricError, match="UTF-8"):
        read(path)


def test_equal_points_read_back_the_same(tmp_path: Path) -> None:
    assert read(write(tmp_path, EQUAL_POINTS.source)) == EQUAL_POINTS
    assert EQUAL_POINTS.maximum == len(CHECKS)


# Points


def result(statuses: dict[str, Status], verdict: Verdict = "wrong", reason: Reason | None = None) -> Result:
    outcomes = tuple(Outcome(check, status) for check, status in statuses.items())
    return Result("alice.py", None, Examination(verdict, outcomes, 0, "normal", reason=reason), 0.1)


def points(rubric: Rubric, statuses: dict[str, Status], **how: object) -> dict[str, float]:
    return {c.check: c.points for c in credits_of(result(statuses, **how), rubric)}  # type: ignore[arg-type]


RUBRIC = Rubric((Item("equation-8", 1), Item("equation-9", 2), Item("equation-10", 4, ("equation-9",))))


@pytest.mark.parametrize(
    ("status", "earned"), [("right", 2), ("inherited", 2), ("wrong", 0), ("missing", 0), ("not_examined", 0)]
)
def test_a_check_that_is_right_or_inherits_earns_its_points(status: Status, earned: float) -> None:
    assert points(RUBRIC, {"equation-8": "right", "equation-9": status})["equation-9"] == earned


def test_inheriting_earns_nothing_where_the_rubric_says_so() -> None:
    strict = replace(RUBRIC, items=(Item("equation-9", 2, inherited=False),))
    assert points(strict, {"equation-9": "inherited"}) == {"equation-9": 0}


def test_a_check_earns_nothing_without_what_it_requires() -> None:
    statuses: dict[str, Status] = {"equation-9": "wrong", "equation-10": "right"}
    (_, _, credit) = credits_of(result(statuses), RUBRIC)
    assert credit.points == 0
    assert "no points without equation-9" in credit.output


def test_what_failed_to_run_has_no_points_whatever_was_found_before() -> None:
    found = points(RUBRIC, {"equation-8": "right"}, verdict="not_examined", reason="timed_out")
    assert set(found.values()) == {0}


def test_a_failure_of_ours_is_no_zero() -> None:
    record = failure_of("alice", "alice.py", RUBRIC, "key", "Traceback")
    assert (record.verdict, record.score, record.maximum) == ("failed_to_grade", None, 7)
    assert "no zero" in record.feedback


def test_what_is_hidden_is_not_in_the_feedback() -> None:
    hidden = replace(RUBRIC, items=(Item("equation-8", 1), Item("equation-9", 2, visibility="hidden")))
    feedback = record_of("alice", result({"equation-8": "right", "equation-9": "wrong"}), hidden).feedback
    assert "equation-8" in feedback
    assert "equation-9" not in feedback
    assert "points  1 of 1" in feedback


STATUSES = st.sampled_from(["right", "wrong", "inherited", "missing", "not_examined"])


@given(statuses=st.dictionaries(st.sampled_from([item.check for item in EQUAL_POINTS.items]), STATUSES))
def test_the_maximum_comes_from_the_rubric_and_the_score_never_exceeds_it(statuses: dict[str, Status]) -> None:
    record = record_of("alice", result(statuses), EQUAL_POINTS)
    assert record.maximum == sum(credit.maximum for credit in record.credits) == EQUAL_POINTS.maximum
    assert record.score is not None
    assert 0 <= record.score <= record.maximum
    assert record.score == sum(status in ("right", "inherited") for status in statuses.values())


@given(statuses=st.dictionaries(st.sampled_from([item.check for item in EQUAL_POINTS.items]), STATUSES))
def test_a_record_survives_as_data(statuses: dict[str, Status]) -> None:
    record = record_of("älice\n'\"", result(statuses), EQUAL_POINTS, "key")
    assert Record.of_data(record.as_data()) == record
