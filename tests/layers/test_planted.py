"""Every layer's mistakes, planted one by one: each is found in its own equation, in no other, and named.

The ordinary run takes a few of each layer, `pytest -m full` one in twenty at quick effort, and `pytest -m soak` all,
which is an hour.
"""

import ast
from collections.abc import Iterator

import pytest

from gru.examiner import examine
from gru.layer import Form
from gru.layers.registry import form_named
from gru.mistakes import Mistake, catalogue
from gru.problem import Effort
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

ALL = [(form, m) for form in FORMS for e in form.exposed for m in catalogue(e.key, form)]
SOME = ALL[::331]
MORE = ALL[7::20]


def named(case: tuple[Form, Mistake]) -> str:
    return f"{case[0].id}:{case[1].id}"


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


@pytest.mark.one_in(4)
@pytest.mark.parametrize("case", SOME, ids=named)
def test_a_mistake_is_found_in_its_equation_and_named(case: tuple[Form, Mistake]) -> None:
    check(*case, effort="quick")


@pytest.mark.full
@pytest.mark.parametrize("case", MORE, ids=named)
def test_one_mistake_in_twenty_is_found_in_its_equation_and_named(case: tuple[Form, Mistake]) -> None:
    check(*case, effort="quick")


@pytest.mark.soak
@pytest.mark.parametrize("case", ALL, ids=named)
def test_every_mistake_is_found_in_its_equation_and_named(case: tuple[Form, Mistake]) -> None:
    check(*case, effort="normal")


@pytest.mark.one_in(6)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.layer.id}:{form.id}")
def test_the_table_itself_is_right(form: Form) -> None:
    examination = examine(TrustedCells(cell_of(form), form), form=form, effort=of_this_run())
    assert [o.check for o in examination.outcomes if o.status != "right"] == []


def test_there_are_as_many_as_were_asked_for() -> None:
    def of(layer: str) -> int:
        return len({mistake.id for form, mistake in ALL if form.layer.id == layer})

    assert of("lstm") >= 100
    assert of("rnn") >= 30
