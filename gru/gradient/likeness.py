"""What the wrong gradient of a function looks like: one argument's by itself, and all of them beside each other.

It knows the arguments; `gru.gradient.pattern` knows none. It never judges.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import combinations

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient.beside import Beside
from gru.gradient.measure import Measurer
from gru.gradient.outcome import Comparison
from gru.gradient.pattern import NEAR, recognised
from gru.gradient.probe import General, Probes
from gru.gradient.subject import Pullback, Subject


def of_one(subject: Subject, beside: Beside) -> str | None:
    """The pattern of one argument's gradient, if every entry was measured and one is recognised."""
    if beside.probes.along is not None:
        return None
    at = dict(zip(subject.labels, subject.at, strict=True))
    lengths = dict.fromkeys((size for value in subject.at for size in value.shape), "the length of an axis")
    numbers = {label: float(value.flat[0]) for label, value in at.items() if value.size == 1}
    value = beside.probes.value
    return recognised(value, beside.claimed, beside.measured, beside.bars, lengths=lengths, numbers=numbers)


def of_all(
    subject: Subject,
    measurer: Measurer,
    cotangents: Sequence[Array],
    claimed: Sequence[Array],
    probes: Sequence[Probes],
    comparisons: Sequence[Comparison],
) -> Iterator[str]:
    """What shows of wrong gradients beside each other, or with another cotangent alone, as sentences."""
    wrong = [k for k, c in enumerate(comparisons) if c.reason == "value"]
    for one, other in combinations(wrong, 2):
        if _is_of(measurer, probes[other], claimed[one]) and _is_of(measurer, probes[one], claimed[other]):
            yield f"the gradients by {subject.labels[one]} and {subject.labels[other]} are in each other's place"
    if wrong and isinstance(subject, Pullback):
        with suppress(Exception):
            again = subject.claimed(subject.at, [-2 * one for one in cotangents])
            if all(np.array_equal(a, b) for a, b in zip(again, claimed, strict=True)):
                yield "the gradient is the same for another cotangent: it has to be multiplied by that"


def _is_of(measurer: Measurer, probes: Probes, claimed: Array) -> bool:
    """Whether a gradient is that by the leaf of these probes, along a general direction."""
    if claimed.shape != probes.value.shape:
        return False
    general = General(probes)
    slope = measurer.slope(general, 0)
    return bool(abs(general.of(claimed)[0] - slope.value) <= slope.error + NEAR * abs(slope.value))
