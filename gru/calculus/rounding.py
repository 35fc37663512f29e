"""What rounding does to a formula: a running error analysis, carried by the formula itself.

Higham, Accuracy and Stability of Numerical Algorithms, chapters 2–3, with every subtraction taken as an
addition, so that a bound holds for any algebraically equal form. A formula is applied to `Rounded` or
`Running` quantities instead of arrays. It knows no layer.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gru.calculus.arrays import Array
from gru.calculus.functions import sigmoid

GATE_ROUNDINGS = 4.0
"""Rounding errors of one σ or tanh, in units of 1: NumPy's exponential is good to 4 units in the
last place, which is 8 roundings, and reaches the result with a slope of at most ¼; then come an
addition and a division. A gate near 0 is given the error of one near 1: 1 − z is a gate too."""

FORMS = 4.0
"""How many times as many roundings an equal form may have: the longest sum that terms can be merged
into is that of the four products in (23), four times as long as one. Multiplying out brackets does
not add to it, as each rounding is already counted at the size of the terms without cancellation."""


UNDERFLOW = float(np.finfo(np.float32).tiny)
"""The rounding of a product that underflows, in units of the unit roundoff: half the smallest number above zero
(Higham, section 2.1). In single precision, and far below anything of account in double."""


_RULES = (np.add, np.subtract, np.multiply, np.matmul, np.divide)
"""The operations of two quantities that have a rule."""


def _require(ufunc: np.ufunc, method: str, quantity: object) -> None:
    """Raise TypeError on an operation that has no rule."""
    if ufunc not in _RULES or method != "__call__":
        name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        raise TypeError(
            f"{name} of a {type(quantity).__name__} has no rule; supported are + - * @, division by what is exact, "
            "np.tanh, .mT and .sum"
        )


class Rounded(NDArrayOperatorsMixin):
    """A quantity with the bound of its rounding error.

    `scale` is its size if nothing cancelled, at least |value|; `roundings` is the bound in units of the unit roundoff.
    Supports `+ - * @`, division by what is exact, `np.tanh`, `.mT` and `.sum`, so that formulas can be applied to it.
    What `is_exact` has no roundings, and no rule multiplies by them.
    """

    def __init__(self, scale: Array, roundings: Array, *, is_exact: bool = False) -> None:
        self.scale = scale
        self.roundings = roundings
        self.is_exact = is_exact

    @property
    def mT(self) -> "Rounded":
        """The matrix transpose."""
        return Rounded(self.scale.mT, self.roundings.mT, is_exact=self.is_exact)

    def sum(self, axis: int, keepdims: bool = False) -> "Rounded":
        """The sum over an axis: as many additions as it is long."""
        scale = self.scale.sum(axis=axis, keepdims=keepdims)
        roundings = self.roundings.sum(axis=axis, keepdims=keepdims)
        return Rounded(scale, roundings + self.scale.shape[axis] * scale)

    def sigmoid(self) -> "Rounded":
        """σ of it, at a slope of 1."""
        return squashed(self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """Apply the rule of an operation; NumPy calls this."""
        if ufunc is np.negative:
            return inputs[0]
        if ufunc is np.tanh:
            return squashed(inputs[0])
        _require(ufunc, method, self)
        x, y = (i if isinstance(i, Rounded) else exact(i) for i in inputs)
        a, da, b, db = x.scale, x.roundings, y.scale, y.roundings
        if ufunc in (np.add, np.subtract):
            scale = a + b
            return Rounded(scale, da + db + scale)
        if ufunc is np.multiply:
            scale = a * b
            come_in = 0.0 if y.is_exact else a * db
            come_in = come_in if x.is_exact else come_in + da * b
            return Rounded(scale, come_in + scale + _underflow(a, b))
        if ufunc is np.matmul:
            terms = a.shape[-1]
            come_in = a @ (terms * b if y.is_exact else db + terms * b)
            come_in = come_in if x.is_exact else come_in + da @ b
            return Rounded(a @ b, come_in + terms * _underflow(a, b))
        if ufunc is np.divide and not np.any(db):
            return Rounded(a / b, da / b + a / b)
        return NotImplemented

    def at_least(self, value: Array) -> "Rounded":
        """The same, with the scale no smaller than |`value`| (entries that are not finite left out)."""
        return Rounded(np.maximum(self.scale, np.where(np.isfinite(value), np.abs(value), 0)), self.roundings)


class Running(NDArrayOperatorsMixin):
    """A quantity with its value, for errors that pass through many steps.

    `roundings` is the bound of its error, as in `Rounded`. What an operation rounds is counted at the size of its
    terms without cancellation; an error that comes in goes on by the true derivative, or it would grow with
    every step where nothing grows. Supports what `Rounded` supports.
    """

    def __init__(self, value: Array, roundings: Array) -> None:
        self.value = value
        self.roundings = roundings

    @property
    def mT(self) -> "Running":
        """The matrix transpose."""
        return Running(self.value.mT, self.roundings.mT)

    def sum(self, axis: int, keepdims: bool = False) -> "Running":
        """The sum over an axis: as many additions as it is long, of the terms without cancellation."""
        size = np.abs(self.value).sum(axis=axis, keepdims=keepdims)
        roundings = self.roundings.sum(axis=axis, keepdims=keepdims) + self.value.shape[axis] * size
        return Running(self.value.sum(axis=axis, keepdims=keepdims), roundings)

    def sigmoid(self) -> "Running":
        """σ of it."""
        return running_gate(sigmoid(self.value), self, is_tanh=False)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """Apply the rule of an operation; NumPy calls this."""
        if ufunc is np.negative:
            return Running(-self.value, self.roundings)
        if ufunc is np.tanh:
            return running_gate(np.tanh(self.value), self, is_tanh=True)
        _require(ufunc, method, self)
        (a, da), (b, db) = ((i.value, i.roundings) if isinstance(i, Running) else (i, 0.0) for i in inputs)
        value, size_a, size_b = ufunc(a, b), np.abs(a), np.abs(b)
        if ufunc in (np.add, np.subtract):
            return Running(value, da + db + size_a + size_b)
        if ufunc is np.multiply:
            return Running(value, size_a * db + da * size_b + np.abs(value) + _underflow(size_a, size_b))
        if ufunc is np.matmul:
            terms = size_a.shape[-1]
            come_in = da @ size_b if isinstance(inputs[0], Running) else 0.0
            rounded = size_a @ (db + terms * size_b) + come_in
            return Running(value, rounded + terms * _underflow(size_a, size_b))
        return NotImplemented


def _underflow(a: Array, b: Array) -> Any:
    """What a product loses where it is too small for its digits; nothing where one is zero throughout a problem.

    The last three axes are those of one problem.
    """
    of_a, of_b = np.count_nonzero(a), np.count_nonzero(b)
    if max(np.ndim(a), np.ndim(b)) <= 3 or (of_a == np.size(a) and of_b == np.size(b)):
        return UNDERFLOW if of_a and of_b else 0.0
    return np.where(_is_any(a) & _is_any(b), UNDERFLOW, 0.0)


def _is_any(a: Array) -> Any:
    """Whether a problem's numbers are not all zero, with axes of length 1 in their place."""
    return np.any(a, axis=(-3, -2, -1), keepdims=True) if a.ndim > 2 else np.any(a)


def exact(value: Array) -> Rounded:
    """A number that is given: its own size, and no error."""
    scale = np.abs(value)
    return Rounded(scale, np.zeros_like(scale), is_exact=True)


def squashed(a: Rounded) -> Rounded:
    """σ or tanh of a quantity whose value is not known: at a slope of 1."""
    return Rounded(np.ones_like(a.scale), a.roundings + GATE_ROUNDINGS)


def rounded_gate(value: Array, preactivation: Rounded, *, is_tanh: bool) -> Rounded:
    """A σ or tanh of this value: the pre-activation's error times the slope, and its own, at the size of 1."""
    size = np.maximum(1.0, np.abs(value))
    return Rounded(size, _gate_roundings(value, preactivation.roundings, is_tanh=is_tanh))


def running_gate(value: Array, preactivation: Running, *, is_tanh: bool) -> Running:
    """The same with its value."""
    return Running(value, _gate_roundings(value, preactivation.roundings, is_tanh=is_tanh))


def _gate_roundings(value: Array, roundings: Array, *, is_tanh: bool) -> Array:
    slope = 1 - value * value if is_tanh else value * (1 - value)
    own: Array = np.abs(slope) * roundings + GATE_ROUNDINGS * np.maximum(1.0, np.abs(value))
    return own


def limit(bound: Array, dtype: Any) -> Array:
    """The largest difference to the oracle that rounding explains, for a submission in `dtype`.

    `bound` is in units of the unit roundoff. The submission may round `FORMS` times as often as
    the chapter's own formula; the oracle rounds as often as it, in double precision.
    """
    return bound * (FORMS * unit_roundoff(dtype) + unit_roundoff(np.float64))


@cache
def unit_roundoff(dtype: Any) -> float:
    """Half the distance from 1 to the next number of this dtype."""
    return float(np.finfo(dtype).eps) / 2
