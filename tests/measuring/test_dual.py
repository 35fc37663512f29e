"""Values and tangents in real numbers: the slope of every layer along a direction is that of a complex step."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gru import oracle
from gru.calculus import dual
from gru.calculus.formula import parse
from gru.calculus.recurrence import NotDual, Recurrence
from gru.examiner import whole
from gru.examiner.judging.limit import limit
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.layers.registry import form_described, layer_named
from gru.oracle import direction
from gru.problem import find

GRU_FORMS = [form_described(name) for name in ("chapter", "torch", "keras", "z=old,bias=one")]
FORMS = [*GRU_FORMS, layer_named("lstm").form, layer_named("rnn").form]


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("regime", ["ordinary", "saturated"])
def test_the_slope_of_every_layer_is_that_of_a_complex_step(
    form: Form, regime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert direction._recurrence(form) is not None
    problem = find(f"3,2,4,5/{regime}/float64/0", form)
    along = whole._direction(problem, 1, form)
    true = float(oracle.derivatives_along(problem, along.whole, form))
    of_entries = whole._limits(problem, form)
    terms = sum(float((of_entries[name] * np.abs(block)).sum()) for name, block in along.whole.items())
    bound = limit(np.array(terms + whole._of_sum(along.whole, of_entries)), np.float64)
    for few in (0, 10**6):  # in real numbers and in complex ones
        monkeypatch.setattr(direction, "FEW_NUMBERS", few)
        assert abs(direction.slope_along(problem, along, form) - true) <= 2 * bound


def test_what_overflows_in_complex_numbers_is_measured_in_real_ones() -> None:
    problem = find("2,2,3,2/ordinary/float64/0")
    problem = replace(problem, x=problem.x * 1e4)
    along = whole._direction(problem, 0)
    assert not np.isfinite(direction._slope_by_complex(direction._recurrence(CHAPTER), problem, along, CHAPTER))
    assert np.isfinite(direction.slope_along(problem, along))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_entry_of_every_layer_is_what_pairs_measure(form: Form) -> None:
    problem = find("2,3,4,3/ordinary/float64/0", form)
    measured, true = direction.gradient(problem, form), oracle.full_gradient(problem, form)
    bounds = whole._limits(problem, form)
    assert measured.keys() == true.keys()
    for name, block in true.items():
        assert (np.abs(measured[name] - block) <= 2 * limit(bounds[name], np.float64)).all(), name


@pytest.mark.parametrize(
    ("on_duals", "true", "slope"),
    [
        (dual.sigmoid, lambda a: 1 / (1 + np.exp(-a)), lambda a: 1 / (2 + np.exp(a) + np.exp(-a))),
        (dual.tanh, np.tanh, lambda a: 1 / np.cosh(a) ** 2),
    ],
)
def test_no_digit_is_lost_in_a_tail(on_duals: Callable, true: Callable, slope: Callable) -> None:
    a = np.array([-300.0, -40.0, -1e-9, 0.0, 0.5, 20.0, 300.0])
    value, tangent = on_duals(np.stack([a, np.ones(7)]))
    np.testing.assert_allclose(value, true(a), rtol=1e-15)
    np.testing.assert_allclose(tangent, slope(a), rtol=1e-14)
    with np.errstate(over="ignore"):
        assert np.isfinite(on_duals(np.array([[-1e4, 1e4], [1.0, 1.0]]))).all()


@pytest.mark.parametrize("line", ["np.exp(h)", "h ** 2", "w * h", "w @ h"])
def test_a_formula_without_a_rule_is_refused(line: str) -> None:
    with pytest.raises(NotDual, match="no rule"):
        Recurrence({"n": parse(line)}, {}, {"h": "n"}, "x", ["w"], [], "n")


@pytest.mark.parametrize("line", ["1 - h / 2", "2 / (h + 3) - h * h", "-(h - 1) * 0.5 + h / (h + 4)"])
def test_operations_have_the_slopes_that_differences_show(line: str) -> None:
    recurrence = Recurrence({"n": parse(line)}, {}, {"h": "n"}, "x", [], [], "n")
    x, h, along, step = np.zeros((2, 2, 1, 1)), np.array([[0.3, -0.2]]), np.array([[1.0, 0.7]]), 1e-6

    def twice(h: np.ndarray) -> np.ndarray:
        for _ in range(2):
            h = eval(line, {"h": h})
        return h

    measured = (twice(h + step * along) - twice(h - step * along)) / (2 * step)
    found = recurrence.tangents({"x": x, "h": np.stack([h, along])})[-1, 0]
    np.testing.assert_allclose(found, measured, rtol=1e-8)
