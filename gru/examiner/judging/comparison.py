"""Two blocks of numbers beside each other: how far they are apart, at which step, and the entries that show it.

It knows no equation and no verdict.
"""

from collections.abc import Iterator, Mapping
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
    errors = distances(own, truth)
    return bool(((errors <= limits) | (errors == 0)).all())


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
    return comparison if comparison.agrees else _with_entries(comparison, own, truth)


def _with_entries(comparison: Comparison, own: Array, truth: Array) -> Comparison:
    return comparison._replace(entries=partial(_entries, own, truth), block=partial(_block, own, truth))


class Standard:
    """True blocks by name, laid out one after the other, so that many are compared with them at once.

    They are those of several problems of the same sizes, which are on the first axis.

    Args:
        truth: The blocks, (problems, steps, rows, columns) or (problems, rows, columns).
        limits: The limit on each at every step, (problems, steps) or (problems,).
        largest: The largest entry of each at every step.
    """

    def __init__(self, truth: Mapping[str, Array], limits: Mapping[str, Array], largest: Mapping[str, Array]) -> None:
        self._truth, self._steps = truth, [block.shape[1] if block.ndim > 3 else 1 for block in truth.values()]
        rows = [block.reshape(len(block), -1) for block in truth.values()]
        self._flat = np.concatenate(rows, axis=1)
        sizes = [row.shape[1] // steps for row, steps in zip(rows, self._steps, strict=True)]
        self._begins = np.concatenate([[0], np.repeat(sizes, self._steps).cumsum()[:-1]])
        self._limits, self._largest = (self._at_every_step(at) for at in (limits, largest))

    def _at_every_step(self, at: Mapping[str, Array]) -> Array:
        rows = ((at[name].reshape(len(self._flat), -1), n) for name, n in zip(self._truth, self._steps, strict=True))
        return np.concatenate([row if row.shape[1] == n else row.repeat(n, axis=1) for row, n in rows], axis=1)

    def compare(self, place: int, own: Mapping[str, Array], slack: float = 1.0) -> Iterator[tuple[str, Comparison]]:
        """Each block beside the true one of the problem at this place, as `compare` does it.

        The limits are multiplied by `slack`.
        """
        flat = np.concatenate([own[name] for name in self._truth], axis=None)
        with np.errstate(invalid="ignore", over="ignore"):
            errors = np.maximum.reduceat(np.abs(flat - self._flat[place]), self._begins)
            limits = slack * self._limits[place]
            relative = errors / np.maximum(limits, _SMALLEST)
        numbers, begin = (errors.tolist(), limits.tolist(), self._largest[place].tolist()), 0
        for (name, truth), steps in zip(self._truth.items(), self._steps, strict=True):
            step = int(relative[begin : begin + steps].argmax()) if steps > 1 else 0
            error, limit, largest = (at[begin + step] for at in numbers)
            begin += steps
            comparison = Comparison(error, limit, largest, step if truth.ndim > 3 else None)
            if not error <= limit:
                blocks = (own[name], truth[place])
                comparison = _with_entries(comparison, *((b[step] for b in blocks) if truth.ndim > 3 else blocks))
            yield name, comparison


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
