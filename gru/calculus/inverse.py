"""A formula solved for one of its inputs: products of matrices are inverted, and the rest has to be affine, entry by
entry.

It never guesses: what does not follow is None.
"""

import ast
from collections.abc import Mapping

import numpy as np

from gru.calculus import formula
from gru.calculus.arrays import Array

Solution = tuple[Array, float]
"""A value, and by how much at most it multiplies an error of what it was worked out from."""

_NOT_AFFINE = 1e-6
"""How well a solution must fulfil its formula: one that is affine entry by entry is off by rounding, any other by far
more."""


HARDLY = 2.0**-53
"""An entry does not follow from the formula if its slope is less than this part of the largest slope: rounding hides
it."""


def may_tell(expression: ast.expr, name: str) -> bool:
    """Whether a formula of this shape can be solved for one of its names at all."""
    match expression:
        case ast.Name(_):
            return True
        case ast.Attribute(inner, "mT"):
            return may_tell(inner, name)
        case ast.BinOp(left, ast.MatMult(), right):
            inside = [side for side in (left, right) if name in formula.names(side)]
            return len(inside) == 1 and may_tell(inside[0], name)
        case _:
            return not any(
                name in formula.names(part)
                for part, _ in formula.places(expression)
                if isinstance(part, ast.Call) or (isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult))
            )


def solved(
    expression: ast.expr, name: str, wanted: Array, values: Mapping[str, Array], otherwise: Array | None = None
) -> Solution | None:
    """The value of `name` with which the formula has the value `wanted`.

    Args:
        expression: The formula.
        name: What it is solved for.
        wanted: Its value, (…, rows, columns).
        values: All else that it is made of, by name.
        otherwise: What is taken for entries of which the formula says nothing.

    Returns:
        The value, by least squares where the formula is a product of matrices; None where it is not the only one.
    """
    match expression:
        case ast.Name(own) if own == name:
            return wanted, 1.0
        case ast.Attribute(inner, "mT"):
            return solved(inner, name, wanted.mT, values, otherwise)
        case ast.BinOp(left, ast.MatMult(), right):
            is_left, is_right = (name in formula.names(side) for side in (left, right))
            if is_right and not is_left:
                inverse = _left_inverse(formula.evaluate(left, values))
                return _through(right, name, inverse, wanted, values, otherwise)
            if is_left and not is_right:
                inverse = _left_inverse(formula.evaluate(right, values).mT)
                return _through(_turned(left), name, inverse, wanted.mT, values, otherwise)
            return None
        case _:
            return _affine(expression, name, wanted, values, otherwise)


def _turned(expression: ast.expr) -> ast.expr:
    """The transpose of a formula."""
    if isinstance(expression, ast.Attribute) and expression.attr == "mT":
        return expression.value
    return ast.Attribute(expression, "mT", ast.Load())


def _through(
    inside: ast.expr,
    name: str,
    inverse: Array | None,
    wanted: Array,
    values: Mapping[str, Array],
    otherwise: Array | None,
) -> Solution | None:
    """The solution where the formula is a matrix with this left inverse, times `inside`."""
    if inverse is None:
        return None
    solution = solved(inside, name, inverse @ wanted, values, otherwise)
    return solution and (solution[0], solution[1] * float(np.abs(inverse).sum(axis=-1).max()))


def _left_inverse(matrix: Array) -> Array | None:
    """P with P·A = 1; None where the columns of A are not linearly independent."""
    rows, columns = matrix.shape[-2:]
    if columns > rows or not np.isfinite(matrix).all():
        return None
    inverse: Array = np.linalg.pinv(matrix)
    return inverse if np.abs(inverse @ matrix - np.eye(columns)).max() < _NOT_AFFINE else None


def _affine(
    expression: ast.expr, name: str, wanted: Array, values: Mapping[str, Array], otherwise: Array | None
) -> Solution | None:
    """The solution where every entry is a constant plus a multiple of the entry in its place.

    NaN that is wanted follows from NaN.
    """

    def at(value: Array) -> Array:
        result: Array = formula.evaluate(expression, {**values, name: value})
        return result

    try:
        constant = at(np.zeros_like(wanted))
        slope = at(np.ones_like(wanted)) - constant
    except ValueError:
        return None
    if slope.shape != wanted.shape or not np.isfinite(slope).all():
        return None
    tells = np.abs(slope) > (0.0 if otherwise is None else HARDLY * float(np.abs(slope).max()))
    if not tells.any() or (otherwise is None and not tells.all()):
        return None
    with np.errstate(all="ignore"):
        value = (wanted - constant) / slope
        value = value if otherwise is None else np.where(tells | np.isnan(wanted), value, otherwise)
        apart = np.abs(at(value) - wanted)[np.isfinite(value) & tells]
    close = _NOT_AFFINE * float(np.abs(np.nan_to_num(wanted)).max(initial=0.0))
    if (apart > close).any():
        return None
    # The constant has the same rounding error as the wanted value.
    return value, 2 / float(np.abs(slope[tells]).min())
