"""Words and lines of a report: what every text in it is made with.

Nothing that comes from a submission can steer a terminal once it has passed `printable`.
"""

from collections.abc import Iterable, Sequence
from typing import Self

from gru.layer import Equation


def printable(text: str) -> str:
    """The text on one line, whatever is in it: what cannot be printed is written as an escape."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def words(status: str) -> str:
    """A status or verdict as it is written in a report."""
    return status.replace("_", " ")


def title_of(equation: Equation) -> str:
    """How a report calls an equation: `equation (10), dzr`, or its id where the chapter has no number for it."""
    return equation.id if equation.number is None else f"equation ({equation.number}), {equation.title}"


class Line(str):
    """One line of a report, its label in a column of its own; other formats take it apart again.

    Attributes:
        label: What the line is about, in a word.
        text: What it says.
    """

    label: str
    text: str

    def __new__(cls, label: str, text: str) -> Self:
        """The line, whatever is in its text."""
        made = super().__new__(cls, printable(f"  {label:<11}{text}"))
        made.label, made.text = label, printable(text)
        return made


class NumberRow(str):
    """One line of a table of numbers in a report, which knows its cells."""

    cells: tuple[str, ...]

    def __new__(cls, cells: Sequence[str], widths: Sequence[int]) -> Self:
        """The line with its cells padded to the right, behind the first one, which names the row."""
        padded = "   ".join(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        made = super().__new__(cls, f"  {cells[0]:<11}{padded}")
        made.cells = tuple(cells)
        return made


def line(label: str, text: str) -> str:
    """One line of a report, its label in a column of its own."""
    return Line(label, text)


def listed(equations: Iterable[Equation]) -> str:
    """Equations by their numbers: `(8) (10)`."""
    return " ".join(equation.short for equation in equations)
