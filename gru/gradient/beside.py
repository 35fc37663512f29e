"""Claimed and measured slopes of one argument beside each other, and where they are furthest apart."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient.claim import TINY
from gru.gradient.outcome import SOLVED, Comparison
from gru.gradient.probe import Probes

HIDDEN = 1e-3
"""An error bar above this share of the largest entry leaves no verdict: a factor of 1.001 would pass."""


def largest(slopes: Array, errors: Array) -> float:
    """The size of the largest slope that is known at all, or of any if none is: at a jump there is none."""
    sizes = np.abs(slopes)
    known = sizes[errors <= sizes]
    return float(np.max(known if known.size else sizes, initial=0.0))


def typical(values: Array) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=float)))) if values.size else 0.0


@dataclass
class Beside:
    """The slopes of one leaf along all probes, claimed and measured.

    `errors` are the error bars of the measured ones, `bars` the sum of both error bars. `sharp` are those that were
    measured as well as can be; `kinks` those that sit on a kink; `moved` those of which claimed and measured are shown
    a little beside the point.
    """

    probes: Probes
    shown: Comparison
    claimed: Array
    measured: Array
    errors: Array
    verified: bool
    bars: Array
    sharp: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    kinks: tuple[int, ...] = ()

    @property
    def gap(self) -> Array:
        """How far they are apart."""
        difference: Array = np.abs(self.claimed - self.measured)
        return difference

    @property
    def excess(self) -> Array:
        """How far they are apart, in error bars."""
        gap = self.gap
        excess: Array = np.where(gap > 0, gap / np.maximum(self.bars, TINY), 0.0)
        return excess

    @property
    def weights(self) -> Array:
        """What a slope along each probe is multiplied by to be compared with others: the size of the number moved."""
        if self.probes.along is not None:
            return np.ones(len(self.probes))
        own = np.abs(self.probes.value).ravel()
        return np.where(own > 0, own, self.probes.scale)

    @property
    def by_complex(self) -> bool:
        """Whether the measured ones come from a complex step."""
        return self.shown.method == "complex step"

    @property
    def is_clear(self) -> bool:
        """Whether they agree, and are sharp enough to say so."""
        if (self.gap > self.bars).any():
            return False
        largest = self.shown.largest
        # Where both agree, the claim's error bar excuses nothing; only the measured one's counts.
        sharp = float(np.max(self.gap + self.errors)) <= HIDDEN * largest
        return sharp or bool(largest == 0 == np.max(self.bars) and not self.claimed.any())

    def is_of_a_solver(self, number: int, gap: float) -> bool:
        """Whether a difference is as small as what solvers leave, beside the largest slope, weighted and not."""
        weights = self.weights
        weighted = abs(gap) * weights[number] <= SOLVED * largest(self.measured * weights, self.errors * weights)
        return bool(weighted and abs(gap) <= SOLVED * largest(self.measured, self.errors))

    def worst(self) -> int:
        """Where they are furthest apart for their error bars."""
        return int(np.argmax(self.excess))

    def at(self, number: int, **more: Any) -> Comparison:
        """What is shown of the leaf, at one probe."""
        return replace(
            self.shown,
            entry=self.probes.index(number),
            claimed=float(self.claimed[number]),
            measured=float(self.measured[number]),
            error=float(self.bars[number]),
            **more,
        )

    def without(self, kinks: list[int]) -> "Beside":
        """The same, the entries on a kink noted and taken as agreeing."""
        shown = replace(self.shown, kinks=tuple(self.probes.index(number) for number in kinks))
        measured, bars, errors = self.measured.copy(), self.bars.copy(), self.errors.copy()
        measured[kinks], bars[kinks], errors[kinks] = self.claimed[kinks], 0.0, 0.0
        return replace(self, shown=shown, measured=measured, bars=bars, errors=errors, kinks=tuple(kinks))
