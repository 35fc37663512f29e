"""Gradients that are hard to judge: at kinks, at an end of an iteration, badly conditioned, lost in rounding."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gru
from gru.gradient.rounding import HAS_MORE_THAN_DOUBLE

Array = Any
RNG = np.random.default_rng(11)


def penalised(w: Array) -> Any:
    return 0.1 * np.abs(w).sum() + (w * w).sum()


SPARSE = np.array([0.7, 0.0, -1.2, 0.0, 0.4])


def test_a_penalty_at_exact_zeros_is_right_and_told_as_a_kink() -> None:
    found = gru.check_gradient(penalised, SPARSE, lambda w: 0.1 * np.sign(w) + 2 * w)
    assert (found.verdict, set(found["w"].kinks)) == ("right", {(1,), (3,)})
    assert "the claimed one is in between" in str(found)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda w: 2 * w,
        lambda w: np.where(w == 0, 0.3, 0.1 * np.sign(w) + 2 * w),
        lambda w: 0.1 * np.sign(w) + w,
    ],
    ids=["a term left out", "outside of both slopes", "wrong elsewhere"],
)
def test_a_kink_excuses_no_mistake(wrong: Callable[[Array], Array]) -> None:
    assert gru.check_gradient(penalised, SPARSE, wrong).verdict == "wrong"


def test_what_lies_between_two_slopes_and_belongs_to_neither_side_is_wrong() -> None:
    tied = np.array([1.0, 3.0, 3.0, 0.0])
    assert gru.check_gradient(np.max, tied, lambda x: np.eye(4)[x.argmax()]).verdict == "right"
    found = gru.check_gradient(np.max, tied, lambda x: 0 * x)
    assert found.verdict == "wrong"
    assert "a little beside it" in str(found)


def test_a_padded_row_and_a_bias_of_zero_are_right_though_every_entry_sits_on_a_kink() -> None:
    x, W, b = RNG.standard_normal((5, 3)), RNG.standard_normal((3, 4)), np.zeros(4)
    x[1] = 0

    def backward(c: Array, x: Array, W: Array, b: Array, factor: float = 1.0) -> tuple[Array, ...]:
        d = c * (x @ W + b > 0)
        return d @ W.T, x.T @ d, factor * d.sum(0)

    def forward(x: Array, W: Array, b: Array) -> Array:
        return np.maximum(x @ W + b, 0)

    assert gru.check_vjp(forward, backward, (x, W, b)).verdict == "right"
    assert gru.check_vjp(forward, lambda *a: backward(*a, factor=1.01), (x, W, b)).verdict == "wrong"


def test_an_iteration_that_ends_by_itself_is_no_mistake_of_an_implicit_gradient() -> None:
    W, x = 0.2 * RNG.standard_normal((3, 3)), RNG.standard_normal(3)

    def fixed_point(W: Array, x: Array) -> Array:
        z = np.zeros(3)
        while True:
            after = np.tanh(W @ z + x)
            if np.abs(after - z).max() < 1e-15:
                return after
            z = after

    def implicit(c: Array, W: Array, x: Array) -> tuple[Array, Array]:
        z = fixed_point(W, x)
        d = 1 - z**2
        a = d * np.linalg.solve((np.eye(3) - d[:, None] * W).T, c)
        return np.outer(a, z), a

    def one_step(c: Array, W: Array, x: Array) -> tuple[Array, Array]:
        z = fixed_point(W, x)
        return np.outer(c * (1 - z**2), z), c * (1 - z**2)

    assert gru.check_vjp(fixed_point, implicit, (W, x)).verdict == "right"
    assert gru.check_vjp(fixed_point, one_step, (W, x)).verdict == "wrong"


def test_what_a_solver_rounds_is_no_mistake_and_more_is_told_as_what_it_may_be() -> None:
    targets = np.array([0.7, 1.9, 3.1])

    def root(a: Array, tolerance: float) -> Array:
        """By Newton's method in real numbers, to a tolerance."""
        x = np.ones(3)
        while np.abs(x * x - np.asarray(a, dtype=float)).max() > tolerance:
            x = x - (x * x - a) / (2 * x)
        return x

    fine = gru.check_vjp(lambda a: root(a, 1e-9), lambda c, a: c / (2 * np.sqrt(a)), targets)
    assert fine.verdict == "right", str(fine)
    coarse = gru.check_vjp(lambda a: root(a, 1e-3), lambda c, a: c / (2 * np.sqrt(a)), targets)
    assert coarse.verdict == "wrong"
    off = gru.check_gradient(lambda x: np.sin(x).sum(), targets, lambda x: np.cos(x) * (1 + 3e-7))
    assert off.verdict == "wrong"
    assert "ratio 1 + 3e-07" in str(off)
    assert "right to 3e-07 everywhere: as where an iteration ends early" in str(off)


def test_a_wrong_sign_shows_though_the_matrix_is_badly_conditioned() -> None:
    hilbert = 1 / (np.arange(6)[:, None] + np.arange(6) + 1.0)

    def backward(c: Array, A: Array) -> Array:
        inverse = np.linalg.inv(A)
        return -inverse.T @ c @ inverse.T

    assert gru.check_vjp(np.linalg.inv, backward, hilbert).verdict == "right"
    assert gru.check_vjp(np.linalg.inv, lambda c, A: -backward(c, A), hilbert).verdict == "wrong"


def test_a_slope_below_the_rounding_of_the_function_is_not_called_nothing() -> None:
    x = 1e-7 * RNG.standard_normal(4)
    found = gru.check_vjp(lambda x: (np.exp(x) - 1) / x, lambda c, x: -c / 2, x)
    assert found.verdict == ("wrong" if HAS_MORE_THAN_DOUBLE else "cannot_tell")


@pytest.mark.skipif(not HAS_MORE_THAN_DOUBLE, reason="a long double is a double here")
def test_a_number_a_hair_from_a_kink_is_judged_with_more_digits() -> None:
    x = np.array([1.0, 1e-13, -2.0])
    assert gru.check_gradient(lambda x: np.abs(x).sum(), x, np.sign).verdict == "right"
    assert gru.check_gradient(lambda x: np.abs(x).sum(), x, lambda x: np.sign(x) * [1, -1, 1]).verdict == "wrong"


def test_zeros_move_too_where_it_is_asked_whether_a_gradient_is_the_same_everywhere() -> None:
    W = RNG.standard_normal((4, 3))

    def forward(x: Array, W: Array, b: Array) -> Array:
        return np.maximum(x @ W + b, 0) + b

    def backward(c: Array, x: Array, W: Array, b: Array, twice: float = 1.0) -> tuple[Array, ...]:
        d = c * (x @ W + b > 0)
        return d @ W.T, x.T @ d, d.sum(0) + twice * c.sum(0)

    given = np.zeros((2, 4)), W, np.zeros(3)
    assert gru.check_vjp(forward, backward, given).verdict == "right"
    assert gru.check_vjp(forward, lambda *a: backward(*a, twice=3.0), given).verdict == "wrong"


def chaotic(a: float, x: float) -> float:
    for _ in range(40):
        x = a * x * (1 - x)
    return x


def chaotic_by_hand(a: float, x: float) -> tuple[float, float]:
    by_a, by_x = 0.0, 1.0
    for _ in range(40):
        by_a, by_x = x * (1 - x) + a * (1 - 2 * x) * by_a, a * (1 - 2 * x) * by_x
        x = a * x * (1 - x)
    return by_a, by_x


def test_a_function_that_is_steeper_than_the_usual_steps_is_measured_by_smaller_ones() -> None:
    assert gru.check_gradient(chaotic, (3.9, 0.3), chaotic_by_hand).verdict == "right"
    wrong = gru.check_gradient(chaotic, (3.9, 0.3), lambda a, x: (1.1 * chaotic_by_hand(a, x)[0], 0.0))
    assert [one.verdict for one in wrong.comparisons] == ["wrong", "wrong"], str(wrong)


def test_values_that_are_rounded_to_steps_show_how_coarse_they_are() -> None:
    x = RNG.standard_normal(5)

    def coarse(x: Array) -> float:
        return float(np.sum(x.astype(np.float16) ** 2))

    assert gru.check_gradient(coarse, x, lambda x: 2 * x).verdict != "wrong"
    assert gru.check_gradient(coarse, x, lambda x: 3 * x).verdict != "right"
    assert gru.check_gradient(lambda x: 2 * np.round(x).sum(), x, lambda x: 2 + 0 * x).verdict == "wrong"


def test_a_log_determinant_near_its_pole_calls_no_right_gradient_wrong() -> None:
    """By differences, with a pole nearer to some entries than the usual steps are long."""
    for size in (7, 8):
        hilbert = 1 / (np.arange(size)[:, None] + np.arange(size) + 1.0)

        def log_determinant(M: Array) -> Any:
            return np.linalg.slogdet(M)[1]

        assert gru.check_gradient(log_determinant, hilbert, lambda M: np.linalg.inv(M).T).verdict != "wrong"
        twice = gru.check_gradient(log_determinant, hilbert, lambda M: 2 * np.linalg.inv(M).T)
        assert twice.verdict == "wrong"
        assert 1e6 < abs(twice["M"].measured) < 1e10


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_a_slope_that_an_offset_hides_is_not_called_right(factor: float) -> None:
    x = np.array([0.1, 0.7, 1.2], dtype=np.float32)

    def beside_a_million(x: Array) -> Any:
        return np.float32(1e6) + np.sin(x.astype(np.float32)).sum()

    found = gru.check_gradient(beside_a_million, x, lambda x: np.float32(factor) * np.cos(x))
    assert found.verdict == "cannot_tell", str(found)


@pytest.mark.parametrize("size", [80.0, 150.0, 400.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_confident_cross_entropy_calls_no_right_gradient_wrong(size: float, dtype: Any) -> None:
    """σ − 1 is 0 there, and the derivative 1e-30: that is lost in it."""
    logits = size * np.array([2.0, 1.0, 0.5, 0.25], dtype=dtype)

    def by_hand(z: Array) -> Array:
        return 1 / (1 + np.exp(-z)) - 1

    for function in (lambda z: np.logaddexp(0, -z).sum(), lambda z: -np.log(1 / (1 + np.exp(-z))).sum()):
        assert gru.check_gradient(function, logits, by_hand).verdict != "wrong"


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "right"), (1.01, "wrong"), (0.0, "wrong")])
def test_a_jump_hides_no_mistake_elsewhere(factor: float, verdict: str) -> None:
    """Q turns its sign where the first number of a matrix crosses 0: a slope of 1/step there."""
    at = np.array([[0.0, 0, 1], [2, 0, -1], [1, 1, 0], [-1, 1, 1], [-2, 1, 0]])

    def backward(c: Any, A: Array) -> Array:
        Q, R = np.linalg.qr(A)
        m = R @ c[1].T - c[0].T @ Q
        return np.linalg.solve(R, (factor * c[0] + Q @ (np.tril(m) + np.tril(m, -1).T)).T).T

    found = gru.check_vjp(np.linalg.qr, backward, at)
    assert found.verdict == verdict, str(found)


@pytest.mark.parametrize("factor", [2.0, 3.0])
def test_where_a_function_underflows_nothing_is_told(factor: float) -> None:
    def squares(x: Array) -> Any:
        return (x * x).sum()

    found = gru.check_gradient(squares, np.array([1e-200, -2e-200]), lambda x: factor * x)
    assert found.verdict == "cannot_tell"
    assert "underflows" in str(found)


def test_a_loss_that_is_zero_by_rounding_calls_no_right_gradient_wrong() -> None:
    def probabilities(x: Array) -> Array:
        e = np.exp(x - x.max())
        return e / e.sum()

    found = gru.check_gradient(
        lambda x: -np.log(probabilities(x)[0]), np.array([40.0, 0, -3]), lambda x: probabilities(x) - np.eye(3)[0]
    )
    assert found.verdict != "wrong", str(found)


def test_entries_that_are_lost_beside_the_largest_are_told() -> None:
    x = np.array([1e-8, 1.0, 1e8])
    assert "2 of 3 entries of the gradient by x are below 1e-08 of the largest" in str(
        gru.check_gradient(lambda x: (x * x).sum(), x, lambda x: 2 * x)
    )


def test_of_many_kinks_every_one_is_judged() -> None:
    x, factors = np.zeros(46), np.full(46, 100.0)
    x[-5:], factors[40] = 1, 1.0

    def wrong(x: Array) -> Array:
        slopes = factors * (x > 0)
        slopes[40] += 3 * (x[40] == 0)
        return slopes

    def function(x: Array) -> Any:
        return (factors * np.maximum(x, 0)).sum()

    assert gru.check_gradient(function, x, lambda x: factors * (x > 0)).verdict == "right"
    found = gru.check_gradient(function, x, wrong)
    assert (found.verdict, found["x"].entry) == ("wrong", (40,))


@pytest.mark.parametrize(
    ("first", "last", "verdict"), [(2, 7, "right"), (3, 7, "wrong"), (2, 6, "wrong"), (1, 7, "wrong"), (0, 5, "wrong")]
)
def test_at_ties_every_choice_is_right_that_is_right_beside_them(first: int, last: int, verdict: str) -> None:
    """A trimmed mean of numbers of which some are equal: one of them too many, or too few, is a mistake."""
    x = np.array([1.0, 0.5, -0.5, 0, 0.5, -0.5, 1.5, -1, -0.5])

    def by_hand(x: Array) -> Array:
        gradient = np.zeros_like(x)
        gradient[np.argsort(x, kind="stable")[first:last]] = 1 / 5
        return gradient

    found = gru.check_gradient(lambda x: np.sort(x)[2:7].mean(), x, by_hand)
    assert found.verdict == verdict, str(found)


def test_a_pooling_of_whole_numbers_is_right_at_all_its_ties() -> None:
    x = np.random.default_rng(3).integers(0, 3, (2, 6, 6)).astype(float)

    def pooled(x: Array) -> Array:
        return x.reshape(2, 3, 2, 3, 2).max((2, 4))

    def backward(c: Array, x: Array, factor: float = 1.0) -> Array:
        windows = x.reshape(2, 3, 2, 3, 2)
        tied = windows == windows.max((2, 4), keepdims=True)
        shares = factor * tied / tied.sum((2, 4), keepdims=True)
        return (shares * c[:, :, None, :, None]).reshape(x.shape)

    assert gru.check_vjp(pooled, backward, x).verdict == "right"
    assert gru.check_vjp(pooled, lambda c, x: backward(c, x, 1.1), x).verdict == "wrong"
