"""Cells that show only h, dW, dU, dh and dx: the equation that is wrong is found all the same.

The wrong formulas are not in the catalogue, or are two at once, so that no known mistake explains all that is shown.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from gru.calculus import formula
from gru.examiner import examine
from gru.examiner.fact import Fact
from gru.report.result import Result
from gru.report.sentences import all_said
from gru.report.text import below
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.examiner.planted import EQUATION, Formula, hiding, plant

Array = Any

pytestmark = pytest.mark.filterwarnings("ignore")

HIDDEN = hiding("z", "r", "n", "dzz", "dzr", "dzn", "dwz", "dwr", "dwn", "duz", "dur", "dun")

WRONG: dict[str, dict[str, str]] = {
    "σ′ twice in (8)": {"dzz": "in_grad * (n - h_p) * z * (1 - z) * z * (1 - z)"},
    "ε in σ′ of (8)": {"dzz": "in_grad * (n - h_p) * (z * (1 - z) + 0.001)"},
    "tanh′ of h̃ in (9)": {"dzn": "in_grad * z * (1 - np.tanh(n) * np.tanh(n))"},
    "tanh′ twice in (9)": {"dzn": "in_grad * z * (1 - n * n) * (1 - n * n)"},
    "ε in σ′ of (10)": {"dzr": "(dzn @ wn.mT) * h_p * r * (1 - r + 0.001)"},
    "(12) too large": {"dun": "x.mT @ (dzn * 1.3)"},
    "(14) too large": {"dur": "x.mT @ (dzr * 0.7)"},
    "(16) too large": {"duz": "x.mT @ (dzz * 1.3)"},
    "(13) and (15) with the new state": {"dwr": "h.mT @ dzr", "dwz": "h.mT @ dzz"},
    "no σ′ in (8), no tanh′ in (9)": {"dzz": "in_grad * (n - h_p) * z", "dzn": "in_grad * z"},
    "(8) and (10) without 1 − gate": {"dzz": "in_grad * (n - h_p) * z", "dzr": "(dzn @ wn.mT) * h_p * r"},
    "(10) and (24)": {"dzr": "(dzn @ wn.mT) * h_p * r", "dx": "dzn @ un.mT + dzr @ ur.mT"},
    "(15) and (23)": {"dwz": "h.mT @ dzz", "dh": "in_grad * (1 - z) + dzr @ wr.mT + dzz @ wz.mT"},
    "(9) and (16)": {"dzn": "in_grad * z * (1 - n)", "duz": "x.mT @ dzr"},
}


def _computed(text: str) -> Formula:
    tree = formula.parse(text)

    def compute(cell: Any, at: Mapping[str, Array]) -> Array:
        return formula.evaluate(tree, at)

    return compute


@pytest.mark.one_in(15)
@pytest.mark.parametrize("words", WRONG)
def test_the_equation_is_exact_where_values_are_hidden(words: str) -> None:
    wrong = WRONG[words]
    planted = plant(words, {name: _computed(text) for name, text in wrong.items()}, base=HIDDEN)
    examination = examine(TrustedCells(planted.cell), effort=of_this_run())
    assert {o.check for o in examination.outcomes if o.status == "wrong"} == {EQUATION[name].id for name in wrong}
    assert not [o.check for o in examination.outcomes if o.status == "missing"]


@pytest.mark.full
def test_the_report_says_that_a_value_was_worked_out() -> None:
    planted = plant("", {"dzz": _computed(WRONG["σ′ twice in (8)"]["dzz"])}, base=HIDDEN)
    text = all_said(examine(TrustedCells(planted.cell), effort=of_this_run()).outcome("equation-8").facts)
    assert text == "dzz is not shown; it was worked out from what is made of it"


@pytest.mark.full
def test_a_mistake_told_in_short_keeps_its_condition() -> None:
    def when_there_is_a_state(name: str, text: str) -> Formula:
        wrong = _computed(text)
        return lambda cell, at: wrong(cell, at) if at["h_p"].any() else EQUATION[name](at)

    names = {
        "dzz": "in_grad * (n - h_p) * z * 1.7",
        "dx": "dzn @ un.mT + dzr @ ur.mT + dzz @ uz.mT + 0.001 * dzn @ un.mT",
    }
    planted = plant("", {name: when_there_is_a_state(name, text) for name, text in names.items()})
    examination = examine(TrustedCells(planted.cell), effort=of_this_run())
    outcome = examination.outcome("equation-24")
    assert outcome.mistake is not None
    assert outcome.mistake.condition == Fact.of("state-not-zero")
    lines = below(Result("cell.py", None, examination, 0.25))
    (short,) = (line for line in lines if line.startswith("  equation (24)"))
    assert "it is wrong only where the state is not zero" in short


def merging(change: Callable[[Array], Array], whole: str) -> type:
    """A cell that hides its values, and does this to a whole gradient."""

    class Merges(HIDDEN):  # type: ignore[valid-type, misc]
        def merge_params(self) -> None:
            super().merge_params()
            setattr(self, whole, change(getattr(self, whole)))

    return Merges


@pytest.mark.parametrize(
    ("change", "whole"),
    [
        pytest.param(lambda dW: dW / max(1.0, np.linalg.norm(dW)), "dU", marks=pytest.mark.full),
        (lambda dW: dW / (np.linalg.norm(dW) + 1e-8), "dW"),
        pytest.param(lambda dW: np.hstack(np.split(dW, 3)).reshape(dW.shape), "dW", marks=pytest.mark.full),
    ],
    ids=["clipped by its norm", "divided by its norm", "interleaved"],
)
def test_what_becomes_of_a_whole_gradient_is_no_mistake_of_its_blocks(
    change: Callable[[Array], Array], whole: str
) -> None:
    examination = examine(TrustedCells(merging(change, whole)))
    assert [o.check for o in examination.outcomes if o.status == "wrong"] == ["merge"]
