"""The class at a glance, as text: a line a student, a column an equation, and what to discuss in class.

It formats records, and reads no file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gru.examiner.outcome import CHECKS
from gru.grading.record import FAILED, Record
from gru.layers.gru.equations import EXPOSED
from gru.report.words import printable, words

MARKS = {"right": ".", "wrong": "X", "inherited": "i", "missing": "-", "not_examined": "?"}
"""How the outcome of a check stands in a column."""

LONGEST_NAME = 28
MOST_TO_DISCUSS = 15

_HEADS = {equation.id: str(equation.number) for equation in EXPOSED}
_COLUMNS = {check: _HEADS.get(check, check) for check in CHECKS}


def overview(records: Sequence[Record]) -> list[str]:
    """The whole text: table, key, counts, what to discuss, and files that are the same."""
    lines = [*_table(records), "", _key(), "", *_counts(records)]
    for title, part in (("to discuss in class", to_discuss(records)), ("the same file", _same(records))):
        lines += ["", title, *part] if part else []
    return lines


def _table(records: Sequence[Record]) -> Iterator[str]:
    width = max((len(_name(record.student)) for record in records), default=7)
    yield "  ".join(["student".ljust(width), "points".rjust(13), *_COLUMNS.values()])
    for record in records:
        marks = [MARKS.get(record.statuses.get(check, ""), " ").rjust(len(head)) for check, head in _COLUMNS.items()]
        what = "" if record.verdict in ("right", "wrong") else words(record.reason or record.verdict)
        yield "  ".join([_name(record.student).ljust(width), points(record).rjust(13), *marks, what]).rstrip()


def _name(student: str) -> str:
    name = printable(student)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def points(record: Record) -> str:
    """`7.5 of 10`; a fault of ours has no points."""
    return "–" if record.score is None else f"{record.score:g} of {record.maximum:g}"


def _key() -> str:
    return "  ".join(f"{mark} {words(status)}" for status, mark in MARKS.items())


def _counts(records: Sequence[Record]) -> Iterator[str]:
    """One line on the verdicts, and one on the points."""
    verdicts = Counter(record.verdict for record in records)
    order = ("right", "wrong", "not_examined", FAILED)
    counts = ", ".join(f"{verdicts[v]} {words(v)}" for v in order if verdicts[v])
    yield f"{len(records)} students: {counts}" if counts else "no students"
    scores = [record.score for record in records if record.score is not None]
    if scores:
        yield f"points: {sum(scores) / len(scores):.3g} on average, of {records[0].maximum:g}"


def to_discuss(records: Iterable[Record]) -> list[str]:
    """The mistakes that were made, those of most students first."""
    made = Counter((credit.check, credit.mistake) for record in records for credit in record.credits if credit.mistake)
    order = sorted(made.items(), key=lambda item: (-item[1], CHECKS.index(item[0][0]), item[0][1]))
    lines = [
        printable(f"  {count:>4}  {_place(check)}: {mistake}") for (check, mistake), count in order[:MOST_TO_DISCUSS]
    ]
    more = len(order) - MOST_TO_DISCUSS
    return [*lines, f"        and {more} more"] if more > 0 else lines


def _place(check: str) -> str:
    return f"equation ({_HEADS[check]})" if check in _HEADS else check


def _same(records: Sequence[Record]) -> list[str]:
    """Students who handed in the same bytes."""
    by_content: dict[str, list[str]] = {}
    for record in records:
        if record.sha256:
            by_content.setdefault(record.sha256, []).append(_name(record.student))
    return [f"  {', '.join(students)}" for students in by_content.values() if len(students) > 1]
