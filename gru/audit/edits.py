"""A right solution, changed in one place after another: files as a student may write them, in the solution's own API.

It knows no layer, and runs none of them.
"""

import ast
from collections.abc import Iterator
from contextlib import suppress

from gru.audit.cells import Cell

NOT_CHANGED = frozenset(("__init__", "__repr__"))
"""Functions in which no derivative is computed."""

OF_SHAPES = frozenset(
    ("zeros", "ones", "empty", "full", "eye", "zeros_like", "ones_like", "empty_like", "reshape", "range", "arange")
)
"""Functions whose arguments are sizes: with others in their place a cell does not run."""

OF_VALUES = frozenset(("dot", "matmul", "outer", "einsum", "multiply", "sum", "tanh", "exp"))
"""Functions whose result is a value that a derivative is made of."""

LONGEST = 60
"""Characters of a part that is told."""


def edits(source: str) -> list[Cell]:
    """The file with one change each, by the functions that they are in. Raises SyntaxError where it is not Python.

    Factors and terms are left out, signs changed, transposes forgotten, values doubled, and `+=` taken for `=`.
    """
    file = _File(source)
    found: dict[str, Cell] = {}
    for function, node in _parts(ast.parse(source), ""):
        for new in _changes(node, file):
            changed = file.with_(node, new)
            if changed != source and changed not in found:
                id = f"{function}/line-{node.lineno}-{len(found) + 1}"
                text = f"line {node.lineno}: {_short(new)} stands where {_short(file.text(node))} belongs"
                found[changed] = Cell(id, function, text, changed)
    return list(found.values())


_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant)
"""What stands in any formula without brackets."""


class _File:
    """A source, and its parts by their nodes."""

    def __init__(self, source: str) -> None:
        self._data = source.encode()
        lengths = [len(line) for line in self._data.splitlines(keepends=True)]
        self._starts = [sum(lengths[:n]) for n in range(len(lengths))]

    def _span(self, node: ast.expr | ast.stmt) -> slice:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        return slice(start, self._starts[node.end_lineno - 1] + node.end_col_offset)

    def text(self, node: ast.expr | ast.stmt) -> str:
        """The part as it is written."""
        return self._data[self._span(node)].decode()

    def operand(self, node: ast.expr) -> str:
        """The part as it can stand in any formula."""
        text = self.text(node)
        return text if isinstance(node, _ATOMS) else f"({text})"

    def with_(self, node: ast.expr | ast.stmt, new: str) -> str:
        """The whole, with another text in the place of a part."""
        span = self._span(node)
        return (self._data[: span.start] + new.encode() + self._data[span.stop :]).decode()


def _parts(node: ast.AST, function: str) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    """What can be changed, each with the innermost function that it is in."""
    for child in _below(node):
        inside = child.name if isinstance(child, ast.FunctionDef) else function
        if isinstance(child, ast.expr | ast.stmt) and function and function not in NOT_CHANGED:
            yield function, child
        yield from _parts(child, inside)


def _below(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes right below, but for those that tell a size, an index, a condition or a text."""
    match node:
        case ast.Subscript(value):
            yield value
        case ast.Call(function) if _name(function) in OF_SHAPES:
            yield function
        case ast.If() | ast.While():
            yield from [*node.body, *node.orelse]
        case ast.FunctionDef():
            yield from node.body
        case ast.Compare() | ast.Assert() | ast.Raise() | ast.JoinedStr() | ast.Lambda():
            return
        case _:
            yield from ast.iter_child_nodes(node)


def _changes(node: ast.expr | ast.stmt, file: _File) -> Iterator[str]:
    """What may stand in the place of a part."""
    text, operand = file.text, file.operand
    match node:
        case ast.BinOp(left, ast.Mult(), right):
            yield from (operand(left), operand(right))
        case ast.BinOp(left, ast.Add(), right):
            yield from (operand(left), operand(right), f"{text(left)} - {operand(right)}")
        case ast.BinOp(left, ast.Sub(), right):
            yield from (f"{text(left)} + {operand(right)}", f"{text(right)} - {operand(left)}", operand(right))
        case ast.BinOp(left, ast.Div() | ast.Pow()):
            yield operand(left)
        case ast.UnaryOp(ast.USub(), value):
            yield operand(value)
        case ast.Attribute(value, "T" | "mT"):
            yield operand(value)
        case ast.Call(ast.Attribute(value, "sum") as function):
            yield text(node).replace(text(function), f"{text(value)}.mean", 1)
        case ast.AugAssign(target, ast.Add(), value):
            yield from (f"{text(target)} = {text(value)}", f"{text(target)} -= {text(value)}")
        case ast.Assign(targets, value) if _is_value(value):
            before = "".join(f"{text(target)} = " for target in targets)
            yield from (f"{before}-{operand(value)}", f"{before}2 * {operand(value)}")
        case ast.Return(ast.expr() as value) if _is_value(value):
            yield from (f"return -{operand(value)}", f"return 2 * {operand(value)}")


def _is_value(node: ast.expr) -> bool:
    """Whether it is a value, and not a size, a list or a text."""
    match node:
        case ast.BinOp(left, ast.Mult() | ast.Add() | ast.Sub() | ast.MatMult(), right):
            return not isinstance(left, ast.List | ast.Tuple) and not isinstance(right, ast.List | ast.Tuple)
        case ast.Call(function):
            return _name(function) in OF_VALUES
        case _:
            return isinstance(node, ast.BinOp | ast.UnaryOp)


def _name(function: ast.expr) -> str:
    """How a function is called, without what it is an attribute of."""
    match function:
        case ast.Attribute(_, name) | ast.Name(name):
            return name
    return ""


def _short(text: str) -> str:
    """A part in one line, without brackets around the whole of it."""
    line = " ".join(text.split())
    if line.startswith("(") and line.endswith(")"):
        with suppress(SyntaxError):
            ast.parse(line[1:-1])
            line = line[1:-1]
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
