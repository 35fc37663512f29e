"""Right cells are right, and wrong ones wrong in the right place, shown and hidden, by formulas of no list."""

from collections.abc import Iterator
from typing import Any

import pytest

from gru.examiner import examine
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.examiner.varied import RIGHT, WRONG, Varied

pytestmark = pytest.mark.filterwarnings("ignore")

ALWAYS: tuple[str, ...] = ("σ by logaddexp", "a cache with all in its key", "(1) and (8)", "merged r z n, and (8)")
"""What the default run takes, hidden; of the others `-m full` takes one in five, and the soak all."""

EVERY = [(name, varied, hidden) for name, varied in (RIGHT | WRONG).items() for hidden in (False, True)]


def _cases() -> Iterator[Any]:
    for number, (name, varied, hidden) in enumerate(EVERY):
        longer = pytest.mark.full if number % 5 == 0 else pytest.mark.soak
        marks = () if hidden and name in ALWAYS else longer
        yield pytest.param(varied, hidden, id=f"{name}{', hidden' * hidden}", marks=marks)


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("varied", "hidden"), list(_cases()))
def test_a_cell_is_wrong_where_it_was_made_so_and_nowhere_else(varied: Varied, hidden: bool) -> None:
    examination = examine(TrustedCells(varied.cell(hidden=hidden)), effort=of_this_run())
    assert examination.verdict == ("wrong" if varied.wrong else "right")
    assert {o.check for o in examination.outcomes if o.status == "wrong"} == varied.checks(hidden=hidden)
