"""The cells that are put to a teacher's tests: each is what its name says."""

from typing import Any

import numpy as np
import pytest

from gru.audit.cells import Cell, right_cells, wrong_cells
from gru.calculus import formula
from gru.examiner import examine
from gru.layer import Form, Sizes
from gru.layers.registry import form_named, layer_named
from gru.mistakes import find
from gru.problem import Problem, Specification, draw
from gru.submission.recording import api_of
from gru.submission.trusted import TrustedCells
from tests.layers.cells import planted

FORMS = [layer_named(id).form for id in ("gru", "lstm", "rnn")]


def made(cell: Cell, form: Form) -> Any:
    namespace: dict[str, Any] = {}
    exec(compile(cell.source, cell.id, "exec"), namespace)
    return namespace[form.layer.cell]


def ran(cell_class: Any, problem: Problem, form: Form) -> Any:
    """A cell after one step of a problem."""
    given = {form.layer.input: problem.x[0], **problem.parameters}
    given |= {c.previous: state for c, state in zip(form.layer.carried, problem.initial, strict=True)}
    given |= {c.upstream: problem.upstream[0] for c in form.layer.carried}
    api = api_of(form)
    cell = cell_class(problem.sizes.input, problem.sizes.hidden)
    cell.forward(*(given[name].copy() for name in api["forward"]))
    cell.backward(*(given[name].copy() for name in api["backward"]))
    return cell


@pytest.mark.full
@pytest.mark.parametrize("form", [FORMS[0], pytest.param(FORMS[1], marks=pytest.mark.full), FORMS[2]], ids=str)
def test_a_wrong_cell_has_the_mistake_of_its_name_and_no_other(form: Form) -> None:
    problem = draw(Specification(Sizes(3, 3, 3), "ordinary", "float64"), "0:0", form)
    for cell in wrong_cells(form):
        if cell.check == "state":
            continue
        wrong, right = ran(made(cell, form), problem, form), ran(planted(form, find(cell.id, form)), problem, form)
        for name in (*form.shown_forward, *form.shown_backward):
            np.testing.assert_allclose(getattr(wrong, name), getattr(right, name), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.one_in(8)
@pytest.mark.parametrize("number", range(8))
def test_a_right_cell_is_right_in_every_style(form: Form, number: int) -> None:
    cell = right_cells(form)[number]
    assert examine(TrustedCells(made(cell, form), form), effort="quick", form=form).verdict == "right", cell.id


@pytest.mark.one_in(3)
@pytest.mark.parametrize("slip", ["keeps-parameters", "adds-up", "changes-upstream"])
def test_a_slip_is_a_mistake_of_the_state(slip: str) -> None:
    form = form_named()
    (cell,) = [cell for cell in wrong_cells(form, ["state"]) if cell.id == f"state/{slip}"]
    examination = examine(TrustedCells(made(cell, form)), effort="quick")
    assert [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"] == ["state"]


def test_the_layers_own_formulas_are_left_as_they_are() -> None:
    form = form_named()
    before = {e.name: formula.text(e.expression) for e in form.named.values() if not e.is_sum}
    right_cells(form)
    assert before == {e.name: formula.text(e.expression) for e in form.named.values() if not e.is_sum}


def test_a_wrong_cell_says_what_is_wrong_in_it_and_can_be_read() -> None:
    (cell,) = [cell for cell in wrong_cells(form_named(), ["equation-10"]) if cell.id == "equation-10/no-h-prev"]
    assert "here   dzr = (dzn @ wn.T) * r * (1 - r)" in cell.source
    assert "        self.dzr = (self.dzn @ self.wn.T) * self.r * (1 - self.r)\n" in cell.source
