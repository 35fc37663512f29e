"""Words and lines of a report: what every text in it is made with.

Nothing that comes from a submission can steer a terminal once it has passed `printable`.
"""

import re

from gru.layers.gru.equations import Equation

_SPELLED = {
    "h_p": "h_prev",
    "n": "h̃",
    **{"wz": "Wz", "wr": "Wr", "wn": "Wh"},
    **{"uz": "Uz", "ur": "Ur", "un": "Uh"},
}
"""How names of the chapter's API are written where a formula is read: `Wh` for `wn`, `h̃` for `n`."""


def printable(text: str) -> str:
    """The text on one line, whatever is in it: what cannot be printed is written as an escape."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def words(status: str) -> str:
    """A status or verdict as it is written in a report."""
    return status.replace("_", " ")


def spelled(formula: str) -> str:
    """A formula, or a sentence with parts of one, in the chapter's letters.

    >>> spelled("dzr = (dzn @ wn.T) * h_p * r * (1 - r)")
    'dzr = (dzn @ Wh.T) * h_prev * r * (1 - r)'
    """
    return re.sub(r"\w+", lambda name: _SPELLED.get(name[0], name[0]), formula)


def name_of(equation: Equation) -> str:
    """The attribute that holds the left-hand side; Σ before it for a sum over the steps."""
    return f"Σ {equation.inputs[0]}" if equation.is_sum else equation.name


def title_of(equation: Equation) -> str:
    """How a report calls an equation: `equation (10), dzr`."""
    return f"equation ({equation.number}), {name_of(equation)}"


def line(label: str, text: str) -> str:
    """One line of a report, its label in a column of its own."""
    return printable(f"  {label:<11}{text}")


def numbered(numbers: list[int]) -> str:
    """Equations by their numbers: `(8) (10)`."""
    return " ".join(f"({number})" for number in numbers)
