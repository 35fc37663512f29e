"""The claimed gradient: what it is here, nearby and with more digits, and how much of it is rounding."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient.probe import Probes
from gru.gradient.rounding import in_higher_precision, spread, with_digits
from gru.gradient.subject import Subject

FIRST_DRAWS, FIRST_FACTOR = 4, 8.0
MORE_DRAWS, FACTOR = 12, 6.0
"""The rounding of the claimed gradient is one more draw of what `spread` draws. That one Gaussian draw is beyond 6
times the largest of 16 others happens less than once in 10¹⁰. Draws may be wider than Gaussian, and long sums round
more than their terms do; so whatever is beyond is asked in higher precision and at points nearby as well."""

TINY = 1e-300
"""So near to zero everything underflows."""


class Claim:
    """The gradient that is claimed at one point; `values` has an array for each leaf.

    `is_fixed` says that it cannot be run again.
    """

    is_fixed = False

    def __init__(
        self, subject: Subject, cotangents: Sequence[Any], values: list[Array], rng: np.random.Generator
    ) -> None:
        self._subject, self._cotangents, self._rng = subject, cotangents, rng
        self.values = values
        self._factor = FIRST_FACTOR

    def _spread_at(self, at: Sequence[Array], values: list[Array], draws: int) -> list[Array]:
        return spread(self._subject, at, self._cotangents, values, draws, self._rng)

    @cached_property
    def _spread(self) -> list[Array]:
        return self._spread_at(self._subject.at, self.values, FIRST_DRAWS)

    def least_bars(self, probes: Probes) -> Array:
        """What the slopes claimed along probes are rounded by at least: their last units."""
        return _bars(probes, self.values, [np.zeros(value.shape) for value in self.values], FIRST_FACTOR)

    def bars(self, probes: Probes) -> Array:
        """What the slopes claimed along probes may be rounded by."""
        return _bars(probes, self.values, self._spread, self._factor)

    def draw_more(self) -> None:
        """Estimate the rounding from more draws, from now on."""
        if self._factor == FACTOR:
            return
        more = self._spread_at(self._subject.at, self.values, MORE_DRAWS)
        self._spread = [np.fmax(a, b) for a, b in zip(self._spread, more, strict=True)]
        self._factor = FACTOR

    def near(self, at: Sequence[Array], probes: Probes) -> Array | None:
        """The slopes claimed at another point; None where they cannot be computed, which says nothing."""
        values = self._values_at(at)
        return None if values is None else probes.of(values[probes.leaf])

    def near_with_bars(self, at: Sequence[Array], probes: Probes) -> tuple[Array, Array] | None:
        """The same, and what they may be rounded by there."""
        values = self._values_at(at)
        if values is None:
            return None
        bars = _bars(probes, values, self._spread_at(at, values, FIRST_DRAWS), FIRST_FACTOR)
        return probes.of(values[probes.leaf]).astype(float), bars

    def _values_at(self, at: Sequence[Array]) -> list[Array] | None:
        try:
            return [np.array(one) for one in self._subject.claimed(at, self._cotangents)]
        except Exception:
            return None

    @cached_property
    def higher(self) -> "Higher | None":
        """The same in a higher precision; None where it cannot be had."""
        found = in_higher_precision(self._subject, self._cotangents)
        return None if found is None else Higher(self._subject, self._cotangents, *found, self._rng)


class FixedClaim(Claim):
    """A gradient that is claimed as numbers alone: of its rounding, only the last units are known."""

    is_fixed = True

    def __init__(self, values: list[Array]) -> None:
        self.values, self._factor = values, FACTOR
        self._spread = [np.zeros(value.shape) for value in values]

    def _values_at(self, at: Sequence[Array]) -> None:
        del at

    @cached_property
    def higher(self) -> None:
        """There is no other precision of it."""


class Higher:
    """The claimed gradient in `dtype`, a higher precision."""

    def __init__(
        self,
        subject: Subject,
        cotangents: Sequence[Any],
        dtype: Any,
        values: list[Array],
        rng: np.random.Generator,
    ) -> None:
        self._subject, self._cotangents, self._rng = subject, cotangents, rng
        self.dtype, self._values = dtype, values

    def of(self, probes: Probes) -> Array:
        """The slopes claimed along probes."""
        return probes.of(self._values[probes.leaf])

    def bars(self, probes: Probes) -> Array:
        """What these may be rounded by."""
        return _bars(probes, self._values, self._spread, FIRST_FACTOR)

    @cached_property
    def _spread(self) -> list[Array]:
        at, over = with_digits(self._subject.at, self.dtype), with_digits(self._cotangents, self.dtype)
        return spread(self._subject, at, over, self._values, FIRST_DRAWS, self._rng)


def _bars(probes: Probes, values: list[Array], spread_of: list[Array], factor: float) -> Array:
    """The error bars of claimed slopes: what they moved by, their last unit, and what underflows."""
    given = values[probes.leaf]
    limits = np.finfo(given.dtype)
    unit = float(limits.eps) * np.abs(given).astype(float) + max(float(limits.tiny), TINY)
    return probes.sizes(factor * (spread_of[probes.leaf] + unit)).astype(float)
