"""Formulas as data: printed as a reader writes them, evaluated on values, and changed in one place.

A formula is the syntax tree of a right-hand side in `equations`. Nothing here knows what the names
in it mean.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache, partial, reduce
from types import CodeType
from typing import Any

import numpy as np

from gru.calculus.functions import sigmoid, sum_rows

_OPERATORS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 1),
    ast.Sub: ("-", 1),
    ast.Mult: ("*", 2),
    ast.MatMult: ("@", 2),
    ast.Div: ("/", 2),
}
"""Sign and rank of each operator, as in Python's grammar."""


def text(expression: ast.expr) -> str:
    """The formula as a line of Python: `(dzn @ wn.T) * h_p * r * (1 - r)`.

    `*` and `@` have one rank in Python; a product of both is bracketed all the same, for the reader.
    """
    match expression:
        case ast.BinOp(left, operator, right):
            sign, rank = _OPERATORS[type(operator)]
            return f"{_operand(left, operator, rank)} {sign} {_operand(right, operator, rank + 1)}"
        case ast.UnaryOp(ast.USub(), operand):
            return f"-{_operand(operand, ast.MatMult(), 3)}"
        case ast.Attribute(ast.Name("np"), name):
            return name
        case ast.Attribute(value, name):
            return f"{_operand(value, ast.MatMult(), 3)}.{'T' if name == 'mT' else name}"
        case ast.Call(ast.Name("sum_rows"), [rows]):
            return f"{_operand(rows, ast.MatMult(), 3)}.sum(axis=0, keepdims=True)"
        case ast.Call(function, arguments):
            return f"{text(function)}({', '.join(text(argument) for argument in arguments)})"
        case _:
            return ast.unparse(expression)


def _operand(expression: ast.expr, around: ast.operator, rank: int) -> str:
    """An operand of `around`, in brackets where it ranks below `rank` or mixes `*` with `@`."""
    line = text(expression)
    if isinstance(expression, ast.UnaryOp):
        return f"({line})"
    if not isinstance(expression, ast.BinOp):
        return line
    own = _OPERATORS[type(expression.op)][1]
    mixed = {type(expression.op), type(around)} == {ast.Mult, ast.MatMult}
    return f"({line})" if own < rank or mixed else line


_NAMESPACE = {"np": np, "sigmoid": sigmoid, "sum_rows": sum_rows}


def evaluate(expression: ast.expr, values: Mapping[str, Any]) -> Any:
    """The value of the formula, its names taken from `values`; floating-point warnings are off."""
    with np.errstate(all="ignore"):
        return eval(_compiled(expression), {"__builtins__": {}, **_NAMESPACE}, dict(values))  # our own formulas only


@lru_cache(maxsize=4096)
def _compiled(expression: ast.expr) -> CodeType:
    return compile(ast.fix_missing_locations(ast.Expression(expression)), "<formula>", "eval")


def names(expression: ast.expr) -> list[str]:
    """The names of the quantities in the formula, in the order in which they first occur."""
    return list(dict.fromkeys(name for name in _occurring(expression) if name not in _NAMESPACE))


def _occurring(node: ast.AST) -> Iterator[str]:
    """Every name of a quantity, from left to right: a function that is called is none."""
    if isinstance(node, ast.Name):
        yield node.id
    called = node.func if isinstance(node, ast.Call) else None
    for part in ast.iter_child_nodes(node):
        if part is not called:
            yield from _occurring(part)


@cache
def omissions(expression: ast.expr) -> tuple[ast.expr, ...]:
    """The formula with one factor or one term left out, for each of its factors and terms.

    A factor of a matrix product is replaced by ones, as leaving it out would change the shape.
    """
    return tuple(rewritten(expression, _omitted))


def _omitted(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left, ast.Mult() | ast.Add(), right):
            yield from (left, right)
        case ast.BinOp(left, ast.Sub(), right):
            yield from (left, ast.UnaryOp(ast.USub(), right))
        case ast.BinOp(left, ast.MatMult(), right):
            yield from (ast.BinOp(_ones(left), ast.MatMult(), right), ast.BinOp(left, ast.MatMult(), _ones(right)))


def _ones(operand: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Name("np", ast.Load()), "ones_like", ast.Load()), [operand], [])


def substituted(expression: ast.expr, old: str, new: str) -> ast.expr:
    """The formula with the part `old` replaced by `new`, both of them lines of Python.

    `...` as `old` is the whole formula, and in `new` it stands for that. Raises ValueError unless `old`
    stands there exactly once.
    """
    if old == "...":
        return put_whole(parse(new), expression)
    sought, put = ast.dump(parse(old)), parse(new)
    results = list(rewritten(expression, lambda node: [put] if ast.dump(node) == sought else []))
    if len(results) != 1:
        raise ValueError(f"{old!r} stands {len(results)} times in {text(expression)!r}; expected once")
    return results[0]


def replaced(expression: ast.expr, dumped: str, new: ast.expr) -> ast.expr:
    """The formula with another part in place of one, given by its `ast.dump`, wherever that stands."""
    if ast.dump(expression) == dumped:
        return new
    fields: dict[str, Any] = {}
    for field, part in ast.iter_fields(expression):
        inside = [replaced(item, dumped, new) for item in part] if isinstance(part, list) else part
        fields[field] = replaced(part, dumped, new) if isinstance(part, ast.expr) else inside
    return type(expression)(**fields)


def put_whole(around: ast.expr, expression: ast.expr) -> ast.expr:
    """A formula in which `...` stands once, with another formula in its place."""
    (result,) = rewritten(around, lambda node: [expression] if _is_ellipsis(node) else [])
    return result


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A text with some of its words replaced, whole words only."""
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), text)


def parse(line: str) -> ast.expr:
    """The formula written as a line of Python."""
    return ast.parse(line, mode="eval").body


def rewritten(expression: ast.expr, rewrite: Callable[[ast.expr], Iterable[ast.expr]]) -> Iterator[ast.expr]:
    """The formula with `rewrite` applied to one node, for every node and every result of it."""
    for node, put in places(expression):
        yield from (put(new) for new in rewrite(node))


def places(expression: ast.expr) -> Iterator[tuple[ast.expr, Callable[[ast.expr], ast.expr]]]:
    """Every part of the formula, with the function that puts another part in its place."""
    yield expression, lambda new: new
    for field, child in ast.iter_fields(expression):
        if isinstance(child, ast.expr):
            yield from _places_below(expression, field, child, lambda new: new)
        elif isinstance(child, list):
            for position, item in enumerate(child):
                yield from _places_below(expression, field, item, partial(_in_list, child, position))


def _places_below(
    around: ast.expr, field: str, child: ast.expr, wrap: Callable[[ast.expr], Any]
) -> Iterator[tuple[ast.expr, Callable[[ast.expr], ast.expr]]]:
    for node, put in places(child):
        yield node, lambda new, put=put: _with(around, field, wrap(put(new)))  # type: ignore[misc]


def _in_list(items: list[ast.expr], position: int, new: ast.expr) -> list[ast.expr]:
    return [*items[:position], new, *items[position + 1 :]]


def _with(node: ast.expr, field: str, value: Any) -> ast.expr:
    """A copy of the node with one field replaced; the node itself is left as it is."""
    return type(node)(**{**dict(ast.iter_fields(node)), field: value})


def both(right: ast.expr, first: ast.expr, second: ast.expr) -> ast.expr | None:
    """The formula `right` with two changes of it at once; None where they touch the same part."""
    if ast.dump(first) == ast.dump(right):
        return second
    if ast.dump(second) == ast.dump(right):
        return first
    if type(first) is not type(right) or type(second) is not type(right):
        return None
    fields: dict[str, Any] = {}
    for name, part in ast.iter_fields(right):
        one, other = getattr(first, name), getattr(second, name)
        if isinstance(part, ast.expr):
            fields[name] = both(part, one, other)
            if fields[name] is None:
                return None
        elif isinstance(part, list):
            merged = [both(*items) for items in zip(part, one, other, strict=True)]
            if None in merged:
                return None
            fields[name] = merged
        else:
            changed = [new for new in (one, other) if not _same(part, new)]
            if len(changed) > 1:
                return None
            fields[name] = changed[0] if changed else part
    return type(right)(**fields)


def _same(part: object, other: object) -> bool:
    return type(part) is type(other) if isinstance(part, ast.AST) else part == other


def terms(expression: ast.expr) -> list[ast.expr]:
    """The terms of a sum, from left to right; the formula itself where it is none."""
    match expression:
        case ast.BinOp(left, ast.Add(), right):
            return [*terms(left), *terms(right)]
        case _:
            return [expression]


def total(terms: Iterable[ast.expr]) -> ast.expr:
    """The sum of these."""
    return reduce(lambda left, right: ast.BinOp(left, ast.Add(), right), terms)


def factors(expression: ast.expr) -> list[ast.expr]:
    """The factors of an elementwise product, from left to right; the formula itself where it is none."""
    match expression:
        case ast.BinOp(left, ast.Mult(), right):
            return [*factors(left), right]
        case _:
            return [expression]


def product(factors: Iterable[ast.expr]) -> ast.expr:
    """The elementwise product of these."""
    return reduce(lambda left, right: ast.BinOp(left, ast.Mult(), right), factors)
