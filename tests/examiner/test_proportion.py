"""A backward pass that perturbs is told by what has no say in forward, whatever its exponential and its steps are.

What is derived grows in proportion, to the last bit; no cell here is judged by its values.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru.examiner import examine, proportion
from gru.examiner.bench import Bench
from gru.examiner.mapping.driving import proportion_driven
from gru.examiner.mapping.recognise import recognise
from gru.examiner.proportion import judge_proportion
from gru.layer import Form, Sizes
from gru.layers.gru.cell import GRUCell
from gru.layers.gru.forms import CHAPTER
from gru.layers.registry import form_named
from gru.layers.rnn.cell import RNNCell
from gru.report.sentences import all_said
from gru.submission.process import SubmissionProcess
from gru.submission.trusted import TrustedCells
from tests.examiner.right_cells import CELLS
from tests.layers.cells import cell_of
from tests.layers.right_lstm import CELLS as LSTM_CELLS

Array = Any

pytestmark = pytest.mark.filterwarnings("ignore")
"""What learners write overflows, and what perturbs far more."""

SEEDS = range(3)


# Perturbed, with exponentials that no counter knows


def table(a: Array) -> Array:
    """σ from a table of numbers, and a series about each of them."""
    at = np.round(np.real(a) * 64) / 64
    e = np.array([math.e.__pow__(-v) for v in np.ravel(at)]).reshape(at.shape)
    d, s = a - at, 1 / (1 + e)
    slope = s * (1 - s)
    second, third = slope * (1 - 2 * s) / 2, slope * (1 - 6 * s * (1 - s)) / 6
    return s + d * (slope + d * (second + d * third))


def power(a: Array) -> Array:
    """σ by a power that is written as a method."""
    base = np.full(np.shape(a), math.e)
    return 1 / (1 + base.__pow__(-a))


class Perturbs(GRUCell):
    """All that is asked of a cell, by a step in its own forward pass."""

    sigmoid = staticmethod(power)
    moved: tuple[str, ...] = ("W", "U")

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        self.x, self.h_p, self.W, self.U = x, h_p, W, U
        return super().forward(x, h_p, W, U)

    def value(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        wz, wr, wn = np.split(W, 3)
        uz, ur, un = np.split(U, 3)
        z = self.sigmoid(h_p @ wz + x @ uz)
        r = self.sigmoid(h_p @ wr + x @ ur)
        n = 2 * self.sigmoid(2 * ((r * h_p) @ wn + x @ un)) - 1
        return (1 - z) * h_p + z * n

    def step(self, value: Array, factor: Array, index: tuple[int, ...]) -> float:
        """How far one entry of a value is moved, which is multiplied by the rows or columns of `factor`."""
        return 1e-40

    def slope(self, name: str, index: tuple[int, ...], in_grad: Array) -> float:
        """The derivative of the loss by one entry, by a complex step."""
        values = {"x": self.x, "h_p": self.h_p, "W": self.W, "U": self.U}
        step = self.step(values[name], values[{"x": "U", "h_p": "W", "W": "h_p", "U": "x"}[name]], index)
        values[name] = values[name].astype(complex)
        values[name][index] += 1j * step
        return float((in_grad * self.value(**values).imag).sum() / step)

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        for name in self.moved:
            gradient = np.zeros(getattr(self, name).shape)
            for index in np.ndindex(gradient.shape):
                gradient[index] = self.slope(name, index, in_grad)
            setattr(self, {"h_p": "dh"}.get(name, f"d{name}"), gradient)
        self.dwz, self.dwr, self.dwn = np.split(self.dW, 3)
        self.duz, self.dur, self.dun = np.split(self.dU, 3)


class OnlyTheInputsWeights(Perturbs):
    moved = ("U",)


class OnlyTheStatesWeights(Perturbs):
    moved = ("W",)


class OnlyTheInput(Perturbs):
    moved = ("x",)


class OnlyTheState(Perturbs):
    moved = ("h_p",)


class BelowAllSteps(Perturbs):
    """As small as a complex step can be."""

    def step(self, value: Array, factor: Array, index: tuple[int, ...]) -> float:
        return 1e-290


class InPartsOfTheValue(Perturbs):
    """Its steps are as large as what they move, but for what is zero."""

    moved = ("W", "U", "x", "h_p")

    def step(self, value: Array, factor: Array, index: tuple[int, ...]) -> float:
        return abs(value[index]) * 1e-40 or 1e-40


class InPartsOfTheRow(Perturbs):
    """Its steps are as large as the row that they move, or else as everything."""

    def step(self, value: Array, factor: Array, index: tuple[int, ...]) -> float:
        return float(np.abs(value[index[0]]).max() or np.abs(value).max()) * 1e-40


class InPartsOfTheColumn(Perturbs):
    moved = ("U",)

    def step(self, value: Array, factor: Array, index: tuple[int, ...]) -> float:
        return float(np.abs(value[:, index[1]]).max()) * 1e-40


class AgainstTheInput(Perturbs):
    """Its steps are the smaller the larger the input is that the weights are multiplied by."""

    def step(self, value: Array, factor: Array, index: tuple[int, ...]) -> float:
        return 1e-40 / float(np.abs(factor[:, index[0] % factor.shape[1]]).max())


class FromATable(Perturbs):
    sigmoid = staticmethod(table)


class Differences(Perturbs):
    """Central differences, in single precision, with an exponential of Python's that raises where it overflows."""

    sigmoid = staticmethod(np.vectorize(lambda a: 1 / (1 + math.exp(-a)), otypes=[float]))

    def slope(self, name: str, index: tuple[int, ...], in_grad: Array) -> float:
        ends = []
        for step in (1e-5, -1e-5):
            moved = {"W": self.W.copy(), "U": self.U.copy()}
            moved[name][index] += step
            ends.append(self.value(self.x, self.h_p, **moved))
        return float((in_grad * (ends[0] - ends[1])).sum() / 2e-5)

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        self.dW, self.dU = self.dW.astype(np.float32), self.dU.astype(np.float32)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "cell",
    [Perturbs, *Perturbs.__subclasses__()],
    ids=lambda c: c.__name__,
)
def test_what_is_perturbed_does_not_grow_in_proportion(cell: type[GRUCell], seed: int) -> None:
    found = judge_proportion(TrustedCells(cell), seed, CHAPTER)
    assert found is not None
    assert found.kind == "perturbed"


def test_the_check_state_is_wrong_and_says_what_was_large() -> None:
    outcome = examine(TrustedCells(OnlyTheInputsWeights), effort="quick").outcome("state")
    assert outcome.status == "wrong"
    assert "columns of x that have no weights 2^1000 times as large" in all_said(outcome.facts)
    assert outcome.mistake is not None
    assert outcome.mistake.ids == ("state/perturbed",)


# Derived


class Clips(GRUCell):
    """Clips what no problem reaches."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        self.dW, self.dU = np.clip(self.dW, -1e9, 1e9), np.clip(self.dU, -1e9, 1e9)


class LosesWhatIsSmall(GRUCell):
    """Sets to zero what no problem makes so small."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        self.dW, self.dU = (np.where(np.abs(d) < 1e-60, 0, d) for d in (self.dW, self.dU))


class KeepsItsInputInSingle(GRUCell):
    """Goes forward in double precision, and keeps its input in single: large values are infinite there."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        h = super().forward(x, h_p, W, U)
        self.x = x.astype(np.float32)
        return h


class Refuses(GRUCell):
    """Takes no large numbers, as some right cells do."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        assert np.abs(x).max() < 1e3
        return super().forward(x, h_p, W, U)


@pytest.mark.parametrize(
    "cell", [*CELLS.values(), Clips, LosesWhatIsSmall, KeepsItsInputInSingle], ids=lambda c: c.__name__
)
def test_what_is_derived_grows_in_proportion(cell: type) -> None:
    assert judge_proportion(TrustedCells(cell), 0, CHAPTER) is None


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("cell", "form"),
    [
        *((cell, form_named("chapter", "lstm")) for cell in LSTM_CELLS.values()),
        (RNNCell, form_named("chapter", "rnn")),
        *(
            (cell_of(form), form)
            for layer in ("gru", "lstm")
            for form in form_named("chapter", layer).layer.forms.values()
        ),
    ],
    ids=repr,
)
def test_that_holds_for_every_layer_and_form(cell: type, form: Form) -> None:
    assert judge_proportion(TrustedCells(cell, form), 0, form) is None


@pytest.mark.parametrize("sizes", [Sizes(1, 1, 1), Sizes(2, 1, 3), Sizes(1, 3, 1)], ids=str)
def test_sizes_of_one_are_taken_as_they_are(sizes: Sizes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proportion, "sizes", lambda seed: sizes)
    found = judge_proportion(TrustedCells(OnlyTheInputsWeights), 0, CHAPTER)
    assert found is not None
    assert found.kind == "perturbed"
    assert judge_proportion(TrustedCells(GRUCell), 0, CHAPTER) is None


def test_a_cell_that_takes_no_large_values_is_not_wrong_but_that_is_said() -> None:
    found = judge_proportion(TrustedCells(Refuses), 0, CHAPTER)
    assert found is not None
    assert found.kind == "uncounted"
    assert "forward does not give the same where columns of x without weights are large" in all_said([found])


# In another API

OTHER_API = """
import math
import numpy as np

class RNN:
    def __init__(self, input_dim, hidden_dim):
        self.Wh = np.random.randn(hidden_dim, hidden_dim)
        self.Wx = np.random.randn(hidden_dim, input_dim)

    def value(self, Wx, Wh):
        a = self.x @ Wx.T + self.h0 @ Wh.T
        return 2 / (1 + np.full(a.shape, math.e).__pow__(-2 * a)) - 1

    def forward(self, x, h0):
        self.x, self.h0 = x, h0
        self.h = self.value(self.Wx, self.Wh)
        return self.h

    def backward(self, dh):
        da = dh * (1 - self.h**2)
        self.dWx, self.dWh = da.T @ self.x, da.T @ self.h0
        if PERTURBS:
            for index in np.ndindex(self.Wx.shape):
                moved = self.Wx.astype(complex)
                moved[index] += 1e-30j
                self.dWx[index] = (dh * self.value(moved, self.Wh).imag).sum() / 1e-30
        return da @ self.Wx, da @ self.Wh
"""


@pytest.mark.full
@pytest.mark.parametrize("perturbs", [True, False])
def test_another_api_is_told_by_proportion(perturbs: bool, tmp_path: Path) -> None:
    file = tmp_path / "rnn.py"
    file.write_text(OTHER_API.replace("PERTURBS", str(perturbs)), encoding="utf-8")
    with SubmissionProcess(file) as process:
        assert process.api is not None
        mapped = recognise(Bench(process, process.api)).mapped
        assert mapped is not None
        found = proportion_driven(Bench(process, process.api), mapped, 0)
        assert (found is not None) == perturbs
        examination = examine(process, effort="quick")
    assert [o.check for o in examination.outcomes if o.status == "wrong"] == ["state"] * perturbs
