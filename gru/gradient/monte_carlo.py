"""Monte Carlo arithmetic: arrays of which every result is moved at random by about one rounding.

The spread of a few such runs shows how much the rounding errors inside a function move its result. Moving its
inputs alone does not: where tanh(a) is within rounding of 1, no move of `a` changes 1 − tanh², although it has
lost all its digits. Parker's method (1997), as Verificarlo has it, by NumPy's own dispatch and from outside.
What a function keeps in plain buffers or Python numbers is not moved.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gru.calculus.arrays import Array

_EXACT = {
    np.negative,
    np.positive,
    np.absolute,
    np.fabs,
    np.sign,
    np.maximum,
    np.minimum,
    np.fmax,
    np.fmin,
    np.copysign,
    np.conjugate,
    np.floor,
    np.ceil,
    np.trunc,
    np.rint,
    np.signbit,
}
"""The operations that round nothing."""

_PRODUCTS = {np.einsum, np.dot, np.tensordot, np.inner, np.outer, np.vdot, np.convolve, np.correlate, np.kron, np.cross}
"""The functions that round inside, where `__array_ufunc__` is not called."""


def moved(values: Any, rng: np.random.Generator, among: Sequence[Any] = ()) -> Any:
    """Floats, real or complex, each moved by a relative amount drawn from ±ε; anything else as it is.

    ε is that of the arithmetic in which they meet those `among` which they are.
    """
    plain = np.asarray(values)
    if plain.dtype.kind in "fc" and among:
        met = [one for one in map(_dtype, among) if one.kind in "fc"]
        plain = plain.astype(np.result_type(plain, *met), copy=False)
    if plain.dtype.kind == "f":
        return plain * (1 + _draws(plain, rng))
    if plain.dtype.kind == "c":
        result = plain.copy()
        result.real *= 1 + _draws(plain.real, rng)
        result.imag *= 1 + _draws(plain.imag, rng)
        return result
    return values


def _dtype(value: Any) -> np.dtype[Any]:
    """The dtype of an array; of a Python number one that changes no other."""
    return value.dtype if isinstance(value, np.ndarray | np.generic) else np.dtype(bool)


def _draws(like: Array, rng: np.random.Generator) -> Array:
    # Added to one, a draw below ε/2 would be rounded away: whole numbers of ε are not.
    draws: Array = rng.integers(-1, 2, like.shape).astype(like.dtype) * np.finfo(like.dtype).eps
    return draws


def inexact(rng: np.random.Generator) -> type[np.ndarray[Any, Any]]:
    """A class of arrays whose operations are moved by draws of `rng`: use as `array.view(inexact(rng))`."""

    class Inexact(np.ndarray[Any, Any]):
        def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
            outs = options.get("out")
            if outs is not None:
                options["out"] = tuple(_plain(out) for out in outs)
            given = [_plain(value) for value in inputs]
            rounds = ufunc not in _EXACT
            if rounds and (method in ("reduce", "accumulate", "reduceat") or ufunc.signature is not None):
                given = [moved(value, rng, given) if isinstance(value, np.ndarray) else value for value in given]
            result = getattr(ufunc, method)(*given, **options)
            if result is None:
                return None
            if isinstance(result, tuple):
                return tuple(_wrapped(moved(one, rng) if rounds else one) for one in result)
            if outs is not None and isinstance(outs[0], np.ndarray):
                if rounds and result.dtype.kind in "fc":
                    options["out"][0][...] = moved(options["out"][0], rng)
                return outs[0]
            return _wrapped(moved(result, rng) if rounds else result)

        def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
            if function in _PRODUCTS or getattr(function, "__module__", "").startswith(("numpy.linalg", "numpy.fft")):
                arguments = _moved_inside(arguments, rng, _arrays(arguments))
                result = function(*arguments, **{key: _plain(value) for key, value in options.items()})
                return _wrapped(moved(result, rng)) if isinstance(result, np.ndarray | np.generic) else result
            return _wrapped(super().__array_function__(function, types, arguments, options))

        def __getitem__(self, index: Any) -> Any:
            return _wrapped(super().__getitem__(index))

        def __iter__(self) -> Any:
            return (self[k] for k in range(len(self)))

    def _wrapped(value: Any) -> Any:
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fc":
            return np.asarray(value).view(Inexact)
        return value

    return Inexact


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, np.ndarray) else value


def _arrays(value: Any) -> list[Any]:
    """The arrays of nested lists and tuples."""
    if isinstance(value, list | tuple):
        return [array for one in value for array in _arrays(one)]
    return [value] if isinstance(value, np.ndarray) else []


def _moved_inside(value: Any, rng: np.random.Generator, among: Sequence[Any]) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_moved_inside(one, rng, among) for one in value)
    return moved(_plain(value), rng, among) if isinstance(value, np.ndarray) else value
