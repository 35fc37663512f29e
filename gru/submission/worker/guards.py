"""Small constants that keep a logarithm from 0, log(p + 1e-8): taken out, as no backward pass is meant to have them.

Read from the syntax tree. It runs nothing, and changes nothing else of a file.
"""

import ast
import re
from collections.abc import Iterator

LARGEST = 1e-3
"""What is added inside a logarithm and is larger than this may be part of a model."""

NOTHING = 1e-300
"""What stands in the place of a guard: it changes no number but 0, whose logarithm stays finite."""

_NAMED = re.compile(r"^_*(eps|epsilon|tiny|small|log_?eps|eps_?log)$", re.IGNORECASE)
_OF_A_SPREAD = re.compile(r"sqrt|var|std|norm|sigma", re.IGNORECASE)
"""Beside these a small constant may be part of the model, as in a normalisation or an optimiser."""


def take_out(tree: ast.Module) -> list[int]:
    """Take the guards out of a file's tree, and give the lines of the logarithms that had one.

    The same constant in a quotient, y / (p + 1e-8), is the derivative of that logarithm, and is taken out too.
    """
    lines: list[int] = []
    guards: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) == 1 and _name_of(node.func) == "log":
            for total, side in _sums(node.args[0]):
                guards.add(ast.dump(getattr(total, side)))
                setattr(total, side, _nothing(node))
                lines.append(node.lineno)
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            for total, side in _sums(node.right):
                is_of_log = ast.dump(getattr(total, side)) in guards
                if is_of_log and not any(_OF_A_SPREAD.search(_name_of(part)) for part in ast.walk(total)):
                    setattr(total, side, _nothing(node))
    return sorted(set(lines))


def _sums(value: ast.expr) -> Iterator[tuple[ast.BinOp, str]]:
    """The sum that a value is, with the side of it that is a guard, where one is."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        yield from ((value, side) for side in ("left", "right") if _is_guard(getattr(value, side)))


def _is_guard(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return isinstance(value.value, float) and NOTHING < value.value <= LARGEST
    return _NAMED.match(_name_of(value)) is not None


def _name_of(value: ast.AST) -> str:
    return value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""


def _nothing(place: ast.expr) -> ast.Constant:
    return ast.copy_location(ast.Constant(NOTHING), place)
