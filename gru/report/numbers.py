"""Numbers side by side: the entries of two blocks that are furthest apart, with the digits that tell them apart.

It knows neither equations nor what the columns mean.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_CEILING, Context

from gru.examiner.outcome import Entry
from gru.report.words import NumberRow


def short(number: float | None) -> str:
    """Two digits; `0` for nothing, and nothing for no number."""
    return f"{number:.1e}" if number else "" if number is None else "0"


def side_by_side(entries: Sequence[Entry], right: str) -> list[str]:
    """The entries one a line below a heading, with their ratio; `right` says what the second column is."""
    if not entries:
        return []
    digits = _digits(entries[0])
    write = _writer([number for entry in entries for number in (entry.submission, entry.measured)], digits)
    table = [("", "submission", right, f"submission / {right}")]
    for entry in entries:
        ratio = f"{float(entry.submission) / float(entry.measured):z.{max(digits, 5)}g}" if entry.measured else "-"
        table.append((str(list(entry.index)), write(entry.submission), write(entry.measured), ratio))
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    return [NumberRow(row, widths) for row in table]


def _digits(entry: Entry) -> int:
    """How many significant digits show the difference: two more than agree, from 4 to 17."""
    largest = max(abs(entry.submission), abs(entry.measured))
    gap = abs(entry.submission - entry.measured) / largest if largest else math.nan
    if not math.isfinite(gap) or gap == 0:
        return 4
    return min(max(4, 2 - math.floor(math.log10(gap))), 17)


def _writer(numbers: Iterable[float], digits: int) -> Callable[[float], str]:
    """One format for all: with a point where that is easy to read, else with an exponent."""
    sizes = [math.floor(math.log10(abs(number))) for number in numbers if number and math.isfinite(number)]
    if sizes and (min(sizes) < -4 or max(sizes) > 5):
        return lambda number: f"{number:z.{digits - 1}e}"
    decimals = max(digits - 1 - min(sizes, default=0), 0)
    return lambda number: f"{number:z.{decimals}f}"


def rounded_up(number: float) -> str:
    """One digit, not below the number: a promise may not be sharper than what was measured."""
    return f"{Context(prec=1, rounding=ROUND_CEILING).create_decimal_from_float(number):.0e}"
