"""The mistakes that are known of an equation: each formula once, those with words of their own first.

It compares formulas by their values on numbers of no meaning, and looks at no submission.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from gru.calculus import formula
from gru.calculus.arrays import Array
from gru.layer import Equation, Form
from gru.layers.gru.forms import CHAPTER
from gru.mistakes.by_rule import ByRule
from gru.mistakes.common import common, of_other_forms
from gru.mistakes.parts import Change, Kind

_SIZE = 3
"""All sizes of a sample: the least at which a matrix has rows, columns, and more than its edges."""


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
        return self.equation.formula

    @property
    def wrong_formula(self) -> str:
        """The wrong one."""
        return f"{self.equation.name} = {formula.text(self.expression)}"


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
    for slug, kind, text, tree in changes(equation, form):
        if later.intersection(formula.names(tree)):
            continue
        value = _sample(tree, form)
        # All at once: a formula has some hundred changes, and each is compared with those before it.
        if np.isclose(value, np.array(seen), rtol=1e-9, atol=0).all(axis=(1, 2)).any():
            continue
        seen.append(value)
        place = 2
        id = f"{equation.id}/{slug}"
        while id in found:
            id, place = f"{equation.id}/{slug}-{place}", place + 1
        found[id] = Mistake(id, kind, text, equation, tree)
    return tuple(found.values())


def changes(equation: Equation, form: Form) -> Iterator[Change]:
    """Every change that is made of a formula, equal ones among them: those with words of their own come first."""
    by_rule = ByRule(equation, form)
    yield from common(equation, form)
    yield from by_rule.changes()
    # Many a slip happens to give the formula of another form: the slip is the simpler explanation, if it is one.
    yield from of_other_forms(equation, form)
    yield from by_rule.in_several_places()


def _sample(tree: ast.expr, form: Form) -> Array:
    """The value of a formula on numbers of no meaning, by which equal formulas are known.

    All sizes are equal, so that every formula has a value, and all values are of one shape.
    """
    return np.broadcast_to(formula.evaluate(tree, _numbers(form)), (_SIZE, _SIZE))


@cache
def _numbers(form: Form) -> dict[str, Any]:
    generator = np.random.default_rng(1)
    values: dict[str, Any] = {name: generator.normal(size=(_SIZE, _SIZE)) for name in form.dimensions}
    return values | {"batch": _SIZE}


def find(id: str, form: Form = CHAPTER) -> Mistake:
    """The mistake of a form's catalogue with this id. Raises KeyError where there is none."""
    check = id.rpartition("/")[0]
    for equation in form.exposed:
        if equation.id == check:
            for mistake in catalogue(equation.key, form):
                if mistake.id == id:
                    return mistake
    raise KeyError(id)
