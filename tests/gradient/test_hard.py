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
