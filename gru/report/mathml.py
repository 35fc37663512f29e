"""Formulas as MathML, which a browser draws by itself and a screen reader says: made from syntax trees.

Two formulas can be written beside each other, with the parts marked in which they differ.
"""

import ast
from collections.abc import Mapping, Sequence

from markupsafe import Markup

_RANKS: dict[type[ast.operator], int] = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.MatMult: 2, ast.Div: 2}
_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "−",
    ast.Mult: "∘",
    ast.MatMult: "·",
    ast.Div: "/",
}
"""How the chapter writes the operators: ∘ entry by entry, · for the product of matrices."""

_FUNCTIONS = {"sigmoid": "σ"}

_TRANSPOSED = Markup('<mi mathvariant="normal">T</mi>')

Marked = frozenset[int]
"""The nodes of a formula that are marked, by their `id`."""


def equation(left: str, right: ast.expr, symbols: Mapping[str, str], marked: Marked = frozenset()) -> Markup:
    """`left = right` as an element of MathML.

    Args:
        left: The name of the left-hand side.
        right: The right-hand side.
        symbols: The sign for each name.
        marked: The nodes of `right` that are marked.
    """
    body = Markup("{} <mo>=</mo> {}").format(_symbol(symbols.get(left, left)), _formula(right, symbols, marked))
    return Markup('<math display="block"><mrow>{}</mrow></math>').format(body)


def differing(formula: ast.expr, other: ast.expr) -> tuple[Marked, Marked]:
    """The nodes of each of two formulas that the other one has not got in their place."""
    if ast.dump(formula) == ast.dump(other):
        return frozenset(), frozenset()
    ours, theirs = _parts(formula), _parts(other)
    if type(ours) is not type(theirs) or (len(ours) < 2 and len(theirs) < 2):
        return _below(formula, other)
    texts, other_texts = [ast.dump(part) for part in ours], [ast.dump(part) for part in theirs]
    mine = [part for part, text in zip(ours, texts, strict=True) if not _taken(text, other_texts)]
    texts = [ast.dump(part) for part in ours]
    its = [
        part for part, text in zip(theirs, [ast.dump(part) for part in theirs], strict=True) if not _taken(text, texts)
    ]
    if len(mine) == len(its) == 1:
        return differing(mine[0], its[0]) if mine[0] is not formula else _below(formula, other)
    return frozenset(map(id, mine)), frozenset(map(id, its))


def _taken(text: str, others: list[str]) -> bool:
    """Whether the text is among the others, of which it then takes one away."""
    if text in others:
        others.remove(text)
        return True
    return False


def _below(formula: ast.expr, other: ast.expr) -> tuple[Marked, Marked]:
    """Where two nodes are of one kind, what differs within; else the nodes themselves."""
    match formula, other:
        case ast.BinOp(left, op, right), ast.BinOp(left_, op_, right_) if type(op) is type(op_):
            first, second = differing(left, left_), differing(right, right_)
            return first[0] | second[0], first[1] | second[1]
        case ast.Call(function, [argument]), ast.Call(function_, [argument_]) if ast.dump(function) == ast.dump(
            function_
        ):
            return differing(argument, argument_)
        case ast.Attribute(value, name), ast.Attribute(value_, name_) if name == name_:
            return differing(value, value_)
        case _:
            return frozenset((id(formula),)), frozenset((id(other),))


def _parts(formula: ast.expr) -> Sequence[ast.expr]:
    """The factors of a product entry by entry, or the terms of a sum, from left to right; else the formula itself.

    A tuple where they are factors, a list where they are terms.
    """
    if isinstance(formula, ast.BinOp) and isinstance(formula.op, ast.Mult):
        left, right = _parts(formula.left), _parts(formula.right)
        first = tuple(left) if isinstance(left, tuple) else (formula.left,)
        return (*first, *(right if isinstance(right, tuple) else (formula.right,)))
    if isinstance(formula, ast.BinOp) and isinstance(formula.op, ast.Add):
        terms = _parts(formula.left)
        return [*(terms if isinstance(terms, list) else [formula.left]), formula.right]
    return (formula,)


def _formula(node: ast.expr, symbols: Mapping[str, str], marked: Marked) -> Markup:
    written = _written(node, symbols, marked)
    return (
        Markup('<mrow class="differs" mathbackground="#ffd9a0" mathcolor="#1b1b1b">{}</mrow>').format(written)
        if id(node) in marked
        else written
    )


def _written(node: ast.expr, symbols: Mapping[str, str], marked: Marked) -> Markup:
    match node:
        case ast.BinOp(left, operator, right):
            rank = _RANKS[type(operator)]
            first = _operand(left, operator, rank, symbols, marked)
            second = _operand(right, operator, rank + 1, symbols, marked)
            return Markup("{} <mo>{}</mo> {}").format(first, _SIGNS[type(operator)], second)
        case ast.UnaryOp(ast.USub(), operand):
            return Markup("<mo>−</mo> {}").format(_operand(operand, ast.MatMult(), 3, symbols, marked))
        case ast.Attribute(ast.Name("np"), name):
            return Markup("<mi>{}</mi>").format(name)
        case ast.Attribute(ast.Name(name) as value, "T" | "mT") if id(value) not in marked:
            return _symbol(symbols.get(name, name), above=_TRANSPOSED)
        case ast.Attribute(value, "T" | "mT"):
            base = _operand(value, ast.MatMult(), 3, symbols, marked)
            return Markup("<msup><mrow>{}</mrow>{}</msup>").format(base, _TRANSPOSED)
        case ast.Call(function, arguments):
            name = _FUNCTIONS.get(ast.unparse(function), ast.unparse(function).removeprefix("np.").replace("_", " "))
            inside = Markup(" <mo>,</mo> ").join(_formula(argument, symbols, marked) for argument in arguments)
            return Markup("<mi>{}</mi><mo>(</mo>{}<mo>)</mo>").format(name, inside)
        case ast.Name(name):
            return _symbol(symbols.get(name, name))
        case ast.Constant(value):
            return Markup("<mn>{}</mn>").format(value)
        case _:
            return Markup("<mtext>{}</mtext>").format(ast.unparse(node))


def _operand(node: ast.expr, around: ast.operator, rank: int, symbols: Mapping[str, str], marked: Marked) -> Markup:
    """An operand of `around`, in brackets where it ranks below it or mixes the two products."""
    written = _formula(node, symbols, marked)
    if isinstance(node, ast.UnaryOp):
        return Markup("<mo>(</mo>{}<mo>)</mo>").format(written)
    if not isinstance(node, ast.BinOp):
        return written
    mixed = {type(node.op), type(around)} == {ast.Mult, ast.MatMult}
    in_brackets = _RANKS[type(node.op)] < rank or mixed
    return Markup("<mo>(</mo>{}<mo>)</mo>").format(written) if in_brackets else written


def _symbol(symbol: str, above: Markup | None = None) -> Markup:
    """A sign with its index below it, such as `δ_zr`, `h_{t-1}` or `δ_x_t`, and what stands above that."""
    base, _, index = symbol.partition("_")
    sign = Markup("<mi>{}</mi>").format(base.replace("-", "−"))
    if not index:
        return sign if above is None else Markup("<msup>{}{}</msup>").format(sign, above)
    below = _symbol(index.strip("{}"))
    if above is None:
        return Markup("<msub>{}{}</msub>").format(sign, below)
    return Markup("<msubsup>{}{}{}</msubsup>").format(sign, below, above)
