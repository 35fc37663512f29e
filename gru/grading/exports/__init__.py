"""The gradebook as other systems read it: one module a system, each from records to text.

It writes no file and awards no points.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from gru.grading.exports import autolab, canvas, classroom, gradescope, junit, prairielearn, table
from gru.grading.exports.canvas import ExportError
from gru.grading.folder import file_name
from gru.grading.record import Record

OF_A_STUDENT: dict[str, tuple[Callable[[Record], str], str]] = {
    "gradescope": (gradescope.results, ".json"),
    "prairielearn": (prairielearn.results, ".json"),
    "classroom": (classroom.results, ".json"),
    "autolab": (autolab.results, ".txt"),
}
"""The formats of one student, and the ending of their files."""

OF_A_CLASS: dict[str, Callable[[Sequence[Record]], str]] = {
    "csv": table.csv_of,
    "json": table.json_of,
    "junit": junit.results,
}

FORMATS = (*OF_A_CLASS, "canvas", *OF_A_STUDENT)

__all__ = ["FORMATS", "OF_A_CLASS", "OF_A_STUDENT", "ExportError", "report_of", "written"]


def written(
    form: str, records: Sequence[Record], *, roster: Path | None = None, assignment: str | None = None
) -> dict[str, str]:
    """The files of a format by their names; the one of a whole class has the name "".

    `roster` and `assignment` are for Canvas. Raises ExportError where the format is unknown, or
    lacks what it needs.
    """
    if form == "canvas":
        return {"": canvas.filled(records, roster, assignment)}
    if form in OF_A_CLASS:
        return {"": OF_A_CLASS[form](records)}
    if form not in OF_A_STUDENT:
        raise ExportError(f"there is no format {form!r}; there are {', '.join(FORMATS)}")
    text_of, ending = OF_A_STUDENT[form]
    return {file_name(record.student, ending): text_of(record) for record in records}


def report_of(form: str, records: Sequence[Record]) -> str:
    """The one text of a format: of a class, or of a single student."""
    (text,) = written(form, records).values()
    return text
