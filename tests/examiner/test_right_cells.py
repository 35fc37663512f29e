"""Right cells, however they are written: every check right, no mistake named."""

import pytest

from gru.examiner import examine
from gru.submission.trusted import TrustedCells
from tests.examiner.right_cells import CELLS

pytestmark = pytest.mark.filterwarnings("ignore")
"""Learners' cells overflow, print and warn; none of that makes a derivative wrong."""

SEEDS = 4


def check_right(cell: type, seed: int) -> None:
    """Every outcome of an examination at normal effort is right, and names no mistake."""
    examination = examine(TrustedCells(cell), seed=seed)
    assert {outcome.check: outcome.facts for outcome in examination.outcomes if outcome.status != "right"} == {}
    assert [outcome.mistake for outcome in examination.outcomes if outcome.mistake] == []
    assert examination.verdict == "right"
    assert examination.form.id == "chapter"


@pytest.mark.one_in(40)
@pytest.mark.parametrize(("position", "name"), list(enumerate(CELLS)), ids=list(CELLS))
def test_a_right_cell_is_right_however_it_is_written(position: int, name: str) -> None:
    check_right(CELLS[name], seed=position % SEEDS)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("name", list(CELLS))
def test_a_right_cell_is_right_on_every_seed(name: str, seed: int) -> None:
    check_right(CELLS[name], seed)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", ["SinglePrecision", "SingleResults"])
def test_single_precision_is_said(name: str) -> None:
    assert examine(TrustedCells(CELLS[name])).precision == "float32"


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["GRUCell", "DoublePrecision", "ExtendedPrecision"])
def test_double_precision_is_not_taken_for_single(name: str) -> None:
    assert examine(TrustedCells(CELLS[name])).precision == "float64"
