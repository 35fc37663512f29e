"""What a mistake is made of: its kind, a change of a formula, and small formulas to change one with.

It knows no layer, and no mistake.
"""

import ast
from typing import Literal

Kind = Literal["missing", "sign", "count", "operand", "activation", "derivative", "transpose", "convention", "batch"]

HINTS: dict[Kind, str] = {
    "missing": "a factor or a term is missing",
    "sign": "a sign is wrong",
    "count": "a factor or a term counts more or less than once",
    "operand": "another quantity stands where this one belongs",
    "activation": "the activation function is not this one",
    "derivative": "the derivative of the activation function is not this one",
    "transpose": "a matrix is transposed, or is not where it should be",
    "convention": "this belongs to another form of the layer",
    "batch": "the rows of a batch are averaged or weighted; they are summed",
}
"""What kind of mistake it is, for a teacher who does not want to tell more."""


Change = tuple[str, Kind, str, ast.expr]
"""The last part of an id, the kind, a sentence, and the changed formula."""


def is_chain(part: ast.expr) -> bool:
    """Whether a part is itself a product of factors that are named one by one."""
    return isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult)


def quantity(name: str) -> ast.expr:
    """A quantity by its name."""
    return ast.Name(name, ast.Load())


def negative(part: ast.expr) -> ast.expr:
    """The part with a minus."""
    return ast.UnaryOp(ast.USub(), part)


def times(factor: float, part: ast.expr) -> ast.expr:
    """The part times a number."""
    return ast.BinOp(ast.Constant(factor), ast.Mult(), part)
