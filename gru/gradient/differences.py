"""The slope of a function of one number at zero, by differences, with a bound on its error.

Nothing is known of the function: not its scale, not what it rounds. So central differences are taken over a wide
range of steps, extrapolated, and the coarsest estimate is taken that agrees with every finer one (Lepski's rule):
a finer one has more rounding and less of everything else.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import comb
from typing import Any, NamedTuple

import numpy as np

Line = Callable[[float], Any]
"""t ↦ f(x + t·d), a real NumPy scalar of any precision; NaN where f cannot be had."""

RATIO = 4.0
"""Between a step and the next. Extrapolation then takes 16/15 and 256/255: no error grows by more than 15 %."""

DEVIATIONS = 6.0
"""How many standard deviations of its rounding a difference of two values is allowed. The rounding of one value is
no more than √3 of them where it is spread evenly, so that two make 2√3; the rest is for the estimate of the deviation,
which is made of a dozen values."""

POINTS = 13
ORDERS = (3, 4, 5, 6)
SMOOTH = 64.0
"""Points and orders of the differences from which rounding is estimated (Moré and Wild, 2011); and how far, in
deviations, a value has to be from the next so that it is change that is seen and not rounding."""

NATURAL = 1e-6
"""How much of a one-sided slope the rounding of a claimed one may be, where it jumps and cannot be nudged."""

SPACINGS = (2.0**-32, 2.0**-20, 2.0**-9)
"""Distances, relative to the arguments, of the points from which rounding is estimated. The second is above the spacing
of single precision, in which a function may compute whatever it is given; the third, which is asked where nothing moves
at the others, is above that of half precision."""

NEARER = 2.0**-44
"""The distance at which a steep function is smooth, if anywhere: some hundred numbers of double precision."""

FURTHER = 2.0**-14
"""How much smaller steps become, where at the smallest ones nothing is known yet: down to such distances."""

KINK = 0.5
"""One-sided slopes of a smooth function differ by an amount that falls with the step, to a quarter; at a kink it stays.
This is halfway between the two ratios, in logarithms."""


class Slope(NamedTuple):
    """A measured slope and the bound on its error."""

    value: float
    error: float


class _Seen(NamedTuple):
    """What values at equal distances show: what they are rounded by, whether they change smoothly, or stay the same."""

    deviation: float
    is_smooth: bool
    is_still: bool


def rounding(line: Line) -> float:
    """The standard deviation of what the values along `line` are rounded by; 0 where they are the same everywhere.

    Where they change smoothly from point to point, points further apart would only show what the function does between
    them. Where they change and not smoothly, that is no rounding if they do so nearer by: the function is that steep.
    """
    found = 0.0
    for spacing in SPACINGS:
        seen = _seen(line, spacing)
        if seen is None:
            continue
        if spacing == SPACINGS[0] and not (seen.is_smooth or seen.is_still):
            nearer = _seen(line, NEARER)
            if nearer is not None and nearer.is_smooth:
                return nearer.deviation
        found = max(found, seen.deviation)
        if seen.is_smooth or (found and spacing == SPACINGS[1]):
            break
    return found


def _seen(line: Line, spacing: float) -> _Seen | None:
    """What points so far apart show, by differences of high order: these leave nothing of a smooth function.

    The median over the places, so that one kink among them is not seen. None where a value cannot be had.
    """
    values = np.array([line(spacing * (k - POINTS // 2)) for k in range(POINTS)])
    if not np.isfinite(values).all():
        return None
    change = np.median(np.abs(np.diff(values)))
    # The median of a Gaussian's size is 0.6745 deviations; order k enlarges a deviation by √C(2k, k).
    table = ((order, np.median(np.abs(np.diff(values - values[0], order)))) for order in ORDERS)
    deviation = min(float(size) / (0.6745 * comb(2 * order, order) ** 0.5) for order, size in table)
    return _Seen(deviation, bool(change > SMOOTH * deviation), not change)


def slope(line: Line, top: float, bottom: float, deviation: float) -> Slope:
    """The slope at zero, from steps between `top` and `bottom`; `deviation` is what a value is rounded by.

    Where more is unknown than what rounding makes of the smallest step, the function is steeper than that step, and
    smaller ones are taken.
    """
    found = _two(line, top, bottom, deviation)
    if found.error <= DEVIATIONS * deviation / bottom:
        return found
    finer = _two(line, bottom, bottom * FURTHER, deviation)
    return finer if finer.error < found.error else found


def _two(line: Line, top: float, bottom: float, deviation: float) -> Slope:
    """The better one of two sequences that share no step; their distance is part of the bound."""
    first, second = _one(line, top, bottom, deviation), _one(line, 0.7 * top, 0.7 * bottom, deviation)
    better = first if first.error <= second.error else second
    apart = abs(first.value - second.value)
    return better._replace(error=better.error + (apart if np.isfinite(apart) else np.inf))


def _one(line: Line, top: float, bottom: float, deviation: float) -> Slope:
    """One sequence of steps, extrapolated; infinite error where the finest three drift apart, or are none."""
    steps = [top]
    while steps[-1] / RATIO >= bottom or len(steps) < 3:
        steps.append(steps[-1] / RATIO)
    differences = [(line(step) - line(-step)) / (2 * step) for step in steps]
    best = Slope(float("nan"), float("inf"))
    low, high = -np.inf, np.inf
    for j in range(len(steps) - 3, -1, -1):
        estimate = _extrapolated(differences[j : j + 3], DEVIATIONS * deviation / steps[j + 2])
        if not np.isfinite(estimate.error):
            # Not even the finest steps are below what the function does there: nothing is known of its slope.
            best = best if np.isfinite(best.error) else estimate
            break
        if estimate.value - estimate.error > high or estimate.value + estimate.error < low:
            break
        low, high = max(low, estimate.value - estimate.error), min(high, estimate.value + estimate.error)
        if estimate.error < best.error:
            best = estimate
    return best


def _extrapolated(differences: Sequence[Any], rounded: float) -> Slope:
    """Three central differences at falling steps, extrapolated to a step of zero: Ridders' tableau of two rows."""
    coarse, middle, fine = differences
    once = middle + (middle - coarse) / (RATIO**2 - 1)
    again = fine + (fine - middle) / (RATIO**2 - 1)
    twice = again + (again - once) / (RATIO**4 - 1)
    if not abs(fine - middle) <= max(abs(middle - coarse), rounded):
        # They drift apart, as where a kink is nearer than the steps: how far, nobody knows.
        return Slope(float(twice), float("inf"))
    error = max(abs(twice - again), abs(twice - fine) / RATIO)
    if 2 * RATIO * abs(fine - middle) > abs(middle - coarse):
        # They fall with the step, not with its square: the slope itself has a kink here.
        error = max(error, abs(twice - fine) + abs(fine - middle) / (RATIO - 1))
    return Slope(float(twice), float(error) + rounded)


def window(line: Line, step: float, deviation: float) -> Slope:
    """The slope from four steps down to `step` alone: for a scale that is known from another direction."""
    steps = [step * RATIO**k for k in (3, 2, 1, 0)]
    differences = [(line(h) - line(-h)) / (2 * h) for h in steps]
    rounded = DEVIATIONS * deviation / step
    coarse, fine = _extrapolated(differences[:3], rounded), _extrapolated(differences[1:], rounded)
    return Slope(fine.value, fine.error + abs(fine.value - coarse.value))


class Sides(NamedTuple):
    """The slopes to the left and to the right of zero, and the bound on the error of each."""

    left: float
    right: float
    error: float

    @property
    def jump(self) -> float:
        """How far the two slopes are apart."""
        return abs(self.right - self.left)

    def hold(self, slope: float) -> bool:
        """Whether a slope lies between the two, as far as they and it are known."""
        room = self.error + NATURAL * max(abs(self.left), abs(self.right), self.jump)
        return min(self.left, self.right) - room <= slope <= max(self.left, self.right) + room


def kink(line: Line, top: float, bottom: float, deviation: float) -> Sides | None:
    """The slopes on both sides of zero, where they differ at every step that shows; else None."""
    here, jumps = line(0.0), [0.0]
    best, before, step = Sides(0.0, 0.0, float("inf")), None, top
    while step >= bottom:
        left, right = (here - line(-step)) / step, (line(step) - here) / step
        jump = abs(float(right - left))
        if not np.isfinite(jump):
            step /= RATIO
            continue
        # Three values are rounded, the one in the middle twice.
        rounded = 2 * DEVIATIONS * deviation / step
        if not jump > rounded:
            if rounded < KINK * jumps[-1]:
                return None
            break
        if before is not None:
            moved = max(abs(float(left - before[0])), abs(float(right - before[1])))
            # A one-sided slope is off by an amount that falls with the step: by a third of the last change or less.
            if moved / (RATIO - 1) + rounded <= best.error:
                best = Sides(float(left), float(right), moved / (RATIO - 1) + rounded)
        before = left, right
        jumps.append(jump)
        step /= RATIO
    last = jumps[1:][-4:]
    constant = len(last) == 4 and all(after > KINK * earlier for earlier, after in pairwise(last))
    # Slopes that are not known apart are no kink, whatever is claimed between their bounds.
    return best if constant and best.error < best.jump else None
