"""Arithmetic on pairs is complex arithmetic at a step of 2⁻¹⁰⁰, to rounding, and never drops a tangent.

The limits count roundings. With u = ε/2, a sum of terms that are each rounded k times is off by at
most k·u·Σ|terms|. No rule rounds a term more than 8 times on either side, a function of the
mathematical library counting as two; a matrix product adds one rounding for each term that it sums.
A complex tangent below 2.2e-308/2⁻¹⁰⁰ underflows, so that much is always allowed.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import BroadcastableShapes, mutually_broadcastable_shapes
from numpy.typing import NDArray

from gru.calculus.functions import sigmoid
from gru.calculus.pair import Pair
from gru.layers.gru import equations
from gru.numdiff import STEP

Array = NDArray[Any]

ROUNDINGS = 2 * 8
UNIT = np.finfo(float).eps / 2
UNDERFLOW = np.finfo(float).tiny / STEP

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)


def random_pair(rng: np.random.Generator, shape: tuple[int, ...], perturbations: int = 3, scale: float = 1.0) -> Pair:
    """A pair in which some axes of the tangent have length 1."""
    tangent = (perturbations, *(length if rng.random() < 0.7 else 1 for length in shape))
    return Pair(scale * rng.standard_normal(shape), rng.standard_normal(tangent))


def complex_numbers(operand: Any, perturbation: int) -> Any:
    """One perturbation of a pair as true complex numbers; anything else as it is."""
    if not isinstance(operand, Pair):
        return operand
    return operand.value + 1j * STEP * np.broadcast_to(operand.tangent[perturbation], operand.value.shape)


def absolute(operand: Any) -> Any:
    """The operand without signs: what carries Σ|terms| through a sum of products."""
    return Pair(abs(operand.value), abs(operand.tangent)) if isinstance(operand, Pair) else np.abs(operand)


def assert_is_complex_arithmetic(function: Callable[..., Any], operands: list[Any], limit: Any) -> None:
    """`function` of pairs is, perturbation by perturbation, `function` of complex numbers.

    Its value is what `function` makes of the values alone, to the last bit: no tangent has a part in it.
    """
    result = function(*operands)
    assert isinstance(result, Pair)
    count = max(len(one.tangent) for one in operands if isinstance(one, Pair))
    expected = np.stack([function(*(complex_numbers(one, p) for one in operands)) for p in range(count)])
    tangent = np.broadcast_to(result.tangent, (count, *result.value.shape))
    assert expected.shape == tangent.shape
    assert np.all(np.abs(tangent - expected.imag / STEP) <= limit + UNDERFLOW)
    real = function(*(one.value if isinstance(one, Pair) else one for one in operands))
    np.testing.assert_array_equal(result.value, real)


def operands_of(rng: np.random.Generator, shapes: BroadcastableShapes, kinds: tuple[bool, bool]) -> list[Any]:
    """Two operands, each a pair or a real array."""
    return [
        random_pair(rng, shape) if is_pair else rng.standard_normal(shape)
        for shape, is_pair in zip(shapes.input_shapes, kinds, strict=True)
    ]


KINDS = pytest.mark.parametrize("kinds", [(True, True), (True, False), (False, True)], ids=["pairs", "left", "right"])


@KINDS
@given(shapes=SHAPES, seed=SEEDS)
def test_sums_differences_and_products_of_any_shapes(
    kinds: tuple[bool, bool], shapes: BroadcastableShapes, seed: int
) -> None:
    operands = operands_of(np.random.default_rng(seed), shapes, kinds)
    signless = [absolute(one) for one in operands]
    for function in (np.add, np.subtract):
        assert_is_complex_arithmetic(function, operands, ROUNDINGS * UNIT * np.add(*signless).tangent)
    assert_is_complex_arithmetic(np.multiply, operands, ROUNDINGS * UNIT * np.multiply(*signless).tangent)


@KINDS
@given(shapes=SHAPES, seed=SEEDS)
def test_quotients_of_any_shapes(kinds: tuple[bool, bool], shapes: BroadcastableShapes, seed: int) -> None:
    a, b = operands_of(np.random.default_rng(seed), shapes, kinds)
    signless = absolute(a) * absolute(1 / b)
    assert_is_complex_arithmetic(np.divide, [a, b], ROUNDINGS * UNIT * signless.tangent)


@KINDS
@given(
    sizes=st.tuples(*[st.integers(1, 4)] * 3),
    stacks=st.sampled_from([((), ()), ((2,), ()), ((), (2,)), ((3,), (3,))]),
    seed=SEEDS,
)
def test_matrix_products(kinds: tuple[bool, bool], sizes: Any, stacks: Any, seed: int) -> None:
    rows, inner, columns = sizes
    rng = np.random.default_rng(seed)
    shapes = [(*stacks[0], rows, inner), (*stacks[1], inner, columns)]
    operands = [random_pair(rng, s) if k else rng.standard_normal(s) for s, k in zip(shapes, kinds, strict=True)]
    signless = np.matmul(*(absolute(one) for one in operands)).tangent
    assert_is_complex_arithmetic(np.matmul, operands, (ROUNDINGS + 2 * inner) * UNIT * signless)


@given(seed=SEEDS, scale=st.sampled_from([1e-8, 1.0, 30.0]))
def test_exp_tanh_and_minus(seed: int, scale: float) -> None:
    a = random_pair(np.random.default_rng(seed), (2, 3), scale=scale)
    assert_is_complex_arithmetic(np.exp, [a], ROUNDINGS * UNIT * np.exp(a.value) * abs(a.tangent))
    assert_is_complex_arithmetic(np.tanh, [a], ROUNDINGS * UNIT * abs(a.tangent) / np.cosh(a.value) ** 2)
    assert_is_complex_arithmetic(np.negative, [a], 0)


@pytest.mark.parametrize("function", [sigmoid, np.tanh])
def test_saturated_values_keep_their_tail(function: Callable[..., Any]) -> None:
    a = Pair(np.array([-800.0, -300.0, -40.0, -20.0, 20.0, 40.0, 300.0, 800.0]), np.ones((1, 8)))
    tail = np.exp(-np.abs(a.value) * (2 if function is np.tanh else 1))
    slope = tail / (1 + tail) ** 2 * (4 if function is np.tanh else 1)
    assert_is_complex_arithmetic(function, [a], ROUNDINGS * UNIT * slope)
    assert np.all(function(a).tangent[0, 2:6] > 0)


@given(shapes=mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3), seed=SEEDS)
def test_where_sums_and_indices_are_exact(shapes: BroadcastableShapes, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second, third = shapes.input_shapes
    condition = rng.random(first) < 0.5
    a, b = random_pair(rng, second), random_pair(rng, third)
    for chosen, other in ((a, b), (a, 1.0), (1.0, b)):
        assert_is_complex_arithmetic(lambda a, b: np.where(condition, a, b), [chosen, other], 0)


@given(seed=SEEDS)
def test_sums_over_axes_and_parts(seed: int) -> None:
    a = random_pair(np.random.default_rng(seed), (2, 3, 4))
    for axis in (-1, -2, (-2, -1), (-3, -1)):
        limit = (ROUNDINGS + 12) * UNIT * absolute(a).sum(axis).tangent
        assert_is_complex_arithmetic(lambda a, axis=axis: a.sum(axis), [a], limit)
        assert_is_complex_arithmetic(lambda a, axis=axis: np.sum(a, axis=axis), [a], limit)
    for index in (
        0,
        -1,
        slice(1, 3),
        ...,
        (..., slice(1, 3), slice(None)),
        (None, 1),
        (slice(None), 2, None, slice(3)),
    ):
        assert_is_complex_arithmetic(lambda a, index=index: a[index], [a], 0)


BATCH, INPUT, HIDDEN = 2, 3, 4
SIZES = {
    "h_p": (BATCH, HIDDEN),
    "x": (BATCH, INPUT),
    **dict.fromkeys(("z", "r", "n"), (BATCH, HIDDEN)),
    **dict.fromkeys(("wz", "wr", "wn"), (HIDDEN, HIDDEN)),
    **dict.fromkeys(("uz", "ur", "un"), (INPUT, HIDDEN)),
}

PREACTIVATION = {1: 5, 2: 6, 3: 7}
"""The number of the pre-activation that the gate of the equation is a function of."""


def slope(number: int, preactivation: Array) -> Array:
    """σ′ for (1) and (2), tanh′ for (3), to the last digits of the tail."""
    factor = 2 if number == 3 else 1
    tail = np.exp(-factor * np.abs(preactivation))
    return factor**2 * tail / (1 + tail) ** 2


def limit_of(number: int, operands: list[Any]) -> Array:
    """How far an equation's tangents may be from those of complex arithmetic.

    (4)–(7) are sums of products. In (1)–(3) the pre-activation is off by k·u·Σ|terms|, and σ′ and
    tanh′ change by at most twice that, relative to themselves.
    """
    roundings = (2 * ROUNDINGS + 2 * (INPUT + HIDDEN)) * UNIT
    signless = [absolute(one) for one in operands]
    if number == 4:
        z, n, h_p = signless
        terms: Array = ((1 + z) * h_p + z * n).tangent
        return roundings * terms
    linear = equations.EQUATIONS[PREACTIVATION.get(number, number)].function
    bound = linear(*signless)
    if number not in PREACTIVATION:
        return roundings * np.asarray(bound.tangent)
    values = linear(*(one.real for one in operands))
    return np.asarray(roundings * (1 + 2 * bound.value) * slope(number, values) * bound.tangent)


@pytest.mark.parametrize("number", range(1, 8))
@given(seed=SEEDS, scale=st.sampled_from([1e-3, 1.0, 10.0, 300.0]), data=st.data())
def test_equations_of_the_forward_pass(number: int, seed: int, scale: float, data: st.DataObject) -> None:
    equation = equations.EQUATIONS[number]
    moving = data.draw(st.sets(st.sampled_from(equation.inputs), min_size=1))
    rng = np.random.default_rng(seed)
    operands: list[Any] = [
        random_pair(rng, SIZES[name], scale=scale if name[0] in "wu" else 1.0) for name in equation.inputs
    ]
    operands = [one if name in moving else one.value for name, one in zip(equation.inputs, operands, strict=True)]
    assert_is_complex_arithmetic(equation.function, operands, limit_of(number, operands))


def test_a_wrong_rule_is_seen() -> None:
    """The limit is narrow enough to see a tangent that is off by 1e-14 of itself."""
    a = Pair(np.array([0.3, 2.0]), np.ones((1, 2)))

    def slightly_wrong(a: Any) -> Any:
        result = np.exp(a)
        return Pair(result.value, result.tangent * (1 + 1e-14)) if isinstance(a, Pair) else result

    with pytest.raises(AssertionError):
        assert_is_complex_arithmetic(slightly_wrong, [a], ROUNDINGS * UNIT * np.exp(a.value))


PAIR = Pair(np.array([[1.0, -2.0], [3.0, 4.0]]), np.ones((2, 2, 2)))


@pytest.mark.parametrize(
    "use",
    [
        np.abs,
        np.sqrt,
        np.sign,
        np.isfinite,
        np.stack,
        np.max,
        np.zeros_like,
        np.linalg.norm,
        np.add.reduce,
        np.asarray,
        np.iscomplexobj,
        float,
        bool,
        len,
        math.exp,
        lambda a: np.stack([a, a]),
        lambda a: np.array([a, a]),
        lambda a: np.where(a, 1.0, 2.0),
        lambda a: np.where(a),
        lambda a: np.where(a > 0, a, 0),
        lambda a: a == 1,
        lambda a: a < a.real,
        lambda a: a**2,
        lambda a: a @ np.ones(2),
        lambda a: a * 1j,
        lambda a: a.sum(0),
        lambda a: a.sum(None),
        lambda a: np.sum(a),
        lambda a: np.sum(a, axis=-1, keepdims=True),
        lambda a: a[np.array([0, 1])],
        lambda a: a[[0], :],
        lambda a: a[a.real > 0],
        lambda a: a[True],
        lambda a: np.add(a, 1.0, out=np.zeros((2, 2))),
        lambda a: np.exp(a, where=a.real > 0),
        lambda a: np.zeros((2, 2)).__iadd__(a),
        lambda a: np.zeros((2, 2)).__setitem__(..., a),
        lambda a: np.zeros((2, 2)).__setitem__((0, 0), a[0, 0]),
    ],
)
def test_what_would_drop_a_tangent_is_refused(use: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, ValueError)) as refusal:
        use(PAIR)
    # NumPy hides the TypeError of an assignment to one entry behind a ValueError.
    assert refusal.type is TypeError or isinstance(refusal.value.__cause__, TypeError)


@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (4, 3, 2), (4, 2, 1, 3), (4, 2, 2)])
def test_a_tangent_that_does_not_go_with_the_value_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="leading axis of perturbations"):
        Pair(np.zeros((2, 3)), np.zeros(shape))


def test_different_numbers_of_perturbations_are_refused() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        PAIR + Pair(np.zeros((2, 2)), np.zeros((3, 2, 2)))


@pytest.mark.parametrize("dtype", [int, bool, complex, object])
def test_a_pair_is_made_of_floats(dtype: type) -> None:
    with pytest.raises(TypeError, match="made of floats"):
        Pair(np.zeros(2, dtype=dtype), np.zeros((1, 2)))


def test_what_a_function_changes_later_does_not_change_a_tangent() -> None:
    """A buffer that is used again, as in a loop over steps."""
    buffer = np.array([[2.0, 3.0], [4.0, 5.0]])
    scaled, shifted = PAIR * buffer, (PAIR + buffer) / buffer
    expected = buffer * PAIR.tangent, PAIR.tangent / buffer
    buffer[:] = np.nan
    np.testing.assert_array_equal(scaled.tangent, expected[0])
    np.testing.assert_allclose(shifted.tangent, expected[1], rtol=2 * UNIT)


@pytest.mark.parametrize("factor", [2, 2.0, np.float64(2), [2.0, 2.0], (2, 2), np.full(2, 2.0)])
def test_any_real_number_or_list_of_them_is_a_factor(factor: Any) -> None:
    for scaled in (PAIR * factor, factor * PAIR, PAIR / np.divide(1, factor), PAIR * factor * factor / factor):
        np.testing.assert_array_equal(scaled.tangent, 2 * PAIR.tangent)


def test_a_single_precision_pair_stays_so() -> None:
    a = Pair(np.ones((2, 2), np.float32), np.ones((1, 2, 2), np.float32))
    result = np.tanh(1 - 2 * a @ a) / (1 + np.exp(-a))
    assert (result.value.dtype, result.tangent.dtype) == (np.float32, np.float32)
