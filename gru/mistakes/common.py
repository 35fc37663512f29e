"""The mistakes that people make most, in words of their own.

Which formulas they belong to follows from a layer's table. It judges nothing.
"""

import ast
from collections.abc import Iterator

from gru.calculus import formula
from gru.layer import Carried, Equation, Form
from gru.mistakes.parts import Change, negative, quantity, times


def common(equation: Equation, form: Form) -> Iterator[Change]:
    """The mistakes that people make most, in words of their own."""
    yield from _of_activation(equation, form)
    yield from _of_derivative(equation, form)
    yield from _of_cut_path(equation, form)
    if equation.of is not None:
        text = f"{equation.name} is divided by the number of rows in the batch"
        yield "averaged", "batch", text, ast.BinOp(equation.expression, ast.Div(), quantity("batch"))


def of_other_forms(equation: Equation, form: Form) -> Iterator[Change]:
    """The formula of each other form of the layer."""
    for other in form.layer.forms.values():
        if other is not form and other.stacks == form.stacks and other.order == form.order:
            text = f"this is the formula of another form of the {form.layer.title}: {other.text}"
            yield f"of-{other.formulas_id}", "convention", text, other.named[equation.name].expression


def cut_path(carried: Carried) -> str:
    """What is said where the derivative of the loss by a state is not handed on from step to step."""
    return (
        f"the path through {carried.symbol} is missing: what comes to {carried.state} from the next step, "
        f"{carried.upstream}, is left out"
    )


def _of_cut_path(equation: Equation, form: Form) -> Iterator[Change]:
    """What the next step hands back of a state that the layer above does not see, left out."""
    for carried in form.layer.carried[1:]:
        if equation.of == carried.state:
            for term, rest in _terms_and_rests(equation.expression):
                if formula.text(term) == carried.upstream:
                    yield "cut-path", "missing", cut_path(carried), rest


def _terms_and_rests(expression: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each term of a sum, with the sum of the others."""
    terms = formula.terms(expression)
    for place, term in enumerate(terms):
        others = terms[:place] + terms[place + 1 :]
        if others:
            yield term, formula.total(others)


def _of_activation(equation: Equation, form: Form) -> Iterator[Change]:
    """σ or tanh of a gate left out, applied twice, taken for the other, or written down wrongly."""
    kind = form.activations.get(equation.name)
    match equation.expression:
        case ast.Call(function, [inner]) if kind is not None:
            other = "sigmoid" if kind == "tanh" else "np.tanh"
            said, others = ("tanh", "σ") if kind == "tanh" else ("σ", "tanh")
            name = equation.name
            yield "not-activated", "activation", f"{said} is not applied: {name} is its pre-activation", inner
            twice = ast.Call(function, [equation.expression], [])
            yield "activated-twice", "activation", f"{said} is applied twice", twice
            text = f"{others} stands where {said} belongs"
            yield "other-activation", "activation", text, ast.Call(formula.parse(other), [inner], [])
            yield from _to_parts(function, said, inner)
            if kind == "tanh":
                half = ast.BinOp(times(2, ast.Call(formula.parse("sigmoid"), [inner], [])), ast.Sub(), ast.Constant(1))
                text = "2 * σ(a) - 1 stands where tanh(a), which is 2 * σ(2 * a) - 1, belongs"
                yield "half-argument", "activation", text, half
            else:
                text = (
                    "the minus in the exponent of σ is missing: 1 / (1 + exp(a)) stands where 1 / (1 + exp(-a)) belongs"
                )
                yield "no-minus", "activation", text, ast.Call(function, [negative(inner)], [])


def _to_parts(function: ast.expr, said: str, inner: ast.expr) -> Iterator[Change]:
    """σ or tanh of the terms of a pre-activation, each by itself, or of one of them alone."""
    applied = (ast.Call(function, [term], []) for term in formula.terms(inner))
    text = f"{said} is applied to each term by itself, and not to their sum"
    yield "activated-by-terms", "activation", text, formula.total(applied)
    for term, rest in _terms_and_rests(inner):
        text = f"{said} is applied to {formula.text(term)} alone, and not to the sum"
        yield "activated-in-part", "activation", text, ast.BinOp(ast.Call(function, [term], []), ast.Add(), rest)


def _of_derivative(equation: Equation, form: Form) -> Iterator[Change]:
    """σ′ and tanh′ taken for each other, or taken wrongly, where they are the last factors of a formula."""
    gate, split = form.activation_of(equation.of), slope_of(equation, form)
    if gate is None or split is None:
        return
    rest, right = split
    slopes = _tanh_slopes if form.activations[gate] == "tanh" else _sigmoid_slopes
    for slug, (line, text) in slopes(gate, form.preactivations[gate], right).items():
        yield slug, "derivative", text, ast.BinOp(rest, ast.Mult(), formula.parse(line)) if line else rest


def _tanh_slopes(gate: str, inside: str, right: str) -> dict[str, tuple[str, str]]:
    """What stands in place of tanh′, by its slug: the formula, and the words. Without a formula, nothing does."""
    return {
        "sigmoid-derivative": (
            f"{gate} * (1 - {gate})",
            f"the derivative of σ stands where that of tanh, {right}, belongs",
        ),
        f"{gate}-not-squared": (f"1 - {gate}", f"1 - {gate} stands where {right} belongs: {gate} is not squared"),
        "no-tanh-derivative": ("", f"the derivative of tanh, {right}, is missing"),
        "activated-slope": (
            f"1 - np.tanh({gate}) * np.tanh({gate})",
            f"the derivative of tanh applies tanh again to {gate}, which is tanh(a) already; {right} belongs there",
        ),
        "slope-of-slope": (
            f"1 - (1 - {gate} * {gate}) * (1 - {gate} * {gate})",
            f"the derivative of tanh is made of {right}, which is that derivative already",
        ),
        "slope-of-preactivation": (
            f"1 - {inside} * {inside}",
            f"the derivative of tanh is made of the pre-activation; {right} belongs there",
        ),
        f"one-minus-{gate}-squared": (
            f"(1 - {gate}) * (1 - {gate})",
            f"(1 - {gate})² stands where {right} belongs",
        ),
    }  # fmt: skip


def _sigmoid_slopes(gate: str, inside: str, right: str) -> dict[str, tuple[str, str]]:
    """What stands in place of σ′, by its slug: the formula, and the words. Without a formula, nothing does."""
    slope = f"{gate} * (1 - {gate})"
    return {
        "tanh-derivative": (
            f"1 - {gate} * {gate}",
            f"the derivative of tanh stands where that of σ, {right}, belongs",
        ),
        "no-sigmoid-derivative": ("", f"the derivative of σ, {right}, is missing"),
        f"one-minus-{gate}-squared": (
            f"(1 - {gate}) * (1 - {gate})",
            f"1 - {gate} stands twice, and {gate} is missing",
        ),
        "activated-slope": (
            f"sigmoid({gate}) * (1 - sigmoid({gate}))",
            f"the derivative of σ applies σ again to {gate}, which is σ(a) already; {right} belongs there",
        ),
        "slope-of-slope": (
            f"{slope} * (1 - {slope})",
            f"the derivative of σ is made of {right}, which is that derivative already",
        ),
        "slope-of-preactivation": (
            f"{inside} * (1 - {inside})",
            f"the derivative of σ is made of the pre-activation; {right} belongs there",
        ),
    }  # fmt: skip


def slope_of(equation: Equation, form: Form) -> tuple[ast.expr, str] | None:
    """The formula of a pre-activation's derivative before its last factors, and these: the activation's slope."""
    gate = form.activation_of(equation.of)
    if gate is None:
        return None
    factors = (f"1 - {gate} * {gate}",) if form.activations[gate] == "tanh" else (gate, f"1 - {gate}")
    rest = _before_last_factors(equation.expression, *factors)
    slope = f"1 - {gate}²" if form.activations[gate] == "tanh" else f"{gate}(1 - {gate})"
    return None if rest is None else (rest, slope)


def _before_last_factors(expression: ast.expr, *factors: str) -> ast.expr | None:
    """What is left of a product that ends in these factors; None where it does not."""
    for factor in reversed(factors):
        if not (isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Mult)):
            return None
        if ast.dump(expression.right) != ast.dump(formula.parse(factor)):
            return None
        expression = expression.left
    return expression
