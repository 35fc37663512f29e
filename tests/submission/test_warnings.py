"""Warnings of a cell are never errors and never printed, whatever the settings of the caller are."""

import warnings

import numpy as np
import pytest

from gru import GRUCell
from gru.examiner import examine
from gru.submission.trusted import TrustedCells


class Overflows(GRUCell):
    """A right cell, which computes the exponential of large numbers beside."""

    def forward(self, x: object, h_p: object, W: object, U: object) -> None:
        np.exp(np.full(2, 1e4))
        warnings.warn("beside", stacklevel=1)
        super().forward(x, h_p, W, U)  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ["error", "always"])
def test_the_verdict_and_the_output_do_not_depend_on_filters(action: str, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as seen, np.errstate(all="raise"):
        warnings.simplefilter(action)  # type: ignore[arg-type]
        examination = examine(TrustedCells(Overflows), effort="quick")
    assert examination.verdict == "right", examination.outcomes
    assert seen == []
    assert capfd.readouterr() == ("", "")
