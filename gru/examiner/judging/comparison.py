"""Two blocks of numbers beside each other: how far they are apart, at which step, and the entries that show it.

It knows no equation and no verdict.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.outcome import Block, Comparison, Entry

LARGEST_SHOWN = 64
"""Entries of a block that is kept whole."""


SHOWN_ENTRIES = 3
"""How many entries of a wrong block are shown: enough to see a pattern, few enough to read."""


_SMALLEST = np.finfo(float).tiny


def agree(own: Array, truth: Array, limits: Array) -> bool:
    """Whether two blocks are as near to each other as `compare` asks, at every step."""
    return bool((distances(own, truth) <= limits).all())


def compare(own: Array, truth: Array, limits: Array, largest: Array | None = None) -> Comparison:
    """Two blocks, (steps, rows, columns) or (rows, columns), at the step where they are furthest apart.

    `truth` and `limits` may leave the steps out, where they are the same for all. NaN never agrees
    with anything, and is furthest of all. `largest` is the largest entry of `truth` at every step, where it is known.
    """
    errors = distances(own, truth)
    step = _furthest(errors, limits) if errors.ndim else None
    at = () if step is None else (step,)
    own, truth = own[at], truth[at] if truth.ndim > 2 else truth
    comparison = Comparison(
        error=float(errors[at]),
        limit=float(limits[at] if limits.ndim else limits),
        largest=float(np.abs(truth).max() if largest is None else largest[at]),
        step=step,
    )
    if comparison.agrees:
        return comparison
    return replace(comparison, entries=partial(_entries, own, truth), block=partial(_block, own, truth))


def _furthest(errors: Array, limits: Array) -> int:
    """The step at which the error is largest in units of its limit."""
    if len(errors) == 1:
        return 0
    with np.errstate(over="ignore"):
        return int((errors / np.maximum(limits, _SMALLEST)).argmax())


def distances(own: Array, truth: Array) -> Array:
    """The largest difference of two blocks at every step; NaN where either holds one."""
    with np.errstate(invalid="ignore"):
        errors: Array = np.maximum.reduce(np.abs(own - truth), axis=(-2, -1))
    return errors


def _entries(own: Array, truth: Array) -> tuple[Entry, ...]:
    """The entries furthest apart, the furthest first; NaN is furthest of all."""
    with np.errstate(invalid="ignore"):
        apart = np.nan_to_num(np.abs(own - truth), nan=np.inf)
    furthest = np.argsort(-apart, axis=None, kind="stable")[:SHOWN_ENTRIES]
    places = (tuple(int(i) for i in np.unravel_index(int(position), apart.shape)) for position in furthest)
    return tuple(Entry(place, float(own[place]), float(truth[place])) for place in places)


def _block(own: Array, truth: Array) -> Block | None:
    """The whole of two blocks, where they are larger than one entry and small enough to be looked at."""
    if own.shape != truth.shape or own.ndim != 2 or not 1 < own.size <= LARGEST_SHOWN:
        return None
    return Block(*(tuple(tuple(map(float, row)) for row in array) for array in (own, truth)))
