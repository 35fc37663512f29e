"""The equations of one form, made from the layer's table: rewritten, given their ids and shapes, and summed over time.

It computes no number.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gru.calculus import formula
from gru.layer.equation import Equation, sum_over_steps
from gru.layer.parts import Change
from gru.layer.shapes import shape_of, used
from gru.layer.sizes import Dimensions, LayerError
from gru.layer.structure import preactivations

if TYPE_CHECKING:
    from gru.layer.derivation import Derivation
    from gru.layer.layer import Layer


def equations_of(form: "Derivation") -> Iterator[Equation]:
    """All equations of a form in the order of the derivation; each sum stands behind the last of what is summed."""
    yield from _finished(form, _rewritten(form))


def _rewritten(form: "Derivation") -> list[Equation]:
    """The layer's equations with this form's changes; what it adds stands behind the derivatives by parameters."""
    blocks = {block for stack in form.stacks for block in stack.blocks}
    gone = {block for stack in form.layer.stacks for block in stack.blocks} - blocks
    table = [equation for equation in form.layer.table if equation.of not in gone]
    extra = [equation for option in form.options.values() for equation in option.equations]
    last = max((k for k, e in enumerate(table) if e.of in blocks), default=len(table) - 1)
    table[last + 1 : last + 1] = extra
    chosen = {option.id for option in form.options.values()}
    changes = [c for o in form.options.values() for c in o.changes if not c.when or c.when in chosen]
    original = {equation.name: equation for equation in table}
    changed = {name: _changed(equation, changes) for name, equation in original.items()}
    for name, inside in preactivations(original.values()).items():
        if changed[inside] is not original[inside]:
            called = changed[name].expression
            assert isinstance(called, ast.Call)
            tree = ast.Call(called.func, [changed[inside].expression], [])
            changed[name] = original[name].with_expression(tree)
    return list(changed.values())


def _changed(equation: Equation, changes: Iterable[Change]) -> Equation:
    tree = equation.expression
    for change in changes:
        if change.equation == equation.name:
            tree = formula.substituted(tree, change.old, change.new)
    return equation if tree is equation.expression else equation.with_expression(tree)


def _finished(form: "Derivation", table: list[Equation]) -> Iterator[Equation]:
    """The equations with their ids, shapes and meanings, and the sums over the steps behind those they sum."""
    dimensions = _all_dimensions(form, table)
    symbols = form.given_symbols | {equation.name: equation.symbol for equation in table}
    blocks = {block for stack in form.stacks for block in stack.blocks}
    waiting: list[Equation] = []
    summed = [equation for equation in table if equation.of in blocks]
    for equation in table:
        of, shape = equation.of, dimensions[equation.name]
        as_used = " as used at step t" if of in blocks else ""
        meaning = equation.quantity or f"∂loss/∂{symbols[str(of)]}{as_used}"
        whole = replace(equation, quantity=meaning, dimensions=shape, id=equation.id or _id(form.layer, equation))
        yield whole
        if equation.of in blocks:
            waiting.append(_sum_of(form.layer, whole, symbols[str(of)]))
        if summed and equation is summed[-1]:
            yield from sorted(waiting, key=lambda e: (e.number is None, e.number or 0))


def _all_dimensions(form: "Derivation", table: list[Equation]) -> dict[str, Dimensions]:
    """The shapes of what is given and of every left-hand side, in whatever order the equations stand."""
    known, layer = form.given_dimensions, form.layer.id
    forward = [equation for equation in table if equation.of is None]
    names = known.keys() | {equation.name for equation in table}
    for equation in table:
        for name in used(equation):
            if name not in names:
                raise LayerError(f"{layer}: {equation.name} is made of {name}; known are {', '.join(sorted(names))}")
    while waiting := [equation for equation in forward if equation.name not in known]:
        ready = [equation for equation in waiting if all(name in known for name in used(equation))]
        if not ready:
            circle = ", ".join(equation.name for equation in waiting)
            raise LayerError(f"{layer}: each of {circle} is made of another of them: that is a circle")
        known |= {equation.name: shape_of(layer, equation, known) for equation in ready}
    for equation in table:
        if equation.of is not None and equation.of not in known:
            what = f"{equation.name} is said to be the derivative of {equation.of}"
            raise LayerError(f"{layer}: {what}, which is not known; known are {', '.join(known)}")
    return known | {e.name: known[e.of] for e in table if e.of is not None}


def _sum_of(layer: "Layer", equation: Equation, symbol: str) -> Equation:
    name = f"sum_{equation.name}"
    total = Equation(
        name,
        f"d_{symbol}",
        f"∂loss/∂{symbol}, over all steps",
        sum_over_steps,
        (equation.name,),
        equation.summed,
        is_sum=True,
        dimensions=equation.dimensions,
    )
    return replace(total, id=_id(layer, total))


def _id(layer: "Layer", equation: Equation) -> str:
    return f"equation-{equation.number}" if equation.number is not None else f"{layer.id}/{equation.name}"
