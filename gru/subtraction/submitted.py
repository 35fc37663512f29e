"""The cells of a submission as a sequence that a network is trained with: each call goes to their own process.

It never imports a submission, and sends neither labels nor losses.
"""

from functools import partial
from types import SimpleNamespace

from gru.calculus.arrays import Array
from gru.layer import Form, Sizes
from gru.layers.gru.forms import CHAPTER
from gru.submission.contract import Runner
from gru.subtraction.model import Architecture, name_of


class SubmittedSequence:
    """The cells of a submission unrolled over time, like `GRUSequence`; no leading axes.

    Both methods raise `CellError` where a cell raises, and `SubmissionFailure` where the
    submission fails to run.
    """

    def __init__(self, cells: Runner, input_size: int, hidden_size: int, form: Form = CHAPTER) -> None:
        self._cells, self._form = cells, form
        self._input_size, self._hidden_size = input_size, hidden_size

    def forward(self, x: Array, h_0: Array, *parameters: Array) -> Array:
        """The hidden states (steps, batch, hidden), given what `GRUSequence.forward` is given."""
        self._sizes = Sizes(x.shape[1], self._input_size, self._hidden_size, len(x))
        self._parameters = {stack.name: array for stack, array in zip(self._form.stacks, parameters, strict=True)}
        given = {self._form.layer.input: x, "h_0": h_0, **self._parameters}
        (states,) = self._cells.unroll(self._sizes, given, [(len(x), *h_0.shape)])
        return states

    def backward(self, upstream: Array) -> SimpleNamespace:
        """The gradients, such as `dW`, given ∂loss/∂h_t from above, (steps, batch, hidden)."""
        shapes = [array.shape for array in self._parameters.values()]
        gradients = self._cells.unroll(self._sizes, {"upstream": upstream}, shapes)
        names = (f"d{name}" for name in self._parameters)
        return SimpleNamespace(**dict(zip(names, gradients, strict=True)))


def architecture_of(cells: Runner, title: str, form: Form = CHAPTER) -> Architecture:
    """The cells of a submission as an architecture to train, with its form's parameters, one start at a time."""
    return Architecture(name_of(form), title, form, partial(SubmittedSequence, cells, form=form), at_once=False)
