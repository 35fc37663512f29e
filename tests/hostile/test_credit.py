"""A cell with nothing right in it earns nothing: neither zeros nor ones satisfy an equation that tells."""

from typing import Any

import numpy as np
import pytest

from gru.examiner import examine
from gru.grading.record import record_of
from gru.grading.rubric import EQUAL_POINTS
from gru.layers.gru.cell import GRUCell
from gru.report.result import Result
from gru.submission.trusted import TrustedCells


class Fills:
    """Shows one number in every entry of everything, or of what it must show only."""

    number, shows_all = 0.0, True

    def __init__(self, input_size: int, hidden_size: int) -> None:
        self.sizes = input_size, hidden_size

    def filled(self, names: str, shape: tuple[int, ...]) -> None:
        for name in names.split():
            setattr(self, name, np.full(shape, self.number))

    def forward(self, x: Any, h_p: Any, W: Any, U: Any) -> None:
        self.of_x, self.of_W, self.of_U = x.shape, W.shape, U.shape
        self.filled("z r n h" if self.shows_all else "h", h_p.shape)

    def backward(self, h_p: Any, in_grad: Any) -> None:
        inputs, hidden = self.sizes
        self.filled("dh", h_p.shape)
        self.filled("dx", self.of_x)
        self.filled("dW", self.of_W)
        self.filled("dU", self.of_U)
        if self.shows_all:
            self.filled("dzz dzn dzr", h_p.shape)
            self.filled("dwz dwr dwn", (hidden, hidden))
            self.filled("duz dur dun", (inputs, hidden))


class HidesZeros(Fills):
    shows_all = False


class FillsOnes(Fills):
    number = 1.0


class ForwardAlone(GRUCell):
    """Goes forward, and shows one number in every entry of every gradient."""

    number = 0.0

    def backward(self, h_p: Any, in_grad: Any) -> None:
        super().backward(h_p, in_grad)
        for name in ["dzz", "dzn", "dzr", "dwz", "dwr", "dwn", "duz", "dur", "dun", "dW", "dU", "dh", "dx"]:
            setattr(self, name, np.full(getattr(self, name).shape, self.number))


class ForwardAndTheLargest(ForwardAlone):
    number = 1.7e308


@pytest.mark.parametrize("cell", [ForwardAlone, ForwardAndTheLargest])
def test_a_forward_pass_earns_what_is_of_it(cell: Any) -> None:
    examination = examine(TrustedCells(cell), effort="quick")
    record = record_of("student", Result("cell.py", None, examination, 0.0), EQUAL_POINTS)
    of_forward = {f"equation-{number}" for number in (1, 2, 3, 4)}
    assert {credit.check for credit in record.credits if credit.points} == of_forward | {"interface", "split"}
    assert examination.outcome("state").status != "wrong"


@pytest.mark.one_in(3)
@pytest.mark.parametrize("cell", [Fills, HidesZeros, FillsOnes])
def test_a_cell_that_computes_nothing_earns_nothing(cell: Any) -> None:
    result = Result("cell.py", None, examine(TrustedCells(cell), effort="quick"), 0.0)
    record = record_of("student", result, EQUAL_POINTS)
    assert {credit.check: credit.points for credit in record.credits if credit.points} == {}
    assert record.score == 0
