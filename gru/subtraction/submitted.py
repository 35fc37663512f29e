"""The cells of a submission as a sequence that a network is trained with: each call goes to their own process.

It never imports a submission, and sends neither labels nor losses.
"""

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from numpy.typing import NDArray

from gru.layers.gru.shapes import Sizes
from gru.submission.contract import Runner
from gru.subtraction.model import GRU, Architecture

Array = NDArray[Any]


class SubmittedGradients(NamedTuple):
    """The sums (17)–(22), stacked: `dW` (3·hidden, hidden) and `dU` (3·input, hidden)."""

    dW: Array
    dU: Array


class SubmittedSequence:
    """The cells of a submission unrolled over time, like `gru.sequence.GRUSequence`; no leading axes.

    Both methods raise `CellError` where a cell raises, and `SubmissionFailure` where the
    submission fails to run.
    """

    def __init__(self, cells: Runner, input_size: int, hidden_size: int) -> None:
        self._cells, self._input_size, self._hidden_size = cells, input_size, hidden_size

    def forward(self, x: Array, h_0: Array, W: Array, U: Array) -> Array:
        """The hidden states (steps, batch, hidden), given what `GRUSequence.forward` is given."""
        self._sizes = Sizes(x.shape[1], self._input_size, self._hidden_size, len(x))
        self._shapes = (W.shape, U.shape)
        (states,) = self._cells.unroll(self._sizes, {"x": x, "h_0": h_0, "W": W, "U": U}, [(len(x), *h_0.shape)])
        return states

    def backward(self, upstream: Array) -> SubmittedGradients:
        """The gradients, given ∂loss/∂h_t from above, (steps, batch, hidden)."""
        return SubmittedGradients(*self._cells.unroll(self._sizes, {"upstream": upstream}, self._shapes))


def architecture_of(cells: Runner, title: str) -> Architecture:
    """The cells of a submission as an architecture to train: as many parameters as ours, one start at a time."""
    return replace(GRU, title=title, sequence=partial(SubmittedSequence, cells), at_once=False)
