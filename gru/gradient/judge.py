"""The verdict on one argument: two error bars, and a second look at whatever is beyond them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru.gradient.measure import Measurer
from gru.gradient.outcome import Comparison
from gru.gradient.pattern import recognised
from gru.gradient.probe import Probes
from gru.gradient.rounding import in_higher_precision, spread, with_digits
from gru.gradient.subject import Subject

Array = NDArray[Any]

FIRST_DRAWS, FIRST_FACTOR = 4, 8.0
MORE_DRAWS, FACTOR = 12, 6.0
"""The rounding of the claimed gradient is one more draw of what `spread` draws. That one Gaussian draw is beyond 6
times the largest of 16 others happens less than once in 10¹⁰. Draws may be wider than Gaussian, and long sums round
more than their terms do; so whatever is beyond is asked in higher precision and at points nearby as well."""

HIDDEN = 1e-3
"""An error bar above this share of the largest entry leaves no verdict: a factor of 1.001 would pass."""

SUSPECTS = 12
"""Entries that get a second look: the most suspicious ones."""

DOUBLE = 2.0**11
SHRINKS = 16
"""Rounding falls by `DOUBLE` from double to long double, and by 2²⁹ from single to double; a mistake stays as it is. A
little of that is asked for, in case some of the arithmetic goes on in less."""

ASKED = 48
"""Entries that are measured in higher precision: the most different ones."""

NEIGHBOURS, AGREEING = 8, 6
"""A mistake is about the same a little further on; rounding is another at each point, of either sign. Half of the draws
have the other sign, so that six of eight come within a factor of two of the first less than once in seven times, and
the first is an extreme: of a Gaussian three deviations out, less than once in 10⁶."""

NATURAL = 1e-6
"""Slopes are small beside |function|/|argument| by this factor before they count as nothing."""

_TINY = 1e-300


@dataclass
class _Beside:
    """The slopes of one leaf along all probes, claimed and measured, with the sum of both error bars."""

    probes: Probes
    shown: Comparison
    claimed: Array
    measured: Array
    errors: Array
    verified: bool
    bars: Array
    sharp: set[int] = field(default_factory=set)
    kinks: tuple[int, ...] = ()

    @property
    def gap(self) -> Array:
        """How far they are apart."""
        difference: Array = np.abs(self.claimed - self.measured)
        return difference

    @property
    def by_complex(self) -> bool:
        """Whether the measured ones come from a complex step."""
        return self.shown.method == "complex step"

    def worst(self) -> int:
        """Where they are furthest apart for their error bars."""
        gap = self.gap
        return int(np.argmax(np.where(gap > 0, gap / np.maximum(self.bars, _TINY), 0.0)))

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


class Judge:
    """Judges leaf by leaf."""

    def __init__(
        self,
        subject: Subject,
        cotangents: Sequence[Any],
        claimed: list[Array],
        measurer: Measurer,
        rng: np.random.Generator,
    ) -> None:
        self._subject, self._cotangents, self._measurer, self._rng = subject, cotangents, measurer, rng
        self._claimed = claimed
        self._spread = spread(subject, subject.at, cotangents, claimed, FIRST_DRAWS, rng)
        self._higher: tuple[Any, list[Array]] | None = None
        self._higher_spread: list[Array] | None = None
        self._asked_higher = self._drew_more = False

    def comparison(self, probes: Probes, label: str) -> Comparison:
        """The verdict on one leaf."""
        given = self._claimed[probes.leaf]
        measured, errors, method, verified = self._measurer.all_slopes(probes)
        self._require_measured(probes, measured, label)
        shown = Comparison(
            label,
            given.shape,
            "right",
            size=given.size,
            dtype=str(given.dtype),
            directions=probes.along,
            method=method,
            largest=float(np.max(np.abs(measured), initial=0.0)),
            typical=_typical(given),
        )
        claimed = probes.of(given.astype(np.result_type(given.dtype, np.float64), copy=False)).astype(float)
        beside = _Beside(probes, shown, claimed, measured, errors, verified, errors)
        if not len(probes):
            return shown
        finite = np.isfinite(claimed)
        if not finite.all():
            wrong = int(np.sum(~np.isfinite(given)))
            return beside.at(int(np.argmin(finite)), verdict="wrong", reason="not finite", wrong=wrong)
        return self._judged(beside)

    def _require_measured(self, probes: Probes, measured: Array, label: str) -> None:
        finite = np.isfinite(measured)
        if finite.all():
            return
        failed = self._measurer.failed
        place = f"{label}{list(probes.index(int(np.argmin(finite))))}"
        why = f"raises {type(failed).__name__}: {failed}" if failed is not None else "is not finite"
        raise ValueError(f"the function {why}, wherever {place} is moved: give a point around which it can be computed")

    def _judged(self, beside: _Beside) -> Comparison:
        beside.bars = self._bars(beside.probes, FIRST_FACTOR) + beside.errors
        if not self._is_clear(beside):
            if not self._drew_more:
                self._drew_more = True
                more = spread(self._subject, self._subject.at, self._cotangents, self._claimed, MORE_DRAWS, self._rng)
                self._spread = [np.fmax(a, b) for a, b in zip(self._spread, more, strict=True)]
            beside.bars = self._bars(beside.probes, FACTOR) + beside.errors
        return beside.at(beside.worst()) if self._is_clear(beside) else self._second_look(beside)

    def _bars(self, probes: Probes, factor: float) -> Array:
        """What the claimed slopes may be rounded by."""
        return _allowed(probes, self._claimed, self._spread, factor)

    def _is_clear(self, beside: _Beside) -> bool:
        """Right, and sharp enough to say so."""
        if (beside.gap > beside.bars).any():
            return False
        largest, bar = beside.shown.largest, float(np.max(beside.bars))
        # What agrees needs no error bar of its own to excuse it; what was measured does.
        sharp = float(np.max(beside.gap + beside.errors)) <= HIDDEN * largest
        # Slopes that are nothing but rounding are right if that rounding is small for this function.
        natural = abs(float(self._measurer.base)) / beside.probes.scale
        nothing = largest <= bar <= NATURAL * natural or (largest == 0 and not beside.claimed.any())
        return sharp or nothing

    def _second_look(self, beside: _Beside) -> Comparison:
        gap = beside.gap
        beyond = np.flatnonzero(gap > beside.bars)
        blurred = np.flatnonzero((gap <= beside.bars) & (beside.bars > HIDDEN * beside.shown.largest))
        by_ratio = beyond[np.argsort(-(gap[beyond] / np.maximum(beside.bars[beyond], _TINY)))][:SUSPECTS]
        by_size = beyond[np.argsort(-gap[beyond])][:4]
        found = self._kinks_among(beside, blurred[np.argsort(-beside.bars[blurred])][:SUSPECTS].tolist())
        for number in dict.fromkeys([*by_ratio.tolist(), *by_size.tolist()]):
            found[number] = self._verdict_of(beside, number)
            if list(found.values()).count("wrong") == 2:
                break
        wrong = [number for number, verdict in found.items() if verdict == "wrong"]
        kinks = [number for number, verdict in found.items() if verdict == "kink"]
        if wrong:
            return self._wrong(beside, wrong, len(kinks))
        for number, verdict in found.items():
            if verdict == "unverified":
                return beside.at(number, verdict="cannot_tell", reason="unverified")
        if kinks:
            beside = self._without(beside, kinks, beyond)
            if len(beside.kinks) == len(beside.probes):
                return beside.at(kinks[0], verdict="cannot_tell", reason="kink")
            if self._is_clear(beside):
                return beside.at(kinks[0], reason="kink")
        beside.bars = np.maximum(beside.bars, beside.gap)
        if self._is_clear(beside):
            return beside.at(beside.worst())
        return self._in_higher_precision(beside)

    def _kinks_among(self, beside: _Beside, blurred: list[int]) -> dict[int, str]:
        """`kink` or `wrong` for those that sit on one: there a gradient jumps when its inputs are nudged."""
        found = {}
        for number in blurred:
            sides = self._measurer.kink(beside.probes, number)
            if sides is not None:
                room = NATURAL * max(abs(sides[0]), abs(sides[1]), abs(sides[1] - sides[0]))
                between = min(sides) - room <= float(beside.claimed[number]) <= max(sides) + room
                found[number] = "kink" if between else "wrong"
        return found

    def _wrong(self, beside: _Beside, wrong: list[int], kinks: int) -> Comparison:
        gap, bars = beside.gap, beside.bars
        first = max(wrong, key=lambda number: float(gap[number] / max(bars[number], _TINY)))
        # Entries whose difference is lost beside the one that is shown are not counted.
        count = int(np.sum(gap > np.maximum(bars, gap[first] * 2.0**-40))) - kinks
        pattern = recognised(beside.probes, beside.claimed, beside.measured, bars, self._subject)
        return beside.at(first, verdict="wrong", reason="value", wrong=count, pattern=pattern)

    def _without(self, beside: _Beside, kinks: list[int], beyond: Array) -> _Beside:
        """The same, the entries on a kink noted and taken as agreeing."""
        others = (int(number) for number in beyond if int(number) not in kinks)
        every = [*kinks, *(number for number in others if self._measurer.kink(beside.probes, number) is not None)]
        shown = replace(beside.shown, kinks=tuple(beside.probes.index(number) for number in every))
        measured, bars, errors = beside.measured.copy(), beside.bars.copy(), beside.errors.copy()
        measured[every], bars[every], errors[every] = beside.claimed[every], 0.0, 0.0
        return replace(beside, shown=shown, measured=measured, bars=bars, errors=errors, kinks=tuple(every))

    def _verdict_of(self, beside: _Beside, number: int) -> str:
        """`wrong`, `kink`, `unverified`, or `cleared`; its measured slope and its bar may be made better on the way."""
        probes = beside.probes
        if beside.by_complex:
            beside.bars[number] += FACTOR * self._measurer.complex_error(probes, number, 4)
        else:
            self._sharpen(beside, number)
        gap = float(beside.claimed[number] - beside.measured[number])
        if not abs(gap) > beside.bars[number]:
            return "cleared"
        sides = self._measurer.kink(probes, number)
        if sides is not None:
            room = float(beside.bars[number]) + NATURAL * abs(sides[1] - sides[0])
            between = min(sides) - room <= float(beside.claimed[number]) <= max(sides) + room
            if between:
                return "kink"
        sure = beside.verified or self._measurer.trusted
        if beside.by_complex and not sure and not self._is_beyond_differences(beside, number):
            return "unverified"
        if not self._is_same_in_higher_precision(beside, number, gap):
            return "cleared"
        ratios = self._nearby(beside, number, gap)
        if ratios and max(map(abs, ratios)) <= HIDDEN:
            # Right at every point nearby: the point itself is the exception, as where several kinks meet.
            return "kink"
        return "wrong" if _is_same(ratios) else "cleared"

    def _sharpen(self, beside: _Beside, number: int) -> None:
        """Measure one slope by differences over all steps, where a few of them were taken."""
        if beside.by_complex or number in beside.sharp:
            return
        beside.sharp.add(number)
        better = self._measurer.slope(beside.probes, number)
        if better.error < beside.errors[number]:
            beside.measured[number], beside.errors[number] = better
            beside.bars[number] = better.error + self._bars(beside.probes, FACTOR)[number]

    def _is_beyond_differences(self, beside: _Beside, number: int) -> bool:
        """Whether differences of the function alone contradict the claimed slope."""
        found = self._measurer.slope(beside.probes, number)
        own = float(self._bars(beside.probes, FACTOR)[number])
        return abs(float(beside.claimed[number]) - found.value) > found.error + own

    def _claimed_higher(self) -> tuple[Any, list[Array]] | None:
        if not self._asked_higher:
            self._asked_higher = True
            self._higher = in_higher_precision(self._subject, self._cotangents)
        return self._higher

    def _is_same_in_higher_precision(self, beside: _Beside, number: int, gap: float) -> bool:
        """Whether a difference stays when all is computed with more digits. True where that cannot be had."""
        higher = self._claimed_higher()
        true = None if higher is None else self._measured_higher(beside, number, higher[0])
        if higher is None or true is None:
            return True
        return bool(abs(float(beside.probes.of(higher[1][beside.probes.leaf])[number] - true)) > abs(gap) / SHRINKS)

    def _measured_higher(self, beside: _Beside, number: int, dtype: Any) -> Any:
        """The slope measured in a higher precision than the claimed gradient has; None if it cannot be had."""
        probes, measurer = beside.probes, self._measurer
        at = with_digits(measurer.at, dtype)
        if beside.by_complex:
            return measurer.complex_slope(probes, number, at)
        if dtype == np.float64:
            self._sharpen(beside, number)
            return beside.measured[number]
        if np.asarray(measurer.value(at)).dtype != dtype:
            return None
        found = measurer.slope(probes, number, at)
        return found.value if np.isfinite(found.error) else None

    def _in_higher_precision(self, beside: _Beside) -> Comparison:
        """The verdict where rounding hides what the formula is: the same formula with more digits, if it can be had."""
        unsure = beside.at(int(np.argmax(beside.bars)), verdict="cannot_tell", reason="rounding")
        higher = self._claimed_higher()
        if higher is None:
            return unsure
        fine = self._with_more_digits(beside, *higher)
        if fine is None:
            return unsure
        if self._is_clear(fine):
            return beside.at(beside.worst())
        for number in np.argsort(-fine.gap)[:4].tolist():
            gap = float(fine.claimed[number] - fine.measured[number])
            shows = abs(gap) > max(float(fine.bars[number]), HIDDEN * fine.shown.largest)
            if shows and _is_same(self._nearby(fine, number, gap, higher[0])):
                return self._wrong(fine, [number], 0)
        return unsure

    def _with_more_digits(self, beside: _Beside, dtype: Any, higher: list[Array]) -> _Beside | None:
        """The most different entries in higher precision, the others as if they agreed; None where there is none."""
        claimed = beside.probes.of(higher[beside.probes.leaf])
        order = np.argsort(-np.abs(claimed.astype(float) - beside.measured))[:ASKED].tolist()
        asked = [number for number in order if number not in beside.kinks]
        measured = claimed.copy()
        for number in asked:
            true = self._measured_higher(beside, number, dtype)
            if true is None:
                return None
            measured[number] = true
        bars = _allowed(beside.probes, higher, self._spread_of_higher(dtype, higher), FIRST_FACTOR)
        if beside.by_complex:
            at = with_digits(self._measurer.at, dtype)
            for number in np.flatnonzero(np.abs(claimed - measured) > bars).tolist():
                bars[number] += FACTOR * self._measurer.complex_error(beside.probes, number, 4, at)
        else:
            # Differences in long double are that much sharper.
            bars += beside.errors / (DOUBLE if dtype == np.longdouble else 1)
        shown = replace(beside.shown, largest=float(np.max(np.abs(measured))))
        return replace(beside, shown=shown, claimed=claimed, measured=measured, bars=bars)

    def _spread_of_higher(self, dtype: Any, higher: list[Array]) -> list[Array]:
        if self._higher_spread is None:
            at, over = with_digits(self._subject.at, dtype), with_digits(self._cotangents, dtype)
            self._higher_spread = spread(self._subject, at, over, higher, FIRST_DRAWS, self._rng)
        return self._higher_spread

    def _nearby(self, beside: _Beside, number: int, gap: float, dtype: Any = None) -> list[float]:
        """The differences at points nearby, as multiples of the one here."""
        ratios = []
        for near in self._measurer.neighbours(NEIGHBOURS, close=dtype is not None):
            at = near if dtype is None else with_digits(near, dtype)
            claimed = self._claimed_at(at, beside.probes, number)
            true = self._measurer.slope_at(beside.probes, number, at, by_complex=beside.by_complex)
            if claimed is None or true is None:
                continue
            ratios.append(float(claimed - true) / gap)
        return ratios

    def _claimed_at(self, at: Sequence[Array], probes: Probes, number: int) -> Any:
        try:
            found = self._subject.claimed(at, self._cotangents)
        except Exception:
            # What cannot be computed there says nothing.
            return None
        return probes.of(found[probes.leaf])[number]


def _allowed(probes: Probes, claimed: list[Array], spread_of: list[Array], factor: float) -> Array:
    """The error bars of claimed slopes: what they moved by, their last unit, and what underflows."""
    given = claimed[probes.leaf]
    limits = np.finfo(given.dtype)
    unit = float(limits.eps) * np.abs(given).astype(float) + max(float(limits.tiny), _TINY)
    return probes.sizes(factor * (spread_of[probes.leaf] + unit)).astype(float)


def _is_same(ratios: list[float]) -> bool:
    """Whether a difference is about the same at points nearby: rounding would be another at each."""
    agreeing = sum(0.5 <= ratio <= 2.0 for ratio in ratios)
    return agreeing >= AGREEING * len(ratios) / NEIGHBOURS


def _typical(values: Array) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=float)))) if values.size else 0.0
