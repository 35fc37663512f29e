"""No right cell of any layer is called wrong, in whatever style it is written."""

import pytest

from gru.examiner import examine
from gru.layers.registry import form_named
from gru.layers.rnn.cell import RNNCell
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.layers.cells import cell_of
from tests.layers.right_lstm import CELLS

pytestmark = pytest.mark.filterwarnings("ignore")
"""A textbook's sigmoid overflows, and that is no news."""


def assert_right(cell: type, layer: str, form: str = "chapter") -> None:
    asked = form_named(form, layer)
    examination = examine(TrustedCells(cell, asked), form=asked, effort=of_this_run())
    assert [(o.check, o.status, o.facts) for o in examination.outcomes if o.status != "right"] == []


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["LSTMCell", "Cached"])
def test_a_right_lstm_is_right(name: str) -> None:
    assert_right(CELLS[name], "lstm")


@pytest.mark.full
@pytest.mark.parametrize("form", ["chapter", "no-bias"])
@pytest.mark.parametrize("name", CELLS)
def test_every_right_lstm_is_right(name: str, form: str) -> None:
    assert_right(CELLS[name], "lstm", form)


@pytest.mark.parametrize("form", ["chapter", "no-bias"])
def test_the_own_rnn_is_right(form: str) -> None:
    assert_right(RNNCell, "rnn", form)


@pytest.mark.full
@pytest.mark.parametrize("form", [f for f in form_named().layer.forms if "rzn" not in f])
def test_a_gru_of_any_form_is_right(form: str) -> None:
    assert_right(cell_of(form_named(form)), "gru", form)
