"""The class at a glance, as text: a line a student, a column an equation, and what to discuss in class.

It formats records, and reads no file.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gru.examiner.outcome import CHECKS
from gru.grading.record import FAILED, Record
from gru.layers.registry import every_check
from gru.report.words import printable, words

MARKS = {"right": ".", "wrong": "X", "inherited": "i", "missing": "-", "not_examined": "?"}
"""How the outcome of a check stands in a column."""

LONGEST_NAME = 28
SHORTEST_NAME = 12
MOST_TO_DISCUSS = 15

NOT_EXAMINED = "not examined"
"""Where the mistake is of those that could not be run to the end."""


def _head(check: str) -> str:
    """What stands above the column of a check: the number of an equation, or a name."""
    return check.removeprefix("equation-").rpartition("/")[2]


def columns_of(records: Sequence[Record]) -> dict[str, str]:
    """The checks that were made, or those of the chapter's GRU where none was, with their heads."""
    made = dict.fromkeys(check for record in records for check in record.statuses)
    checks = CHECKS if made.keys() <= set(CHECKS) else tuple(made)
    return {check: _head(check) for check in checks}


def overview(records: Sequence[Record], width: int | None = None) -> list[str]:
    """The whole text: table, key, counts, what to discuss, and files that are the same.

    Args:
        records: Those of the class.
        width: Characters of a line of the terminal; None where a line may have any number.
    """
    table = list(_table(records))
    if width is None:
        return [*table, *_below(records)]
    if max(map(len, table)) > width:
        table = list(_narrow_table(records, width))
    return [*table, *(part for line in _below(records) for part in _wrapped(line, width))]


def _below(records: Sequence[Record]) -> list[str]:
    """What stands below the table."""
    lines = ["", _key(), "", *totals(records)]
    parts = (
        ("to discuss in class", to_discuss(records)),
        ("not examined", _each(records, _unexamined(records))),
        ("to know of the hand-ins", _each(records, notes_of(records))),
        ("unusual in the source: no verdict, a reason to look", _each(records, remarks_in(records))),
        ("the same file", _same(records)),
    )
    for title, part in parts:
        lines += ["", title, *part] if part else []
    return lines


def _wrapped(line: str, width: int) -> list[str]:
    """The line in as many as the width needs; the later ones are indented further."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [""]


def _each(records: Sequence[Record], said: Mapping[str, str]) -> list[str]:
    """A line for each student of whom something is said."""
    names = shown(records)
    return [printable(f"  {names[student]}: {text}") for student, text in said.items()]


def _unexamined(records: Sequence[Record]) -> dict[str, str]:
    """Why a student's hand-in could not be examined, where that is so."""
    return {r.student: r.text for r in records if r.verdict == "not_examined" and r.text}


def notes_of(records: Sequence[Record]) -> dict[str, str]:
    """What the system tells of a hand-in, and what was chosen for the student, where there is something."""
    told = {r.student: [*([_late(r.late)] if r.late else []), *r.notes] for r in records}
    return {student: "; ".join(notes) for student, notes in told.items() if notes}


def remarks_in(records: Sequence[Record]) -> dict[str, str]:
    """What is unusual in a student's source, where there is something."""
    return {r.student: "; ".join(remark.sentence for remark in r.remarks) for r in records if r.remarks}


def _late(late: str) -> str:
    return late if "late" in late else f"late by {late}"


def _table(records: Sequence[Record]) -> Iterator[str]:
    names, columns = shown(records), columns_of(records)
    width = max((len(name) for name in names.values()), default=7)
    yield "  ".join(["student".ljust(width), "points".rjust(13), *columns.values()])
    for record in records:
        marks = [MARKS.get(record.statuses.get(check, ""), " ").rjust(len(head)) for check, head in columns.items()]
        yield "  ".join([names[record.student].ljust(width), points(record).rjust(13), *marks, _why(record)]).rstrip()


def _narrow_table(records: Sequence[Record], width: int) -> Iterator[str]:
    """The table for a narrow terminal: heads read downwards, and a reason stands in place of the marks."""
    columns = columns_of(records)
    scores = {record.student: points(record) for record in records}
    beside = max(len(score) for score in scores.values()) + 4
    # Marks stand side by side where there is no room between them.
    gap = " " if SHORTEST_NAME + beside + 2 * len(columns) <= width else ""
    room = width - beside - len(columns) * len(f"{gap}X")
    names = shown(records, min(max(room, SHORTEST_NAME), LONGEST_NAME))
    longest = max(len(name) for name in ("student", *names.values()))
    height = max(map(len, columns.values()))
    heads = [head.rjust(height) for head in columns.values()]
    for line in range(height):
        left = f"{'student'.ljust(longest)}  {'points'.rjust(beside - 4)}" if line == height - 1 else ""
        yield f"{left.ljust(longest + beside - 2)}  {gap.join(head[line] for head in heads)}".rstrip()
    for record in records:
        marks = gap.join(MARKS.get(record.statuses.get(check, ""), " ") for check in columns)
        left = f"{names[record.student].ljust(longest)}  {scores[record.student].rjust(beside - 4)}"
        yield f"{left}  {_why(record) or marks}".rstrip()


def _why(record: Record) -> str:
    """Why a student was not examined; empty where that was done."""
    return "" if record.verdict in ("right", "wrong") else words(record.reason or record.verdict)


def shown(records: Sequence[Record], longest: int = LONGEST_NAME) -> dict[str, str]:
    """What each student is called on a page: the name where that is nobody else's, long ones without their middle."""
    count = Counter(record.name for record in records)
    names = {r.student: printable(r.name if r.name and count[r.name] == 1 else r.student) for r in records}
    return {student: _shortened(name, longest) for student, name in names.items()}


def _shortened(name: str, longest: int) -> str:
    """A name of which the beginning and the end are told."""
    kept = longest // 2
    return name if len(name) <= longest else f"{name[: longest - kept - 1]}…{name[-kept:]}"


def points(record: Record) -> str:
    """`7.5 of 10`; a fault of ours has no points."""
    return "–" if record.score is None else f"{record.score:g} of {record.maximum:g}"


def _key() -> str:
    return "  ".join(f"{mark} {words(status)}" for status, mark in MARKS.items())


def totals(records: Sequence[Record]) -> Iterator[str]:
    """One line on the verdicts, and one on the points."""
    verdicts = Counter(record.verdict for record in records)
    order = ("right", "wrong", "not_examined", FAILED)
    counts = ", ".join(f"{verdicts[v]} {words(v)}" for v in order if verdicts[v])
    students = "1 student" if len(records) == 1 else f"{len(records)} students"
    yield f"{students}: {counts}" if counts else "no students"
    scores = [record.score for record in records if record.score is not None]
    if scores:
        yield f"points: {sum(scores) / len(scores):.3g} on average, of {records[0].maximum:g}"


def to_discuss(records: Iterable[Record]) -> list[str]:
    """The mistakes that were made, those of most students first."""
    made = mistakes_made(records)
    lines = [printable(f"  {count:>4}  {place}: {mistake}") for count, place, mistake in made[:MOST_TO_DISCUSS]]
    more = len(made) - MOST_TO_DISCUSS
    return [*lines, f"        and {more} more"] if more > 0 else lines


def mistakes_made(records: Iterable[Record]) -> list[tuple[int, str, str]]:
    """How many made each mistake, where it is, and what; those of most students first, then in the order of the checks.

    What could not be examined counts by its reason.
    """
    made = Counter[tuple[str, str]]()
    for record in records:
        made.update((credit.check, credit.mistake) for credit in record.credits if credit.mistake)
        if record.verdict == "not_examined":
            made[NOT_EXAMINED, reason_of(record)] += 1
    order = sorted(made.items(), key=lambda item: (-item[1], _position(item[0][0]), item[0][1]))
    return [(count, _place(check), mistake) for (check, mistake), count in order]


def reason_of(record: Record) -> str:
    """Why a student was not examined, in a word or two."""
    return words(record.reason) if record.reason else "nothing could be judged"


def _position(check: str) -> int:
    """Where a check stands in a report; one that this version does not know comes last."""
    known = every_check()
    return known.index(check) if check in known else len(known)


def _place(check: str) -> str:
    return f"equation ({_head(check)})" if check.startswith("equation-") else check


def _same(records: Sequence[Record]) -> list[str]:
    names = shown(records)
    return [f"  {', '.join(names[student] for student in students)}" for students in same_files(records)]


def same_files(records: Sequence[Record]) -> list[list[str]]:
    """Students who handed in the same bytes."""
    by_content: dict[str, list[str]] = {}
    for record in records:
        if record.sha256:
            by_content.setdefault(record.sha256, []).append(record.student)
    return [students for students in by_content.values() if len(students) > 1]
