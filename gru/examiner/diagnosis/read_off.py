"""What a description of wrong values is, and how one number is read off many entries.

A description is held against every entry of every problem, to rounding. It names no formula, and judges nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.diagnosis.probe import Probe
from gru.examiner.fact import Fact

ENOUGH = 4
"""Wrong entries that a number is read off: one number fits a few of them by chance."""


@dataclass(frozen=True)
class Description:
    """Facts that describe a wrong value, and what they say that the value is on a problem; None where nothing."""

    facts: tuple[Fact, ...]
    predicted: Callable[[Probe], Array | None]

    def is_contradicted_by(self, probe: Probe) -> bool:
        """Whether a value that is right cannot be what is described."""
        value = self.predicted(probe)
        return value is not None and not agrees(probe.own, value, probe.limits)


def agrees(own: Array, value: Array, limits: Array) -> bool:
    """Whether no entry is further off than its limit; NaN never agrees."""
    return bool((np.abs(own - value) <= limits).all())


def fits(wrong: list[Probe], predicted: Callable[[Probe], Array | None]) -> bool:
    """Whether this is the value in all cases."""
    for probe in wrong:
        value = predicted(probe)
        if value is None or not agrees(probe.own, value, probe.limits + 4 * eps(probe) * np.abs(value)):
            return False
    return True


def eps(probe: Probe) -> float:
    """The distance from 1 to the next number, in the precision of a case."""
    return float(np.finfo(probe.dtype).eps)


def entries(wrong: list[Probe], of: Callable[[Probe], Array]) -> Array:
    """Something of every entry of every case, one behind the other."""
    return np.concatenate([np.broadcast_to(of(probe), probe.own.shape).ravel() for probe in wrong])


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
