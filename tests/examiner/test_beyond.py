"""Cells that are right at small sizes and on ordinary numbers, and wrong beyond: sizes, structure, extremes.

Each is one wrong formula under a condition; the conditions are not in the catalogue.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from gru.examiner import examine
from gru.examiner.judging.comparison import agree
from gru.examiner.judging.reference import CHANGES, Reference, all_reused, measured_at_once
from gru.layers.gru.cell import GRUCell
from gru.layers.registry import layer_named
from gru.problem import LARGER, battery, find, is_measured_whole
from gru.submission.trusted import TrustedCells
from tests.examiner.planted import EQUATION, Learner, hiding

Array = Any

pytestmark = pytest.mark.filterwarnings("ignore")


def where(name: str, holds: Callable[[Any, Mapping[str, Array]], bool]) -> type:
    """A cell whose value under a name is a hundredth too large where a condition holds."""

    def formula(cell: Any, at: Mapping[str, Array]) -> Array:
        value = EQUATION[name](at)
        return value * 1.01 if holds(cell, at) else value

    return type("Conditional", (Learner,), {"replaced": {name: formula}})


CONDITIONS: dict[str, tuple[str, Callable[[Any, Mapping[str, Array]], bool]]] = {
    "hidden above 20": ("dzr", lambda cell, at: cell.hidden_size > 20),
    "hidden above 59": ("dun", lambda cell, at: cell.hidden_size > 59),
    "batch above 9": ("dwz", lambda cell, at: len(at["x"]) > 9),
    "batch above 24": ("dx", lambda cell, at: len(at["x"]) > 24),
    "input above 13": ("duz", lambda cell, at: cell.input_size > 13),
    "input above 29": ("dh", lambda cell, at: cell.input_size > 29),
    "x is of 0 and 1": ("dwr", lambda cell, at: at["x"].size > 4 and bool(np.isin(at["x"], (0, 1)).all())),
    "the last row of x is zero": ("dwn", lambda cell, at: not at["x"][-1].any() and bool(at["x"].any())),
    "an entry of h_prev is 1": ("dzz", lambda cell, at: bool((at["h_p"] == 1).any())),
    "an entry of h_prev is 0": ("dzn", lambda cell, at: bool((at["h_p"] == 0).any() and at["h_p"].any())),
    "a pre-activation is beyond 710": (
        "h",
        lambda cell, at: bool((np.abs(at["h_p"] @ at["wz"] + at["x"] @ at["uz"]) > 710).any()),
    ),
}


@pytest.mark.one_in(66)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 6))])
@pytest.mark.parametrize("words", CONDITIONS)
def test_a_mistake_that_shows_beyond_a_condition_is_found(words: str, seed: int) -> None:
    name, holds = CONDITIONS[words]
    examination = examine(TrustedCells(where(name, holds)), seed=seed)
    wrong = {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"}
    assert wrong - {"state"} == {EQUATION[name].id}


class Steps:
    """Steps of a sequence, counted as cells are made one after another."""

    made = 0


class WrongAfterThirty(GRUCell):
    """From the thirty-first cell of a sequence on, dwz is too large."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        Steps.made += 1
        self.place = Steps.made

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        Steps.made = 0
        return super().forward(x, h_p, W, U)

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        if self.place > 30:
            self.dwz = self.dwz * 1.01
            self.merge_params()


def test_a_mistake_late_in_a_long_sequence_is_found() -> None:
    examination = examine(TrustedCells(WrongAfterThirty))
    assert examination.outcome("equation-15").status == "wrong"


class TanhByExponentials(Learner):
    """tanh as a quotient of exponentials, which is NaN beyond 710."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        super().forward(x, h_p, W, U)
        a = (self.r * h_p) @ self.wn + x @ self.un
        if a.dtype == np.float64:
            self.n = (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))
            self.h = (1 - self.z) * h_p + self.z * self.n


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(1, 5))])
def test_nan_at_an_extreme_is_found_on_every_seed(seed: int) -> None:
    assert examine(TrustedCells(TanhByExponentials), seed=seed).verdict == "wrong"


@pytest.mark.parametrize("seed", range(3))
def test_larger_problems_are_of_the_sizes_that_they_are_drawn_from(seed: int) -> None:
    larger = [problem for problem in battery("normal", seed) if any(map(int.__gt__, problem.sizes, (9, 13, 20, 12)))]
    assert len(larger) == len(LARGER)
    for ranges in LARGER:
        assert any(
            all(low <= length <= high for length, (low, high) in zip(problem.sizes, ranges, strict=True))
            for problem in larger
        )


def test_formulas_stand_for_the_oracle_only_where_they_agree_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = next(problem for problem in battery("normal", 0) if problem.regime == "bits")
    assert not is_measured_whole(problem)
    by_formulas, measured = Reference.of(problem).measured, Reference.of(problem).measured
    assert by_formulas._formulas_agree
    computed = dict(by_formulas._computed)
    computed["dzr"] = computed["dzr"] * (1 + 1e-9)
    monkeypatch.setitem(measured.__dict__, "_computed", computed)
    assert not measured._formulas_agree
    np.testing.assert_allclose(measured.truth["dzr"], by_formulas.truth["dzr"], rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("layer", ["gru", "lstm"])
def test_what_is_measured_at_once_is_what_each_problem_alone_has(layer: str) -> None:
    form = layer_named(layer).form
    ids = [f"2,3,4,3/{regime}/float64/1" for regime in ("ordinary", "zero-state", "bits", "padded", "saturated")]
    alone = [Reference.of(find(id, form), form) for id in ids]
    pairs = [(reference, change) for reference in alone[::2] for change in CHANGES]
    for one, other in [
        *zip(alone, measured_at_once(alone), strict=True),
        *(
            (reference.reused(change), other)
            for (reference, change), other in zip(pairs, all_reused(pairs), strict=True)
        ),
    ]:
        assert other.truth.keys() == one.truth.keys()
        for name, value in one.truth.items():
            limits = one.limits(name, "float64")
            np.testing.assert_allclose(other.limits(name, "float64"), limits, rtol=1e-9)
            assert agree(other.truth[name], value, limits)
    assert len({other.measured for other in all_reused(pairs)}) < len(pairs)


# Precision, a quantity at a time


HIDDEN = hiding("z", "r", "n", "dzz", "dzr", "dzn", "dwz", "dwr", "dwn", "duz", "dur", "dun")


def shown_single(*names: str, base: type[Learner] = Learner, **replaced: Any) -> type:
    """A cell that shows these quantities rounded to single precision when all is computed."""

    class Rounds(base):  # type: ignore[valid-type, misc]
        def backward(self, h_p: Array, in_grad: Array) -> None:
            super().backward(h_p, in_grad)
            for name in names:
                setattr(self, name, getattr(self, name).astype(np.float32))

    Rounds.replaced = replaced
    return Rounds


def test_a_result_in_single_precision_hides_nothing_in_the_others() -> None:
    slightly = shown_single("dx", dzz=lambda cell, at: EQUATION["dzz"](at) * (1 + 1e-7))
    examination = examine(TrustedCells(slightly))
    assert examination.precision == "float32"
    assert {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"} == {"equation-8"}


@pytest.mark.one_in(5)
@pytest.mark.parametrize("names", [("dx",), ("dzr",), ("dzn", "dh"), ("dW", "dU", "dh", "dx"), ("wz", "dwz")])
def test_results_in_single_precision_are_right_and_so_is_what_is_made_of_them(names: tuple[str, ...]) -> None:
    assert examine(TrustedCells(shown_single(*names))).verdict == "right"


@pytest.mark.full
@pytest.mark.parametrize(
    ("single", "wrong", "check"),
    [(("dx",), "dzz", "equation-8"), (("dx", "dh"), "dzn", "equation-9"), (("dU",), "dzr", "equation-10")],
)
def test_a_result_in_single_precision_hides_nothing_in_what_is_hidden(
    single: tuple[str, ...], wrong: str, check: str
) -> None:
    slightly = {wrong: lambda cell, at: EQUATION[wrong](at) * (1 + 1e-6)}
    examination = examine(TrustedCells(shown_single(*single, base=HIDDEN, **slightly)))
    assert {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"} == {check}


class KeepsTheInput(HIDDEN):  # type: ignore[valid-type, misc]
    """Computes in single precision, but for dU: that is made of the input, which it keeps as it is given."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        super().forward(*(array.astype(np.float32) for array in (x, h_p, W, U)))
        self.x = x

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p.astype(np.float32), in_grad.astype(np.float32))


def test_what_is_hidden_may_be_of_single_precision() -> None:
    examination = examine(TrustedCells(KeepsTheInput))
    assert (examination.verdict, examination.precision) == ("right", "float32")
