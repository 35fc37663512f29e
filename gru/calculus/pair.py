"""A value and its tangents as a pair of real arrays: complex-step arithmetic without complex numbers.

At a step of 2⁻¹⁰⁰, `f(a + ih·t)` is `f(a) + ih·f′(a)·t` to the last digit, so that the imaginary
part may be carried by itself. Many tangents share one value: they lie on a leading axis.
It knows the few operations that a forward pass is made of, and refuses every other.
"""

import math
from collections.abc import Callable
from functools import reduce
from types import EllipsisType
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gru.calculus.arrays import Array

_BASIC_INDICES = (int, np.integer, slice, EllipsisType, type(None))


class Pair(NDArrayOperatorsMixin):
    """`value` of any shape, and `tangent` of shape (perturbations, *value.shape).

    An axis of the tangent may have length 1 for any length, but no axis may be left out. Both
    are float32 or float64.

    Supports `+ - * / @`, `np.exp`, `np.tanh`, `np.where` on a real condition, `sum` over axes
    counted from the end, indices without arrays, and `.real`, the value. Everything else, an
    `out` argument or a real buffer included, raises TypeError: a tangent is never dropped.

    Raises TypeError where value or tangent is not of floats, and ValueError where the tangent's
    shape is not the one above.
    """

    def __init__(self, value: Array, tangent: Array) -> None:
        self.value, self._moved = np.asarray(value), np.asarray(tangent)
        self._slope: Any = None
        self._require_floats()
        if not _reaches(self._moved.shape, self.value.shape):
            raise ValueError(
                f"a tangent of shape {self._moved.shape} does not go with a value of shape {self.value.shape}: "
                "give it a leading axis of perturbations, and every axis of the value, if of length 1"
            )

    @classmethod
    def _sloped(cls, value: Array, slope: Any, moved: Array) -> "Pair":
        """The pair whose tangent is `slope` ∘ `moved`; a slope of None is 1.

        An elementwise function of one `Pair` only rescales its tangents. The slope has no axis of perturbations, so
        the tangents, which are many, are multiplied once at the end and not at every operation.
        """
        pair = cls.__new__(cls)
        pair.value, pair._slope, pair._moved = np.asarray(value), slope, _aligned(moved, np.ndim(value))
        pair._require_floats()
        return pair

    def _require_floats(self) -> None:
        if self.value.dtype.kind != "f" or self._moved.dtype.kind != "f":
            raise TypeError(f"a Pair is made of floats, not of {self.value.dtype} and {self._moved.dtype}")

    @property
    def tangent(self) -> Array:
        """The tangents, one a perturbation on the leading axis."""
        return self._moved if self._slope is None else self._slope * self._moved

    @property
    def real(self) -> Array:
        """The value, as a complex array's `real` is."""
        return self.value

    def sum(self, axis: int | tuple[int, ...]) -> "Pair":
        """The sum over `axis`, one axis or several, counted from the end.

        So counted, an axis means the same in a complex array with its leading perturbations.
        Raises TypeError on any other axis.
        """
        axes = axis if isinstance(axis, tuple) else (axis,)
        if not all(isinstance(one, int) and one < 0 for one in axes):
            raise TypeError(f"a Pair is summed over axes counted from the end, such as axis=-1, not over axis={axis}")
        return Pair(self.value.sum(axes), self._full_tangent().sum(axes))

    def __getitem__(self, index: Any) -> "Pair":
        """The part `index` of the value, with its tangents. Raises TypeError on an index with an array."""
        indices = index if isinstance(index, tuple) else (index,)
        if not all(isinstance(one, _BASIC_INDICES) and not isinstance(one, bool) for one in indices):
            raise TypeError("a Pair takes integers, slices, ... and None as an index, not arrays")
        return Pair(self.value[index], self._full_tangent()[(slice(None), *indices)])

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> "Pair":
        """Apply the rule for `ufunc`; NumPy calls this."""
        rule = _RULES.get(ufunc)
        if rule is None or method != "__call__":
            _refuse(f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}"))
        if options:
            _refuse(f"np.{ufunc.__name__} with {', '.join(options)}")
        return rule(*inputs)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> "Pair":
        """Apply the rule for `np.where` or `np.sum`; NumPy calls this."""
        rule = _FUNCTIONS.get(function)
        if rule is None:
            _refuse(f"np.{function.__name__}")
        return rule(*arguments, **options)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        """Raise TypeError: one array cannot hold a value and its tangents."""
        _refuse("an array made of it")

    def __bool__(self) -> bool:
        """Raise TypeError: compare `.real` instead."""
        raise TypeError("a Pair is neither true nor false: compare its .real")

    def _full_tangent(self) -> Array:
        """The tangent with every axis at its full length; a view."""
        tangent = self.tangent
        return np.broadcast_to(tangent, (len(tangent), *self.value.shape))


def _refuse(what: str) -> NoReturn:
    raise TypeError(f"a Pair has no rule for {what}: its tangents would be lost")


def _reaches(tangent: tuple[int, ...], value: tuple[int, ...]) -> bool:
    """Whether a tangent of this shape has every axis of the value, each in full or of length 1."""
    return len(tangent) == len(value) + 1 and all(t in (1, v) for t, v in zip(tangent[1:], value, strict=True))


def _value(operand: Any) -> Any:
    """The value of a pair; what is no pair, as it is."""
    return operand.value if isinstance(operand, Pair) else operand


def _aligned(tangent: Array, ndim: int) -> Array:
    """The tangent of a value that broadcasting raises to `ndim` axes.

    The new axes come after the perturbations; NumPy alone would put them before, and would take
    the perturbations for an axis of the value.
    """
    missing = ndim + 1 - tangent.ndim
    return tangent[(slice(None), *(None,) * missing)] if missing > 0 else tangent


def _moves(value: Array, *terms: tuple[Any, Any]) -> Pair:
    """The pair of this value whose tangent is Σ slope ∘ tangent over its `terms` (slope, operand).

    What is no pair does not move. A slope of None is 1.
    """
    (slope, moved), *others = [(_chained(slope, a._slope), a._moved) for slope, a in terms if isinstance(a, Pair)]
    for other, also in others:
        if also is moved:
            slope = (1.0 if slope is None else slope) + (1.0 if other is None else other)
        else:
            ndim = np.ndim(value)
            slope, moved = None, _scaled(slope, moved, ndim) + _scaled(other, also, ndim)
    return Pair._sloped(value, slope, moved)


def _chained(outer: Any, inner: Any) -> Any:
    """The slope of a function of a function.

    Never the caller's own array: that may be changed in place before the tangent is asked for.
    """
    if outer is None:
        return inner
    if inner is None:
        return outer if np.isscalar(outer) else np.array(outer)
    return np.multiply(outer, inner)


def _scaled(slope: Any, moved: Array, ndim: int) -> Any:
    """The tangent slope ∘ moved, of a value that broadcasting raises to `ndim` axes."""
    moved = _aligned(moved, ndim)
    return moved if slope is None else slope * moved


def _product(a: Any, b: Any) -> Pair:
    x, y = _value(a), _value(b)
    return _moves(x * y, (y, a), (x, b))


def _quotient(a: Any, b: Any) -> Pair:
    x, y = _value(a), _value(b)
    value = x / y
    if not isinstance(b, Pair):
        return _moves(value, (np.divide(1, y), a))
    return _moves(value, (1 / y, a), (-value / y, b))


def _exp(a: Pair) -> Pair:
    value = np.exp(a.value)
    return _moves(value, (value, a))


def _tanh(a: Pair) -> Pair:
    # 1 − tanh² has lost its digits where tanh is near ±1; 4e/(1 + e)² at e = e^{−2|a|} has not.
    tail = np.exp(-2 * np.abs(a.value))
    return _moves(np.tanh(a.value), (4 * tail / (1 + tail) ** 2, a))


def _matrix_product(a: Any, b: Any) -> Pair:
    x, y = _value(a), _value(b)
    if np.ndim(x) < 2 or np.ndim(y) < 2:
        raise TypeError(f"a Pair takes part in @ with two axes or more, not with {np.ndim(x)} and {np.ndim(y)}")
    value = x @ y
    terms = []
    if isinstance(a, Pair):
        terms.append(_rows_times(_contracted(_aligned(a.tangent, value.ndim), -1, x.shape[-1]), y))
    if isinstance(b, Pair):
        terms.append(_times_each(x, _contracted(_aligned(b.tangent, value.ndim), -2, y.shape[-2])))
    return Pair._sloped(value, None, reduce(np.add, terms))


def _contracted(tangent: Array, axis: int, length: int) -> Array:
    """The tangent with `axis`, over which a matrix product sums, at its full length."""
    if tangent.shape[axis] == length:
        return tangent
    shape = list(tangent.shape)
    shape[axis] = length
    return np.broadcast_to(tangent, shape)


def _rows_times(tangent: Array, matrix: Array) -> Array:
    """`tangent @ matrix`; where the matrix is one, as one product of all rows: NumPy would make many small ones."""
    if matrix.size != math.prod(matrix.shape[-2:]):
        return tangent @ matrix
    rows = tangent.reshape(-1, tangent.shape[-1]) @ matrix.reshape(matrix.shape[-2:])
    return rows.reshape(*tangent.shape[:-1], matrix.shape[-1])


def _times_each(matrix: Array, tangent: Array) -> Array:
    """`matrix @ tangent`; where a perturbation is one matrix, as one product of all rows for each."""
    if tangent.size != len(tangent) * math.prod(tangent.shape[-2:]):
        return matrix @ tangent
    each = matrix.reshape(-1, matrix.shape[-1]) @ tangent.reshape(-1, *tangent.shape[-2:])
    leading = (1,) * (tangent.ndim - 1 - matrix.ndim) + matrix.shape[:-1]
    return each.reshape(len(tangent), *leading, tangent.shape[-1])


def _where(condition: Any, chosen: Any, other: Any) -> Pair:
    if isinstance(condition, Pair):
        _refuse("np.where on a Pair as the condition (compare .real)")
    value = np.where(condition, _value(chosen), _value(other))
    moved = {id(a._moved): a for a in (chosen, other) if isinstance(a, Pair)}
    if len(moved) == 1:
        slopes = (a._slope if isinstance(a, Pair) else 0.0 for a in (chosen, other))
        slope = np.where(condition, *(1.0 if slope is None else slope for slope in slopes))
        (one,) = moved.values()
        return Pair._sloped(value, slope.astype(value.dtype, copy=False), one._moved)
    tangents = (_aligned(a.tangent, value.ndim) for a in (chosen, other))
    return Pair._sloped(value, None, np.where(condition, *tangents))


_RULES: dict[np.ufunc, Callable[..., Pair]] = {
    np.add: lambda a, b: _moves(_value(a) + _value(b), (None, a), (None, b)),
    np.subtract: lambda a, b: _moves(_value(a) - _value(b), (None, a), (-1.0, b)),
    np.multiply: _product,
    np.matmul: _matrix_product,
    np.divide: _quotient,
    np.negative: lambda a: _moves(-a.value, (-1.0, a)),
    np.exp: _exp,
    np.tanh: _tanh,
}

_FUNCTIONS: dict[Any, Callable[..., Pair]] = {np.where: _where, np.sum: Pair.sum}
