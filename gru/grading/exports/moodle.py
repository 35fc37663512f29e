"""The grading worksheet that Moodle has exported, with the grades filled in, to be uploaded again.

Format: https://docs.moodle.org/en/Assignment_grading ("Offline grading worksheet").
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from gru.grading.exports.sheet import ExportError, Filled, by_identity, fill, read
from gru.grading.record import Record

GRADE = "Grade"
"""The column of the grades in English; the maximum grade is the one behind it, in any language."""

IDENTITY = ("ID number", "Email address", "Full name")
"""The columns by which a student is found, the surest first; the very first column is the participant's number."""

_PARTICIPANT = re.compile(r"\d+$")
"""The number that `Participant 12356` ends with, in any language."""


def filled(records: Sequence[Record], roster: Path | None, grade: str | None = None) -> Filled:
    """The worksheet with the grade of each student.

    A student is found by the number of the participant, as it stands in the name of a hand-in, or by id, address
    or name. `grade` names the column of the grades where Moodle speaks another language than English. Raises
    ExportError where the worksheet is not there, or is none.
    """
    if roster is None:
        raise ExportError("moodle fills in a grading worksheet that was exported there: name it with --roster")
    try:
        rows = read(roster, "grading worksheet of Moodle", (grade or GRADE,))
    except ExportError as error:
        raise ExportError(f"{error}; in another language, name the column of the grades with --assignment") from None
    found = by_identity(rows, IDENTITY)
    participants = {match[0]: n for n, row in enumerate(rows) if n and (match := _PARTICIPANT.search(row[0].strip()))}
    column = rows[0].index(grade or GRADE)
    maxima = {n: (row[column + 1 :] or [""])[0] for n, row in enumerate(rows) if n}
    return fill(rows, column, records, lambda record: _row_of(record, participants, found), maxima)


def _row_of(record: Record, participants: Mapping[str, int], found: Mapping[str, Mapping[str, int]]) -> int | None:
    if record.id in participants:
        return participants[record.id]
    called = (record.id, record.student, record.name)
    return next((by[name] for name in called for by in found.values() if name in by), None)
