"""`gru.testing.assert_right`: an assertion on a class of cells, whose message is the report."""

import pytest

from gru import GRUCell
from gru.problem import find
from gru.testing import assert_right


class Forgets(GRUCell):
    """(10) without the factor h_prev."""

    def backward(self, h_p, in_grad):  # type: ignore[no-untyped-def]
        super().backward(h_p, in_grad)
        self.dzr = (self.dzn @ self.wn.T) * self.r * (1 - self.r)


def test_a_right_cell_passes() -> None:
    assert_right(GRUCell, effort="quick")


def test_the_message_is_the_report() -> None:
    with pytest.raises(AssertionError) as error:
        assert_right(Forgets, effort="quick")
    lines = str(error.value).splitlines()
    assert lines[0] == "Forgets: wrong"
    assert "equation (10), dzr: wrong" in lines
    assert "  help       the factor h_prev is missing: dzr = (dzn @ Wh.T) * h_prev * r * (1 - r)" in lines


def test_one_problem_is_named_in_the_message() -> None:
    with pytest.raises(AssertionError, match=r"problem 0:3") as error:
        assert_right(Forgets, problem=find("0:3"))
    assert "equation (10), dzr: wrong" in str(error.value)
