"""The shapes of a table in words, from the formulas alone. Raises LayerError where shapes do not go together."""

import ast
from collections.abc import Mapping

from gru.calculus import formula
from gru.layer.equation import Equation
from gru.layer.sizes import Dimensions, LayerError


def used(equation: Equation) -> tuple[str, ...]:
    """The names in a formula, those of its function's arguments among them."""
    in_formula = () if equation.is_sum else formula.names(equation.expression)
    return tuple(dict.fromkeys([*equation.inputs, *in_formula]))


def shape_of(layer: str, equation: Equation, known: Mapping[str, Dimensions]) -> Dimensions:
    """The shape of a formula in words, from those of its inputs.

    Args:
        layer: The id of the layer, for what an error says.
        equation: The equation whose formula it is.
        known: The shapes of what is known there, by name.

    Raises:
        LayerError: A name is not known there, or shapes do not go together.
    """

    def shape(part: ast.expr) -> Dimensions | None:
        match part:
            case ast.Constant():
                return None
            case ast.Name(name):
                if name not in known:
                    raise LayerError(
                        f"{layer}: {equation.name} is made of {name}, which is not known there; known are "
                        f"{', '.join(known)}"
                    )
                return known[name]
            case ast.BinOp(left, ast.MatMult(), right):
                return _product(shape(left), shape(right))
            case ast.BinOp(left, _, right):
                return _broadcast(shape(left), shape(right))
            case ast.UnaryOp(_, operand):
                return shape(operand)
            case ast.Attribute(value, "mT"):
                inner = shape(value)
                return inner and (inner[1], inner[0])
            case ast.Call(function, [argument]) if formula.text(function) == "sum_rows":
                inner = shape(argument)
                return inner and ("1", inner[1])
            case ast.Call(_, [argument]):
                return shape(argument)
        raise LayerError(f"{layer}: {equation.name} has an operation that no rule is known for: {ast.unparse(part)}")

    def _product(left: Dimensions | None, right: Dimensions | None) -> Dimensions:
        if left is None or right is None or left[1] != right[0]:
            raise LayerError(
                f"{layer}: shapes do not go together in {equation.name} = {formula.text(equation.expression)}"
            )
        return left[0], right[1]

    def _broadcast(left: Dimensions | None, right: Dimensions | None) -> Dimensions | None:
        if left is None or right is None:
            return left or right
        pairs = [(a, b) for a, b in zip(left, right, strict=True)]
        if any(a != b and "1" not in (a, b) for a, b in pairs):
            raise LayerError(
                f"{layer}: shapes do not go together in {equation.name} = {formula.text(equation.expression)}"
            )
        first, second = (b if a == "1" else a for a, b in pairs)
        return first, second

    found = shape(equation.expression)
    if found is None:
        raise LayerError(f"{layer}: {equation.name} is a number, and no array")
    return found
