"""Every layer's mistakes, planted one by one: each is found in its own equation, in no other, and named.

The ordinary run takes a few of each layer, `pytest -m full` one in twenty at quick effort, and `pytest -m soak` all,
which is an hour.
"""

import ast
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from gru.calculus.arrays import Array
from gru.examiner import examine
from gru.layer import Equation, Form
from gru.layers.lstm.cell import LSTMCell
from gru.layers.registry import form_named
from gru.mistakes import Mistake, catalogue
from gru.problem import Effort, battery
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.layers.cells import cell_of, planted

pytestmark = pytest.mark.filterwarnings("ignore")
"""Planted mistakes overflow where the right formula does not, and that is no news."""

FORMS = [
    form_named("chapter", "lstm"),
    form_named("no-bias", "lstm"),
    form_named("chapter", "rnn"),
    form_named("chapter-bias"),
    form_named("swapped-two-biases-rzn"),
]

EQUATIONS = [(form, equation) for form in FORMS for equation in form.exposed]


def named(asked: Any) -> str:
    return f"{asked.layer.id}:{asked.id}" if isinstance(asked, Form) else asked.id


@cache
def mistakes_of(form: Form) -> tuple[Mistake, ...]:
    return tuple(mistake for equation in form.exposed for mistake in catalogue(equation.key, form))


def check(form: Form, mistake: Mistake, effort: Effort) -> None:
    examination = examine(TrustedCells(planted(form, mistake), form), form=form, effort=effort)
    wrong = [outcome for outcome in examination.outcomes if outcome.status == "wrong" and outcome.is_of_equation]
    assert [outcome.check for outcome in wrong] == [mistake.equation.id]
    assert wrong[0].mistake is not None
    assert {mistake.id, *forms_with(form, mistake)}.intersection(wrong[0].mistake.ids)


def forms_with(form: Form, mistake: Mistake) -> Iterator[str]:
    """The other forms of the layer in which the mistake is the right formula: then these are its name."""
    for other in form.layer.forms.values():
        equation = other.named.get(mistake.equation.name)
        if other is not form and equation and ast.dump(equation.expression) == ast.dump(mistake.expression):
            yield f"convention/{other.id}"


@pytest.mark.one_in(2)
@pytest.mark.parametrize("form", [form_named("chapter", "rnn"), form_named("chapter", "lstm")], ids=named)
def test_a_mistake_is_found_in_its_equation_and_named(form: Form) -> None:
    check(form, catalogue(form.exposed[0].key, form)[0], effort="quick")


@pytest.mark.full
@pytest.mark.parametrize("form", FORMS, ids=named)
def test_one_mistake_in_twenty_is_found_in_its_equation_and_named(form: Form) -> None:
    for mistake in mistakes_of(form)[7::20]:
        check(form, mistake, effort="quick")


@pytest.mark.soak
@pytest.mark.parametrize(("form", "equation"), EQUATIONS, ids=named)
def test_every_mistake_is_found_in_its_equation_and_named(form: Form, equation: Equation) -> None:
    for mistake in catalogue(equation.key, form):
        check(form, mistake, effort="normal")


@pytest.mark.full
@pytest.mark.parametrize("form", FORMS, ids=named)
def test_the_table_itself_is_right(form: Form) -> None:
    examination = examine(TrustedCells(cell_of(form), form), form=form, effort=of_this_run())
    assert [o.check for o in examination.outcomes if o.status != "right"] == []


@pytest.mark.full
def test_there_are_as_many_as_were_asked_for() -> None:
    def of(layer: str) -> int:
        return len({mistake.id for form in FORMS if form.layer.id == layer for mistake in mistakes_of(form)})

    assert of("lstm") >= 100
    assert of("rnn") >= 30


class BoundsTheState(LSTMCell):
    """tanh(c_t) of a c_t that is kept within ±5; that of a long sequence is not."""

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> Array:
        super().forward(x, h_p, c_p, W, U, b)
        self.h = self.o * np.tanh(np.clip(self.c, -5, 5))
        return self.h


def test_a_state_that_nothing_bounds_is_drawn_large_too() -> None:
    form = FORMS[0]
    larger = next(problem for problem in battery("normal", 0, form) if np.abs(problem.initial[1]).max() > 5)
    examination = examine(TrustedCells(BoundsTheState, form), form=form, problem=larger)
    assert [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"] == ["lstm/h"]
