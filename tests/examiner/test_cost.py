"""A backward pass that perturbs its own forward pass gives right values, and is told by what goes through exp and tanh.

No test here waits for a clock: what is counted is the same on every machine.
"""

import math
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from gru.examiner import examine
from gru.examiner.bench import Bench
from gru.examiner.cost import cost_driven, judge_cost
from gru.layers.gru.cell import GRUCell
from gru.layers.gru.forms import CHAPTER
from gru.report.sentences import all_said
from gru.submission.process import SubmissionProcess
from gru.submission.trusted import TrustedCells

Array = Any

TINY = 1e-30

RIGHT = Path(__file__).parents[2] / "examples" / "submissions" / "right.py"


def sigmoid(a: Array) -> Array:
    """σ of numbers, real or complex."""
    return 1 / (1 + np.exp(-a))


# Derived, in whatever style


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


class Remembers(GRUCell):
    """Keeps what forward was given."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        self.x, self.h_p, self.W, self.U = x, h_p, W, U
        return super().forward(x, h_p, W, U)


class SigmoidInTheInnerLoop(Remembers):
    """dwz derived, with the gate computed again for each parameter: as many exponentials as parameters."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        a = h_p @ self.wz + self.x @ self.uz
        dwz = np.zeros(self.wz.shape)
        for b, i, j in np.ndindex(len(h_p), *self.wz.shape):
            z = 1 / (1 + math.exp(-a[b, j]))
            dwz[i, j] += h_p[b, i] * in_grad[b, j] * (self.n[b, j] - h_p[b, j]) * z * (1 - z)
        self.dwz = dwz
        self.merge_params()


class RecomputesForEachGradient(Remembers):
    """Calls forward again before each thing that it computes."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        for _ in range(13):
            self.forward(self.x, h_p, self.W, self.U)
        super().backward(h_p, in_grad)


class Node:
    """A scalar on a tape."""

    def __init__(self, value: float, parents: tuple[tuple["Node", float], ...] = ()) -> None:
        self.value, self.parents, self.grad = value, parents, 0.0

    def __add__(self, other: "Node") -> "Node":
        return Node(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other: "Node") -> "Node":
        return Node(self.value * other.value, ((self, other.value), (other, self.value)))

    def through(self, value: float, slope: float) -> "Node":
        return Node(value, ((self, slope),))


class Tape(Remembers):
    """dx by a tape of scalars, built anew in backward."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        for b in range(len(h_p)):
            self.dx[b] = self.row(self.x[b], h_p[b], in_grad[b])

    def row(self, x: Array, h_p: Array, in_grad: Array) -> list[float]:
        nodes, order = [Node(float(v)) for v in x], []

        def gate(w: Array, u: Array, state: list[Node], *, is_tanh: bool = False) -> list[Node]:
            gates = []
            for j in range(w.shape[1]):
                total = Node(0.0)
                for weights, values in ((w, state), (u, nodes)):
                    for i, value in enumerate(values):
                        total = total + value * Node(float(weights[i, j]))
                        order.extend((total.parents[1][0], total))
                s = math.tanh(total.value) if is_tanh else 1 / (1 + math.exp(-total.value))
                gates.append(total.through(s, 1 - s * s if is_tanh else s * (1 - s)))
                order.append(gates[-1])
            return gates

        state = [Node(float(v)) for v in h_p]
        z, r = gate(self.wz, self.uz, state), gate(self.wr, self.ur, state)
        masked = [a * b for a, b in zip(r, state, strict=True)]
        order.extend(masked)
        n = gate(self.wn, self.un, masked, is_tanh=True)
        for j, delta in enumerate(in_grad):
            h = z[j] * (n[j] + Node(-float(h_p[j])))
            order.extend((h.parents[1][0], h))
            h.grad = float(delta)
        for node in reversed(order):
            for parent, slope in node.parents:
                parent.grad += slope * node.grad
        return [node.grad for node in nodes]


class Dual:
    """Numbers with slopes along a few directions, through NumPy's own functions."""

    def __init__(self, value: Array, slopes: Array) -> None:
        self.value, self.slopes = value, slopes

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if ufunc is np.exp:
            value = np.exp(self.value)
            return Dual(value, value * self.slopes)
        return NotImplemented


class DualNumbers(Remembers):
    """dzz with σ′ by a dual number, through an override that asks whether it is given `np.exp`."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        e = np.exp(Dual(-(h_p @ self.wz + self.x @ self.uz), -np.ones(h_p.shape)))
        self.dzz = in_grad * (self.n - h_p) * -e.slopes / (1 + e.value) ** 2
        self.dwz, self.duz = h_p.T @ self.dzz, self.x.T @ self.dzz
        self.merge_params()


class PrintsNorms(GRUCell):
    """Squares every entry of its gradients by a power, to see how large they are."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        self.norm = float(np.sqrt(np.power(self.dW, 2).sum()))


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "cell_class",
    [
        GRUCell,
        InLoops,
        SigmoidInTheInnerLoop,
        RecomputesForEachGradient,
        Tape,
        DualNumbers,
        PrintsNorms,
    ],
)
def test_a_derived_backward_pass_is_right_however_it_is_written(cell_class: type[GRUCell]) -> None:
    cost = judge_cost(TrustedCells(cell_class), 0)
    assert (cost.wrong, cost.unknown) == (None, None)


# Perturbed, in whatever style


class OneByOne(Remembers):
    """Every gradient by a complex step in its own forward pass, a parameter at a time; right to rounding."""

    def value(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        """(1)–(4) for any leading axes of W and U."""
        wz, wr, wn = np.split(W, 3, axis=-2)
        uz, ur, un = np.split(U, 3, axis=-2)
        z = self.sigmoid(h_p @ wz + x @ uz)
        r = self.sigmoid(h_p @ wr + x @ ur)
        return (1 - z) * h_p + z * np.tanh((r * h_p) @ wn + x @ un)

    def sigmoid(self, a: Array) -> Array:
        return sigmoid(a)

    def perturbed(self, h_p: Array, in_grad: Array) -> None:
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
        if self.hidden_size > 20:
            self.perturbed(h_p, in_grad)


class AllAtOnce(OneByOne):
    """The same with many perturbations of W and U in one forward pass, which is faster."""

    def perturbed(self, h_p: Array, in_grad: Array) -> None:
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


class RowsAtOnce(OneByOne):
    """dwz and dwn by a complex step in a whole row of the matrix at once, as columns do not mix."""

    def perturbed(self, h_p: Array, in_grad: Array) -> None:
        hidden = self.hidden_size
        for first in (0, 2 * hidden):
            for row in range(first, first + hidden):
                W = self.W.astype(complex)
                W[row] += 1j * TINY
                self.dW[row] = (in_grad * self.value(self.x, h_p, W, self.U).imag).sum(0) / TINY


class PreactivationsOnly(OneByOne):
    """dzr by a complex step in each reset gate; the weights' gradients are made of that by the chain rule."""

    def perturbed(self, h_p: Array, in_grad: Array) -> None:
        a = h_p @ self.wr + self.x @ self.ur
        for unit in range(self.hidden_size):
            r = sigmoid(a + 1j * TINY * (np.arange(self.hidden_size) == unit))
            n = np.tanh((r * h_p) @ self.wn + self.x @ self.un)
            self.dzr[:, unit] = (in_grad * self.z * n.imag).sum(1) / TINY
        self.dwr, self.dur = h_p.T @ self.dzr, self.x.T @ self.dzr
        self.merge_params()


class DifferencesInSinglePrecision(OneByOne):
    """Central differences, shown in single precision, where they are as good as anything."""

    def perturbed(self, h_p: Array, in_grad: Array) -> None:
        gradient = np.zeros(self.W.shape)
        for index in np.ndindex(self.W.shape):
            moved = np.zeros(self.W.shape)
            moved[index] = 1e-6
            up, down = (self.value(self.x, h_p, self.W + sign * moved, self.U) for sign in (1, -1))
            gradient[index] = (in_grad * (up - down)).sum() / 2e-6
        self.dW = gradient.astype(np.float32)


class ByAnotherName(OneByOne):
    """σ from a function that the class holds, of a row of numbers one by one."""

    exponential: ClassVar[Any] = np.exp

    def sigmoid(self, a: Array) -> Array:
        return 1 / (1 + self.exponential(-a))


class InAClosure(OneByOne):
    """σ made by a function that keeps the exponential to itself."""

    sigmoid = staticmethod((lambda exponential: lambda a: 1 / (1 + exponential(-a)))(np.exp))


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "cell_class",
    [
        OneByOne,
        AllAtOnce,
        RowsAtOnce,
        PreactivationsOnly,
        DifferencesInSinglePrecision,
        ByAnotherName,
        InAClosure,
    ],
)
def test_a_perturbed_forward_pass_is_told_as_what_it_is(cell_class: type[GRUCell]) -> None:
    wrong = judge_cost(TrustedCells(cell_class), 1).wrong
    assert wrong is not None
    assert wrong.kind == "perturbed"


def test_the_check_state_is_wrong_and_says_what_was_counted() -> None:
    examination = examine(TrustedCells(AllAtOnce), effort="quick")
    assert [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"] == ["state"]
    outcome = examination.outcome("state")
    assert "one backward pass puts more than" in all_said(outcome.facts)
    assert outcome.mistake is not None
    assert outcome.mistake.ids == ("state/perturbed",)


def test_what_is_perturbed_is_told_where_its_values_are_wrong_too() -> None:
    class OffBesides(RowsAtOnce):
        def backward(self, h_p: Array, in_grad: Array) -> None:
            super().backward(h_p, in_grad)
            self.dx = self.dx * 1.5

    wrong = {o.check for o in examine(TrustedCells(OffBesides), effort="quick").outcomes if o.status == "wrong"}
    assert wrong == {"state", "equation-24"}


def test_what_is_counted_is_put_back() -> None:
    before = np.exp, np.tanh, math.exp, sigmoid.__globals__["np"].exp, ByAnotherName.exponential, GRUCell.forward
    judge_cost(TrustedCells(ByAnotherName), 0)
    assert (np.exp, np.tanh, math.exp, sigmoid.__globals__["np"].exp, ByAnotherName.exponential, GRUCell.forward) == (
        before
    )
    assert all(type(function) is np.ufunc for function in (np.exp, np.tanh, ByAnotherName.exponential))


@pytest.mark.full
def test_the_sizes_are_drawn_by_the_seed() -> None:
    found = [judge_cost(TrustedCells(RowsAtOnce), seed).wrong for seed in range(4)]
    assert len({fact.particulars["sizes"] for fact in found if fact}) > 2


# In its own process


def judged(tmp_path: Path, lines: str, **limits: float) -> Any:
    """The examination of the right example with these lines behind it, in a process of its own."""
    file = tmp_path / "cell.py"
    file.write_text(RIGHT.read_text(encoding="utf-8") + lines, encoding="utf-8")
    with SubmissionProcess(file, **limits) as process:
        return examine(process, effort="quick")


POWERS = """

class Powers(GRUCell):
    def forward(self, x, h_p, W, U):
        self.W, self.U = W, U
        super().forward(x, h_p, W, U)
        self.z = 1 / (1 + np.e ** -(h_p @ self.wz + x @ self.uz))
        self.r = 1 / (1 + np.e ** -(h_p @ self.wr + x @ self.ur))
        self.n = 2 / (1 + np.e ** (-2 * ((self.r * h_p) @ self.wn + x @ self.un))) - 1
        self.h = (1 - self.z) * h_p + self.z * self.n

    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        {perturb}

    def perturbed(self, h_p, in_grad):
        for unit in range(len(self.wz)):
            wz = self.wz.astype(complex)
            wz[unit] += 1e-30j
            z = 1 / (1 + np.e ** -(h_p @ wz + self.x @ self.uz))
            self.dwz[unit] = (in_grad * (self.n - h_p) * z.imag).sum(0) / 1e-30
        self.merge_params()


GRUCell = Powers
"""


def test_powers_are_counted_in_a_file(tmp_path: Path) -> None:
    examination = judged(tmp_path, POWERS.format(perturb="pass"))
    assert (examination.verdict, examination.outcome("state").facts) == ("right", ())
    examination = judged(tmp_path, POWERS.format(perturb="if len(self.wz) > 20: self.perturbed(h_p, in_grad)"))
    assert "perturbed, not derived" in all_said(examination.outcome("state").facts)


SERIES = """

def exponential(a):
    total = term = 1.0
    for k in range(1, 200):
        term = term * abs(a) / k
        total = total + term
    return np.where(a < 0, 1 / total, total)


class Series(GRUCell):
    def forward(self, x, h_p, W, U):
        self.W, self.U = W, U
        super().forward(x, h_p, W, U)

    def sigmoid(self, a):
        return 1 / (1 + exponential(-a))

    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        {perturb}


GRUCell = Series
"""

FORWARD = """self.x = x
        self.get_params(W, U)
        self.z = self.sigmoid(h_p @ self.wz + x @ self.uz)
        self.r = self.sigmoid(h_p @ self.wr + x @ self.ur)
        self.n = 2 * self.sigmoid(2 * ((self.r * h_p) @ self.wn + x @ self.un)) - 1
        self.h = (1 - self.z) * h_p + self.z * self.n"""
"""A forward pass without a function of NumPy."""

CALLS = "if len(self.wz) > 20: [GRUCell.forward(self, self.x, h_p, self.W, self.U) for _ in range(self.W.size)]"


def test_calls_of_forward_are_counted_where_nothing_else_is(tmp_path: Path) -> None:
    examination = judged(tmp_path, SERIES.format(perturb=CALLS))
    assert "one backward pass calls forward" in all_said(examination.outcome("state").facts)


ENDLESS = """

class Endless(GRUCell):
    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        while len(self.wz) > 20:
            self.x = self.x + 1
            sigmoid(self.x)


GRUCell = Endless
"""


def test_a_count_that_is_large_enough_ends_the_call(tmp_path: Path) -> None:
    assert "perturbed, not derived" in all_said(judged(tmp_path, ENDLESS).outcome("state").facts)


@pytest.mark.full
def test_a_count_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    nothing = SERIES.replace("super().forward(x, h_p, W, U)", FORWARD).format(perturb="pass")
    examination = judged(tmp_path, nothing)
    assert examination.verdict == "right"
    assert "was not counted: forward puts 0 numbers through exp" in all_said(examination.outcome("state").facts)


OTHERWISE = """

class Otherwise(GRUCell):
    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        if type(np.exp) is not np.ufunc:
            self.dW = self.dW * 0


GRUCell = Otherwise
"""


def test_a_cell_that_gives_something_else_while_it_is_counted_is_told(tmp_path: Path) -> None:
    examination = judged(tmp_path, OTHERWISE)
    assert "the cell gives something else while that is done" in all_said(examination.outcome("state").facts)


# In another API

ONE_SAMPLE = (RIGHT.parents[1] / "other_apis" / "one_sample.py").read_text(encoding="utf-8")

BY_COMPLEX_STEPS = """    def backward(self, delta):
        names = "Wzh Wrh Wh Wzx Wrx Wx x hidden".split()
        at = {name: getattr(self, name).astype(complex) for name in names}
        steps = {}
        for name, array in at.items():
            found = np.zeros(array.shape)
            for index in np.ndindex(array.shape):
                array[index] += 1e-100j
                found[index] = (np.reshape(delta, -1) @ self.pure(**at)).imag / 1e-100
                array[index] = array[index].real
            steps[name] = found
        for name in names[:6]:
            setattr(self, "d" + name, getattr(self, "d" + name) + steps[name])
        return steps["x"], steps["hidden"]

    def pure(self, Wzh, Wrh, Wh, Wzx, Wrx, Wx, x, hidden):
        z = 1 / (1 + np.exp(-(Wzh @ hidden + Wzx @ x)))
        r = 1 / (1 + np.exp(-(Wrh @ hidden + Wrx @ x)))
        return (1 - z) * hidden + z * np.tanh(Wh @ (r * hidden) + Wx @ x)
"""


@pytest.mark.parametrize("derived", [True, False])
def test_a_file_in_another_api_is_told_by_the_same_count(derived: bool, tmp_path: Path) -> None:
    head, backward = ONE_SAMPLE.split("    def backward")
    file = tmp_path / "cell.py"
    file.write_text(head + ("    def backward" + backward if derived else BY_COMPLEX_STEPS), encoding="utf-8")
    with SubmissionProcess(file) as process:
        api = process.api
        assert api is not None
        found = cost_driven(Bench(process, api), CHAPTER, 0)
    assert (found is None) if derived else (found is not None and found.kind == "perturbed")
