"""A backward pass that perturbs its own forward pass gives right values, and is told apart by what it costs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru.examiner import examine
from gru.examiner.cost import LIMIT, PARAMETERS, SLOWEST_DERIVED, judge_cost
from gru.layers.gru.cell import GRUCell
from gru.submission.process import SubmissionProcess
from gru.submission.trusted import TrustedCells

Array = Any

TINY = 1e-30


class OneByOne(GRUCell):
    """Every gradient by a complex step in its own forward pass, a parameter at a time; right to rounding."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        self.W, self.U = W, U
        return super().forward(x, h_p, W, U)

    def value(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        """(1)–(4) for any leading axes of W and U."""
        wz, wr, wn = np.split(W, 3, axis=-2)
        uz, ur, un = np.split(U, 3, axis=-2)
        z = 1 / (1 + np.exp(-(h_p @ wz + x @ uz)))
        r = 1 / (1 + np.exp(-(h_p @ wr + x @ ur)))
        return (1 - z) * h_p + z * np.tanh((r * h_p) @ wn + x @ un)

    def tried(self, h_p: Array, in_grad: Array) -> None:
        arguments = {"x": self.x, "h_p": h_p, "W": self.W, "U": self.U}
        for name, at in arguments.items():
            gradient = np.zeros(at.shape)
            for index in np.ndindex(at.shape):
                moved = at.astype(complex)
                moved[index] += 1j * TINY
                gradient[index] = (in_grad * self.value(**{**arguments, name: moved}).imag).sum() / TINY
            setattr(self, {"x": "dx", "h_p": "dh", "W": "dW", "U": "dU"}[name], gradient)

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        if self.hidden_size > 16:
            self.tried(h_p, in_grad)


class AllAtOnce(OneByOne):
    """The same with many perturbations of W and U in one forward pass, which is faster."""

    def tried(self, h_p: Array, in_grad: Array) -> None:
        for name in ("W", "U"):
            at = getattr(self, name)
            gradient = np.empty(at.size)
            for first in range(0, at.size, 64):
                many = np.arange(first, min(first + 64, at.size))
                steps = np.broadcast_to(at, (len(many), *at.shape)).astype(complex)
                steps.reshape(len(many), -1)[np.arange(len(many)), many] += 1j * TINY
                W, U = (steps, self.U) if name == "W" else (self.W, steps)
                gradient[many] = (in_grad * self.value(self.x, h_p, W, U).imag).sum((1, 2)) / TINY
            setattr(self, f"d{name}", gradient.reshape(at.shape))


class InLoops(GRUCell):
    """(11)–(16), (23) and (24) derived, and written out entry by entry in plain Python."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        for name, left, right in (
            ("dwn", self.r * h_p, self.dzn),
            ("dun", self.x, self.dzn),
            ("dwr", h_p, self.dzr),
            ("dur", self.x, self.dzr),
            ("dwz", h_p, self.dzz),
            ("duz", self.x, self.dzz),
        ):
            setattr(self, name, self.product(left.T, right))
        self.merge_params()
        n, r, z = (self.product(d, w.T) for d, w in ((self.dzn, self.wn), (self.dzr, self.wr), (self.dzz, self.wz)))
        self.dh = in_grad * (1 - self.z) + n * self.r + r + z
        n, r, z = (self.product(d, u.T) for d, u in ((self.dzn, self.un), (self.dzr, self.ur), (self.dzz, self.uz)))
        self.dx = n + r + z

    def product(self, a: Array, b: Array) -> Array:
        result = np.zeros((a.shape[0], b.shape[1]))
        for i in range(a.shape[0]):
            for j in range(b.shape[1]):
                for k in range(a.shape[1]):
                    result[i, j] += a[i, k] * b[k, j]
        return result


@pytest.mark.parametrize("cell_class", [pytest.param(OneByOne, marks=pytest.mark.soak), AllAtOnce])
@pytest.mark.full
def test_trying_every_parameter_is_told_as_what_it_is(cell_class: type[GRUCell]) -> None:
    examination = examine(TrustedCells(cell_class), effort="quick")
    assert [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"] == ["state"]
    assert f"{PARAMETERS} parameters: it tries them one by one" in examination.outcome("state").text


@pytest.mark.parametrize("cell_class", [GRUCell, InLoops])
def test_a_derived_backward_pass_is_not_expensive_however_it_is_written(cell_class: type[GRUCell]) -> None:
    assert judge_cost(TrustedCells(cell_class), 0) is None


def test_the_limit_is_between_the_two() -> None:
    assert SLOWEST_DERIVED < LIMIT < PARAMETERS
    assert np.isclose(LIMIT / SLOWEST_DERIVED, PARAMETERS / LIMIT)


TRIES = """

class Tries(GRUCell):
    def forward(self, x, h_p, W, U):
        self.W, self.U = W, U
        return super().forward(x, h_p, W, U)

    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        if self.hidden_size > 16:
            for _ in range(4 * (self.W.size + self.U.size)):
                super().forward(self.x, h_p, self.W, self.U)


GRUCell = Tries
"""


@pytest.mark.parametrize("time_limit", [10.0, 1.0])
@pytest.mark.full
def test_it_is_told_apart_in_its_own_process_whether_its_time_is_up_or_not(time_limit: float, tmp_path: Path) -> None:
    right = Path(__file__).parents[2] / "examples" / "submissions" / "right.py"
    file = tmp_path / "cell.py"
    file.write_text(right.read_text(encoding="utf-8") + TRIES, encoding="utf-8")
    with SubmissionProcess(file, time_limit=time_limit) as process:
        examination = examine(process, effort="quick")
    assert examination.verdict == "wrong"
    assert "it tries them one by one" in examination.outcome("state").text
