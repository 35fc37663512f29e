"""The mistakes that are made by rule: every part of a formula left out, negated, doubled, replaced or transposed.

So the catalogue also holds what nobody thought of. It judges nothing.
"""

import ast
from collections.abc import Iterator
from itertools import combinations

from gru.calculus import formula
from gru.layer import Equation, Form
from gru.mistakes.common import slope_of
from gru.mistakes.parts import Change, is_chain, negative, quantity, times


class ByRule:
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
        yield "negated", "sign", f"the sign of {name} is wrong throughout", negative(expression)
        yield "doubled", "count", f"{name} is twice what it should be", times(2, expression)
        yield "halved", "count", f"{name} is half of what it should be", times(0.5, expression)
        for part, put in formula.places(expression):
            for slug, kind, text, new in (
                *self._of_operation(part),
                *self._of_name(part),
                *self._of_transpose(part),
                *self._of_function(part),
            ):
                if name not in formula.names(new):
                    yield slug, kind, text, put(new)
        rules = (self._with_a_gate, self._moved_inside, self._without_brackets, self._around_the_sum)
        for slug, kind, text, new in (change for rule in rules for change in rule()):
            if name not in formula.names(new):
                yield slug, kind, text, new

    def in_several_places(self) -> Iterator[Change]:
        """One slip in several places of the formula."""
        for slug, kind, text, new in (*self._throughout(), *self._exchanged(), *self._untransposed()):
            if self.equation.name not in formula.names(new):
                yield slug, kind, text, new

    def _throughout(self) -> Iterator[Change]:
        """One part taken for another wherever it stands, where it stands several times."""
        expression = self.equation.expression
        standing = [ast.dump(part) for part, _ in formula.places(expression)]
        several = {ast.dump(part): part for part, _ in formula.places(expression) if standing.count(ast.dump(part)) > 1}
        for same, part in several.items():
            for slug, kind, text, new in (*self._of_name(part), *self._of_function(part)):
                yield f"{slug}-throughout", kind, f"{text}, throughout", formula.replaced(expression, same, new)

    def _untransposed(self) -> Iterator[Change]:
        """No weight transposed."""
        expression = self.equation.expression
        turned = [
            part for part, _ in formula.places(expression) if isinstance(part, ast.Attribute) and part.attr == "mT"
        ]
        new = expression
        for part in turned:
            if isinstance(part.value, ast.Name) and part.value.id in self.matrices:
                new = formula.replaced(new, ast.dump(part), part.value)
        if new is not expression:
            yield "untransposed-throughout", "transpose", "no weight is transposed", new

    def _exchanged(self) -> Iterator[Change]:
        """Two quantities of one shape, each in the other's place."""
        expression = self.equation.expression
        named = formula.names(expression)
        for one, other in (pair for siblings in self.siblings for pair in combinations(siblings, 2)):
            if one in named and other in named:
                said = [self.said.get(name, name) for name in (one, other)]
                slug = f"{self.words.get(one, one)}-and-{self.words.get(other, other)}-exchanged"
                line = formula.renamed(ast.unparse(expression), {one: other, other: one})
                yield slug, "operand", f"{said[0]} and {said[1]} are exchanged", formula.parse(line)

    def _without_brackets(self) -> Iterator[Change]:
        """The brackets around a sum or a difference left out, wherever it is written among the factors of its term."""
        expression = self.equation.expression
        for term, put in formula.places(expression):
            if not any(ast.dump(term) == ast.dump(whole) for whole in formula.terms(expression)):
                continue
            chain = formula.factors(term)
            for at, factor in enumerate(chain):
                others = chain[:at] + chain[at + 1 :]
                if not isinstance(factor, ast.BinOp) or not isinstance(factor.op, ast.Add | ast.Sub):
                    continue
                for end in reversed(range(len(others) + 1)):
                    first, second = [*others[:end], factor.left], [factor.right, *others[end:]]
                    broken = ast.BinOp(formula.product(first), factor.op, formula.product(second))
                    text = f"the brackets around {self._said(factor)} are missing"
                    yield f"no-brackets-{self._slug(factor)}", "operand", text, put(broken)

    def _with_a_gate(self) -> Iterator[Change]:
        """A gate as a factor where none belongs: of the whole, or of something that stands in it."""
        expression, dimensions = self.equation.expression, self.form.dimensions
        for gate in self.gates:
            shape = dimensions[gate]
            if self.equation.of is not None and self.equation.dimensions == shape:
                text = f"the factor {gate} does not belong there"
                yield f"{gate}-too-many", "count", text, ast.BinOp(expression, ast.Mult(), quantity(gate))
            for part, put in formula.places(expression):
                if isinstance(part, ast.Name) and part.id != gate and dimensions.get(part.id) == shape:
                    text = f"{self._said(part)} is multiplied by {gate}, which does not belong there"
                    yield f"{gate}-too-many", "count", text, put(ast.BinOp(quantity(gate), ast.Mult(), part))

    def _moved_inside(self) -> Iterator[Change]:
        """Factors that belong to the result of a product of matrices, and stand inside it."""
        for part, put in formula.places(self.equation.expression):
            first, *factors = formula.factors(part)
            match first:
                case ast.BinOp(left, ast.MatMult(), right) if factors:
                    singly = [(at, at + 1) for at in range(len(factors))]
                    for at, end in dict.fromkeys([*singly, *((at, len(factors)) for at, _ in singly)]):
                        moved, rest = factors[at:end], factors[:at] + factors[end:]
                        inside = ast.BinOp(formula.product([left, *moved]), ast.MatMult(), right)
                        said = self._said(formula.product(moved))
                        slug = f"inside-{'-'.join(map(self._slug, moved))}"
                        text = f"{said} stands inside the product with {self._said(right)}, and belongs outside"
                        yield slug, "operand", text, put(formula.product([inside, *rest]))

    def _around_the_sum(self) -> Iterator[Change]:
        """A factor of one term that multiplies the whole sum."""
        terms = formula.terms(self.equation.expression)
        for at, term in enumerate(terms if len(terms) > 1 else ()):
            *first, last = formula.factors(term)
            if first:
                left = [*terms[:at], formula.product(first), *terms[at + 1 :]]
                text = f"{self._said(last)} multiplies the whole sum, and belongs to {formula.text(term)} alone"
                yield f"sum-times-{self._slug(last)}", "operand", text, formula.product([formula.total(left), last])

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
                    if not is_chain(gone):
                        yield (
                            f"no-{self._slug(gone)}",
                            "missing",
                            f"the factor {self._said(gone)} is missing",
                            left_over,
                        )
                        often = "twice" if ast.dump(left) != ast.dump(right) else "three times"
                        yield (
                            f"{self._slug(gone)}-{often.replace(' ', '-')}",
                            "count",
                            f"the factor {self._said(gone)} stands there {often}",
                            ast.BinOp(part, ast.Mult(), gone),
                        )
            case ast.BinOp(left, ast.MatMult(), right) if part is not self.equation.expression:
                text = f"{self._said(left)} is not multiplied by {self._said(right)}"
                yield f"no-product-{self._slug(right)}", "missing", text, left
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
            yield f"{word}-{self._slug(term)}", "count", text, ast.BinOp(rest, ast.Add(), times(factor, term))

    def _of_name(self, part: ast.expr) -> Iterator[Change]:
        """What can stand in the place of one quantity."""
        if not isinstance(part, ast.Name) or part.id not in self.form.dimensions:
            return
        name = part.id
        for other in (
            sibling for siblings in self.siblings if name in siblings for sibling in siblings if sibling != name
        ):
            text = f"{self.said.get(other, other)} stands where {self.said.get(name, name)} belongs"
            yield f"{self.words.get(other, other)}-for-{self.words.get(name, name)}", "operand", text, quantity(other)
        inside = self.form.preactivations.get(name)
        if inside is not None:
            text = f"the pre-activation stands where {name}, its activation, belongs"
            yield f"preactivation-for-{name}", "derivative", text, formula.parse(f"{inside}")
            activation = "sigmoid" if name in self.gates else "np.tanh"
            text = f"the activation function is applied to {name} a second time"
            yield f"activated-{name}", "derivative", text, formula.parse(f"{activation}({name})")
        split = slope_of(self.form.named[name], self.form) if name in self.form.named else None
        if split is not None:
            text = f"the slope {split[1]} is missing in {name}: {self._said(split[0])} stands there"
            yield f"{name}-before-slope", "derivative", text, split[0]
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
