"""Cells made of a layer's table: right ones, and right ones with one formula replaced."""

import ast
from collections.abc import Mapping
from functools import cache
from typing import Any

from gru.calculus import formula
from gru.layer import Form
from gru.mistakes import Mistake
from gru.submission.recording import api_of

names_in = cache(formula.names)
"""The names in a formula: a cell asks for those of each equation at every step."""


def cell_of(form: Form, instead: Mapping[str, ast.expr] | None = None) -> type:
    """A class in the layer's API that computes one equation after another, some by another formula.

    Args:
        form: The layer as it is written.
        instead: By name, the formulas that stand in place of the layer's own.
    """
    api, layer, instead = api_of(form), form.layer, instead or {}
    is_shown = {*form.kept, *form.shown_forward, *form.shown_backward}

    class Cell:
        def __init__(self, input_size: int, hidden_size: int) -> None:
            self._sizes = {"input": input_size, "hidden": hidden_size, "1": 1}

        def split_params(self, w: Any, size: int) -> list[Any]:
            return [w[k * size : (k + 1) * size] for k in range(len(w) // size)]

        def forward(self, *arguments: Any) -> None:
            self._at = dict(zip(api["forward"], arguments, strict=True))
            for stack in form.stacks:
                self._at |= form.blocks_of(stack, self._at[stack.name])
            self._at["batch"] = len(self._at[layer.input])
            self._compute(form.forward)

        def backward(self, *arguments: Any) -> None:
            self._at |= dict(zip(api["backward"], arguments, strict=True))
            self._compute(form.backward)
            for stack in form.stacks:
                self._show(stack.gradient, form.stacked(stack, self._at, "d"))

        def _compute(self, equations: Any) -> None:
            done: set[str] = set()
            for equation in equations:
                self._provide(equation, done)
            for name, value in self._at.items():
                self._show(name, value)

        def _provide(self, equation: Any, done: set[str]) -> None:
            """Compute an equation anew, after what its formula needs."""
            if equation.name in done:
                return
            done.add(equation.name)
            tree = instead.get(equation.name, equation.expression)
            for name in names_in(tree):
                if name in form.named:
                    needed = form.named[name]
                    if name not in self._at or (needed in form.forward and equation in form.forward):
                        self._provide(needed, done)
            self._at[equation.name] = formula.evaluate(tree, self._at)

        def _show(self, name: str, value: Any) -> None:
            if name in is_shown:
                setattr(self, name, value)

    Cell.__name__ = Cell.__qualname__ = layer.cell
    return Cell


def planted(form: Form, *mistakes: Mistake) -> type:
    """The cell that is right but for these mistakes."""
    return cell_of(form, {mistake.equation.name: mistake.expression for mistake in mistakes})
