"""The catalogue of mistakes: wrong formulas for a layer's equations, with names and explanations.

Most are made by rule from the right formula, so that it also holds what nobody thought of; the
common ones have words of their own. It knows formulas, and no submission.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gru.calculus import formula
from gru.layer import Carried, Equation, Form
from gru.layers.gru.forms import CHAPTER

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
        return self.equation.idea

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


def catalogue(key: int | str, form: Form = CHAPTER) -> tuple[Mistake, ...]:
    """The mistakes in one equation as a form has it, each formula once.

    `key` is the chapter's number of the equation, or its name. Empty for what there is no check on, such as
    (5)–(7), and for the sums over the steps, which are not a submission's to compute; nor is there any formula
    that needs what is computed from its own result.
    """
    return _catalogue(form.equations[key], form)


@cache
def _catalogue(equation: Equation, form: Form) -> tuple[Mistake, ...]:
    if not equation.has_check or equation.is_sum:
        return ()
    later = form.made_of(equation.name)
    found: dict[str, Mistake] = {}
    seen = [_sample(equation.expression, form)]
    for slug, kind, text, tree in (*_common(equation, form), *_ByRule(equation, form).changes()):
        value = _sample(tree, form)
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


def _sample(tree: ast.expr, form: Form) -> NDArray[Any]:
    """The value of a formula on numbers of no meaning, by which equal formulas are known.

    All sizes are equal, so that every formula has a value.
    """
    value: NDArray[Any] = formula.evaluate(tree, _numbers(form))
    return value


@cache
def _numbers(form: Form) -> dict[str, Any]:
    generator = np.random.default_rng(1)
    values: dict[str, Any] = {name: generator.normal(size=(3, 3)) for name in form.dimensions}
    return values | {"batch": 3}


def find(id: str, form: Form = CHAPTER) -> Mistake:
    """The mistake of a form's catalogue with this id. Raises KeyError where there is none."""
    check = id.rpartition("/")[0]
    for equation in form.exposed:
        if equation.id == check:
            for mistake in catalogue(equation.key, form):
                if mistake.id == id:
                    return mistake
    raise KeyError(id)


Change = tuple[str, Kind, str, ast.expr]
"""The last part of an id, the kind, a sentence, and the changed formula."""


class _ByRule:
    """The mistakes in one equation that are made by rule: parts left out, negated, doubled, replaced, transposed."""

    def __init__(self, equation: Equation, form: Form) -> None:
        self.equation, self.form = equation, form
        layer = form.layer
        output, *others = layer.carried
        self.said = {c.previous: f"{c.state}_prev" for c in layer.carried}
        self.said[output.upstream] = f"δ ({output.upstream})"
        self.words = {c.previous: f"{c.state}-prev" for c in layer.carried}
        self.words |= {c.upstream: c.upstream.replace("_", "-") for c in others} | {output.upstream: "delta"}
        self.gates = [name for name, function in form.activations.items() if function == "sigmoid"]
        self.words |= {f"1 - {gate}": f"one-minus-{gate}" for gate in self.gates}
        self.siblings = _siblings(form)
        self.matrices = {b for stack in form.stacks if stack.rows != "1" for b in stack.blocks}

    def changes(self) -> Iterator[Change]:
        """Every factor and term left out, negated, doubled, replaced by its sibling, or transposed."""
        name, expression = self.equation.name, self.equation.expression
        yield "negated", "sign", f"the sign of {name} is wrong throughout", _negative(expression)
        yield "doubled", "count", f"{name} is twice what it should be", _times(2, expression)
        yield "halved", "count", f"{name} is half of what it should be", _times(0.5, expression)
        for part, put in formula.places(expression):
            for slug, kind, text, new in (
                *self._of_operation(part),
                *self._of_name(part),
                *self._of_transpose(part),
                *self._of_function(part),
            ):
                if name not in formula.names(new):
                    yield slug, kind, text, put(new)

    def _slug(self, part: ast.expr) -> str:
        """A part of a formula as words of an id: `h-prev`, `dzn-wn-T`."""
        line = formula.text(part)
        if line in self.words:
            return self.words[line]
        words = "".join(character if character.isalnum() or character == "_" else " " for character in line).split()
        return "-".join(self.words.get(word, word) for word in words)

    def _said(self, part: ast.expr) -> str:
        line = formula.text(part)
        return self.said.get(line, line)

    def _of_operation(self, part: ast.expr) -> Iterator[Change]:
        """What can go wrong in a sum, a difference or a product."""
        match part:
            case ast.BinOp(left, ast.Mult(), right):
                for gone, left_over in ((right, left), (left, right)):
                    if not _is_chain(gone):
                        yield (
                            f"no-{self._slug(gone)}",
                            "missing",
                            f"the factor {self._said(gone)} is missing",
                            left_over,
                        )
                        twice = ast.BinOp(part, ast.Mult(), gone)
                        yield (
                            f"{self._slug(gone)}-twice",
                            "count",
                            f"the factor {self._said(gone)} stands there twice",
                            twice,
                        )
            case ast.BinOp(left, ast.Add(), right):
                for term, rest in ((right, left), (left, right)):
                    if not (isinstance(term, ast.BinOp) and isinstance(term.op, ast.Add)):
                        yield from self._of_term(term, rest)
            case ast.BinOp(left, ast.Sub(), right):
                difference = self._said(part)
                yield (
                    f"{self._slug(part)}-plus",
                    "sign",
                    f"{difference} has a plus for its minus",
                    ast.BinOp(left, ast.Add(), right),
                )
                yield (
                    f"{self._slug(part)}-reversed",
                    "sign",
                    f"{difference} is the other way round",
                    ast.BinOp(right, ast.Sub(), left),
                )
                yield (
                    f"only-{self._slug(right)}",
                    "operand",
                    f"{self._said(right)} stands where {difference} belongs",
                    right,
                )
                yield (
                    f"only-{self._slug(left)}",
                    "missing",
                    f"{self._said(left)} stands where {difference} belongs",
                    left,
                )

    def _of_term(self, term: ast.expr, rest: ast.expr) -> Iterator[Change]:
        said = self._said(term)
        yield f"no-{self._slug(term)}", "missing", f"the term {said} is missing", rest
        yield (
            f"minus-{self._slug(term)}",
            "sign",
            f"the term {said} has the wrong sign",
            ast.BinOp(rest, ast.Sub(), term),
        )
        for factor, word in ((2, "twice"), (0.5, "half")):
            text = f"the term {said} counts {word}"
            yield f"{word}-{self._slug(term)}", "count", text, ast.BinOp(rest, ast.Add(), _times(factor, term))

    def _of_name(self, part: ast.expr) -> Iterator[Change]:
        """What can stand in the place of one quantity."""
        if not isinstance(part, ast.Name) or part.id not in self.form.dimensions:
            return
        name = part.id
        for other in (
            sibling for siblings in self.siblings if name in siblings for sibling in siblings if sibling != name
        ):
            text = f"{self.said.get(other, other)} stands where {self.said.get(name, name)} belongs"
            yield f"{self.words.get(other, other)}-for-{self.words.get(name, name)}", "operand", text, _name(other)
        inside = self.form.preactivations.get(name)
        if inside is not None:
            text = f"the pre-activation stands where {name}, its activation, belongs"
            yield f"preactivation-for-{name}", "derivative", text, formula.parse(f"{inside}")
            activation = "sigmoid" if name in self.gates else "np.tanh"
            text = f"the activation function is applied to {name} a second time"
            yield f"activated-{name}", "derivative", text, formula.parse(f"{activation}({name})")
        if name in self.gates:
            text = f"1 - {name} stands where {name} belongs"
            yield f"one-minus-{name}-for-{name}", "operand", text, formula.parse(f"1 - {name}")

    def _of_function(self, part: ast.expr) -> Iterator[Change]:
        """σ or tanh inside a formula left out, or taken for the other."""
        if part is self.equation.expression:
            return
        match part:
            case ast.Call(ast.Name("sigmoid") | ast.Attribute(ast.Name("np"), "tanh"), [inner]):
                said, name = self._said(part), formula.text(part).partition("(")[0]
                other = "sigmoid" if name == "tanh" else "np.tanh"
                yield f"no-{name}", "missing", f"{self._said(inner)} stands where {said} belongs", inner
                text = f"{other.removeprefix('np.')} stands where {name} belongs"
                yield (
                    f"{other.removeprefix('np.')}-for-{name}",
                    "derivative",
                    text,
                    ast.Call(formula.parse(other), [inner], []),
                )

    def _of_transpose(self, part: ast.expr) -> Iterator[Change]:
        match part:
            case ast.Attribute(value, "mT"):
                yield (
                    f"untransposed-{self._slug(value)}",
                    "transpose",
                    f"{self._said(value)} stands where {self._said(part)} belongs",
                    value,
                )
            case ast.Name(name) if name in self.matrices:
                text = f"{name} is transposed, and should not be"
                yield f"transposed-{name}", "transpose", text, ast.Attribute(part, "mT", ast.Load())
            case ast.BinOp(ast.Attribute(left, "mT"), ast.MatMult(), right):
                new = ast.BinOp(ast.Attribute(right, "mT", ast.Load()), ast.MatMult(), left)
                yield "transposed", "transpose", "the result is transposed", new


def _siblings(form: Form) -> tuple[tuple[str, ...], ...]:
    """Quantities of one shape that are easily taken for each other."""
    gates = tuple(name for name, function in form.activations.items() if function == "sigmoid")
    candidates = tuple(name for name, function in form.activations.items() if function == "tanh")
    states = (c.previous for c in form.layer.carried), (c.state for c in form.layer.carried)
    slopes = (form.derivatives.get(inside) for inside in form.preactivations.values())
    upstream = (c.upstream for c in form.layer.carried)
    return (
        gates,
        tuple(dict.fromkeys([*candidates, *states[0], *states[1]])),
        (*(slope.name for slope in slopes if slope), *upstream),
        *(stack.blocks for stack in form.stacks),
    )


def _common(equation: Equation, form: Form) -> Iterator[Change]:
    """The mistakes that people make most, in words of their own."""
    yield from _of_derivative(equation, form)
    yield from _of_cut_path(equation, form)
    for other in form.layer.forms.values():
        if other is not form and other.stacks == form.stacks and other.order == form.order:
            text = f"this is the formula of another form of the {form.layer.title}: {other.text}"
            yield f"of-{other.formulas_id}", "convention", text, other.named[equation.name].expression
    if equation.of is not None:
        text = f"{equation.name} is divided by the number of rows in the batch"
        yield "averaged", "batch", text, ast.BinOp(equation.expression, ast.Div(), _name("batch"))


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
            yield term, reduce(lambda a, b: ast.BinOp(a, ast.Add(), b), others)


def _of_derivative(equation: Equation, form: Form) -> Iterator[Change]:
    """σ′ and tanh′ taken for each other, or taken wrongly, where they are the last factors of a formula."""
    gate = form.activation_of(equation.of)
    if gate is None:
        return
    if form.activations[gate] == "tanh":
        slope = f"1 - {gate} * {gate}"
        for slug, wrong, text in (
            (
                "sigmoid-derivative",
                f"{gate} * (1 - {gate})",
                f"the derivative of σ stands where that of tanh, 1 - {gate}², belongs",
            ),
            (
                f"{gate}-not-squared",
                f"1 - {gate}",
                f"1 - {gate} stands where 1 - {gate}² belongs: {gate} is not squared",
            ),
            ("no-tanh-derivative", "", f"the derivative of tanh, 1 - {gate}², is missing"),
        ):
            rest = _before_last_factors(equation.expression, slope)
            if rest is not None:
                yield slug, "derivative", text, ast.BinOp(rest, ast.Mult(), formula.parse(wrong)) if wrong else rest
        return
    rest = _before_last_factors(equation.expression, gate, f"1 - {gate}")
    if rest is None:
        return
    text = f"the derivative of tanh stands where that of σ, {gate}(1 - {gate}), belongs"
    yield "tanh-derivative", "derivative", text, ast.BinOp(rest, ast.Mult(), formula.parse(f"1 - {gate} * {gate}"))
    yield "no-sigmoid-derivative", "derivative", f"the derivative of σ, {gate}(1 - {gate}), is missing", rest
    text = f"1 - {gate} stands twice, and {gate} is missing"
    squared = formula.parse(f"(1 - {gate}) * (1 - {gate})")
    yield f"one-minus-{gate}-squared", "derivative", text, ast.BinOp(rest, ast.Mult(), squared)


def _before_last_factors(expression: ast.expr, *factors: str) -> ast.expr | None:
    """What is left of a product that ends in these factors; None where it does not."""
    for factor in reversed(factors):
        if not (isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Mult)):
            return None
        if ast.dump(expression.right) != ast.dump(formula.parse(factor)):
            return None
        expression = expression.left
    return expression


def _is_chain(part: ast.expr) -> bool:
    """Whether a part is itself a product of factors that are named one by one."""
    return isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult)


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _negative(part: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), part)


def _times(factor: float, part: ast.expr) -> ast.expr:
    return ast.BinOp(ast.Constant(factor), ast.Mult(), part)
