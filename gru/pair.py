"""A value and its tangents as a pair of real arrays: complex-step arithmetic without complex numbers.

At a step of 2⁻¹⁰⁰, `f(a + ih·t)` is `f(a) + ih·f′(a)·t` to the last digit, so that the imaginary
part may be carried by itself. Many tangents share one value: they lie on a leading axis.
It knows the few operations that a forward pass is made of, and refuses every other.
"""

from collections.abc import Callable
from types import EllipsisType
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

Array = NDArray[Any]

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
        self.value = np.asarray(value)
        self.tangent = np.asarray(tangent)
        if self.value.dtype.kind != "f" or self.tangent.dtype.kind != "f":
            raise TypeError(f"a Pair is made of floats, not of {self.value.dtype} and {self.tangent.dtype}")
        if not _reaches(self.tangent.shape, self.value.shape):
            raise ValueError(
                f"a tangent of shape {self.tangent.shape} does not go with a value of shape {self.value.shape}: "
                "give it a leading axis of perturbations, and every axis of the value, if of length 1"
            )

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
        return np.broadcast_to(self.tangent, (len(self.tangent), *self.value.shape))


def _refuse(what: str) -> NoReturn:
    raise TypeError(f"a Pair has no rule for {what}: its tangents would be lost")


def _reaches(tangent: tuple[int, ...], value: tuple[int, ...]) -> bool:
    """Whether a tangent of this shape has every axis of the value, each in full or of length 1."""
    return len(tangent) == len(value) + 1 and all(t in (1, v) for t, v in zip(tangent[1:], value, strict=True))


def _parts(operand: Any) -> tuple[Any, Any]:
    """Value and tangent; what is no pair does not move, and has None."""
    return (operand.value, operand.tangent) if isinstance(operand, Pair) else (operand, None)


def _aligned(tangent: Array, ndim: int) -> Array:
    """The tangent of a value that broadcasting raises to `ndim` axes.

    The new axes come after the perturbations; NumPy alone would put them before, and would take
    the perturbations for an axis of the value.
    """
    missing = ndim + 1 - tangent.ndim
    return tangent[(slice(None), *(None,) * missing)] if missing > 0 else tangent


def _linear(operation: Callable[[Any, Any], Any], sign: Callable[[Any], Any]) -> Callable[[Any, Any], Pair]:
    """The rule of `+` and of `-`; `sign` is what the operation does to its second operand alone."""

    def rule(a: Any, b: Any) -> Pair:
        (a, da), (b, db) = _parts(a), _parts(b)
        value = operation(a, b)
        if db is None:
            return Pair(value, _aligned(da, value.ndim))
        if da is None:
            return Pair(value, sign(_aligned(db, value.ndim)))
        return Pair(value, operation(_aligned(da, value.ndim), _aligned(db, value.ndim)))

    return rule


def _product(a: Any, b: Any) -> Pair:
    (a, da), (b, db) = _parts(a), _parts(b)
    value = a * b
    terms = []
    if da is not None:
        terms.append(_aligned(da, value.ndim) * b)
    if db is not None:
        terms.append(a * _aligned(db, value.ndim))
    return Pair(value, _total(terms))


def _matrix_product(a: Any, b: Any) -> Pair:
    (a, da), (b, db) = _parts(a), _parts(b)
    if np.ndim(a) < 2 or np.ndim(b) < 2:
        raise TypeError(f"a Pair takes part in @ with two axes or more, not with {np.ndim(a)} and {np.ndim(b)}")
    value = a @ b
    terms = []
    if da is not None:
        terms.append(_contracted(_aligned(da, value.ndim), -1, np.shape(a)[-1]) @ b)
    if db is not None:
        terms.append(a @ _contracted(_aligned(db, value.ndim), -2, np.shape(b)[-2]))
    return Pair(value, _total(terms))


def _contracted(tangent: Array, axis: int, length: int) -> Array:
    """The tangent with `axis`, over which a matrix product sums, at its full length."""
    shape = list(tangent.shape)
    shape[axis] = length
    return np.broadcast_to(tangent, shape)


def _total(terms: list[Array]) -> Array:
    """The sum of one term or two."""
    return terms[0] if len(terms) == 1 else terms[0] + terms[1]


def _quotient(a: Any, b: Any) -> Pair:
    (a, da), (b, db) = _parts(a), _parts(b)
    value = a / b
    if db is None:
        return Pair(value, _aligned(da, value.ndim) / b)
    change = -value * _aligned(db, value.ndim)
    return Pair(value, (change if da is None else _aligned(da, value.ndim) + change) / b)


def _exp(a: Pair) -> Pair:
    value = np.exp(a.value)
    return Pair(value, value * a.tangent)


def _tanh(a: Pair) -> Pair:
    # 1 − tanh² has lost its digits where tanh is near ±1; 4e/(1 + e)² at e = e^{−2|a|} has not.
    tail = np.exp(-2 * np.abs(a.value))
    return Pair(np.tanh(a.value), (4 * tail / (1 + tail) ** 2) * a.tangent)


def _where(condition: Any, chosen: Any, other: Any) -> Pair:
    if isinstance(condition, Pair):
        _refuse("np.where on a Pair as the condition (compare .real)")
    (a, da), (b, db) = _parts(chosen), _parts(other)
    value = np.where(condition, a, b)
    return Pair(value, np.where(condition, *(0 if d is None else _aligned(d, value.ndim) for d in (da, db))))


_RULES: dict[np.ufunc, Callable[..., Pair]] = {
    np.add: _linear(np.add, np.positive),
    np.subtract: _linear(np.subtract, np.negative),
    np.multiply: _product,
    np.matmul: _matrix_product,
    np.divide: _quotient,
    np.negative: lambda a: Pair(-a.value, -a.tangent),
    np.exp: _exp,
    np.tanh: _tanh,
}

_FUNCTIONS: dict[Any, Callable[..., Pair]] = {np.where: _where, np.sum: Pair.sum}
