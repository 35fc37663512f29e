"""The gradebook that Canvas has exported, with the points filled in, to be imported again."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gru.grading.exports.sheet import ExportError, Filled, by_identity, fill, read
from gru.grading.record import Record

IDENTITY = ("SIS Login ID", "SIS User ID", "ID", "Student")
"""The columns by which a student is found, the surest first."""

REQUIRED = ("Student", "ID")

POSSIBLE = "Points Possible"
"""What stands in the column of the students in the row that holds the most points of each assignment."""


def filled(records: Sequence[Record], roster: Path | None, assignment: str | None) -> Filled:
    """The roster with the points of each student in the assignment's column.

    A student is found by Canvas's user id, or by login, user id or name; of a file that Canvas itself has
    named, `name_123_456_file.py`, by the number. Raises ExportError where the roster or the column is not there.
    """
    if roster is None:
        raise ExportError("canvas fills in a gradebook that was exported there: name it with --roster")
    rows = read(roster, "gradebook of Canvas", REQUIRED)
    column = _column(rows[0], assignment)
    found = by_identity(rows, IDENTITY)
    possible = next((row[column] for row in rows[1:] if row[rows[0].index("Student")].strip() == POSSIBLE), "")
    return fill(rows, column, records, lambda record: _row_of(record, found), {0: possible})


def _column(header: Sequence[str], assignment: str | None) -> int:
    """The assignment's column: by its name, with or without the number that Canvas puts behind it."""
    if assignment is None:
        raise ExportError(f"name the assignment's column with --assignment; there are {', '.join(header)}")
    named = [i for i, head in enumerate(header) if head == assignment or head.rpartition(" (")[0] == assignment]
    if len(named) != 1:
        what = "no column" if not named else f"{len(named)} columns"
        raise ExportError(f"the roster has {what} {assignment!r}; there are {', '.join(header)}")
    return named[0]


def _row_of(record: Record, found: Mapping[str, Mapping[str, int]]) -> int | None:
    """The row of a student: by the id that Canvas has told, else by what the student is called."""
    if record.id in found.get("ID", {}):
        return found["ID"][record.id]
    for called in (record.student, record.name, record.id):
        for by in found.values():
            if called in by:
                return by[called]
    numbers = [part for part in record.student.split("_") if part.isdecimal()]
    return next((found["ID"][number] for number in numbers if number in found["ID"]), None)
