"""Guesses at what a wrong value is, and how one number is read off many entries.

A guess is held against every entry of every problem, to rounding. It names no formula, and judges nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.diagnosis.sample import Sample
from gru.examiner.fact import Fact

ENOUGH = 4
"""Wrong entries that a number is read off: one number fits a few of them by chance."""


@dataclass(frozen=True)
class Guess:
    """Facts that may describe a wrong value, and what they predict it to be on a problem; None where nothing."""

    facts: tuple[Fact, ...]
    predicted: Callable[[Sample], Array | None]

    def is_contradicted_by(self, sample: Sample) -> bool:
        """Whether a value that is right cannot be what is predicted."""
        value = self.predicted(sample)
        return value is not None and not agrees(sample.own, value, sample.limits)


def agrees(own: Array, value: Array, limits: Array) -> bool:
    """Whether no entry is further off than its limit; NaN never agrees."""
    return bool((np.abs(own - value) <= limits).all())


def fits(wrong: list[Sample], predicted: Callable[[Sample], Array | None]) -> bool:
    """Whether this is the value in all cases."""
    for sample in wrong:
        value = predicted(sample)
        if value is None or not agrees(sample.own, value, sample.limits + 4 * eps(sample) * np.abs(value)):
            return False
    return True


def eps(sample: Sample) -> float:
    """The distance from 1 to the next number, in the precision of a case."""
    return float(np.finfo(sample.dtype).eps)


def entries(wrong: list[Sample], of: Callable[[Sample], Array]) -> Array:
    """Something of every entry of every case, one behind the other."""
    return np.concatenate([np.broadcast_to(of(sample), sample.own.shape).ravel() for sample in wrong])


def one_number(apart: Array, unit: Array, limits: Array) -> float | None:
    """The number c with apart = c * unit at every entry, to rounding; None where there is none, or it is not sure.

    It is read off the entry at which rounding matters least.
    """
    if not (np.isfinite(apart).all() and np.isfinite(unit).all()) or np.count_nonzero(unit) < ENOUGH:
        return None
    sure = np.divide(limits, np.abs(unit), out=np.full_like(unit, np.inf), where=unit != 0)
    best = int(np.argmin(sure))
    number = apart[best] / unit[best]
    if abs(number) < 100 * sure[best]:
        return None
    differing = (np.abs(apart) > limits) & (sure < abs(number) / 100)
    fits = np.abs(apart - number * unit) <= 2 * limits + 2 * sure[best] * np.abs(unit)
    return float(number) if fits.all() and differing.sum() >= ENOUGH else None
