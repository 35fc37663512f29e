"""Words and lines of a report: what every text in it is made with.

Nothing that comes from a submission can steer a terminal once it has passed `printable`.
"""

from collections.abc import Iterable

from gru.layer import Equation


def printable(text: str) -> str:
    """The text on one line, whatever is in it: what cannot be printed is written as an escape."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def words(status: str) -> str:
    """A status or verdict as it is written in a report."""
    return status.replace("_", " ")


def title_of(equation: Equation) -> str:
    """How a report calls an equation: `equation (10), dzr`, or its id where the chapter has no number for it."""
    return equation.id if equation.number is None else f"equation ({equation.number}), {equation.title}"


def line(label: str, text: str) -> str:
    """One line of a report, its label in a column of its own."""
    return printable(f"  {label:<11}{text}")


def listed(equations: Iterable[Equation]) -> str:
    """Equations by their numbers: `(8) (10)`."""
    return " ".join(equation.short for equation in equations)
