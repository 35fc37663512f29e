"""What is claimed at a kink, where the slope depends on the side: whether it is a slope of either, or in between."""

from collections.abc import Iterable, Sequence

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient.beside import HIDDEN, Beside
from gru.gradient.claim import Claim
from gru.gradient.differences import Sides
from gru.gradient.measure import Measurer
from gru.gradient.probe import General, Probes

BETWEEN = 16
"""Points nearby at which it is seen whether one kink alone is there: at each the slope is that of one side. Where two
meet, all four slopes show; that 16 points show two of them only happens twice in 2¹⁶."""

BESIDE = 8
"""Points nearby at which a gradient that is right of one side or the other must be right once. Where the slopes of
both sides are as likely, one that is wrong of either is wrong at all of them."""

MOST = 12
"""Entries that are looked at there."""

NEAR = 2.0**-6
"""A slope is that of one side if it is nearer to it than this share of the jump: smooth parts change it a little."""

MEETING = 2.0**10
"""Of so many kinks that meet, slopes may be as many times as far apart as those that are seen at some points nearby."""


def blurs(sides: Sides, beside: Beside, number: int) -> bool:
    """Whether a kink explains that the error bar of an entry is wide: by no more than so many kinks that meet.

    What is within the two slopes is no mistake anyhow. Else what agrees with the measured slope is wrong of no side.
    """
    if sides.hold(float(beside.claimed[number])):
        return True
    agrees = beside.gap[number] <= beside.errors[number]
    return bool(not agrees and beside.bars[number] <= MEETING * (sides.jump + sides.error))


def judged(measurer: Measurer, claim: Claim, beside: Beside, number: int, sides: Sides) -> str:
    """`kink` where the claimed slope may be right: between those of both sides, or where several meet; or `wrong`.

    Where several meet, a gradient that is right of each may lie outside of the slopes of both sides. One that can be
    run again is looked at beside them then. Numbers cannot: outside of what is seen nearby they are `meeting`, of which
    nothing can be said. What is wrong is shown beside the nearest slope.
    """
    claimed = float(beside.claimed[number])
    if sides.hold(claimed):
        return "kink"
    near = NEAR * sides.jump + sides.error
    found = measurer.nearby(beside.probes, number, BETWEEN, np.inf, by_complex=beside.by_complex)
    sharp = [slope.value for _, slope in found if slope.error <= near]
    alone = all(min(abs(slope - sides.left), abs(slope - sides.right)) <= near for slope in sharp)
    seen = sides.left, sides.right, *sharp
    width = max(seen) - min(seen)
    outside = max(min(seen) - claimed, claimed - max(seen))
    if (alone and len(sharp) >= BETWEEN // 2) or outside > MEETING * width:
        beside.measured[number] = min(seen, key=lambda slope: abs(slope - claimed))
        beside.bars[number] = near
        return "wrong"
    return "kink" if outside <= width or not claim.is_fixed else "meeting"


def wrong_beside(measurer: Measurer, claim: Claim, beside: Beside, kinks: Sequence[int]) -> int | None:
    """An entry that is wrong beside the kinks, where one is at every point nearby: on a kink, or where there is none.

    What lies between the slopes of both sides need not be a gradient of any; and what is right at each kink by itself
    need not be so of all at once, as where a tie is given to nobody. The claimed and the measured slope of that entry
    are then replaced by those at one of these points.
    """
    general, every = General(beside.probes), range(len(beside.probes))
    shown: _Wrong | None = None
    for at in measurer.moved_by(BESIDE, measurer.far):
        shown = _wrong_at(measurer, claim, beside, beside.probes, kinks[:MOST], at)
        if shown is None and _wrong_at(measurer, claim, beside, general, (0,), at) is None:
            return None
    shown = shown or _wrong_at(measurer, claim, beside, beside.probes, every, at)
    if shown is None:
        return None
    number, beside.claimed[number], beside.measured[number], beside.bars[number] = shown
    beside.moved.add(number)
    return number


_Wrong = tuple[int, float, float, float]
"""The number of a probe, the claimed and the measured slope along it, and the error bar of both."""


def _wrong_at(
    measurer: Measurer, claim: Claim, beside: Beside, probes: Probes, numbers: Iterable[int], at: Sequence[Array]
) -> _Wrong | None:
    """The first of some probes along which the claimed slope is wrong at a point."""
    found = claim.near_with_bars(at, probes)
    if found is None:
        return None
    slopes, bars = found
    for number in numbers:
        true = measurer.slope_at(probes, number, at, by_complex=beside.by_complex)
        if true is None:
            continue
        room = float(bars[number]) + true.error
        if abs(slopes[number] - true.value) > room + HIDDEN * beside.shown.largest:
            return number, float(slopes[number]), true.value, room
    return None
