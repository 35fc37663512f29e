"""Points for files in other APIs: by equation where the forward pass is a form of the layer, else by the teacher."""

import json
from pathlib import Path

import pytest

from gru.examiner import examine
from gru.grading.exports import report_of
from gru.grading.overview import overview
from gru.grading.record import FOR_THE_TEACHER, Record, record_of
from gru.grading.rubric import EQUAL_POINTS
from gru.report.result import Result
from gru.submission.process import SubmissionProcess
from tests.edited import edited
from tests.effort import of_this_run

FILES = Path(__file__).parents[1] / "adapters" / "files"


def graded(name: str, *edits: tuple[str, str], tmp_path: Path) -> Record:
    path = tmp_path / f"{name}.py"
    path.write_text(edited(FILES / f"{name}.py", *edits))
    with SubmissionProcess(path) as process:
        return record_of(
            name, Result(str(path), process.sha256, examine(process, effort=of_this_run()), 0.0), EQUAL_POINTS
        )


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "old", "new", "lost"),
    [
        ("lists", "dr = dhr * h_prev * r", "dr = dhr * r", {"equation-10"}),
        ("lists", "", "", set()),
        ("lists", "db = da.sum(axis=0)", "db = da.mean(axis=0)", {"interface"}),
        ("sequence_batch_first", "", "", set()),
    ],
)
def test_points_are_given_by_equation(name: str, old: str, new: str, lost: set[str], tmp_path: Path) -> None:
    record = graded(name, (old, new), tmp_path=tmp_path)
    assert {credit.check for credit in record.credits if credit.points < credit.maximum} == lost
    assert record.score == record.maximum - len(lost)


@pytest.mark.full
def test_the_teacher_decides_where_the_forward_pass_is_no_form_of_the_layer(tmp_path: Path) -> None:
    record = graded("updates_in_backward", tmp_path=tmp_path)
    assert (record.verdict, record.score) == ("right", None)
    # Neither the student nor the teacher reads a zero, in whatever form.
    assert "the teacher decides" in record.feedback
    assert "the teacher decides" in record.page
    assert " of 25" not in record.feedback + record.page
    assert f"  {record.student}: {FOR_THE_TEACHER}" in overview([record])
    assert "the teacher decides" in json.loads(report_of("gradescope", [record]))["output"]
    assert not json.loads(report_of("prairielearn", [record]))["gradable"]
