"""The family of GRUs: the chapter's, and the forms of it that other texts and libraries use.

One family, not copies of the equations: a form is a set of substitutions in the chapter's own
formulas, and an order in which the gates' blocks are stacked. It never says which form is right.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

from gru.calculus import formula
from gru.calculus.functions import Array
from gru.layers.gru import parameters
from gru.layers.gru.equations import EQUATIONS, Equation

Substitutions = Mapping[int, tuple[str, str]]
"""For the equation of this number: what stands in the chapter, and what stands in its place."""

SWAPPED_UPDATE: Substitutions = {
    4: ("(1 - z) * h_p + z * n", "z * h_p + (1 - z) * n"),
    8: ("n - h_p", "h_p - n"),
    9: ("in_grad * z", "in_grad * (1 - z)"),
    23: ("in_grad * (1 - z)", "in_grad * z"),
}
"""z weighs the old state and not the new one: Chung et al. 2014, PyTorch, Keras, cuDNN."""

RESET_AFTER: Substitutions = {
    3: ("(r * h_p) @ wn", "r * (h_p @ wn)"),
    7: ("(r * h_p) @ wn", "r * (h_p @ wn)"),
    10: ("(dzn @ wn.mT) * h_p", "dzn * (h_p @ wn)"),
    11: ("(r * h_p).mT @ dzn", "h_p.mT @ (dzn * r)"),
    23: ("(dzn @ wn.mT) * r", "(dzn * r) @ wn.mT"),
}
"""The reset gate acts after the product with W_h: PyTorch, cuDNN, Keras with `reset_after`."""


@dataclass(frozen=True, eq=False)
class Convention:
    """One form of a GRU.

    `substitutions` turn the chapter's equations into its own, `order` is that of the gates' blocks
    in W and U, `departs` tells the checks at which it leaves the chapter, and `text` names it.
    """

    id: str
    text: str
    substitutions: tuple[Substitutions, ...] = ()
    order: tuple[str, ...] = parameters.GATES
    departs: tuple[str, ...] = ()

    @cached_property
    def equations(self) -> dict[int, Equation]:
        """The equations of this form, by the chapter's numbers."""
        return {number: self._equation(equation) for number, equation in EQUATIONS.items()}

    @cached_property
    def exposed(self) -> tuple[Equation, ...]:
        """Those whose left-hand sides a cell shows: all but (5)–(7)."""
        return tuple(equation for number, equation in self.equations.items() if number not in (5, 6, 7))

    def made_of(self, name: str) -> frozenset[str]:
        """The names of all that is computed from a quantity, near and far, itself included."""
        reached, before = {name}, 0
        while len(reached) > before:
            before = len(reached)
            reached |= {e.name for e in self.equations.values() if reached.intersection(e.inputs)}
        return frozenset(reached)

    @property
    def hidden_state(self) -> str:
        """Its form of (4) as a line of Python, by which it is told from the others."""
        return f"h = {formula.text(self.equations[4].expression)}"

    def split(self, stacked: Any, size: int) -> dict[str, Any]:
        """The blocks of `stacked` (…, 3·size, hidden) by gate: z, r, n."""
        blocks = dict(zip(self.order, parameters.split(stacked, size), strict=True))
        return {gate: blocks[gate] for gate in parameters.GATES}

    def merge(self, blocks: Mapping[str, Any]) -> Any:
        """The blocks by gate, stacked in this form's order."""
        return parameters.merge(*(blocks[gate] for gate in self.order))

    def _equation(self, equation: Equation) -> Equation:
        substitutions = [s[equation.number] for s in self.substitutions if equation.number in s]
        if not substitutions:
            return equation
        tree = equation.expression
        for old, new in substitutions:
            tree = formula.substituted(tree, old, new)
        return with_expression(equation, tree)


def with_expression(equation: Equation, tree: ast.expr) -> Equation:
    """The equation with another right-hand side."""
    inputs = tuple(formula.names(tree))

    def function(*values: Array) -> Array:
        return formula.evaluate(tree, dict(zip(inputs, values, strict=True)))

    return replace(equation, function=function, inputs=inputs, tree=tree)


def _family() -> dict[str, Convention]:
    """Both forms of (4), both forms of (3), and both orders of the stacked blocks."""
    found = {}
    for swapped, after, order in product((False, True), (False, True), (parameters.GATES, ("r", "z", "n"))):
        form = {
            (False, False): "chapter",
            (True, False): "swapped",
            (False, True): "reset-after",
            (True, True): "torch",
        }
        texts = {
            "chapter": "the chapter's form",
            "swapped": "z weighs the old state here: h = z * h_prev + (1 - z) * h̃",
            "reset-after": "the reset gate acts after the product here: h̃ = tanh(r * (h_prev @ Wh) + x @ Uh)",
            "torch": "this is PyTorch's form of (3) and (4): "
            "h̃ = tanh(r * (h_prev @ Wh) + x @ Uh), h = z * h_prev + (1 - z) * h̃",
        }
        name, reordered = form[swapped, after], order != parameters.GATES
        found[name + "-rzn" * reordered] = Convention(
            id=name + "-rzn" * reordered,
            text=texts[name] + "; W and U are stacked in the order r, z, h̃" * reordered,
            substitutions=(*(SWAPPED_UPDATE,) * swapped, *(RESET_AFTER,) * after),
            order=order,
            departs=(*("equation-4",) * swapped, *("equation-3",) * after, *("split",) * reordered),
        )
    return found


CONVENTIONS: dict[str, Convention] = _family()
"""All forms by their ids, the chapter's first."""

CHAPTER = CONVENTIONS["chapter"]
