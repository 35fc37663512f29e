"""The grading worksheet that Moodle has exported, with the grades filled in, to be uploaded again.

Format: https://docs.moodle.org/en/Assignment_grading ("Offline grading worksheet").
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gru.grading.exports.sheet import ExportError, Filled, by_identity, fill, read
from gru.grading.record import Record

GRADE, MAXIMUM = "Grade", "Maximum Grade"
IDENTITY = ("Identifier", "ID number", "Email address", "Full name")
"""The columns by which a student is found, the surest first."""


def filled(records: Sequence[Record], roster: Path | None) -> Filled:
    """The worksheet with the grade of each student.

    A student is found by the number of the participant, as it stands in the name of a hand-in, or by id, address
    or name. Raises ExportError where the worksheet is not there, or is none.
    """
    if roster is None:
        raise ExportError("moodle fills in a grading worksheet that was exported there: name it with --roster")
    rows = read(roster, "grading worksheet of Moodle", ("Identifier", GRADE))
    found = by_identity(rows, IDENTITY)
    participants = {cell.split()[-1]: row for cell, row in found["Identifier"].items()}
    maxima = {n: row[rows[0].index(MAXIMUM)] for n, row in enumerate(rows) if n} if MAXIMUM in rows[0] else {}
    return fill(rows, rows[0].index(GRADE), records, lambda record: _row_of(record, participants, found), maxima)


def _row_of(record: Record, participants: Mapping[str, int], found: Mapping[str, Mapping[str, int]]) -> int | None:
    if record.id in participants:
        return participants[record.id]
    called = (record.id, record.student, record.name)
    return next((by[name] for name in called for by in found.values() if name in by), None)
