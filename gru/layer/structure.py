"""What a formula's syntax tree says of a layer: what is σ or tanh of what, and which columns stay apart.

It computes no number.
"""

import ast
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from gru.calculus.functions import Array, sigmoid
from gru.layer.equation import Equation

ACTIVATIONS: dict[str, Callable[..., Array]] = {"sigmoid": sigmoid, "tanh": np.tanh}
"""The functions that a pre-activation goes through, by the names they have in a formula."""


def is_same(one: Equation, other: Equation) -> bool:
    """Whether two equations have the same right-hand side.

    Args:
        one: An equation.
        other: Another one, or that of another form.
    """
    return ast.dump(one.expression) == ast.dump(other.expression)


def function_name(expression: ast.expr) -> str | None:
    """`sigmoid` or `tanh` where the formula is that of something; else None."""
    match expression:
        case ast.Call(ast.Name(name) | ast.Attribute(ast.Name("np"), name), [_]) if name in ACTIVATIONS:
            return name
    return None


def preactivations(equations: Iterable[Equation]) -> dict[str, str]:
    """For each quantity that is σ or tanh of what another equation says, the name of that other's left-hand side."""
    equations = list(equations)
    by_formula = {ast.dump(e.expression): e.name for e in equations if e.of is None and not e.is_sum}
    by_formula |= {ast.dump(ast.Name(e.name, ast.Load())): e.name for e in equations if e.of is None and not e.is_sum}
    found = {}
    for equation in equations:
        if equation.of is None and not equation.is_sum and function_name(equation.expression):
            assert isinstance(equation.expression, ast.Call)
            inside = by_formula.get(ast.dump(equation.expression.args[0]))
            if inside is not None:
                found[equation.name] = inside
    return found


def columns_apart(part: ast.expr, touched: Mapping[str, bool]) -> bool | None:
    """Whether column j of a formula depends on column j alone of what is touched.

    Args:
        part: The formula.
        touched: For the names of what is touched, whether that is so of them.

    Returns:
        None where the formula depends on nothing that is touched.
    """
    match part:
        case ast.Name(name):
            return touched.get(name)
        case ast.BinOp(left, ast.MatMult(), right):
            first, second = columns_apart(left, touched), columns_apart(right, touched)
            return False if first is not None else second
        case ast.Attribute(value, _):
            return None if columns_apart(value, touched) is None else False
        case ast.Call(_, arguments):
            return _all_apart(arguments, touched)
        case ast.BinOp(left, _, right):
            return _all_apart([left, right], touched)
        case ast.UnaryOp(_, operand):
            return columns_apart(operand, touched)
    return None


def _all_apart(parts: Iterable[ast.expr], touched: Mapping[str, bool]) -> bool | None:
    found = [apart for part in parts if (apart := columns_apart(part, touched)) is not None]
    return all(found) if found else None
