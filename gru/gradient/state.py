"""What a function or its gradient does beside computing: changes its arguments, keeps state, is random."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from gru.gradient.outcome import StateFinding
from gru.gradient.rounding import draw, nudged
from gru.gradient.subject import Subject
from gru.gradient.tree import leaves

MORE = 6
"""The number of calls that tells random results from kept state: a coin gives the same result six more times in one
case of 64."""

INEXACT = 4
"""Runs in inexact arithmetic that show whether anything is computed. Of 1 − 1 a run shows nothing in one case of nine,
as both numbers may be left alone or moved alike."""


def findings(
    subject: Subject, cotangents: Sequence[Any], first: list[Any], kept: list[Any], rng: np.random.Generator
) -> list[StateFinding]:
    """What is found by calling both again; `first` is what the gradient returned at first, and `kept` a copy of it."""
    found = [] if subject.is_fixed else _of_gradient(subject, cotangents, first, kept)
    before, more = _watched(subject, "function", subject.outputs_of, ())
    found += more
    values = [np.array(one) for one in before]
    if not _same(values, subject.outputs(subject.at)):
        found.append(StateFinding("random", "function"))
    else:
        with suppress(Exception):
            subject.outputs(nudged(subject.at, rng))
        if not _same(values, subject.outputs(subject.at)):
            found.append(StateFinding(_after_others(lambda: subject.outputs(subject.at)), "function"))
    return found


def further(subject: Subject) -> list[Any]:
    """Other arguments of about the same size; what is zero moves too, as far as the others of its array are from it."""
    return [(v + np.where(v == 0, _usual(v), np.abs(v)) / 8).astype(v.dtype) for v in subject.at]


def is_constant(subject: Subject, cotangents: Sequence[Any], claimed: Sequence[Any], rng: np.random.Generator) -> bool:
    """Whether the gradient is the same, to the last digit, for other arguments and in inexact arithmetic.

    A gradient that is 0 = 1 − 1 far and wide, as that of a saturated function, is computed.
    """

    def is_same(other: Sequence[Any]) -> bool:
        return all(np.array_equal(a, b) for a, b in zip(claimed, other, strict=True))

    try:
        if not is_same(subject.claimed(further(subject), cotangents)):
            return False
    except Exception:
        return False
    drawn = (draw(subject, subject.at, cotangents, 1, rng) for _ in range(INEXACT))
    return all(found is None or is_same(found) for found in drawn)


def _of_gradient(subject: Subject, cotangents: Sequence[Any], first: list[Any], kept: list[Any]) -> list[StateFinding]:
    found: list[StateFinding] = []
    again, more = _watched(subject, "gradient", lambda built: subject.claimed_of(built, cotangents), cotangents)
    found += more
    found += _memory(first, again)
    again = [np.array(one) for one in again]
    third = subject.claimed(subject.at, cotangents)
    if not _same(kept, again) or not _same(again, third):
        varies = not _same(again, third) and not _same(kept, again)
        accumulates = varies and _steady([kept, again, third])
        kind = "adds-up" if accumulates else "random" if varies else "second-call"
        found.append(StateFinding(kind, "gradient"))
    else:
        with suppress(Exception):
            subject.claimed(further(subject), cotangents)
        if not _same(kept, subject.claimed(subject.at, cotangents)):
            found.append(StateFinding(_after_others(lambda: subject.claimed(subject.at, cotangents)), "gradient"))
    return found


def _after_others(call: Callable[[], list[Any]]) -> str:
    """What it is that gives another result after other calls: what is random may have given the same twice."""
    last = [np.array(one) for one in call()]
    return "order-of-calls" if all(_same(last, call()) for _ in range(MORE)) else "random"


def _watched(
    subject: Subject, who: str, call: Callable[[list[Any]], Any], cotangents: Sequence[Any]
) -> tuple[Any, list[StateFinding]]:
    """A call's result, and what it does to its arguments and cotangents, or hands out of them."""
    built = subject.arguments_at(subject.at)
    given = [leaf for tree, name in zip(built, subject.names, strict=True) for leaf in leaves(tree, name)]
    arrays = [leaf for leaf in given if isinstance(leaf.value, np.ndarray)]
    before = [leaf.value.copy() for leaf in arrays]
    kept = [np.array(one) for one in cotangents]
    result = call(built)
    found = [
        StateFinding("changes-argument", who, leaf.name)
        for leaf, old in zip(arrays, before, strict=True)
        if not np.array_equal(leaf.value, old, equal_nan=old.dtype.kind in "fc")
    ]
    for one, old in zip(cotangents, kept, strict=True):
        if not np.array_equal(one, old):
            found.append(StateFinding("changes-cotangent", who))
            one[...] = old
    for leaf in arrays if who == "gradient" else ():
        if any(isinstance(one, np.ndarray) and np.shares_memory(one, leaf.value) for one in result):
            found.append(StateFinding("returns-argument", who, leaf.name))
    return result, found


def _memory(first: Sequence[Any], again: Sequence[Any]) -> list[StateFinding]:
    shared = any(
        isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.shares_memory(a, b)
        for a, b in zip(first, again, strict=True)
    )
    return [StateFinding("returns-buffer", "gradient")] if shared else []


def _same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two runs agree to some roundings of the largest entry: where an array lies in memory may change them."""
    for a, b in zip(one, other, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape:
            return False
        if np.array_equal(a, b, equal_nan=True):
            continue
        scale = float(np.max(np.abs(a), initial=0.0))
        if not np.max(np.abs(a - b), initial=0.0) <= 2.0**10 * np.finfo(np.result_type(a, np.float32)).eps * scale:
            return False
    return True


def _steady(runs: Sequence[Sequence[Any]]) -> bool:
    """Whether the runs differ by the same amount each time, as what is added up does."""
    first, second, third = runs
    steps = [np.asarray(b) - np.asarray(a) for a, b in zip(first, second, strict=True)]
    return _same(steps, [np.asarray(b) - np.asarray(a) for a, b in zip(second, third, strict=True)])


def _usual(value: Any) -> float:
    """The usual size of an array's numbers, 1 where all are zero."""
    return (float(np.sqrt(np.mean(np.square(value, dtype=float)))) if value.size else 0.0) or 1.0
