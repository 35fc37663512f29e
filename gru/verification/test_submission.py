"""Tests about a cell: of `pytest --submission=FILE` on the file's, without it on the project's own.

Each is about one check, on the battery that everybody is given and on problems drawn by Hypothesis.
"""

from collections.abc import Callable

from gru.layer import Equation

RequireRight = Callable[[str], None]


def test_interface(require_right: RequireRight) -> None:
    """The calls go through, and set what the chapter's API asks for."""
    require_right("interface")


def test_state(require_right: RequireRight) -> None:
    """No cell changes its arguments or remembers an earlier use; what it finds is linear in δ."""
    require_right("state")


def test_split(require_right: RequireRight) -> None:
    """W and U are split in the order z, r, h̃."""
    require_right("split")


def test_merge(require_right: RequireRight) -> None:
    """dW and dU are stacked in the order z, r, h̃."""
    require_right("merge")


def test_training(require_right: RequireRight) -> None:
    """A network of the cells learns binary subtraction; asked for at thorough effort."""
    require_right("training")


def test_equation(equation: Equation, require_right: RequireRight) -> None:
    """The left-hand side has the value that is measured, or the one that its own formula gives."""
    require_right(equation.id)
