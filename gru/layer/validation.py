"""What a table has to fulfil before anything is measured with it."""

import ast
from collections.abc import Mapping

from gru.layer.equation import Equation
from gru.layer.form import Form
from gru.layer.shapes import shape_of, used
from gru.layer.sizes import Dimensions, LayerError


def validate(form: Form) -> None:
    """Raise LayerError where a form is no table that can be measured with."""
    layer, forward = form.layer, {equation.name for equation in form.forward}
    for carried in layer.carried:
        if carried.state not in forward:
            raise LayerError(f"{layer.id}: no equation says what {carried.state} is, the state that is carried on")
    for name in (*(carried.previous for carried in layer.carried), layer.input, *form.blocks):
        if name not in form.derivatives:
            raise LayerError(f"{layer.id}: no equation is the derivative of {name}; each input and parameter has one")
    known = form.dimensions | {equation.name: equation.dimensions for equation in form.named.values()}
    for equation in form.ordered:
        if not equation.is_sum:
            _require_formula(form, equation, known)


def _require_formula(form: Form, equation: Equation, known: Mapping[str, Dimensions]) -> None:
    """Raise LayerError where an equation says what cannot be computed, rounded or shaped so."""
    layer, line = form.layer, ast.unparse(equation.expression)
    where = f"{layer.id}: {equation.name} = {line}"
    missing = [name for name in used(equation) if name not in equation.inputs]
    if missing:
        raise LayerError(f"{where}: its function has no argument {missing[0]}")
    shape = shape_of(layer.id, equation, known)
    if shape != equation.dimensions:
        raise LayerError(f"{where} has the shape {shape}; expected {equation.dimensions}, that of {equation.of}")
    for part in ast.walk(equation.expression):
        if isinstance(part, ast.expr):
            _require_known(part, where)
    if equation.of is None:
        upstream = {carried.upstream for carried in layer.carried}
        if upstream.intersection(used(equation)):
            raise LayerError(f"{where} is of the forward pass, to which nothing is known of {', '.join(upstream)}")
        if "sum_rows" in line or ".mT" in line:
            raise LayerError(f"{where} mixes the rows of a batch; each row has to be computed by itself")


_KNOWN_CALLS = ("sigmoid", "np.tanh", "sum_rows")


def _require_known(part: ast.expr, where: str) -> None:
    """Raise LayerError at an operation that the rounding analysis has no rule for."""
    advice = f"known are + - * @, .mT, division by a number, and {', '.join(_KNOWN_CALLS)}"
    match part:
        case ast.BinOp(_, ast.Add() | ast.Sub() | ast.Mult() | ast.MatMult(), _) | ast.UnaryOp(ast.USub(), _):
            return
        case ast.BinOp(_, ast.Div(), ast.Constant()) | ast.Name() | ast.Constant() | ast.Attribute(_, "mT"):
            return
        case ast.Attribute(ast.Name("np"), _):
            return
        case ast.Call(function, [_]) if ast.unparse(function) in _KNOWN_CALLS:
            return
    what = ast.unparse(part.func) if isinstance(part, ast.Call) else ast.unparse(part)
    raise LayerError(f"{where}: the rounding analysis has no rule for {what}; {advice}")
