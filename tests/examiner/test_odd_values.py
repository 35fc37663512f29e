"""What is shown and is no result: placeholders, counters, inputs in another kind. None of it makes a formula wrong."""

from typing import Any

import numpy as np
import pytest

from gru.examiner import examine
from gru.report.sentences import all_said, explanation
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.examiner.planted import Learner

Array = Any


class Placeholders(Learner):
    """Keeps its gates elsewhere, and sets None in their place."""

    wrong: float = 1.0

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        super().forward(x, h_p, W, U)
        self.keeps = self.z, self.r, self.n
        self.z = self.r = self.n = None

    def backward(self, h_p: Array, in_grad: Array) -> None:
        self.z, self.r, self.n = self.keeps
        super().backward(h_p, in_grad)
        self.dx = self.dx * self.wrong
        self.z = self.r = self.n = None


class Counter(Placeholders):
    """n counts calls."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        super().forward(x, h_p, W, U)
        self.n = 7


@pytest.mark.parametrize("cell", [Placeholders, Counter])
def test_a_placeholder_is_no_result_and_what_depends_on_it_vouches_for_it(cell: type) -> None:
    examination = examine(TrustedCells(cell), effort=of_this_run())
    assert examination.verdict == "right"
    assert "not shown" in all_said(examination.outcome("equation-3").facts)


def test_a_mistake_beside_placeholders_is_found() -> None:
    examination = examine(TrustedCells(type("Wrong", (Placeholders,), {"wrong": 1.5})), effort=of_this_run())
    assert {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"} == {"equation-24"}


class WrongBlock(Learner):
    """dun is half as large again as it should be, and x is kept in another kind."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        self.dun = self.dun * 1.5
        self.merge_params()
        self.x = self.another_kind(self.x)

    def another_kind(self, x: Array) -> Any:
        return x.tolist()


class WideInput(WrongBlock):
    """x with a column of ones."""

    def another_kind(self, x: Array) -> Any:
        return np.hstack([x, np.ones((len(x), 1), x.dtype)])


class Unreadable(WrongBlock):
    """x cannot be read."""

    def another_kind(self, x: Array) -> Any:
        return None

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name == "x" and value is None:
            raise KeyError(name)
        return value


@pytest.mark.one_in(3)
@pytest.mark.parametrize("cell", [WrongBlock, WideInput, Unreadable])
def test_there_is_always_a_check_that_says_why(cell: type) -> None:
    examination = examine(TrustedCells(cell), effort=of_this_run())
    assert {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"} == {"equation-12"}
    mistake = examination.outcome("equation-12").mistake
    assert mistake is not None
    assert "1.5 times" in explanation(mistake)
