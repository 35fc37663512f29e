"""Files in other APIs: whatever is said of one, no exception and no code comes of it, and no points for nothing."""

import ast
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from gru.examiner import Examination, examine
from gru.grading.overview import mistakes_made
from gru.grading.record import record_of
from gru.grading.rubric import EQUAL_POINTS
from gru.report import adapted
from gru.report.data import json_of
from gru.report.result import Result
from gru.report.text import message
from gru.submission.contract import SubmissionFailure
from gru.submission.driven import Api
from gru.verification.examinations import Examinations
from tests.hostile.driven import ODD, SHAPES, DrivenHere

SOURCE = (Path(__file__).parents[2] / "examples" / "other_apis" / "one_sample.py").read_text(encoding="utf-8")
HEAD, _ = SOURCE.split("    def backward")

COPIES = (
    HEAD
    + """    def backward(self, delta):
        for name in ("Wzh", "Wrh", "Wh", "Wzx", "Wrx", "Wx"):
            setattr(self, "d" + name, 1 * getattr(self, name))
        return 1 * self.x, 1 * self.hidden
"""
)

HIDES = (
    HEAD
    + """    def backward(self, delta):
        self.dWx += np.outer(np.reshape(delta, -1) * self.z * (1 - self.n**2), self.x)
"""
)

OF_FORWARD = {f"equation-{number}" for number in (1, 2, 3, 4)}


def _told(examination: Examination) -> dict[str, float]:
    """The points by check; every report can be made."""
    result = Result("cell.py", None, examination, 0.0)
    assert message(result)
    assert json_of([result])
    if examination.api:
        assert adapted.table(examination.api, examination.recognition)
        ast.parse(adapted.source(examination.api, "cell.py"))
    return {credit.check: credit.points for credit in record_of("student", result, EQUAL_POINTS).credits}


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("source", "derived"), [(COPIES, set()), (HIDES, {"equation-9", "equation-12"})])
def test_copies_and_hidden_gradients_earn_nothing(source: str, derived: set[str]) -> None:
    points = _told(examine(DrivenHere(source), effort="quick"))
    # What the API has no place for costs nothing, but the gradient of a parameter has one.
    given = {"interface", "state", "split", "merge", "equation-23", "equation-24"}
    sums = {f"equation-{number}" for number in range(17, 23)}
    earned = {check for check, credit in points.items() if credit}
    assert earned - given <= OF_FORWARD | derived | ({"equation-18"} if derived else set()), earned
    assert OF_FORWARD | derived <= earned
    assert not (earned & sums - {"equation-18"})


def _is_judged(seed: int) -> None:
    examination = examine(DrivenHere(SOURCE, Random(seed)), effort="quick", seed=seed)
    assert examination.verdict != "right"
    assert examination.reason in (None, "protocol")
    _told(examination)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("seed", range(3))
def test_odd_answers_are_judged(seed: int) -> None:
    _is_judged(seed)


@pytest.mark.full
def test_many_odd_answers_are_judged() -> None:
    for seed in range(3, 40):
        _is_judged(seed)


def _api_of(driven: DrivenHere) -> Api | None:
    with suppress(SubmissionFailure):
        return driven.api
    return None


@pytest.mark.parametrize(("name", "number"), [(name, k) for name, odd in ODD.items() for k in range(len(odd))])
def test_an_odd_api_is_refused_or_can_be_written_down(name: str, number: int) -> None:
    driven = DrivenHere(SOURCE)
    driven.said[name] = ODD[name][number]
    if (api := _api_of(driven)) is None:
        return
    tree = ast.parse(adapted.source(api, 'a"""; import os #\\.py'))
    (cell,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    assert [type(node) for node in tree.body] == [ast.Expr, ast.ImportFrom, ast.ClassDef]
    assert all(isinstance(node, ast.Assign) for node in cell.body)
    for node in cell.body:
        assert isinstance(node, ast.Assign)
        ast.literal_eval(node.value)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("said", [shape for shape in SHAPES if len(shape) != 2 or shape[0] != 1], ids=str)
def test_a_shape_that_nobody_has_is_no_exception(said: list[int]) -> None:
    driven = DrivenHere(SOURCE)
    original = driven.driver.shapes
    driven.driver.shapes = lambda sizes: original(sizes) | {"Wzh": said}  # type: ignore[method-assign]
    _told(examine(driven, effort="quick"))


def test_zeros_throughout_are_not_right_and_have_a_reason_in_the_overview() -> None:
    driven = DrivenHere(SOURCE.replace("return (1 - self.z) * h + self.z * self.n", "return h + self.n"))
    driven.driver.answer = lambda *given, **named: ([], {})  # type: ignore[method-assign]
    result = Result("cell.py", None, examine(driven, effort="quick"), 0.0)
    assert result.examination.reason is None
    made = mistakes_made([record_of("student", result, EQUAL_POINTS)])
    assert [(place, why) for _, place, why in made] == [("not examined", "nothing could be judged")]


def test_a_test_of_what_fails_to_run_fails_and_is_not_skipped() -> None:
    driven = DrivenHere(SOURCE)
    driven.driver.shapes = lambda sizes: {key: [] for key in driven.driver.described()["names"]}  # type: ignore[method-assign]
    examinations = Examinations("cell.py", driven, effort="quick")
    assert not examinations.is_without("equation-10")
    assert examinations.found("equation-10").outcome.status == "not_examined"
