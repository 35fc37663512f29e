"""The gradebook that Canvas has exported, with the points filled in, to be imported again.

Every row and column stays as it was but for the assignment's cells of the students that are known.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from gru.grading.record import Record

IDENTITY = ("SIS Login ID", "SIS User ID", "ID", "Student")
"""The columns by which a student is found, the surest first."""

REQUIRED = ("Student", "ID")


class ExportError(Exception):
    """An export that cannot be made, and what it needs."""


def filled(records: Sequence[Record], roster: Path | None, assignment: str | None) -> str:
    """The roster with the points of each student in the assignment's column.

    A student is found by login, user id, Canvas's id or name; of a file that Canvas itself has
    named, `name_123_456_file.py`, by the number. Students with no points, for no fault of theirs,
    stay empty. Raises ExportError where the roster or the column is not there, or a record is nobody's.
    """
    if roster is None:
        raise ExportError("canvas fills in a gradebook that was exported there: name it with --roster")
    rows = _rows(roster)
    column = _column(rows[0], assignment)
    found = _students(rows)
    strangers = []
    for record in records:
        row = _row_of(record, found)
        if row is None:
            strangers.append(record.student)
        elif record.score is not None:
            rows[row][column] = f"{record.score:g}"
    if strangers:
        raise ExportError(
            f"{roster} has no row for {', '.join(map(repr, strangers))}: expected it in {', '.join(IDENTITY)}"
        )
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


def _rows(roster: Path) -> list[list[str]]:
    try:
        text = roster.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ExportError(f"{roster} is not in UTF-8, as Canvas exports it") from None
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or not set(REQUIRED) <= set(rows[0]):
        raise ExportError(f"{roster} is no gradebook of Canvas: expected the columns {', '.join(REQUIRED)}")
    width = len(rows[0])
    return [row + [""] * (width - len(row)) for row in rows]


def _column(header: Sequence[str], assignment: str | None) -> int:
    """The assignment's column: by its name, with or without the number that Canvas puts behind it."""
    if assignment is None:
        raise ExportError(f"name the assignment's column with --assignment; there are {', '.join(header)}")
    named = [i for i, head in enumerate(header) if head == assignment or head.rpartition(" (")[0] == assignment]
    if len(named) != 1:
        what = "no column" if not named else f"{len(named)} columns"
        raise ExportError(f"the roster has {what} {assignment!r}; there are {', '.join(header)}")
    return named[0]


def _students(rows: Sequence[Sequence[str]]) -> Mapping[str, Mapping[str, int]]:
    """The row of each student, by each identity; nobody's where two have the same."""
    found: dict[str, dict[str, int]] = {}
    for identity in IDENTITY:
        if identity in rows[0]:
            column = rows[0].index(identity)
            cells = [row[column].strip() for row in rows]
            found[identity] = {cell: n for n, cell in enumerate(cells) if n and cell and cells.count(cell) == 1}
    return found


def _row_of(record: Record, found: Mapping[str, Mapping[str, int]]) -> int | None:
    """The row of a student: by the id that Canvas has told, else by what the student is called."""
    if record.id in found.get("ID", {}):
        return found["ID"][record.id]
    for called in (record.student, record.name):
        for by in found.values():
            if called in by:
                return by[called]
    numbers = [part for part in record.student.split("_") if part.isdecimal()]
    return next((found["ID"][number] for number in numbers if number in found["ID"]), None)
