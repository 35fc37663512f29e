"""How much a claimed gradient is rounded, by running it again: moved inputs, inexact arithmetic, higher precision."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient.monte_carlo import inexact
from gru.gradient.subject import Subject

HAS_MORE_THAN_DOUBLE = float(np.finfo(np.longdouble).eps) < float(np.finfo(float).eps) / 100
"""Not on every machine: a long double is a double on Windows, and on most processors that are not Intel's."""


DOUBLE = 2.0**11
"""The factor by which rounding falls from double to long double."""


def is_long(values: Sequence[Any]) -> bool:
    """Whether numbers are of a higher precision than double."""
    return bool(values[0].dtype.itemsize > np.dtype(float).itemsize)


def nudged(values: Sequence[Array], rng: np.random.Generator) -> list[Array]:
    """Every number moved to one of its neighbours, up or down, or left as it is, at random."""
    result = []
    for value in values:
        value = np.asarray(value)
        toward = np.array([-np.inf, 0.0, np.inf])[rng.integers(0, 3, value.shape)].astype(value.dtype)
        stays = toward == 0
        result.append(np.where(stays | (value == 0), value, np.nextafter(value, np.where(stays, value, toward))))
    return result


def draw(
    subject: Subject, at: Sequence[Array], cotangents: Sequence[Any], kind: int, rng: np.random.Generator
) -> list[Array] | None:
    """The claimed gradient of nudged inputs, and for odd `kind` in inexact arithmetic; None if it refuses."""
    values, over = nudged(at, rng), nudged(cotangents, rng)
    if kind % 2:
        view = inexact(rng)
        values = [value.view(view) for value in values]
        over = [np.asarray(one).view(view) for one in over]
    try:
        found = subject.claimed(values, over)
        return [np.asarray(one).view(np.ndarray).astype(_at_least_double(one)) for one in found]
    except Exception:
        # A gradient that takes plain arrays alone is judged by its nudged inputs.
        return None


def _at_least_double(array: Any) -> Any:
    return np.result_type(np.asarray(array).dtype, np.float64)


def spread(
    subject: Subject,
    at: Sequence[Array],
    cotangents: Sequence[Any],
    claimed: Sequence[Array],
    draws: int,
    rng: np.random.Generator,
) -> list[Array]:
    """The largest distance of `draws` runs from the gradient claimed at these values, for every entry of every leaf."""
    largest = [np.zeros(np.shape(one)) for one in claimed]
    for kind in range(draws):
        again = draw(subject, at, cotangents, kind, rng)
        if again is None:
            continue
        for k, (one, first) in enumerate(zip(again, claimed, strict=True)):
            with np.errstate(all="ignore"):
                distance = np.abs(one - first.astype(one.dtype)).astype(float)
            largest[k] = np.fmax(largest[k], distance)
    return largest


def with_digits(values: Sequence[Any], dtype: Any) -> list[Array]:
    """The same numbers in another precision."""
    return [np.asarray(value).astype(dtype) for value in values]


def more_digits(values: Sequence[Array]) -> list[Any]:
    """The precisions above that of the values, the highest first; none on a machine without, for double precision."""
    single = all(value.dtype.itemsize < np.dtype(float).itemsize for value in values)
    return [*([np.longdouble] if HAS_MORE_THAN_DOUBLE else []), *([np.float64] if single else [])]


def in_higher_precision(subject: Subject, cotangents: Sequence[Any]) -> tuple[Any, list[Array]] | None:
    """A higher precision, and the claimed gradient computed in it; None where it comes back in less, or not at all."""
    for dtype in more_digits(subject.at):
        try:
            found = subject.claimed(with_digits(subject.at, dtype), with_digits(cotangents, dtype))
        except Exception:
            # A gradient that refuses this precision may take the next.
            continue
        if all(one.dtype == dtype and np.isfinite(one).all() for one in found):
            return dtype, found
    return None
