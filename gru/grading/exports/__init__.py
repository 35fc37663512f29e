"""The gradebook as other systems read it: one module a system, each from records to text.

It writes no file and awards no points.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from gru.grading.exports import autolab, canvas, classroom, classroom50, gradescope, junit, moodle, prairielearn, table
from gru.grading.exports.sheet import ExportError, Filled
from gru.grading.folder import file_name
from gru.grading.record import Record
from gru.nearest import did_you_mean

OF_A_STUDENT: dict[str, tuple[Callable[[Record], str], str]] = {
    "gradescope": (gradescope.results, ".json"),
    "prairielearn": (prairielearn.results, ".json"),
    "classroom": (classroom.results, ".json"),
    "classroom50": (classroom50.results, ".json"),
    "autolab": (autolab.results, ".txt"),
}
"""The formats of one student, and the ending of their files."""

OF_A_CLASS: dict[str, Callable[[Sequence[Record]], str]] = {
    "csv": table.csv_of,
    "json": table.json_of,
    "junit": junit.results,
}

OF_A_ROSTER = ("canvas", "moodle")
"""The formats that fill in a table which the system has exported."""

FORMATS = (*OF_A_CLASS, *OF_A_ROSTER, *OF_A_STUDENT)

__all__ = ["FORMATS", "OF_A_CLASS", "OF_A_ROSTER", "OF_A_STUDENT", "ExportError", "filled", "report_of", "written"]


def filled(form: str, records: Sequence[Record], roster: Path | None, assignment: str | None) -> Filled:
    """The table of a system with the points filled in; `assignment` is the column of the points.

    Raises ExportError where it lacks what it needs, and OSError.
    """
    fill = moodle.filled if form == "moodle" else canvas.filled
    return fill(records, roster, assignment)


def written(form: str, records: Sequence[Record]) -> dict[str, str]:
    """The files of a format by their names; the one of a whole class has the name "".

    Raises ExportError where there is no such format, or one that fills in a roster.
    """
    if form in OF_A_ROSTER:
        raise ExportError(f"{form} fills in a table that was exported there: name it with --roster")
    if form in OF_A_CLASS:
        return {"": OF_A_CLASS[form](records)}
    if form not in OF_A_STUDENT:
        raise ExportError(f"there is no format {form!r}; {did_you_mean(form, FORMATS)}there are {', '.join(FORMATS)}")
    text_of, ending = OF_A_STUDENT[form]
    return {file_name(record.student, ending): text_of(record) for record in records}


def report_of(form: str, records: Sequence[Record]) -> str:
    """The one text of a format: of a class, or of a single student."""
    (text,) = written(form, records).values()
    return text
