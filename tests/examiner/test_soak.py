"""The soak runs: a few of its random problems, which call no right cell wrong."""

import pytest

from benchmarks.soak import soak

pytestmark = pytest.mark.filterwarnings("ignore")


def test_random_problems_call_no_right_cell_wrong() -> None:
    tally = soak(range(4, 7), cells=1)
    assert tally.problems == 3
    assert tally.findings
    assert not tally.alarms
