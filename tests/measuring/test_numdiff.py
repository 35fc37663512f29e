"""Measured derivatives: exact where they can be, bounded where they cannot, refused where they would be wrong."""

import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.differentiate import derivative as scipy_derivative
from scipy.special import expit

from gru.calculus import chunks
from gru.layers.gru import equations
from gru.numdiff import (
    MIB,
    NotComplexDifferentiable,
    complex_step,
    directional_derivatives,
    gaussian_directions,
    gradient,
    measured_gradient,
    ridders,
    taylor_remainders,
)

Array = NDArray[Any]

EPSILON = float(np.finfo(float).eps)
ARITHMETICS = pytest.mark.parametrize("arithmetic", ["complex", "pair"])
SEEDS = st.integers(0, 2**32 - 1)


class Sample(NamedTuple):
    """A vectorised function of one number, a point, and the sum of the absolute values of its terms there."""

    function: Callable[..., Any]
    arguments: list[Array]
    magnitude: float


class Known(NamedTuple):
    """A sample whose gradients are known, with the limits that rounding puts on each entry."""

    sample: Sample
    gradients: list[Array]
    limits: list[Array]


def wave(rng: np.random.Generator) -> Known:
    """f(x, y) = Σ c ∘ tanh(x·w) + Σ e^{−y∘y}, differentiated on paper.

    No term of the gradient is rounded more than 32 times on both sides together, and tanh′ changes
    by at most twice the rounding of its argument.
    """
    rows, inner, columns = rng.integers(1, 5, 3)
    w, c = rng.standard_normal((inner, columns)), rng.standard_normal((rows, columns))
    x, y = rng.standard_normal((rows, inner)), rng.standard_normal(columns)

    def function(x: Any, y: Any) -> Any:
        return np.sum(c * np.tanh(x @ w), axis=(-2, -1)) + np.sum(np.exp(-y * y), axis=-1)

    slope, bell = c / np.cosh(x @ w) ** 2, y * np.exp(-y * y)
    terms = (np.abs(slope) * (1 + 2 * np.abs(x) @ np.abs(w))) @ np.abs(w).T
    limits = [32 * EPSILON * terms, 32 * EPSILON * np.abs(bell) * (1 + y * y)]
    sample = Sample(function, [x, y], float(np.abs(c).sum() + columns))
    return Known(sample, [slope @ w.T, -2 * bell], limits)


def gru(rng: np.random.Generator, scales: tuple[float, ...] = (0.1, 1.0, 3.0)) -> Sample:
    """The loss Σ δ_t ∘ h_t of a sequence, its arguments of one of several sizes."""
    steps, batch, inputs, hidden = rng.integers(1, 5, 4)
    scale = rng.choice(scales)
    upstream = rng.standard_normal((steps, batch, hidden)) * 10.0 ** rng.integers(-6, 7)

    def loss(x: Any, h: Any, wz: Any, wr: Any, wn: Any, uz: Any, ur: Any, un: Any) -> Any:
        total: Any = 0
        for t in range(steps):
            x_t = x[..., t, :, :]
            z = equations.update_gate(h, x_t, wz, uz)
            r = equations.reset_gate(h, x_t, wr, ur)
            h = equations.hidden_state(z, equations.candidate(r, h, x_t, wn, un), h)
            total = total + np.sum(upstream[t] * h, axis=(-2, -1))
        return total

    shapes = [(steps, batch, inputs), (batch, hidden), *[(hidden, hidden)] * 3, *[(inputs, hidden)] * 3]
    arguments = [scale * rng.standard_normal(shape) for shape in shapes]
    largest = max(1.0, float(np.abs(arguments[1]).max()))  # |h_t| never exceeds |h_0| or 1
    return Sample(loss, arguments, float(np.abs(upstream).sum()) * largest)


def saturated(rng: np.random.Generator) -> Sample:
    """The same with pre-activations of hundreds."""
    return gru(rng, scales=(30.0,))


def polynomial(rng: np.random.Generator) -> Sample:
    """A cubic of several variables, its coefficients of any size."""
    a, b, c = rng.standard_normal((3, 4)) * 10.0 ** rng.integers(-6, 7)
    x = rng.standard_normal(4)
    terms = np.abs([a * x**3, b * x**2, c * x])
    return Sample(lambda x: np.sum(a * x * x * x + b * x * x + c * x, axis=-1), [x], float(terms.sum()))


def cancelling(rng: np.random.Generator) -> Sample:
    """A sum of squares beside a large number that cancels, and takes their digits with it."""
    large = 10.0 ** rng.integers(4, 12)
    x = rng.standard_normal(4)
    return Sample(lambda x: (np.sum(x * x, axis=-1) + large) - large, [x], float(large + x @ x))


def along(sample: Sample, direction: Any) -> float:
    """The derivative by a complex step along one direction."""
    moved = [None if d is None else d[np.newaxis] for d in direction]
    return float(directional_derivatives(sample.function, sample.arguments, moved)[0])


def everywhere(rng: np.random.Generator, arguments: list[Array]) -> list[Array]:
    """A Gaussian direction in which every argument moves."""
    return [rng.standard_normal(argument.shape) for argument in arguments]


@pytest.mark.parametrize(
    "measure",
    [gradient, partial(gradient, arithmetic="pair"), partial(gradient, memory=50_000), complex_step],
    ids=["complex", "pair", "in chunks", "one point at a time"],
)
@given(seed=SEEDS)
def test_a_gradient_is_the_one_on_paper(measure: Callable[..., Array], seed: int) -> None:
    (function, arguments, _), gradients, limits = wave(np.random.default_rng(seed))
    for wrt, (exact, limit) in enumerate(zip(gradients, limits, strict=True)):
        measured = measure(function, arguments, wrt=wrt)
        assert measured.shape == exact.shape
        assert measured.dtype == np.float64
        assert np.all(np.abs(measured - exact) <= limit)


@ARITHMETICS
def test_directions_may_move_several_arguments_and_broadcast(arithmetic: Any) -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 3)), rng.standard_normal((3, 4)), rng.standard_normal((1, 4))
    dx, dw = rng.standard_normal((5, 1, 3)), rng.standard_normal((5, 3, 4))
    measured = directional_derivatives(lambda x, w, b: x @ w + b, (x, w, b), (dx, dw, None), arithmetic=arithmetic)
    exact = dx @ w + x @ dw
    terms = np.abs(dx) @ np.abs(w) + np.abs(x) @ np.abs(dw)
    assert measured.shape == (5, 2, 4)
    assert np.all(np.abs(measured - exact) <= 8 * EPSILON * terms)


@ARITHMETICS
def test_single_precision_and_integers_are_moved_in_double_precision(arithmetic: Any) -> None:
    for dtype in (np.float32, np.int64):
        point = np.array([1, 2, 3], dtype=dtype)
        measured = gradient(lambda x: np.sum(x * x * x, axis=-1), (point,), wrt=0, arithmetic=arithmetic)
        assert np.array_equal(measured, [3, 12, 27])


@ARITHMETICS
def test_an_empty_argument_has_an_empty_gradient(arithmetic: Any) -> None:
    measured = gradient(lambda x: np.sum(x, axis=-1), (np.empty((0, 3)),), wrt=0, arithmetic=arithmetic)
    assert measured.shape == (0, 3)


def test_complex_step_leaves_its_arguments_alone_and_counts_wrt_from_the_end() -> None:
    x = np.array([1.0, 2.0])
    x.flags.writeable = False

    def greedy(factor: float, a: Any) -> Any:
        a *= a
        return factor * a.sum()

    assert np.array_equal(complex_step(greedy, (3.0, x), wrt=-1, verify=False), [6, 12])
    assert np.array_equal(x, [1, 2])


def peak(call: Callable[[], Any]) -> int:
    """The most bytes that a call holds at once."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def hungry(x: Any, w: Any) -> Any:
    """A vectorised function that holds several arrays of every entry times every entry."""
    outer = x[..., :, None] * x[..., None, :]
    return np.sum(np.tanh(outer @ w) * outer, axis=(-2, -1))


@ARITHMETICS
@pytest.mark.one_in(3)
@pytest.mark.parametrize("mebibytes", [1, 2, 8])
def test_memory_stays_below_its_bound(arithmetic: Any, mebibytes: int) -> None:
    rng = np.random.default_rng(0)
    arguments = (rng.standard_normal(60), rng.standard_normal((60, 60)))
    free = gradient(hungry, arguments, wrt=0, arithmetic=arithmetic)
    results = []
    bound = mebibytes * MIB
    used = peak(lambda: results.append(gradient(hungry, arguments, wrt=0, arithmetic=arithmetic, memory=bound)))
    assert used <= bound
    assert np.allclose(results[0], free, rtol=1e-13, atol=1e-13)


@ARITHMETICS
def test_memory_of_directions_that_are_given(arithmetic: Any) -> None:
    rng = np.random.default_rng(0)
    arguments = (rng.standard_normal(40), rng.standard_normal((40, 40)))
    directions = (rng.standard_normal((200, 40)), None)

    def call(memory: int) -> Array:
        return directional_derivatives(hungry, arguments, directions, arithmetic=arithmetic, memory=memory)

    assert peak(lambda: call(MIB)) <= MIB < peak(lambda: call(1024 * MIB))
    assert np.allclose(call(MIB), call(1024 * MIB), rtol=1e-13, atol=1e-13)


@ARITHMETICS
def test_a_need_that_is_known_is_not_measured(arithmetic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    arguments, directions = (rng.standard_normal(40), rng.standard_normal((40, 40))), (np.eye(40), None)
    measured = directional_derivatives(hungry, arguments, directions, arithmetic=arithmetic, memory=MIB)

    def measuring(_: Any) -> None:
        raise AssertionError("the need was measured")

    monkeypatch.setattr(chunks, "traced", measuring)
    known = directional_derivatives(hungry, arguments, directions, arithmetic=arithmetic, memory=MIB, need=MIB // 40)
    assert np.allclose(known, measured, rtol=1e-13, atol=1e-13)
    with pytest.raises(AssertionError, match="was measured"):
        directional_derivatives(hungry, arguments, directions, arithmetic=arithmetic, memory=MIB, need=MIB // 39)


def test_too_little_memory_is_an_error_that_says_how_much_is_needed() -> None:
    with pytest.raises(ValueError, match=r"memory=1000 bytes are too few: .* one perturbation \d+"):
        gradient(hungry, (np.ones(60), np.ones((60, 60))), wrt=0, memory=1000)


def test_a_trace_that_is_running_goes_on() -> None:
    tracemalloc.start()
    try:
        gradient(hungry, (np.ones(20), np.ones((20, 20))), wrt=0, memory=MIB)
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def real_buffer(x: Any) -> Any:
    buffer = np.zeros(3)
    buffer[0] = x[0]
    return buffer.sum()


def whole_real_buffer(x: Any) -> Any:
    buffer = np.zeros(x.shape)
    buffer[...] = x
    return np.sum(buffer * x, axis=-1)


@pytest.mark.parametrize(
    "function",
    [
        real_buffer,
        whole_real_buffer,
        lambda x: np.abs(x).sum(),
        lambda x: np.linalg.norm(x),
        lambda x: x.astype(float).sum(),
        lambda x: x.real.sum(),
        lambda x: float(x[0]),
        lambda x: np.floor(x).sum(),
        lambda x: np.arctan2(x, 1.0).sum(),
        lambda x: (x > 0).sum(),
        lambda x: 1.0,
    ],
)
def test_a_derivative_dropped_in_sight_is_an_error(function: Callable[..., Any]) -> None:
    point = (np.array([0.3, -1.2, 2.0]),)
    with pytest.raises(NotComplexDifferentiable, match="ridders"):
        complex_step(function, point, wrt=0, verify=False)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (np.abs(x) * x).sum(),
        lambda x: (x.real * x).sum(),
        lambda x: (x * x.conj()).sum() + x[0],
        lambda x: np.vdot(x, x) + 0j,
        lambda x: np.where(x.real > 0, x.real, x).sum(),
        lambda x: np.sqrt((np.abs(x) ** 2).sum()) + 0j * x[0],
    ],
)
def test_a_derivative_dropped_on_the_way_is_an_error(function: Callable[..., Any]) -> None:
    """Nothing shows in the result, but Ridders' method disagrees."""
    point = (np.array([0.3, -1.2, 2.0]),)

    def measured(x: Any) -> Any:
        result = function(x)
        return result if np.iscomplexobj(x) else result.real

    assert np.all(np.isfinite(complex_step(measured, point, wrt=0, verify=False)))
    with pytest.raises(NotComplexDifferentiable, match="Ridders' method"):
        complex_step(measured, point, wrt=0)


@given(seed=SEEDS, make=st.sampled_from([gru, polynomial]))
def test_verification_accuses_no_correct_function(seed: int, make: Callable[..., Sample]) -> None:
    function, arguments, _ = make(np.random.default_rng(seed))
    assert complex_step(function, arguments, wrt=0).shape == arguments[0].shape


@given(seed=SEEDS)
def test_verification_takes_the_magnitude_of_terms_that_cancel(seed: int) -> None:
    function, arguments, magnitude = cancelling(np.random.default_rng(seed))
    measured = complex_step(function, arguments, wrt=0, magnitude=magnitude)
    assert np.all(np.abs(measured - 2 * arguments[0]) <= EPSILON * np.abs(measured))


def test_a_derivative_of_zero_is_no_error() -> None:
    assert np.array_equal(complex_step(lambda x: 0 * x.sum() + 1, (np.ones(3),), wrt=0), np.zeros(3))


@ARITHMETICS
@pytest.mark.parametrize(
    "function",
    [
        np.abs,
        lambda x: x.real,
        lambda x: np.linalg.norm(x, axis=-1),
        lambda x: np.ones(2),
        lambda x: whole_real_buffer(x),
        lambda x: np.add(x, 1.0, out=np.zeros((2, 3))),
    ],
)
def test_many_directions_are_refused_alike(arithmetic: Any, function: Callable[..., Any]) -> None:
    with pytest.raises(NotComplexDifferentiable, match="use ridders"):
        directional_derivatives(function, (np.ones(3),), (np.ones((2, 3)),), arithmetic=arithmetic)


def test_an_error_of_the_function_itself_is_passed_on() -> None:
    def broken(x: Any) -> Any:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        gradient(broken, (np.ones(2),), wrt=0)


# --- Ridders' method ----------------------------------------------------------------------------

SAMPLES = [
    make(np.random.default_rng([n, k])) for k, make in enumerate((gru, saturated, polynomial)) for n in range(100)
]


def misses(**options: Any) -> int:
    """How many of the samples have an error of Ridders' method beyond its bound."""
    count = 0
    for n, sample in enumerate(SAMPLES):
        direction = everywhere(np.random.default_rng(n), sample.arguments)
        given_options = {key: getattr(sample, key) if value is ... else value for key, value in options.items()}
        estimate = ridders(sample.function, sample.arguments, direction, **given_options)
        count += not abs(estimate.value - along(sample, direction)) <= estimate.error
    return count


def test_the_bound_of_ridders_method_holds_every_time() -> None:
    assert len(SAMPLES) == 300
    assert misses(magnitude=...) == 0


def test_without_the_rounding_of_the_function_the_bound_holds_only_sometimes() -> None:
    assert misses(magnitude=0.0) > len(SAMPLES) / 5


def test_a_bound_judged_from_the_values_misses_at_most_one_in_a_hundred() -> None:
    assert misses() <= len(SAMPLES) / 100


@given(seed=SEEDS, make=st.sampled_from([gru, polynomial]))
def test_the_bound_is_narrow(seed: int, make: Callable[..., Sample]) -> None:
    """No more than √ε of the terms: a derivative wrong by a millionth is seen."""
    rng = np.random.default_rng(seed)
    sample = make(rng)
    assume(max(np.abs(argument).max() for argument in sample.arguments) < 5)  # steep functions take finer steps
    for direction in gaussian_directions(rng, sample.arguments):
        estimate = ridders(sample.function, sample.arguments, direction, magnitude=sample.magnitude)
        assert estimate.error <= np.sqrt(EPSILON) * (sample.magnitude + abs(estimate.value))


def test_ridders_takes_twelve_evaluations_and_functions_without_complex_numbers() -> None:
    points = []

    def distance(x: Array) -> float:
        points.append(x)
        return float(np.linalg.norm(np.abs(x)))

    estimate = ridders(distance, ([3.0, 4.0],), ([1.0, 0.0],))
    assert len(points) == 12
    assert abs(estimate.value - 0.6) <= estimate.error


def test_ridders_judges_a_function_in_single_precision_by_its_rounding() -> None:
    x, d = np.array([0.4, 1.3]), np.array([1.0, -2.0])
    estimate = ridders(lambda x: np.exp(x.astype(np.float32)).sum(), (x,), (d,))
    assert 1e-7 < estimate.error < 1e-2
    assert abs(estimate.value - np.sum(np.exp(x) * d)) <= estimate.error


@given(seed=SEEDS)
def test_scipy_is_a_second_witness(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sample = gru(rng)
    direction = everywhere(rng, sample.arguments)
    step = 0.05

    @np.vectorize
    def line(t: float) -> Any:
        return sample.function(*(a + t * d for a, d in zip(sample.arguments, direction, strict=True)))

    witness = scipy_derivative(line, 0.0, initial_step=step)
    # The step is halved at each iteration, and the points of the order 8 go down to an eighth of it.
    rounding = EPSILON * sample.magnitude * 2**witness.nit * 8 / step
    measured = along(sample, direction)
    if witness.success:
        assert abs(measured - witness.df) <= witness.error + 2 * rounding


@given(seed=SEEDS)
def test_one_gaussian_direction_a_block(seed: int) -> None:
    arguments = [np.zeros((3, 2)), np.zeros(4), np.float64(0)]
    directions = gaussian_directions(np.random.default_rng(seed), arguments)
    assert len(directions) == len(arguments)
    for k, direction in enumerate(directions):
        assert [d is None for d in direction] == [other != k for other in range(3)]
        moved = direction[k]
        assert np.shape(moved) == arguments[k].shape
        assert len(set(np.abs(np.ravel(moved)))) == np.size(moved)  # no signs: no two entries alike


@given(seed=SEEDS)
def test_remainders_fall_with_their_orders_and_a_slope_wrong_by_a_hundredth_does_not(seed: int) -> None:
    x, d = np.array([0.3, -0.7]), np.random.default_rng(seed).uniform(0.5, 1, 2)

    def bowl(x: Array) -> Any:
        return np.sum(np.exp(x))

    slope = float(np.sum(np.exp(x) * d))
    right = taylor_remainders(bowl, (x,), (d,), slope)
    wrong = taylor_remainders(bowl, (x,), (d,), 1.01 * slope, steps=(1e-4, 5e-5, 2.5e-5))
    assert np.allclose(right.order0, 1, atol=0.02)
    assert np.allclose(right.order1, 2, atol=0.02)
    assert np.allclose(wrong.order0, 1, atol=0.02)
    assert np.allclose(wrong.order1, 1, atol=0.02)
    assert right.remainder1.max() < right.remainder0.min()


def test_a_remainder_of_nothing_but_rounding_has_no_order() -> None:
    taylor = taylor_remainders(lambda x: 3 * x, (1.0,), (1.0,), 3.0)
    assert np.allclose(taylor.order0, 1)
    assert np.isnan(taylor.order1).all()


def square(x: Any) -> Any:
    return np.sum(x * x, axis=-1)


@pytest.mark.parametrize(
    ("directions", "message"),
    [
        ((), "need as many directions"),
        ((None,), "one at least"),
        ((np.ones((0, 3)),), "one at least"),
        ((np.ones(3),), r"has shape \(3,\), but argument 0 has shape \(3,\)"),
        ((np.ones((2, 4)),), r"has shape \(2, 4\)"),
        ((np.ones((2, 1, 3)),), r"has shape \(2, 1, 3\)"),
        ((np.ones((2, 3)) * 1j,), "must hold real numbers"),
        ((np.full((2, 3), np.nan),), "not finite"),
    ],
)
@ARITHMETICS
def test_directions_that_do_not_fit(arithmetic: Any, directions: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        directional_derivatives(square, (np.ones(3),), directions, arithmetic=arithmetic)


def test_directions_of_different_numbers() -> None:
    with pytest.raises(ValueError, match="as many for every argument"):
        directional_derivatives(lambda x, y: x + y, (np.ones(3), np.ones(3)), (np.ones((2, 3)), np.ones((4, 3))))


@pytest.mark.parametrize(
    ("function", "argument", "message"),
    [
        (lambda x: x, np.ones(3), "function of one number"),
        (lambda x: np.sum(x), np.ones(3), "must keep the leading axis of 3 perturbations"),
        (square, np.array([1.0, np.inf]), "not finite"),
        (square, np.array(["a"]), "must hold real numbers"),
        (square, np.array([1j]), "must hold real numbers"),
    ],
)
def test_gradients_that_cannot_be(function: Callable[..., Any], argument: Array, message: str) -> None:
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=message):
        gradient(function, (argument,), wrt=0)


def test_arithmetic_is_one_of_two() -> None:
    with pytest.raises(ValueError, match='"complex" or "pair", not \'dual\''):
        gradient(square, (np.ones(3),), wrt=0, arithmetic="dual")  # type: ignore[arg-type]


def test_complex_step_needs_one_number() -> None:
    with pytest.raises(ValueError, match=r"one number, but it returned an array of shape \(3,\)"):
        complex_step(lambda x: x * x, (np.ones(3),), wrt=0)


@pytest.mark.parametrize(
    ("function", "direction", "options", "message"),
    [
        (square, (), {}, "need as many directions"),
        (square, (None,), {}, "moves nothing"),
        (square, (np.ones(2),), {}, r"has shape \(2,\), but argument 0 has shape \(3,\)"),
        (lambda x: x, (np.ones(3),), {}, "one real number, but it returned float64 of shape"),
        (lambda x: x.sum() * 1j, (np.ones(3),), {}, "one real number, but it returned complex128"),
        (lambda x: np.nan, (np.ones(3),), {}, "not finite"),
        (square, (np.ones(3),), {"levels": 1}, "two levels or more"),
        (square, (np.ones(3),), {"start": 0.0}, "a start above 0"),
    ],
)
def test_lines_that_cannot_be(function: Callable[..., Any], direction: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ridders(function, (np.ones(3),), direction, **options)


@pytest.mark.parametrize("steps", [(), (0.1,), (0.1, 0.2), (0.1, 0.0)])
def test_steps_that_do_not_fall(steps: Any) -> None:
    with pytest.raises(ValueError, match="above 0 and falling"):
        taylor_remainders(square, (np.ones(3),), (np.ones(3),), 6.0, steps=steps)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (np.var, lambda x: 2 * (x - x.mean()) / x.size),
        (np.linalg.norm, lambda x: x / np.linalg.norm(x)),
        (np.max, lambda x: (x == x.max()).astype(float)),
        (lambda x: expit(x).sum(), lambda x: expit(x) * expit(-x)),
        (lambda x: np.sin(x).sum(), np.cos),
    ],
)
def test_what_refuses_complex_numbers_is_measured_within_its_error_bars(function: Any, derivative: Any) -> None:
    x = np.random.default_rng(5).standard_normal((3, 4))
    measured = measured_gradient(function, [x])
    rounding = 8 * np.finfo(float).eps * np.abs(measured.value)
    assert (np.abs(measured.value - derivative(x)) <= measured.error + rounding).all()
    assert measured.error.max() < 1e-8
    assert measured.method == ("complex step" if function is np.max or derivative is np.cos else "Ridders")
