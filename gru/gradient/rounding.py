"""How much a claimed gradient is rounded, by running it again: moved inputs, inexact arithmetic, higher precision."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru.gradient.monte_carlo import inexact
from gru.gradient.subject import Subject

Array = NDArray[Any]

HAS_MORE_THAN_DOUBLE = float(np.finfo(np.longdouble).eps) < float(np.finfo(float).eps) / 100
"""Not on every machine: a long double is a double on Windows, and on most processors that are not Intel's."""


def nudged(values: Sequence[Array], rng: np.random.Generator) -> list[Array]:
    """Every number moved to one of its neighbours, up or down, or left as it is, at random."""
    result = []
    for value in values:
        value = np.asarray(value)
        toward = np.array([-np.inf, 0.0, np.inf])[rng.integers(0, 3, value.shape)].astype(value.dtype)
        stays = toward == 0
        result.append(np.where(stays | (value == 0), value, np.nextafter(value, np.where(stays, value, toward))))
    return result


def draw(subject: Subject, cotangents: Sequence[Any], kind: int, rng: np.random.Generator) -> list[Array] | None:
    """The claimed gradient of nudged inputs, and for odd `kind` in inexact arithmetic; None if it refuses."""
    values, over = nudged(subject.at, rng), nudged(cotangents, rng)
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
    subject: Subject, cotangents: Sequence[Any], claimed: Sequence[Array], draws: int, rng: np.random.Generator
) -> list[Array]:
    """The largest distance of `draws` runs from the claimed gradient, for every entry of every leaf."""
    largest = [np.zeros(np.shape(one)) for one in claimed]
    for kind in range(draws):
        again = draw(subject, cotangents, kind, rng)
        if again is None:
            continue
        for k, (one, first) in enumerate(zip(again, claimed, strict=True)):
            with np.errstate(all="ignore"):
                distance = np.abs(one - first.astype(one.dtype)).astype(float)
            largest[k] = np.fmax(largest[k], distance)
    return largest


def higher(values: Sequence[Any]) -> list[Any] | None:
    """The same numbers one precision higher: float32 to float64, float64 to long double; None if there is none."""
    result = []
    for value in values:
        value = np.asarray(value)
        if value.dtype.itemsize < np.dtype(float).itemsize:
            result.append(value.astype(float))
        elif HAS_MORE_THAN_DOUBLE:
            result.append(value.astype(np.longdouble))
        else:
            return None
    return result


def in_higher_precision(subject: Subject, cotangents: Sequence[Any]) -> list[Array] | None:
    """The claimed gradient computed in higher precision; None where it comes back in less, or not at all."""
    values, over = higher(subject.at), higher(cotangents)
    if values is None or over is None:
        return None
    try:
        found = subject.claimed(values, over)
    except Exception:
        return None
    return found if all(f.dtype.itemsize >= v.dtype.itemsize for f, v in zip(found, values, strict=True)) else None
