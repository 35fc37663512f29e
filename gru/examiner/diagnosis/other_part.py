"""One wrong part of a formula: which part it is, and what stands there. The formula is solved for the part, and the
value that it must have had is read off. It judges nothing.
"""

import ast
import re
from collections.abc import Iterator

import numpy as np

from gru.calculus import formula
from gru.calculus.arrays import Array
from gru.calculus.inverse import may_tell, solved
from gru.calculus.rounding import limit
from gru.examiner.diagnosis.activated import FUNCTIONS
from gru.examiner.diagnosis.fillings import Filling, Read, Values, functions, powers, sums
from gru.examiner.diagnosis.read_off import ENOUGH, Guess
from gru.examiner.diagnosis.sample import Sample
from gru.examiner.fact import Fact
from gru.layer import Equation, Form
from gru.layer.shapes import shape_of
from gru.layer.sizes import Dimensions, LayerError
from gru.mistakes import changes, slope_of
from gru.mistakes.parts import quantity

_PART = "_part"
"""The name that the part has in the formula that is solved for it."""

_SHARP = 1e-8
"""How well a value must be known for a part to be read off it, in units of its largest entry."""

_MOST_READ = 24
"""The number of problems that a part is read off; what was read is then held against all problems."""

_FLATTEST = 1e-2
"""The least slope at which a pre-activation is read off its activation."""

_DIVISION = 40
"""How much longer a line counts for each division: a missing factor is not told as one over it elsewhere."""

Hole = tuple[ast.expr, ast.expr]
"""A part of a formula, and the formula with `part` in its place."""


def other_part(wrong: list[Sample]) -> Iterator[Guess]:
    """The part of the formula that is another one, where one is."""
    equation, form = wrong[0].equation, wrong[0].form
    found: list[tuple[Filling, Hole]] = []
    for part, around in _holes(equation, form):
        read = _read(wrong, around)
        found += [(filling, (part, around)) for filling in _fillings(read, part, equation, form)] if read else []
    # The same value can be told of several parts: the shortest formula is the simplest explanation.
    for filling, (part, around) in sorted(found, key=_length):
        guess = _guess(equation, part, around, filling)
        if _fits(wrong, guess, around, filling):
            yield guess
            return


def _length(one: tuple[Filling, Hole]) -> int:
    """The length of an explanation: nobody divides by a quantity that is a factor in its right place."""
    filling, (_, around) = one
    return len(_with(around, filling.line)) + len(filling.line) + _DIVISION * filling.line.count("/")


def _holes(equation: Equation, form: Form) -> Iterator[Hole]:
    """The parts of a formula for which it can be solved: of an activation, the whole and what is inside."""
    hole, expression = quantity(_PART), equation.expression
    if equation.name in form.activations and isinstance(expression, ast.Call):
        yield expression, hole
        for part, around in _parts(expression.args[0], form):
            yield part, ast.Call(expression.func, [around], [])
        return
    yield from _parts(expression, form)
    split = slope_of(equation, form)
    if split is not None:
        rest, factors = split[0], formula.factors(expression)
        slope = formula.product(factors[len(formula.factors(rest)) :])
        if len(formula.factors(slope)) > 1:
            yield slope, ast.BinOp(rest, ast.Mult(), hole)


def _parts(expression: ast.expr, form: Form) -> Iterator[Hole]:
    """The parts of an expression for which it can be solved; the first terms of a longer sum are none."""
    terms = formula.terms(expression)
    beginnings = [ast.dump(formula.total(terms[:count])) for count in range(2, len(terms))]
    for part, put in formula.places(expression):
        around = put(quantity(_PART))
        has_quantities = set(formula.names(part)) & form.dimensions.keys()
        if has_quantities and ast.dump(part) not in beginnings and may_tell(_bare(around), _PART):
            yield part, around


def _read(wrong: list[Sample], around: ast.expr) -> list[Read]:
    """The values that the part must have had, in the problems that tell them to many digits."""
    found: list[Read] = []
    for sample in wrong:
        if len(found) == _MOST_READ:
            break
        with np.errstate(all="ignore"):
            one = _read_in(sample, around)
        if one is not None and one.known.any():
            found.append(one)
    return found


def _read_in(sample: Sample, around: ast.expr) -> Read | None:
    """The value that the part must have had; None where that is not known to many digits."""
    value, known, amplified, inner = sample.own, np.ones(sample.own.shape, bool), 1.0, around
    if isinstance(around, ast.Call):
        value, known = _inverted(sample)
        amplified, inner = 1 / _FLATTEST, around.args[0]
    if not isinstance(inner, ast.Name):
        if not known.all():
            return None
        try:
            while (peeled := _peeled(inner, value, sample.values)) is not None:
                inner, value, less = peeled
                amplified *= less
            solution = solved(inner, _PART, value, sample.values)
        except (ValueError, np.linalg.LinAlgError):
            return None
        if solution is None:
            return None
        value, known = solution[0], np.ones(solution[0].shape, bool)
        amplified *= solution[1]
    size = float(np.abs(value[known]).max(initial=0.0))
    return Read(value, known, sample.values) if amplified * float(sample.limits.max()) < _SHARP * size else None


def _around_a_product(expression: ast.expr) -> tuple[ast.expr, ast.operator, ast.expr, bool] | None:
    """A product of matrices with the part in it, and what stands around: an operator, the other side, which is left."""
    match expression:
        case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() as operator, right):
            is_left, is_right = (_PART in formula.names(side) for side in (left, right))
            inside, other = (left, right) if is_left else (right, left)
            if is_left != is_right and not may_tell(expression, _PART):
                return inside, operator, other, is_left
    return None


def _bare(expression: ast.expr) -> ast.expr:
    """The product of matrices that has the part in it, without what stands around it."""
    around = _around_a_product(expression)
    return _bare(around[0]) if around else expression


def _peeled(expression: ast.expr, wanted: Array, values: Values) -> tuple[ast.expr, Array, float] | None:
    """The formula without its outermost operator, the value that is left, and how much errors may have grown."""
    around = _around_a_product(expression)
    if around is None:
        return None
    inside, operator, other, is_left = around
    value = formula.evaluate(other, values)
    match operator:
        case ast.Mult() if not value.all():
            return inside, wanted * np.nan, 1.0
        case ast.Mult():
            return inside, wanted / value, 1 / float(np.abs(value).min())
        case ast.Sub() if not is_left:
            return inside, value - wanted, 2.0
        case ast.Sub():
            return inside, wanted + value, 2.0
    return inside, wanted - value, 2.0


def _inverted(sample: Sample) -> tuple[Array, Array]:
    """The pre-activation that a gate must have had, and where that is known to many digits."""
    kind, own = sample.form.activations[sample.equation.name], sample.own
    slope = 1 - own * own if kind == "tanh" else own * (1 - own)
    return FUNCTIONS[kind][1](own), slope > _FLATTEST


def _fillings(read: list[Read], part: ast.expr, equation: Equation, form: Form) -> Iterator[Filling]:
    """The fillings that may have stood in place of the part."""
    dimensions, values = _dimensions(part, form, equation), read[0].values
    before = form.made_of(equation.name) | form.hidden_inside
    names = [n for n, d in form.dimensions.items() if d == dimensions and n not in before and n in values]
    quantities = [quantity(name) for name in names]
    if dimensions is not None and any(isinstance(p, ast.BinOp) for p, _ in formula.places(equation.expression)):
        is_derivative = [name in form.named and form.named[name].of is not None for name in names]
        derivatives, others = (
            [one for one, is_one in zip(quantities, is_derivative, strict=True) if is_one == which]
            for which in (True, False)
        )
        yield from powers(read, [*_factors(part), *others, *_gates(names, form), *derivatives])
    yield from functions(read, part)
    terms = formula.terms(part)
    gates = [quantity(gate) for gate, kind in form.activations.items() if kind == "sigmoid"]
    if isinstance(part, ast.BinOp):
        changed = [change for term in terms for change in changes(equation.with_expression(term), form)]
        others = [tree for _, kind, _, tree in changed if kind not in ("convention", "batch")]
        gated = [*terms, *(tree for _, kind, _, tree in changed if kind == "missing")]
        others += [*quantities, *_terms_of(dimensions, equation, form)]
    else:
        others = gated = quantities
    others = [*others, *(ast.BinOp(gate, ast.Mult(), tree) for gate in gates for tree in gated)]
    known = values.keys() - before
    yield from sums(read, terms, [tree for tree in others if known >= set(formula.names(tree))])


def _dimensions(part: ast.expr, form: Form, equation: Equation) -> Dimensions | None:
    """The shape of a part in words; None where it is a sum of matrix products, or a number."""
    try:
        return shape_of(form.layer.id, equation.with_expression(part), form.dimensions)
    except LayerError:
        return None


def _terms_of(dimensions: Dimensions | None, equation: Equation, form: Form) -> Iterator[ast.expr]:
    """The terms of every formula of the layer that have this shape."""
    for other in form.exposed:
        for term in () if other.is_sum else formula.terms(other.expression):
            if dimensions is not None and _dimensions(term, form, equation) == dimensions:
                yield term


def _factors(part: ast.expr) -> list[ast.expr]:
    """The factors of a part, each once; a square as what is squared."""
    return list({ast.dump(factor): factor for factor in formula.factors(part)}.values())


def _gates(names: list[str], form: Form) -> list[ast.expr]:
    """What slopes are made of, beside the gates: 1 - z of σ, 1 - n * n of tanh."""
    kinds = {name: form.activations[name] for name in names if name in form.activations}
    return [formula.parse(f"1 - {n}" if kind == "sigmoid" else f"1 - {n} * {n}") for n, kind in kinds.items()]


def _guess(equation: Equation, part: ast.expr, around: ast.expr, filling: Filling) -> Guess:
    text, line = _told(equation, part, around, filling.line)
    fact = Fact.of("other-part", name=equation.name, part=text, line=line, computed=_with(around, filling.line))

    def predicted(sample: Sample) -> Array | None:
        try:
            value = formula.evaluate(around, sample.values | {_PART: filling.value(sample.values)})
            return np.broadcast_to(value, sample.own.shape)
        except ValueError:
            return None

    return Guess((fact,), predicted)


def _told(equation: Equation, part: ast.expr, around: ast.expr, line: str) -> tuple[str, str]:
    """The least part that stands only once in the formula, and what stands there; the whole if none is."""
    standing = [formula.text(one) for one, _ in formula.places(equation.expression)]
    inside = [one for one, _ in formula.places(around) if _PART in formula.names(one)]
    for one in sorted(inside, key=lambda one: len(formula.text(one))):
        right = formula.text(formula.replaced(one, ast.dump(quantity(_PART)), part))
        if standing.count(right) == 1 and one is not around:
            return right, _with(one, line)
    return "", _with(around, line)


def _with(around: ast.expr, line: str) -> str:
    """A formula with this line in the place of the part."""
    is_bare = isinstance(around, ast.Name) or re.fullmatch(r"[\w.]+(\([^()]*\))?", line)
    return formula.renamed(formula.text(around), {_PART: line if is_bare else f"({line})"})


def _fits(wrong: list[Sample], guess: Guess, around: ast.expr, filling: Filling) -> bool:
    """Whether the formula with this in place of the part gives all values, to the rounding of both."""
    decided = 0
    for sample in wrong:
        value = guess.predicted(sample)
        if value is None:
            return False
        with np.errstate(all="ignore"):
            seen = sample.rounded | {_PART: filling.rounded(sample.values, sample.rounded)}
            bound = formula.evaluate(around, seen).roundings
            allowed = sample.limits + sample.slack * limit(np.broadcast_to(bound, sample.own.shape), sample.dtype)
            same = (value == sample.own) | (np.isnan(value) & np.isnan(sample.own))
            # Where something is divided by a number that rounding hides, nothing is known.
            if not (same | (np.abs(value - sample.own) <= allowed) | ~np.isfinite(allowed)).all():
                return False
            decided += int((np.abs(sample.apart) > 2 * allowed).sum())
    return decided >= ENOUGH
