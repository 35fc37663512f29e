"""The verdict on one argument: two error bars, and a second look at whatever is beyond them."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient import kinks, likeness
from gru.gradient.beside import HIDDEN, Beside, largest, typical
from gru.gradient.claim import FACTOR, FIRST_FACTOR, Claim, Higher
from gru.gradient.differences import Slope
from gru.gradient.measure import Measurer
from gru.gradient.outcome import Comparison
from gru.gradient.probe import Probes
from gru.gradient.rounding import with_digits
from gru.gradient.subject import Subject

UNSURE = ("unverified", "fixed", "meeting", "underflow")
"""Why of a single entry nothing can be said."""

SUSPECTS = 12
"""Entries that get a second look: the most suspicious ones."""

SHRINKS = 16
"""Rounding falls by 2¹¹ from double to long double, and by 2²⁹ from single to double; a mistake stays as it is. A
little of that is asked for, in case some of the arithmetic goes on in less."""

ASKED = 48
"""Entries that are measured in higher precision: the most different ones."""

NEIGHBOURS, AGREEING = 8, 6
"""A mistake is about the same a little further on; rounding is another at each point, of either sign. Half of the draws
have the other sign, so that six of eight come within a factor of two of the first less than once in seven times, and
the first is an extreme: of a Gaussian three deviations out, less than once in 10⁶."""

ROUNDED = 2.0**10
"""Slopes that are zero by algebra are computed as what rounding leaves of a sum, of some hundred terms at most. Beside
|function|/|argument| they then are no more than so many units in the last place."""

NOTHING = 1e-6
"""In higher precision they are zero where they are this much smaller and within their error bars still."""


class Judge:
    """Judges leaf by leaf."""

    def __init__(self, subject: Subject, claim: Claim, measurer: Measurer) -> None:
        self._subject, self._claim, self._measurer = subject, claim, measurer

    def comparison(self, probes: Probes, label: str) -> Comparison:
        """The verdict on one leaf."""
        given = self._claim.values[probes.leaf]
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
            largest=largest(measured, errors),
            typical=typical(given),
        )
        claimed = probes.of(given.astype(np.result_type(given.dtype, np.float64), copy=False)).astype(float)
        beside = Beside(probes, shown, claimed, measured, errors, verified, errors)
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
        place = f"{label}{list(probes.index(int(np.argmin(finite)))) or ''}"
        why = f"raises {type(failed).__name__}: {failed}" if failed is not None else "is not finite"
        raise ValueError(f"the function {why}, wherever {place} is moved: give a point around which it can be computed")

    def _judged(self, beside: Beside) -> Comparison:
        for bars in (self._claim.least_bars, self._claim.bars, self._more_bars):
            beside.bars = bars(beside.probes) + beside.errors
            if beside.is_clear:
                return self._clear(beside)
        return self._second_look(beside)

    def _more_bars(self, probes: Probes) -> Array:
        self._claim.draw_more()
        return self._claim.bars(probes)

    def _clear(self, beside: Beside) -> Comparison:
        """What is right, with the kinks told at which differences from both sides happen to agree with the claim."""
        if beside.probes.leaf in self._measurer.kinked:
            # At a tie a complex step, too, takes a side, and for each entry the one that it likes.
            off = kinks.wrong_beside(self._measurer, self._claim, beside, [])
            if off is not None:
                return self._wrong(beside, [off], 0)
        asked = not beside.by_complex and beside.probes.along is None
        at_zero: list[int] = np.flatnonzero(beside.probes.value == 0)[:SUSPECTS].tolist() if asked else []
        kink = [n for n in at_zero if self._measurer.kink(beside.probes, n) is not None]
        return replace(beside.at(beside.worst()), kinks=tuple(beside.probes.index(n) for n in kink))

    def _is_nothing(self, beside: Beside, claim: Claim | Higher, share: float) -> bool:
        """Whether slopes are zero within error bars that are small beside |function|/|argument|, by this share.

        What is claimed is below its own rounding then, or as numbers below one of the function over the argument: a
        claim that is more is hidden, and not zero.
        """
        one = float(np.finfo(beside.shown.dtype).eps) * self._natural(beside) if self._claim.is_fixed else 0.0
        if np.max(np.abs(beside.claimed)) > max(one, np.max(claim.bars(beside.probes))):
            return False
        return beside.shown.largest <= float(np.max(beside.bars)) <= share * self._natural(beside)

    def _natural(self, beside: Beside) -> float:
        return abs(float(self._measurer.base)) / beside.probes.scale

    def _second_look(self, beside: Beside) -> Comparison:
        found = self._looked_at(beside, SUSPECTS)
        if "kink" in found.values() and set(found.values()) <= {"kink", "cleared"}:
            # One kink says nothing of the next, and a mistake may be smaller than the jump of a right one.
            found |= self._looked_at(beside, len(beside.probes), found)
        wrong = [number for number, verdict in found.items() if verdict == "wrong"]
        on_kink = [number for number, verdict in found.items() if verdict == "kink"]
        unsure = [(number, verdict) for number, verdict in found.items() if verdict in UNSURE]
        if "dropped" in found.values():
            return self._judged(self._by_differences(beside))
        if wrong:
            return self._wrong(beside, wrong, len(on_kink))
        if unsure:
            number, reason = unsure[0]
            return beside.at(number, verdict="cannot_tell", reason=reason)
        if on_kink:
            off = kinks.wrong_beside(self._measurer, self._claim, beside, on_kink)
            if off is not None:
                return self._wrong(beside, [off], 0)
            beside = beside.without(on_kink)
            if len(beside.kinks) == len(beside.probes) or beside.is_clear:
                return beside.at(on_kink[0], reason="kink")
        beside.bars = np.maximum(beside.bars, beside.gap)
        return beside.at(beside.worst()) if beside.is_clear else self._in_higher_precision(beside)

    def _by_differences(self, beside: Beside) -> Beside:
        """The same with slopes that are measured by differences."""
        measured, errors = self._measurer.all_by_differences(beside.probes)
        shown = replace(beside.shown, method="differences", largest=largest(measured, errors))
        return Beside(beside.probes, shown, beside.claimed, measured, errors, True, errors)

    def _looked_at(self, beside: Beside, most: int, known: Collection[int] = ()) -> dict[int, str]:
        """The verdict on entries that are suspicious: beyond their error bars, or with bars that hide too much."""
        gap = beside.gap
        beyond = np.flatnonzero(gap > beside.bars)
        blurred = np.flatnonzero((gap <= beside.bars) & (beside.bars > HIDDEN * beside.shown.largest))
        found: dict[int, str] = {}
        for number in blurred[np.argsort(-beside.bars[blurred])][:most].tolist():
            if number in known:
                continue
            # At a kink a gradient jumps when its inputs are nudged.
            sides = self._measurer.kink(beside.probes, number)
            if sides is not None and kinks.blurs(sides, beside, number):
                found[number] = kinks.judged(self._measurer, self._claim, beside, number, sides)
        by_ratio = beyond[np.argsort(-beside.excess[beyond])][:most]
        by_size = beyond[np.argsort(-gap[beyond])][:4]
        for number in dict.fromkeys([*by_size.tolist(), *by_ratio.tolist()]):
            if number in known:
                continue
            found[number] = self._verdict_of(beside, number)
            if list(found.values()).count("wrong") == 2 or found[number] == "dropped":
                break
        return found

    def _wrong(self, beside: Beside, wrong: list[int], on_kink: int) -> Comparison:
        gap, bars = beside.gap, beside.bars
        first = max(wrong, key=lambda number: float(gap[number]))
        # Entries whose difference is lost beside the one that is shown are not counted.
        count = max(len(wrong), int(np.sum(gap > np.maximum(bars, gap[first] * 2.0**-40))) - on_kink)
        pattern = likeness.of_one(self._subject, beside)
        if first in beside.moved:
            pattern = "lies between the slopes of a kink here, and is compared a little beside it"
        return beside.at(first, verdict="wrong", reason="value", wrong=count, pattern=pattern)

    def _verdict_of(self, beside: Beside, number: int) -> str:
        """`wrong`, `kink`, one of `UNSURE`, `dropped` (by a complex step), or `cleared`.

        The measured slope and its bar may be made better on the way.
        """
        probes = beside.probes
        sides = self._measurer.kink(probes, number)
        if sides is not None and sides.hold(float(beside.claimed[number])):
            return "kink"
        if beside.by_complex:
            # On a kink a complex step jumps from side to side: that is no rounding.
            moves = 0.0 if sides is not None else self._measurer.complex_error(probes, number, 4)
            beside.bars[number] += FACTOR * moves
        else:
            self._sharpen(beside, number)
        gap = float(beside.claimed[number] - beside.measured[number])
        if not abs(gap) > beside.bars[number]:
            return "cleared"
        if beside.is_of_a_solver(number, gap):
            return "cleared"
        if self._underflows(beside, number, gap):
            return "underflow"
        if beside.by_complex:
            witness = self._measurer.slope(beside.probes, number)
            own = float(self._claim.bars(beside.probes)[number])
            if not abs(beside.claimed[number] - witness.value) > witness.error + own:
                # No value of the function shows the difference.
                if abs(beside.measured[number] - witness.value) > beside.bars[number] + witness.error:
                    return "dropped"
                if not (beside.verified or self._measurer.trusted):
                    return "fixed" if self._claim.is_fixed else "unverified"
                if abs(gap) <= HIDDEN * beside.shown.largest:
                    # An iteration that ends once its real part stands still has a complex step that is off by as much.
                    return "cleared"
        if self._claim.is_fixed:
            on_kink = "wrong" if sides is None else kinks.judged(self._measurer, self._claim, beside, number, sides)
            return on_kink if on_kink != "wrong" else self._verdict_of_numbers(beside, number, abs(gap))
        if not self._is_same_in_higher_precision(beside, number, gap):
            return "cleared"
        if sides is not None:
            return kinks.judged(self._measurer, self._claim, beside, number, sides)
        near = self._nearby(beside, number, gap)
        if near and all(abs(one.value) <= one.error + HIDDEN * abs(gap) for one in near):
            # Right at every point nearby: the point itself is the exception.
            return "kink"
        return "wrong" if _is_same(near, gap) else "cleared"

    def _verdict_of_numbers(self, beside: Beside, number: int, gap: float) -> str:
        """The same where the claim cannot be run again: its rounding is told from how the derivative is conditioned."""
        beside.bars[number] += FACTOR * self._measurer.conditioning(
            beside.probes, number, 4, by_complex=beside.by_complex
        )
        eps = max(float(np.finfo(beside.shown.dtype).eps), self._measurer.precision)
        if gap <= max(beside.bars[number], eps**0.5 * beside.shown.largest):
            return "cleared"
        return "fixed" if gap <= ROUNDED * eps * self._natural(beside) else "wrong"

    def _underflows(self, beside: Beside, number: int, gap: float) -> bool:
        """Whether a difference would change the function by less than the smallest number, moved as far as it is."""
        moved = beside.weights[number] if beside.probes.along is None else beside.probes.scale
        kinds = [np.asarray(self._measurer.base).dtype, *(value.dtype for value in self._subject.at)]
        return bool(abs(gap) * moved < max(np.finfo(kind).tiny for kind in kinds))

    def _sharpen(self, beside: Beside, number: int) -> None:
        """Measure one slope by differences over all steps, where a few of them were taken."""
        if beside.by_complex or number in beside.sharp:
            return
        beside.sharp.add(number)
        better = self._measurer.slope(beside.probes, number)
        if better.error < beside.errors[number]:
            beside.measured[number], beside.errors[number] = better
            beside.bars[number] = better.error + self._claim.bars(beside.probes)[number]

    def _is_same_in_higher_precision(self, beside: Beside, number: int, gap: float) -> bool:
        """Whether a difference stays when all is computed with more digits. True where that cannot be had."""
        higher = self._claim.higher
        true = None if higher is None else self._measured_higher(beside, number, higher.dtype)
        if higher is None or true is None:
            return True
        return bool(abs(float(higher.of(beside.probes)[number] - true.value)) > abs(gap) / SHRINKS)

    def _measured_higher(self, beside: Beside, number: int, dtype: Any) -> Slope | None:
        """The slope measured in a higher precision than the claimed gradient has; None if it cannot be had."""
        probes, measurer = beside.probes, self._measurer
        at = with_digits(measurer.at, dtype)
        if beside.by_complex:
            slope = measurer.complex.slope(probes, number, at)
            return None if slope is None else Slope(slope, 0.0)
        if dtype == np.float64:
            self._sharpen(beside, number)
            return Slope(beside.measured[number], float(beside.errors[number]))
        if np.asarray(measurer.value(at)).dtype != dtype:
            return None
        found = measurer.slope(probes, number, at)
        return found if np.isfinite(found.error) else None

    def _in_higher_precision(self, beside: Beside) -> Comparison:
        """The verdict where rounding hides what the formula is: the same formula with more digits, if it can be had."""
        higher = self._claim.higher
        fine = None if higher is None else self._with_more_digits(beside, higher)
        if higher is not None and fine is not None:
            if fine.is_clear or self._is_nothing(fine, higher, NOTHING):
                return beside.at(beside.worst())
            for number in np.argsort(-fine.gap)[:4].tolist():
                gap = float(fine.claimed[number] - fine.measured[number])
                shows = abs(gap) > max(float(fine.bars[number]), HIDDEN * fine.shown.largest)
                if shows and _is_same(self._nearby(fine, number, gap, higher.dtype), gap):
                    return self._wrong(fine, [number], 0)
        if self._is_nothing(beside, self._claim, ROUNDED * float(np.finfo(beside.shown.dtype).eps)):
            return beside.at(beside.worst())
        widest = int(np.argmax(beside.bars))
        is_of_claim = beside.errors[widest] < beside.bars[widest] / 2
        return beside.at(widest, verdict="cannot_tell", reason="rounded claim" if is_of_claim else "rounding")

    def _with_more_digits(self, beside: Beside, higher: Higher) -> Beside | None:
        """The most different entries in higher precision, the others as if they agreed; None where there is none."""
        claimed = higher.of(beside.probes)
        order = np.argsort(-np.abs(claimed.astype(float) - beside.measured))[:ASKED].tolist()
        asked = [number for number in order if number not in beside.kinks]
        measured, errors = claimed.copy(), np.zeros(len(claimed))
        for number in asked:
            true = self._measured_higher(beside, number, higher.dtype)
            if true is None:
                return None
            measured[number], errors[number] = true
        bars = self._higher_bars(beside, higher, claimed)
        if beside.by_complex:
            at = with_digits(self._measurer.at, higher.dtype)
            for number in np.flatnonzero(np.abs(claimed - measured) > bars).tolist():
                bars[number] += FACTOR * self._measurer.complex_error(beside.probes, number, 4, at)
        bars += errors
        shown = replace(beside.shown, largest=largest(measured, errors), dtype=np.dtype(higher.dtype).name)
        return replace(beside, shown=shown, claimed=claimed, measured=measured, bars=bars, errors=errors)

    def _higher_bars(self, beside: Beside, higher: Higher, claimed: Array) -> Array:
        """What a claim is rounded by in a higher precision.

        An estimate that falls with the precision is one of rounding; a few draws may miss what more of them showed in
        the own one. One that does not fall is of a comparison that inexact arithmetic decides otherwise; then what the
        own precision rounds, which is seen now, is more than enough.
        """
        bars, own = higher.bars(beside.probes), self._claim.bars(beside.probes)
        given = float(np.finfo(beside.shown.dtype).eps)
        eps = max(given, self._measurer.precision)
        seen = np.abs(claimed.astype(float) - beside.claimed) + FIRST_FACTOR * eps * np.abs(beside.claimed)
        fallen = own * float(np.finfo(higher.dtype).eps) / given
        return np.where(bars <= own / SHRINKS, np.maximum(bars, fallen), np.minimum(bars, seen))

    def _nearby(self, beside: Beside, number: int, gap: float, dtype: Any = None) -> list[Slope]:
        """The differences at points nearby, with what they may be off by."""
        change = max(abs(gap), abs(float(beside.measured[number]))) / 4
        measured = self._measurer.nearby(beside.probes, number, NEIGHBOURS, change, dtype, by_complex=beside.by_complex)
        near = []
        for at, true in measured:
            claimed = self._claim.near(at, beside.probes)
            if claimed is not None:
                near.append(Slope(float(claimed[number] - true.value), true.error))
        return near


def _is_same(near: list[Slope], gap: float) -> bool:
    """Whether a difference is about the same at points nearby: rounding would be another at each."""
    agreeing = sum(0.5 <= one.value / gap <= 2.0 for one in near)
    return agreeing >= AGREEING * len(near) / NEIGHBOURS
