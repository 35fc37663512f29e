"""Remarks on the way from a source to the teacher: in the gradebook and both overviews, never before a learner."""

from pathlib import Path

from gru.examining import Settings
from gru.grading.class_page import class_page
from gru.grading.exports import OF_A_STUDENT, report_of
from gru.grading.gradebook import Gradebook
from gru.grading.handins import of_folder
from gru.grading.overview import overview
from gru.grading.record import Record
from gru.grading.rubric import EQUAL_POINTS
from gru.grading.task import Course, grade
from tests.front_ends.test_html import Page
from tests.grading.classes import RIGHT

SAID = "line 1: gc searches the objects of the interpreter"


def _graded(folder: Path, source: str) -> Record:
    folder.mkdir()
    (folder / "gru_cell.py").write_text(source, encoding="utf-8")
    course = Course(EQUAL_POINTS, Settings(effort="quick"))
    entry = of_folder(folder)
    entry, contents = entry.opened()
    return grade(course.task(entry, contents), contents, course.rubric)


def test_a_remark_reaches_the_teacher_and_nobody_else(tmp_path: Path) -> None:
    plain, remarked = _graded(tmp_path / "ann", RIGHT), _graded(tmp_path / "bob", f"import gc\n{RIGHT}")
    assert (plain.remarks, [r.sentence for r in remarked.remarks]) == ((), [SAID])
    assert (plain.verdict, plain.score) == (remarked.verdict, remarked.score) == ("right", EQUAL_POINTS.maximum)
    with Gradebook(tmp_path, create=True) as gradebook:
        gradebook.put(remarked)
        assert gradebook.records() == [remarked]
    assert f"  bob: {SAID}" in overview([plain, remarked])
    assert f"bob {SAID}" in Page(class_page([plain, remarked], {})).text
    assert SAID not in Page(class_page([plain, remarked], {}, anonymous=True)).text
    for told in (remarked.feedback, remarked.page, *(report_of(form, [remarked]) for form in OF_A_STUDENT)):
        assert "searches the objects" not in told
