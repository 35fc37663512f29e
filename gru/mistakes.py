"""The catalogue of mistakes: wrong formulas for the chapter's equations, with names and explanations.

Most are made by rule from the right formula, so that it also holds what nobody thought of; the
common ones have words of their own. It knows formulas, and no submission.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gru.calculus import formula
from gru.layers.gru.equations import Equation
from gru.layers.gru.forms import CHAPTER, CONVENTIONS, Convention
from gru.layers.gru.shapes import DIMENSIONS

Kind = Literal["missing", "sign", "count", "operand", "derivative", "transpose", "convention", "batch"]

HINTS: dict[Kind, str] = {
    "missing": "a factor or a term is missing",
    "sign": "a sign is wrong",
    "count": "a factor or a term counts more or less than once",
    "operand": "another quantity stands where this one belongs",
    "derivative": "the derivative of the activation function is not this one",
    "transpose": "a matrix is transposed, or is not where it should be",
    "convention": "this belongs to another form of the GRU",
    "batch": "the rows of a batch are averaged or weighted; they are summed",
}
"""What kind of mistake it is, for a teacher who does not want to tell more."""

IDEAS: dict[int, str] = {
    1: "each gate sees the old state through its W and the input through its U, and σ keeps it in (0, 1)",
    2: "each gate sees the old state through its W and the input through its U, and σ keeps it in (0, 1)",
    3: "the reset gate decides how much of the old state the candidate sees, before the product with W_h",
    4: "z is the share of the candidate in the new state, and 1 − z that of the old state",
    8: "∂h/∂z = h̃ − h_prev, by (4), and σ′ = z(1 − z) at the pre-activation",
    9: "∂h/∂h̃ = z, by (4), and tanh′ = 1 − h̃² at the pre-activation",
    10: "the loss reaches r through (r ∘ h_prev)·W_h: back through W_hᵀ, times h_prev, and σ′ = r(1 − r)",
    11: "W_h is multiplied by r ∘ h_prev, so that is what its gradient is made with",
    12: "U_h is multiplied by x, so its gradient is xᵀ times that of the pre-activation",
    13: "W_r is multiplied by h_prev, so its gradient is h_prevᵀ times that of the pre-activation",
    14: "U_r is multiplied by x, so its gradient is xᵀ times that of the pre-activation",
    15: "W_z is multiplied by h_prev, so its gradient is h_prevᵀ times that of the pre-activation",
    16: "U_z is multiplied by x, so its gradient is xᵀ times that of the pre-activation",
    23: "h_prev acts in four places: in (4) itself, and through the three pre-activations",
    24: "x acts in three places: through the three pre-activations",
}
"""The idea behind the right formula of each equation."""


OF_STATE: dict[str, tuple[str, str]] = {
    "changed-argument": ("is changed in place", "make a new array, a = a * b, where an argument is changed, a *= b"),
    "shared": ("the cells share it", "make every array in the method itself, not once on the class or in the module"),
    "forward-differs": (
        "forward gives something else",
        "forward makes its values of its arguments and the parameters alone: nothing random, nothing kept",
    ),
    "kept-from-forward": (
        "when forward and backward are called again",
        "set every gradient anew in each backward pass: = where += adds to the one before",
    ),
    "kept-from-backward": (
        "when backward is called again",
        "set every gradient anew in each backward pass: = where += adds to the one before",
    ),
    "read-only": ("are read-only arrays", "write into a new array, as an argument may be read-only"),
    "fortran": ("are Fortran-ordered arrays", "use operations that do not depend on how an array lies in memory"),
    "strided": ("are strided arrays", "use operations that do not depend on how an array lies in memory"),
    "mixed-rows": ("the rows of a batch are mixed", "row i of a result is made of row i of the arguments alone"),
    "not-linear": (
        "the gradients are not linear in in_grad",
        "every gradient is in_grad times something: no constant is added, nothing is clipped, rounded or random",
    ),
    "kept-from-a-problem": ("the problems that came before", "keep nothing on the class or in the module"),
}
"""The mistakes of the check `state`, by the last part of their ids: words that tell it, and what is right."""


@dataclass(frozen=True)
class Mistake:
    """A known wrong formula for one equation.

    `id` is such as `equation-10/no-h-prev`; `text` says what is wrong; `idea` what the right one
    rests on; `expression` computes it from the values that a submission had.
    """

    id: str
    kind: Kind
    text: str
    equation: Equation
    expression: ast.expr

    @property
    def idea(self) -> str:
        """The idea behind the right formula."""
        return IDEAS[self.equation.number]

    @property
    def formula(self) -> str:
        """The right formula as a line of Python."""
        return right_formula(self.equation)

    @property
    def wrong_formula(self) -> str:
        """The wrong one."""
        return f"{self.equation.name} = {formula.text(self.expression)}"


def right_formula(equation: Equation) -> str:
    """An equation as a line of Python: `dzr = (dzn @ wn.T) * h_p * r * (1 - r)`."""
    if equation.is_sum:
        return f"{equation.name} = {equation.inputs[0]} summed over the steps"
    return f"{equation.name} = {formula.text(equation.expression)}"


@cache
def catalogue(number: int, convention: Convention = CHAPTER) -> tuple[Mistake, ...]:
    """The mistakes in equation (`number`) as a convention has it, each formula once.

    Empty for (5)–(7), which a submission does not show, and for the sums (17)–(22), which are not its
    to compute; nor is there any formula that needs what is computed from its own result.
    """
    equation = convention.equations[number]
    if number not in IDEAS:
        return ()
    later = convention.made_of(equation.name)
    found: dict[str, Mistake] = {}
    seen = [_sample(equation.expression)]
    for slug, kind, text, tree in (*_common(equation, convention), *_by_rule(equation)):
        value = _sample(tree)
        if later.intersection(formula.names(tree)) or any(
            np.allclose(value, other, rtol=1e-9, atol=0) for other in seen
        ):
            continue
        seen.append(value)
        place = 2
        id = f"{equation.id}/{slug}"
        while id in found:
            id, place = f"{equation.id}/{slug}-{place}", place + 1
        found[id] = Mistake(id, kind, text, equation, tree)
    return tuple(found.values())


def _sample(tree: ast.expr) -> NDArray[Any]:
    """The value of a formula on numbers of no meaning, by which equal formulas are known.

    All sizes are equal, so that every formula has a value.
    """
    generator = np.random.default_rng(1)
    values: dict[str, Any] = {name: generator.normal(size=(3, 3)) for name in DIMENSIONS}
    value: NDArray[Any] = formula.evaluate(tree, values | {"batch": 3})
    return value


def find(id: str) -> Mistake:
    """The mistake of the chapter's catalogue with this id. Raises KeyError where there is none."""
    check, _, _ = id.partition("/")
    number = check.removeprefix("equation-")
    if number.isdigit() and int(number) in CHAPTER.equations:
        for mistake in catalogue(int(number)):
            if mistake.id == id:
                return mistake
    raise KeyError(id)


Change = tuple[str, Kind, str, ast.expr]
"""The last part of an id, the kind, a sentence, and the changed formula."""

_WORDS = {"h_p": "h-prev", "in_grad": "delta", "1 - z": "one-minus-z", "1 - r": "one-minus-r"}
_SAID = {"h_p": "h_prev", "in_grad": "δ (in_grad)"}

_SIBLINGS: tuple[tuple[str, ...], ...] = (
    ("z", "r"),
    ("n", "h_p", "h"),
    ("dzz", "dzr", "dzn", "in_grad"),
    ("wz", "wr", "wn"),
    ("uz", "ur", "un"),
)
"""Quantities of one shape that are easily taken for each other."""

_INSIDE = {"z": "zz", "r": "zr", "n": "zn"}
"""Each gate and its pre-activation."""


def _slug(part: ast.expr) -> str:
    """A part of a formula as words of an id: `h-prev`, `dzn-wn-T`."""
    line = formula.text(part)
    if line in _WORDS:
        return _WORDS[line]
    words = "".join(character if character.isalnum() or character == "_" else " " for character in line).split()
    return "-".join(_WORDS.get(word, word) for word in words)


def _said(part: ast.expr) -> str:
    line = formula.text(part)
    return _SAID.get(line, line)


def _by_rule(equation: Equation) -> Iterator[Change]:
    """Every factor and term left out, negated, doubled, replaced by its sibling, or transposed."""
    expression = equation.expression
    yield "negated", "sign", f"the sign of {equation.name} is wrong throughout", _negative(expression)
    yield "doubled", "count", f"{equation.name} is twice what it should be", _times(2, expression)
    yield "halved", "count", f"{equation.name} is half of what it should be", _times(0.5, expression)
    for part, put in formula.places(expression):
        for slug, kind, text, new in (*_of_operation(part), *_of_name(part), *_of_transpose(part)):
            if equation.name not in formula.names(new):
                yield slug, kind, text, put(new)


def _of_operation(part: ast.expr) -> Iterator[Change]:
    """What can go wrong in a sum, a difference or a product."""
    match part:
        case ast.BinOp(left, ast.Mult(), right):
            for gone, left_over in ((right, left), (left, right)):
                if not _is_chain(gone):
                    yield f"no-{_slug(gone)}", "missing", f"the factor {_said(gone)} is missing", left_over
                    twice = ast.BinOp(part, ast.Mult(), gone)
                    yield f"{_slug(gone)}-twice", "count", f"the factor {_said(gone)} stands there twice", twice
        case ast.BinOp(left, ast.Add(), right):
            for term, rest in ((right, left), (left, right)):
                if not (isinstance(term, ast.BinOp) and isinstance(term.op, ast.Add)):
                    yield from _of_term(term, rest)
        case ast.BinOp(left, ast.Sub(), right):
            difference = _said(part)
            yield (
                f"{_slug(part)}-plus",
                "sign",
                f"{difference} has a plus for its minus",
                ast.BinOp(left, ast.Add(), right),
            )
            yield (
                f"{_slug(part)}-reversed",
                "sign",
                f"{difference} is the other way round",
                ast.BinOp(right, ast.Sub(), left),
            )
            yield f"only-{_slug(right)}", "operand", f"{_said(right)} stands where {difference} belongs", right
            yield f"only-{_slug(left)}", "missing", f"{_said(left)} stands where {difference} belongs", left


def _of_term(term: ast.expr, rest: ast.expr) -> Iterator[Change]:
    said = _said(term)
    yield f"no-{_slug(term)}", "missing", f"the term {said} is missing", rest
    yield f"minus-{_slug(term)}", "sign", f"the term {said} has the wrong sign", ast.BinOp(rest, ast.Sub(), term)
    for factor, word in ((2, "twice"), (0.5, "half")):
        text = f"the term {said} counts {word}"
        yield f"{word}-{_slug(term)}", "count", text, ast.BinOp(rest, ast.Add(), _times(factor, term))


def _of_name(part: ast.expr) -> Iterator[Change]:
    """What can stand in the place of one quantity."""
    if not isinstance(part, ast.Name) or part.id in ("np", "sigmoid"):
        return
    name = part.id
    for other in (sibling for siblings in _SIBLINGS if name in siblings for sibling in siblings if sibling != name):
        text = f"{_SAID.get(other, other)} stands where {_SAID.get(name, name)} belongs"
        yield f"{_WORDS.get(other, other)}-for-{_WORDS.get(name, name)}", "operand", text, _name(other)
    if name in _INSIDE:
        inside = _INSIDE[name]
        text = f"the pre-activation stands where {name}, its activation, belongs"
        yield f"preactivation-for-{name}", "derivative", text, formula.parse(f"{inside}")
        activation = "np.tanh" if name == "n" else "sigmoid"
        text = f"the activation function is applied to {name} a second time"
        yield f"activated-{name}", "derivative", text, formula.parse(f"{activation}({name})")
    if name in ("z", "r"):
        text = f"1 - {name} stands where {name} belongs"
        yield f"one-minus-{name}-for-{name}", "operand", text, formula.parse(f"1 - {name}")


def _of_transpose(part: ast.expr) -> Iterator[Change]:
    match part:
        case ast.Attribute(value, "mT"):
            yield (
                f"untransposed-{_slug(value)}",
                "transpose",
                f"{_said(value)} stands where {_said(part)} belongs",
                value,
            )
        case ast.Name(name) if name[0] in "wu" and len(name) == 2:
            text = f"{name} is transposed, and should not be"
            yield f"transposed-{name}", "transpose", text, ast.Attribute(part, "mT", ast.Load())
        case ast.BinOp(ast.Attribute(left, "mT"), ast.MatMult(), right):
            new = ast.BinOp(ast.Attribute(right, "mT", ast.Load()), ast.MatMult(), left)
            yield "transposed", "transpose", "the result is transposed", new


_DERIVATIVES = {
    8: ("z * (1 - z)", "1 - z * z", "z(1 - z)"),
    10: ("r * (1 - r)", "1 - r * r", "r(1 - r)"),
}


def _common(equation: Equation, convention: Convention) -> Iterator[Change]:
    """The mistakes that people make most, in words of their own."""
    yield from _of_derivative(equation)
    for other in CONVENTIONS.values():
        if other.order == convention.order and other is not convention:
            tree = other.equations[equation.number].expression
            text = f"this is the formula of another form of the GRU: {other.text}"
            yield f"of-{other.id.removesuffix('-rzn')}", "convention", text, tree
    if equation.number >= 8:
        text = f"{equation.name} is divided by the number of rows in the batch"
        yield "averaged", "batch", text, ast.BinOp(equation.expression, ast.Div(), _name("batch"))


def _of_derivative(equation: Equation) -> Iterator[Change]:
    """σ′ and tanh′ taken for each other, or taken wrongly."""
    if equation.number == 9:
        for slug, wrong, text in (
            ("sigmoid-derivative", "n * (1 - n)", "the derivative of σ stands where that of tanh, 1 - n², belongs"),
            ("n-not-squared", "1 - n", "1 - n stands where 1 - n² belongs: n is not squared"),
            ("no-tanh-derivative", "", "the derivative of tanh, 1 - n², is missing"),
        ):
            yield slug, "derivative", text, _replaced_factor(equation.expression, "1 - n * n", wrong)
    gate = {8: "z", 10: "r"}.get(equation.number)
    if gate is not None:
        trees = _without_sigmoid_derivative(equation.expression, gate)
        text = f"the derivative of tanh stands where that of σ, {gate}(1 - {gate}), belongs"
        yield "tanh-derivative", "derivative", text, ast.BinOp(trees, ast.Mult(), formula.parse(f"1 - {gate} * {gate}"))
        yield "no-sigmoid-derivative", "derivative", f"the derivative of σ, {gate}(1 - {gate}), is missing", trees
        text = f"1 - {gate} stands twice, and {gate} is missing"
        squared = formula.parse(f"(1 - {gate}) * (1 - {gate})")
        yield f"one-minus-{gate}-squared", "derivative", text, ast.BinOp(trees, ast.Mult(), squared)


def _without_sigmoid_derivative(expression: ast.expr, gate: str) -> ast.expr:
    """What is left of `… * gate * (1 - gate)`."""
    product, one_minus_gate = _operands(expression)
    rest, same_gate = _operands(product)
    if (formula.text(same_gate), formula.text(one_minus_gate)) != (gate, f"1 - {gate}"):
        raise ValueError(f"{formula.text(expression)} does not end in {gate} * (1 - {gate})")
    return rest


def _replaced_factor(expression: ast.expr, factor: str, by: str) -> ast.expr:
    """A product whose last factor is replaced, or left out."""
    rest, last = _operands(expression)
    if ast.dump(last) != ast.dump(formula.parse(factor)):
        raise ValueError(f"{formula.text(expression)} does not end in {factor}")
    return ast.BinOp(rest, ast.Mult(), formula.parse(by)) if by else rest


def _operands(expression: ast.expr) -> tuple[ast.expr, ast.expr]:
    if not isinstance(expression, ast.BinOp):
        raise ValueError(f"{formula.text(expression)} is no product")
    return expression.left, expression.right


def _is_chain(part: ast.expr) -> bool:
    """Whether a part is itself a product of factors that are named one by one."""
    return isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult)


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _negative(part: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), part)


def _times(factor: float, part: ast.expr) -> ast.expr:
    return ast.BinOp(ast.Constant(factor), ast.Mult(), part)
