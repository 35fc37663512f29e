"""The derivative of a function measured along probes: by a verified complex step, or by differences."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient import differences
from gru.gradient.complex_step import ComplexStep
from gru.gradient.differences import Sides, Slope
from gru.gradient.monte_carlo import inexact
from gru.gradient.outcome import Method
from gru.gradient.probe import General, Probes
from gru.gradient.rounding import DOUBLE, HAS_MORE_THAN_DOUBLE, is_long, nudged
from gru.gradient.subject import Subject

VERIFIED = 1e-3
"""Differences whose error bar is larger than this share of the slope prove nothing about the complex step."""


CLEAR = 6.0
"""How many times what a complex step moves by, when its inputs move to their neighbours, it may be off by rounding."""

SHARP, LOST = 2.0**-20, 2.0**-30
"""A slope from a few steps is enough where its error is below this share of itself, or this one of the largest slope: a
sixteenth of what is told as lost beside that."""

DRAWS = 4
"""Runs in inexact arithmetic, of a function whose values do not move otherwise."""


class Measurer:
    """Measures slopes of Σ cotangent·function at one point.

    `failed` keeps the last error of the function; `trusted` is whether a complex step was verified on any leaf.
    `complex` measures them by a complex step.
    """

    def __init__(self, subject: Subject, cotangents: Sequence[Any], rng: np.random.Generator) -> None:
        self.subject, self._cotangents, self._rng = subject, cotangents, rng
        self.failed: Exception | None = None
        self.at = [np.asarray(value, dtype=float) for value in subject.at]
        if not np.isfinite(self.value(self.at)):
            # A function that takes single precision alone is measured in it.
            self.at = list(subject.at)
        self.base = self.value(self.at)
        self.complex = ComplexStep(subject, cotangents, self.at)
        self._deviations: dict[bool, float] = {}
        self._verified: set[int] = set()
        self.trusted = False
        self.kinked: set[int] = set()

    def value(self, values: Sequence[Any]) -> Any:
        """Σ cotangent·function at these values, in the precision of what it returns; NaN where it raises."""
        try:
            outputs = self.subject.outputs(values)
            total: Any = 0.0
            for cotangent, output in zip(self._cotangents, outputs, strict=True):
                output = np.asarray(output)
                product = output.astype(np.result_type(output.dtype, np.float64), copy=False) * cotangent
                total = total + (product if not product.ndim else product.sum())
            return total
        except Exception as error:
            self.failed = error
            return np.nan

    def line(self, probes: Probes, number: int, at: Sequence[Any] | None = None) -> Callable[[float], Any]:
        """The function along one probe."""
        start = self.at if at is None else at
        return lambda t: self.value(self._cast(probes.moved(start, number, t)))

    def _cast(self, values: list[Any]) -> list[Any]:
        if self.at[0].dtype.itemsize >= np.dtype(float).itemsize:
            return values
        return [np.asarray(v).astype(a.dtype) for v, a in zip(values, self.at, strict=True)]

    def deviation(self, at: Sequence[Any] | None = None) -> float:
        """The standard deviation of what values near here are rounded by; `at` may hold a higher precision."""
        start = self.at if at is None else list(at)
        long = is_long(start)
        if long not in self._deviations:
            found = 0.0
            for _ in range(2):
                ways = [v * self._rng.standard_normal(v.shape) for v in self.at]

                def along(t: float, ways: list[Array] = ways) -> Any:
                    return self.value(self._cast([a + t * way for a, way in zip(start, ways, strict=True)]))

                found = max(found, differences.rounding(along))
            # Values that are the same everywhere do not show what they are rounded by.
            found = found or self._inexact_deviation(start)
            self._deviations[long] = max(found, self._least_deviation(self.value(start)))
        return self._deviations[long]

    def _inexact_deviation(self, at: Sequence[Any]) -> float:
        """What values move by in inexact arithmetic, as the root of the mean square of some draws."""
        view = inexact(self._rng)
        drawn = [float(self.value([v.view(view) for v in at]) - self.base) for _ in range(DRAWS)]
        finite = [move for move in drawn if np.isfinite(move)]
        return float(np.sqrt(np.mean(np.square(finite)))) if finite else 0.0

    def _least_deviation(self, value: Any) -> float:
        """That of the last operation alone, which rounds evenly over one unit in the last place: that by √12."""
        return float(np.finfo(np.asarray(value).dtype).eps * abs(self.base)) / 12**0.5

    def slope(self, probes: Probes, number: int, at: Sequence[Any] | None = None) -> Slope:
        """The slope along a probe by differences over all steps that make sense."""
        top, bottom = probes.reach(number)
        if is_long(self.at if at is None else at):
            # With less rounding, steps can be smaller by as much: a kink may be that near.
            bottom /= DOUBLE
        return differences.slope(self.line(probes, number, at), top, bottom, self.deviation(at))

    def changes(self, probes: Probes, at: Sequence[Any]) -> bool:
        """Whether the derivative by a leaf is seen to be another at another point, along a general direction."""
        general = General(probes)
        here, there = self.slope(general, 0), self.slope_at(general, 0, at, by_complex=False)
        if there is None:
            return False
        apart, size = abs(here.value - there.value), max(abs(here.value), abs(there.value))
        return apart > here.error + there.error + VERIFIED * size

    def kink(self, probes: Probes, number: int) -> Sides | None:
        """The slopes on both sides, if they differ down to the smallest step of all."""
        top, bottom = probes.reach(number)
        return differences.kink(self.line(probes, number), top, bottom * differences.FURTHER, self.deviation())

    def verify_together(self, all_probes: Sequence[Probes]) -> None:
        """Verify the complex step of several leaves along one direction in all of them.

        It is verified of those whose own part of that slope is seen as well as it has to be by itself.
        """
        generals = [General(probes) for probes in all_probes if len(probes)]
        if len(generals) < 2:
            return
        parts = [self.complex.general_slope(general) for general in generals]
        if any(part is None for part in parts):
            return
        sizes = [abs(part * general.scale) for part, general in zip(parts, generals, strict=True)]
        total = sum(part * general.scale for part, general in zip(parts, generals, strict=True))

        def line(t: float) -> Any:
            values: list[Any] = list(self.at)
            for general in generals:
                values = general.moved(values, 0, t * general.scale)
            return self.value(self._cast(values))

        reaches = [(general.scale, *general.reach(0)) for general in generals]
        step = max(max(top / 2**10, bottom) / scale for scale, top, bottom in reaches)
        quick = differences.window(line, step, self._least_deviation(self.base))
        error = quick.error + 64 * float(np.finfo(float).eps) * float(sum(sizes))
        if abs(total - quick.value) <= error:
            found = zip(generals, sizes, strict=True)
            self._verified = {general.leaf for general, size in found if error <= VERIFIED * size}

    def verified(self, probes: Probes) -> bool | None:
        """Whether a complex step along a general direction agrees with differences; None where these are too rough.

        Where several numbers sit on a kink, every direction does: there it is asked a little beside it.
        """
        if probes.leaf in self._verified:
            return True
        general = General(probes)
        here = self._agreement(general, self.at)
        # A function that takes no complex numbers takes none beside a kink either.
        if here or (here is False and (general.leaf in self.complex.refused or self.kink(general, 0) is None)):
            return here
        self.kinked.add(general.leaf)
        (beside,) = self.moved_by(1, self.far)
        return self._agreement(general, [v.astype(own.dtype) for v, own in zip(beside, self.at, strict=True)])

    def _agreement(self, general: Probes, at: list[Array]) -> bool | None:
        by_complex = self.complex.general_slope(general, at)
        if by_complex is None:
            return False
        own = 64 * np.finfo(float).eps * abs(by_complex)
        top, bottom = general.reach(0)
        line = cache(self.line(general, 0, at))
        # What agrees within the least rounding needs no estimate of it.
        for least in (self._least_deviation(self.base), None):
            deviation = self.deviation() if least is None else least
            quick = differences.window(line, max(top / 2**10, bottom), deviation)
            if quick.error <= VERIFIED * abs(by_complex) and abs(by_complex - quick.value) <= quick.error + own:
                return True
        witness = self.slope(general, 0, at)
        own += CLEAR * self.complex_error(general, 0, 4, at)
        if HAS_MORE_THAN_DOUBLE and not witness.error <= VERIFIED * abs(by_complex):
            long = [v.astype(np.longdouble) for v in at]
            if np.asarray(self.value(long)).dtype == np.longdouble:
                finer = self.slope(general, 0, long)
                witness = finer if finer.error < witness.error else witness
        if not abs(by_complex - witness.value) <= witness.error + own:
            return False
        # A complex step that jumps when its inputs are nudged, as where it is dropped beyond a kink, is rough too.
        return True if witness.error + own <= VERIFIED * abs(by_complex) or by_complex == 0 else None

    def all_slopes(self, probes: Probes) -> tuple[Array, Array, Method, bool]:
        """Every probe's slope and its error bar, the method, and whether a complex step is verified.

        A complex step has no more than its last unit for an error bar here: it is rounded like the gradient beside it.
        """
        count = len(probes)
        verified = self.verified(probes)
        self.trusted = self.trusted or verified is True
        if verified is None:
            measured, errors = self.all_by_differences(probes)
            if np.sort(errors)[(count - 1) // 2] <= VERIFIED * np.max(np.abs(measured)):
                return measured, errors, "differences", True
        if verified is not False:
            together = self.complex.slopes_together(probes)
            if together is not None:
                return together, _last_units(together), "complex step", verified is True
            slopes = [self.complex.slope(probes, number) for number in range(count)]
            if all(slope is not None for slope in slopes):
                found = np.array(slopes, dtype=float)
                return found, _last_units(found), "complex step", verified is True
        return *self.all_by_differences(probes), "differences", True

    def all_by_differences(self, probes: Probes) -> tuple[Array, Array]:
        """Every probe's slope and its error bar, from values alone: from a few steps where they do, else from all."""
        found = [self._quick(probes, number) for number in range(len(probes))]
        largest = max((abs(s.value) for s in found if s.error <= SHARP * abs(s.value)), default=0.0)
        for number, quick in enumerate(found):
            if not quick.error <= max(SHARP * abs(quick.value), LOST * largest):
                found[number] = self._thorough(probes, number, quick)
        return np.array([s.value for s in found]), np.array([s.error for s in found])

    def _quick(self, probes: Probes, number: int) -> Slope:
        top, bottom = probes.reach(number)
        return differences.window(self.line(probes, number), max(top / 2**10, bottom), self.deviation())

    def _thorough(self, probes: Probes, number: int, quick: Slope) -> Slope:
        """The slope over all steps; a few that disagree with it are too large."""
        thorough = self.slope(probes, number)
        agrees = abs(quick.value - thorough.value) <= quick.error + thorough.error < np.inf
        return quick if agrees and quick.error < thorough.error else thorough

    @property
    def precision(self) -> float:
        """One unit in the last place of the coarsest argument, beside itself."""
        return max(float(np.finfo(value.dtype).eps) for value in self.subject.at)

    @property
    def far(self) -> float:
        """How far off a point nearby may be, beside the numbers themselves: out of reach of a kink and of rounding."""
        return float(self.precision**0.25)

    def moved_by(self, count: int, radius: float, dtype: Any = None) -> list[list[Array]]:
        """Points nearby in the arguments' own precision or another, every number moved by up to `radius` of its size.

        What is zero moves too: a kink is mostly where something is zero.
        """
        at = [v if dtype is None else v.astype(dtype) for v in self.subject.at]
        sizes = [np.where(v == 0, np.sqrt(np.mean(np.square(v, dtype=float))) or 1.0, v) if v.size else v for v in at]
        near = [(v, s * radius) for v, s in zip(at, sizes, strict=True)]
        return [[(v + r * self._rng.uniform(-1, 1, v.shape)).astype(v.dtype) for v, r in near] for _ in range(count)]

    def nearby(
        self, probes: Probes, number: int, count: int, change: float, dtype: Any = None, *, by_complex: bool
    ) -> Iterator[tuple[list[Array], Slope]]:
        """Points nearby, and the slope at each, in the arguments' own precision or in another.

        Half are at the root of the precision and half at its fourth root; for another precision, some units in the last
        place away, which is enough for arithmetic in more digits. Where the slope differs by more than `change` from
        that here, as that of a badly conditioned function does, a nearer one is taken: a mistake is the same there.
        """
        precision = self.precision
        least = 16 * (precision if dtype is None else float(np.finfo(dtype).eps))
        here = self.slope_at(probes, number, self.subject.at, by_complex=by_complex)
        for k in range(count):
            radius = precision * (16, 256)[k % 2] if dtype is not None else (precision**0.5, self.far)[k % 2]
            while True:
                (at,) = self.moved_by(1, radius, dtype)
                slope = self.slope_at(probes, number, at, by_complex=by_complex)
                near = slope is not None and here is not None and abs(float(slope.value - here.value)) <= change
                if near or radius <= least:
                    break
                radius = max(radius / 2**8, least)
            if slope is not None:
                yield at, slope

    def slope_at(self, probes: Probes, number: int, at: Sequence[Array], *, by_complex: bool) -> Slope | None:
        """The slope along a probe at another point, in its precision or ours; None where it cannot be had."""
        here = [v.astype(np.result_type(v.dtype, own.dtype)) for v, own in zip(at, self.at, strict=True)]
        if by_complex:
            slope = self.complex.slope(probes, number, here)
            return None if slope is None else Slope(slope, 0.0)
        found = self.slope(probes, number, here)
        return found if np.isfinite(found.value) else None

    def conditioning(self, probes: Probes, number: int, draws: int, *, by_complex: bool) -> float:
        """How far a slope moves when all inputs move to their neighbours in the arguments' own precision."""
        points = [self.subject.at, *(nudged(self.subject.at, self._rng) for _ in range(draws))]
        slopes = [self.slope_at(probes, number, at, by_complex=by_complex) for at in points]
        values = [float(slope.value) for slope in slopes if slope is not None]
        return max(values) - min(values) if values else 0.0

    def complex_error(self, probes: Probes, number: int, draws: int, at: Sequence[Array] | None = None) -> float:
        """How far a complex step moves when all inputs move to their neighbours."""
        start = self.at if at is None else at
        first = self.complex.slope(probes, number, start)
        others = [self.complex.slope(probes, number, nudged(start, self._rng)) for _ in range(draws)]
        return max((abs(float(other - first)) for other in others if other is not None), default=0.0)


def _last_units(slopes: Array) -> Array:
    units: Array = np.finfo(float).eps * np.abs(slopes)
    return units
