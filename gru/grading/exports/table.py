"""The gradebook as a table: CSV for a spreadsheet, and JSON with all that is known."""

import csv
import io
import json
from collections.abc import Sequence

from gru import __version__
from gru.grading.record import Record

SCHEMA = 1
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet would compute, in half or full width."""

COLUMNS = (
    *("student", "name", "id", "late", "attempt"),
    *("submission", "verdict", "reason", "why", "points", "maximum"),
)


def csv_of(records: Sequence[Record]) -> str:
    """One row a student, with the points of each check of the rubric; no points where `gru` itself failed."""
    checks = list(dict.fromkeys(credit.check for record in records for credit in record.credits))
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([*COLUMNS, *checks])
    for record in records:
        points = {c.check: "" if record.score is None else f"{c.points:g}" for c in record.credits}
        score = "" if record.score is None else f"{record.score:g}"
        why = "; ".join(filter(None, (record.text, *record.notes)))
        who = (
            record.student,
            record.name,
            record.id,
            record.late,
            "" if record.attempt is None else str(record.attempt),
        )
        what = (record.submission, record.verdict, record.reason or "", why, score, f"{record.maximum:g}")
        writer.writerow([*map(harmless, (*who, *what)), *(points.get(check, "") for check in checks)])
    return stream.getvalue()


def harmless(cell: str) -> str:
    """The cell as text: a spreadsheet computes what begins with `=`, and a student may choose a file's name."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _without_page(record: Record) -> dict[str, object]:
    """One record without its page."""
    return {name: value for name, value in record.as_data().items() if name != "page"}


def json_of(records: Sequence[Record]) -> str:
    """All records, as they are in the gradebook."""
    document = {"schema": SCHEMA, "version": __version__, "records": [_without_page(record) for record in records]}
    return json.dumps(document, indent=1, allow_nan=False) + "\n"
