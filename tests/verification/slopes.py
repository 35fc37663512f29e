"""A gradient is right if its product with any direction is the slope of the loss along that direction.

The slope is measured by finite differences, Ridders' method; the two may differ by what is derived below. Nothing here
knows a formula of a backward pass.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gru.numdiff import ridders

Array = Any
EPS = np.finfo(float).eps

START = 0.05
"""The largest step of the finite differences. It moves no pre-activation by more than this at first, and σ and tanh
have no singularity within π/2, so that the differences extrapolate to the slope within a few halvings."""

EVALUATION = 4
"""Roundings in σ, in tanh and in (4) once their arguments are there, of numbers not above 1, or not above |h| + 1."""


@dataclass(frozen=True)
class Problem:
    """The arguments of τ steps, and the weights of their states in loss = Σ_t Σ upstream_t ∘ h_t.

    `x` (steps, batch, input), `h_0` (batch, hidden), `W` (3·hidden, hidden), `U` (3·input, hidden); `upstream`
    (steps, batch, hidden) is δ_t where there is one step.
    """

    x: Array
    h_0: Array
    W: Array
    U: Array
    upstream: Array


def problem(sizes: Sequence[int], seed: int, weights: float = 1, state: float = 1, upstream: float = 1) -> Problem:
    """Random numbers of these scales for `sizes`: steps, batch, input, hidden."""
    steps, batch, inputs, hidden = sizes
    rng = np.random.default_rng(seed)
    return Problem(
        x=rng.normal(size=(steps, batch, inputs)),
        h_0=state * rng.uniform(-1, 1, size=(batch, hidden)),
        W=weights * rng.uniform(-1, 1, size=(3 * hidden, hidden)),
        U=weights * rng.uniform(-1, 1, size=(3 * inputs, hidden)),
        upstream=upstream * rng.normal(size=(steps, batch, hidden)),
    )


def problems(*, max_steps: int = 1, weights: Sequence[float] = (1, 0.01, 30)) -> st.SearchStrategy[Problem]:
    """Problems of all sizes from 1 to 4 that shrink to ones and seed 0; zero states and zero δ are among them.

    At `weights` of 30 most gates are saturated.
    """
    sizes = st.tuples(st.integers(1, max_steps), *[st.integers(1, 4)] * 3)
    zero_or_not = st.sampled_from([1, 0])
    return st.builds(problem, sizes, st.integers(0, 2**32 - 1), st.sampled_from(weights), zero_or_not, zero_or_not)


def assert_is_slope(
    loss: Callable[[Array, Array, Array, Array], float],
    at: Problem,
    argument: str,
    gradient: Array,
    rows: slice = slice(None),
) -> None:
    """Assert that `gradient` is the derivative of `loss(x, h_0, W, U)` by the `rows` of one of its arguments.

    It is held against the slope along one Gaussian direction, in which a wrong entry cancels against no other.
    """
    moved = getattr(at, argument)[..., rows, :]
    assert gradient.shape == moved.shape, f"the gradient has shape {gradient.shape}, what it belongs to {moved.shape}"
    direction = {name: np.zeros_like(getattr(at, name)) for name in ("x", "h_0", "W", "U")}
    direction[argument][..., rows, :] = np.random.default_rng(0).normal(size=moved.shape)
    direction[argument] /= speed(at, **direction)
    arguments = [getattr(at, name) for name in direction]

    farthest = [np.abs(a) + START * np.abs(d) for a, d in zip(arguments, direction.values(), strict=True)]
    magnitude = rounded(*farthest, upstream=at.upstream)
    measured = ridders(loss, arguments, list(direction.values()), start=START, magnitude=magnitude)
    slope = np.sum(gradient * direction[argument][..., rows, :])
    # The gradient is made of no more roundings than this beyond those of the forward pass, on numbers of its size.
    operations = gradient.size + sum(at.x.shape) + 2 * len(at.h_0.T) + 5 * EVALUATION
    limit = measured.error + operations * EPS * magnitude
    assert abs(slope - measured.value) <= limit, f"slope {slope}, measured {measured.value}, limit {limit}"


def speed(at: Problem, *, x: Array, h_0: Array, W: Array, U: Array) -> float:
    """The most that a pre-activation or a state of the first step moves along (x, h_0, W, U); 1 if that is less."""
    state = np.maximum(1, np.abs(at.h_0))
    inputs = np.abs(at.x[:, None]) @ blocks(U) + np.abs(x[:, None]) @ blocks(at.U)
    states = state @ blocks(W) + np.abs(h_0) @ blocks(at.W)
    return float(np.max([1, np.max(inputs + states), np.max(np.abs(h_0))]))


def blocks(stacked: Array) -> Array:
    """The absolute values of W or U, a block of its own for z, r and h̃: (3, hidden or input, hidden)."""
    return np.abs(stacked).reshape(3, -1, stacked.shape[-1])


def rounded(x: Array, h_0: Array, W: Array, U: Array, *, upstream: Array) -> float:
    """By how many ε the computed loss may be off, from the absolute values of its arguments.

    This is Wilkinson's running error analysis of (1)–(4), to first order. A sum of n products has an error of n·ε times
    the sum of their absolute values; σ changes by at most 1/4 of what its argument does, tanh by all of it; no gate is
    above 1. `e` is the error of the state so far, `h` a bound of the state.
    """
    (wz, wr, wn), (uz, ur, un) = blocks(W), blocks(U)
    n = h_0.shape[-1] + x.shape[-1]
    h, e, loss = np.abs(h_0), np.zeros_like(h_0), 0.0
    for x_t, weight in zip(np.abs(x), np.abs(upstream), strict=True):
        e_z = ((n * h + e) @ wz + n * x_t @ uz) / 4 + EVALUATION
        e_r = ((n * h + e) @ wr + n * x_t @ ur) / 4 + EVALUATION
        e_n = (n * h + e + h * (e_r + 1)) @ wn + n * x_t @ un + EVALUATION
        h, e = np.maximum(h, 1), e + (h + 1) * e_z + e_n + EVALUATION * (h + 1)
        loss += float(np.sum(weight * (e + upstream.size * h)))
    return loss
