"""Formulas on complex numbers whose imaginary part is a tangent times a tiny step: the operations of `dual`, again.

One call is a value and a tangent, where `dual` has several: faster where calls cost more than numbers do. Each array
has a leading axis of length one. It never checks for overflow: what overflows comes out as NaN.
"""

import numpy as np

from gru.calculus.arrays import Array

STEP = 2.0**-100
"""As in `gru.calculus.complex_step`, whose reasons hold here too."""


def step_along(direction: Array) -> Array:
    """What is added to a number that moves along a direction."""
    return direction * (1j * STEP)


def tangent(found: Array) -> Array:
    """The tangent of a result."""
    slopes: Array = found.imag / STEP
    return slopes


def product(rows: Array, matrix: Array) -> Array:
    """`rows @ matrix`."""
    found: Array = rows @ matrix
    return found


def times(a: Array, b: Array) -> Array:
    """a ∘ b."""
    found: Array = a * b
    return found


def mixed(a: Array, b: Array, c: Array) -> Array:
    """(1 − a) ∘ b + a ∘ c, as b + a ∘ (c − b)."""
    found: Array = a * (c - b) + b
    return found


def over(a: Array, b: Array) -> Array:
    """a / b."""
    found: Array = a / b
    return found


def shifted(a: Array, number: float) -> Array:
    """a + number."""
    found: Array = a + number
    return found


def taken_from(number: float, a: Array) -> Array:
    """number − a."""
    found: Array = number - a
    return found


def number_over(number: float, a: Array) -> Array:
    """number / a."""
    found: Array = number / a
    return found


def sigmoid(a: Array) -> Array:
    """σ(a)."""
    found = np.negative(a)
    np.exp(found, out=found)
    found += 1
    np.reciprocal(found, out=found)
    return found


def tanh(a: Array) -> Array:
    """tanh(a)."""
    found: Array = np.tanh(a)
    return found
