"""A table that a school's system has exported, with the points filled in, to be imported again.

Every row and column stays as it was but for the points of the students that are known; numbers are written as the
table writes them.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gru.files import read_whole
from gru.grading.record import Record


class ExportError(Exception):
    """An export that cannot be made, and what it needs."""


@dataclass(frozen=True)
class Filled:
    """The table as text, what there is to be warned of, and the students who are not in it."""

    text: str
    warnings: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()


SEPARATORS = (",", ";")
"""What stands between the cells: where numbers are written with a comma, systems export with a semicolon."""


MARK = "\ufeff"
"""What a table in UTF-8 begins with where it is to be opened with Excel too."""


class Rows(list[list[str]]):
    """The rows of a table, what stands between their cells, and what it begins with."""

    separator = ","
    start = ""

    @property
    def point(self) -> str:
        """What separates decimals in the numbers of the table."""
        return "," if any(re.fullmatch(r"\d+,\d+", cell) for row in self for cell in row) else "."


def read(path: Path, what: str, required: Sequence[str]) -> Rows:
    """The rows of `what`, a CSV file with these columns, all as long as the first. Raises ExportError, and OSError."""
    try:
        text = read_whole(path).decode("utf-8")
        start, text = text[: text.startswith(MARK)], text.removeprefix(MARK)
        tables = {separator: list(csv.reader(io.StringIO(text), delimiter=separator)) for separator in SEPARATORS}
    except UnicodeDecodeError:
        raise ExportError(f"{path} is not in UTF-8, as it was exported") from None
    except csv.Error as error:
        raise ExportError(f"{path} is no table: {error}") from None
    separator = next((s for s, rows in tables.items() if rows and set(required) <= set(rows[0])), None)
    if separator is None:
        raise ExportError(f"{path} is no {what}: expected the columns {', '.join(required)}")
    rows = tables[separator]
    table = Rows(row + [""] * (len(rows[0]) - len(row)) for row in rows)
    table.separator, table.start = separator, start
    return table


def by_identity(rows: Sequence[Sequence[str]], identities: Sequence[str]) -> dict[str, dict[str, int]]:
    """The row of each student, by each of the columns that tell who it is; nobody's where two have the same."""
    found: dict[str, dict[str, int]] = {}
    for identity in identities:
        if identity in rows[0]:
            column = rows[0].index(identity)
            cells = [row[column].strip() for row in rows]
            found[identity] = {cell: n for n, cell in enumerate(cells) if n and cell and cells.count(cell) == 1}
    return found


def fill(
    rows: Rows,
    column: int,
    records: Sequence[Record],
    row_of: Callable[[Record], int | None],
    maxima: Mapping[int, str],
) -> Filled:
    """The table with the points of each record in this column; of a fault of ours it stays as it was.

    Args:
        rows: The table, which is changed.
        column: Where the points go.
        records: Those of the class.
        row_of: The row of a record; None where there is none.
        maxima: The most points that the table allows, by the row that they hold for; row 0 stands for all.
    """
    unmatched, differing, point = [], {}, rows.point
    for record in records:
        row = row_of(record)
        if row is None:
            unmatched.append(record.name or record.student)
        elif record.score is not None:
            rows[row][column] = f"{record.score:g}".replace(".", point)
        allowed = maxima.get(0 if row is None else row, maxima.get(0, ""))
        if _number(allowed) not in (None, record.maximum):
            differing[
                f"at most {allowed.strip()} points are possible in the table, and {record.maximum:g} by the rubric"
            ] = 1
    stream = io.StringIO()
    csv.writer(stream, delimiter=rows.separator).writerows(rows)
    return Filled(rows.start + stream.getvalue(), tuple(differing), tuple(unmatched))


def _number(cell: str) -> float | None:
    try:
        return float(cell.strip().replace(",", "."))
    except ValueError:
        return None
