"""The equations, entry by entry: each is held against loops over scalars written out here.

All but the gates (1)–(3) are polynomials, so they are compared on integers, where nothing rounds.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru.calculus import formula
from gru.calculus.functions import sigmoid
from gru.layer import Sizes
from gru.layers.gru import equations
from gru.layers.gru.equations import EQUATIONS, EXPOSED, Equation
from gru.layers.gru.forms import CHAPTER
from gru.strategies import sizes

Values = dict[str, Any]
Entry = Callable[[Values, Sizes, int, int], Any]
SEEDS = st.integers(0, 2**32 - 1)
EXTREME = 1e4


def by_id(numbers: Any) -> Any:
    return pytest.mark.parametrize("equation", [EQUATIONS[n] for n in numbers], ids=lambda e: f"{e.number}-{e.name}")


def integer_values(equation: Equation, sizes: Sizes, seed: int, steps: bool = False) -> Values:
    """An array of small integers for each input of the equation."""
    random = np.random.default_rng(seed)
    leading = (sizes.steps,) if steps else ()
    return {name: random.integers(-9, 10, (*leading, *CHAPTER.shape_of(name, sizes))) for name in equation.inputs}


def row_times(v: Values, a: str, b: str, i: int, j: int) -> Any:
    """Entry (i, j) of a·b."""
    return sum(v[a][i, k] * v[b][k, j] for k in range(v[b].shape[0]))


def row_times_transposed(v: Values, a: str, b: str, i: int, j: int) -> Any:
    """Entry (i, j) of a·bᵀ."""
    return sum(v[a][i, k] * v[b][j, k] for k in range(v[b].shape[1]))


def over_the_batch(v: Values, a: str, b: str, i: int, j: int) -> Any:
    """Entry (i, j) of aᵀ·b."""
    return sum(v[a][row, i] * v[b][row, j] for row in range(v[a].shape[0]))


ENTRIES: dict[int, Entry] = {
    4: lambda v, s, b, j: (1 - v["z"][b, j]) * v["h_p"][b, j] + v["z"][b, j] * v["n"][b, j],
    5: lambda v, s, b, j: row_times(v, "h_p", "wz", b, j) + row_times(v, "x", "uz", b, j),
    6: lambda v, s, b, j: row_times(v, "h_p", "wr", b, j) + row_times(v, "x", "ur", b, j),
    7: lambda v, s, b, j: (
        sum(v["r"][b, k] * v["h_p"][b, k] * v["wn"][k, j] for k in range(s.hidden)) + row_times(v, "x", "un", b, j)
    ),
    8: lambda v, s, b, j: v["in_grad"][b, j] * (v["n"][b, j] - v["h_p"][b, j]) * v["z"][b, j] * (1 - v["z"][b, j]),
    9: lambda v, s, b, j: v["in_grad"][b, j] * v["z"][b, j] * (1 - v["n"][b, j] ** 2),
    10: lambda v, s, b, j: (
        row_times_transposed(v, "dzn", "wn", b, j) * v["h_p"][b, j] * v["r"][b, j] * (1 - v["r"][b, j])
    ),
    11: lambda v, s, i, j: sum(v["r"][b, i] * v["h_p"][b, i] * v["dzn"][b, j] for b in range(s.batch)),
    12: lambda v, s, i, j: over_the_batch(v, "x", "dzn", i, j),
    13: lambda v, s, i, j: over_the_batch(v, "h_p", "dzr", i, j),
    14: lambda v, s, i, j: over_the_batch(v, "x", "dzr", i, j),
    15: lambda v, s, i, j: over_the_batch(v, "h_p", "dzz", i, j),
    16: lambda v, s, i, j: over_the_batch(v, "x", "dzz", i, j),
    23: lambda v, s, b, j: (
        v["in_grad"][b, j] * (1 - v["z"][b, j])
        + row_times_transposed(v, "dzn", "wn", b, j) * v["r"][b, j]
        + row_times_transposed(v, "dzr", "wr", b, j)
        + row_times_transposed(v, "dzz", "wz", b, j)
    ),
    24: lambda v, s, b, i: (
        row_times_transposed(v, "dzn", "un", b, i)
        + row_times_transposed(v, "dzr", "ur", b, i)
        + row_times_transposed(v, "dzz", "uz", b, i)
    ),
}
"""One entry of each polynomial's left-hand side, from the values `v` and the sizes `s`."""


@by_id(ENTRIES)
@given(sizes=sizes(), seed=SEEDS)
def test_an_equation_is_its_scalar_form(equation: Equation, sizes: Sizes, seed: int) -> None:
    values = integer_values(equation, sizes, seed)
    result = equation(values)
    rows, columns = CHAPTER.shape_of(equation.name, sizes)
    entry = ENTRIES[equation.number]
    assert result.tolist() == [[entry(values, sizes, i, j) for j in range(columns)] for i in range(rows)]


@by_id(range(17, 23))
@given(sizes=sizes(), seed=SEEDS)
def test_a_sum_is_over_the_steps(equation: Equation, sizes: Sizes, seed: int) -> None:
    values = integer_values(equation, sizes, seed, steps=True)
    (terms,) = values.values()
    expected = [[sum(step[i][j] for step in terms) for j in range(terms.shape[2])] for i in range(terms.shape[1])]
    assert equation(values).tolist() == expected


@pytest.mark.parametrize(("gate", "preactivation", "activation"), [(1, 5, sigmoid), (2, 6, sigmoid), (3, 7, np.tanh)])
@given(sizes=sizes(), seed=SEEDS)
def test_a_gate_is_the_activation_of_its_preactivation(
    gate: int, preactivation: int, activation: Any, sizes: Sizes, seed: int
) -> None:
    """(1) = σ((5)), (2) = σ((6)), (3) = tanh((7)), to the last bit."""
    values = integer_values(EQUATIONS[gate], sizes, seed)
    np.testing.assert_array_equal(EQUATIONS[gate](values), activation(EQUATIONS[preactivation](values)))


@given(st.floats(-800, 800))
def test_sigmoid_is_the_logistic_function(a: float) -> None:
    """σ(a) = 1/(1 + e^{−a}), and σ(a) = e^a/(1 + e^a) where e^{−a} overflows.

    Relative to itself: an exponential is good to 1 unit in the last place here and to 4 in NumPy,
    an addition and a division add half a unit each on both sides. Below the smallest normal
    number, units in the last place are absolute.
    """
    exact = 1 / (1 + math.exp(-a)) if a > -700 else math.exp(a)
    found = float(sigmoid(np.float64(a)))
    assert abs(found - exact) <= 7 * math.ulp(exact)


@given(sizes=sizes(), seed=SEEDS)
def test_equations_keep_leading_axes(sizes: Sizes, seed: int) -> None:
    """Perturbations or steps on a leading axis give what they give one by one."""
    for equation in EQUATIONS.values():
        if not equation.is_sum and equation.number > 3:
            values = integer_values(equation, sizes, seed, steps=True)
            one_by_one = [
                equation({name: value[step] for name, value in values.items()}) for step in range(sizes.steps)
            ]
            np.testing.assert_array_equal(equation(values), one_by_one)


class TestExtremes:
    """Pre-activations of ±1e4: no overflow, no NaN, and the dtype stays. Warnings are errors here."""

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("sign", [-1, 1])
    def test_gates_saturate(self, dtype: Any, sign: int) -> None:
        state, weight = np.ones((1, 1), dtype), np.full((1, 1), sign * EXTREME, dtype)
        nothing = np.zeros((1, 1), dtype)
        z = equations.update_gate(state, nothing, weight, nothing)
        r = equations.reset_gate(state, nothing, weight, nothing)
        n = equations.candidate(state, state, nothing, weight, nothing)
        assert {z.dtype, r.dtype, n.dtype} == {np.dtype(dtype)}
        assert z.item() == r.item() == (1 if sign > 0 else 0)
        assert n.item() == sign

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
    def test_sigmoid_does_not_overflow(self, dtype: Any) -> None:
        a = np.array([-EXTREME, -800, -1, 0, 1, 800, EXTREME], dtype)
        found = sigmoid(a)
        assert found.dtype == a.dtype
        assert np.isfinite(found).all()
        assert (found.real[:3] < 0.5).all()
        assert found[3] == 0.5
        assert (found.real[4:] > 0.5).all()

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_every_equation_keeps_the_dtype(self, dtype: Any) -> None:
        sizes = Sizes(2, 3, 4, 2)
        for equation in EQUATIONS.values():
            values = {
                name: value.astype(dtype)
                for name, value in integer_values(equation, sizes, 0, steps=equation.is_sum).items()
            }
            assert equation(values).dtype == dtype, equation.id


class TestTable:
    """The one table that checks, reports and documents are made from."""

    def test_it_has_every_equation_once_in_order(self) -> None:
        assert list(EQUATIONS) == list(range(1, 25))
        assert [equation.number for equation in EQUATIONS.values()] == list(range(1, 25))
        assert len({equation.name for equation in EQUATIONS.values()}) == 24

    def test_all_but_the_preactivations_are_exposed(self) -> None:
        assert [e.number for e in EXPOSED] == [n for n in range(1, 25) if n not in (5, 6, 7)]

    @by_id(range(1, 25))
    def test_an_entry_says_all_of_its_equation(self, equation: Equation) -> None:
        assert equation.symbol
        assert equation.quantity
        assert equation.id == f"equation-{equation.number}"
        assert equation.dimensions == CHAPTER.dimensions[equation.name]
        docstring = equation.function.__doc__ or ""
        assert docstring.startswith("(17)–(22)" if equation.is_sum else f"({equation.number})")
        assert equation.is_sum or equation.symbol in docstring.splitlines()[0]

    @by_id(range(1, 25))
    def test_inputs_come_before_what_is_made_of_them(self, equation: Equation) -> None:
        numbers = {other.name: other.number for other in EQUATIONS.values()}
        assert all(numbers[name] < equation.number for name in equation.inputs if name in numbers)
        assert all(name in CHAPTER.dimensions for name in equation.inputs)

    @by_id(range(1, 25))
    @given(seed=SEEDS)
    def test_the_expression_is_the_function(self, equation: Equation, seed: int) -> None:
        """The formula that is printed and changed is the one that is computed."""
        values = integer_values(equation, Sizes(2, 3, 4, 2), seed, steps=equation.is_sum)
        if not equation.is_sum:
            np.testing.assert_array_equal(formula.evaluate(equation.expression, values), equation(values))
        else:
            (terms,) = values.values()
            found = formula.evaluate(equation.expression, {"terms": terms})
            np.testing.assert_array_equal(found, equation(values))
