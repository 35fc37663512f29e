"""A wrong value that is made of the right one: by a function of each entry, or by moving the entries.

It names no formula, and judges nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.functions import sigmoid
from gru.examiner.diagnosis.read_off import ENOUGH, Guess, agrees, entries, eps
from gru.examiner.diagnosis.sample import Sample
from gru.examiner.fact import Fact

DECIMALS = range(9)
"""To how many decimals a value may have been rounded."""

_STEPS: dict[str, Callable[[Array], Array]] = {"sign": np.sign, "floor": np.floor, "trunc": np.trunc}
"""Functions with steps, none of which ever falls."""

_ALTERED: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "square": np.square,
    "zero-below-diagonal": np.triu,
    "zero-above-diagonal": np.tril,
    "zero-on-diagonal": lambda value: value * (1 - np.eye(*value.shape[-2:])),
    "zero-off-diagonal": lambda value: value * np.eye(*value.shape[-2:]),
    "columns-reversed": lambda value: value[..., ::-1],
    "rows-reversed": lambda value: value[..., ::-1, :],
}
"""What a cell may have done to the right value: another function of it, entries left out, or entries moved."""


def pointwise(wrong: list[Sample]) -> Iterator[Guess]:
    """The right value without its sign, rounded, cut to a part, in a coarser precision, clipped, or in other places."""
    name = wrong[0].equation.name
    if entries(wrong, lambda sample: sample.off).sum() < ENOUGH:
        return
    found: list[tuple[Fact, Callable[[Array], Array]]] = [(Fact.of("no-sign", name=name), np.abs)]
    found += [(Fact.of("altered", name=name, how=how), function) for how, function in _ALTERED.items()]
    coarse = next((p for p in (np.float16, np.float32) if _is_cast(wrong, p)), None)
    if coarse is not None:
        fact = Fact.of("coarse", name=name, precision=np.dtype(coarse).name)
        yield Guess((fact,), lambda sample: sample.right.astype(coarse).astype(float) if sample.off.any() else None)
    found += _limited(wrong, name)
    steps = [(Fact.of("altered", name=name, how=how), function) for how, function in _STEPS.items()]
    steps += [(Fact.of("rounded", name=name, decimals=k), _rounded_to(k)) for k in DECIMALS]
    yield from (Guess((fact,), _of_right(function)) for fact, function in steps if _is_step(wrong, function))
    for fact, function in found:
        if all(_is_function(sample, function) for sample in wrong):
            yield Guess((fact,), _of_right(function))


def _of_right(function: Callable[[Array], Array]) -> Callable[[Sample], Array]:
    return lambda sample: function(sample.right)


def _is_function(sample: Sample, function: Callable[[Array], Array]) -> bool:
    """Whether this function of the right value is the value, to the rounding of both."""
    value = function(sample.right)
    ends = (np.abs(function(sample.right + side * sample.limits) - value) for side in (-1, 1))
    return agrees(sample.own, value, np.maximum(*ends) + sample.limits + 4 * eps(sample) * np.abs(value))


def _is_step(wrong: list[Sample], function: Callable[[Array], Array]) -> bool:
    """Whether a function that never falls gives all values; beside a step, rounding decides on which side one is."""
    decided = 0
    for sample in wrong:
        low, high = (function(sample.right + side * sample.limits) for side in (-1, 1))
        # What was worked out of other values is known to its limit.
        room = 4 * eps(sample) * np.abs(sample.own) + (sample.limits if sample.slack > 1 else 0.0)
        if not ((sample.own >= low - room) & (sample.own <= high + room)).all():
            return False
        decided += int((sample.off & (low == high)).sum())
    return decided >= ENOUGH


def _is_cast(wrong: list[Sample], precision: Any) -> bool:
    """Whether all values are numbers of a coarser precision, and the right ones to one rounding of that."""
    return all(float(np.finfo(precision).eps) > eps(sample) and _is_cast_here(sample, precision) for sample in wrong)


def _is_cast_here(sample: Sample, precision: Any) -> bool:
    info, own = np.finfo(precision), sample.own
    rounding = sample.limits + float(info.eps) * np.abs(sample.right) + float(info.smallest_subnormal)
    overflown = np.isinf(own) & (np.abs(sample.right) >= (1 - float(info.eps)) * float(info.max))
    close = np.abs(own - sample.right) <= rounding
    cast = own.astype(precision)
    # What was worked out of other values is known to its limit.
    is_cast = (np.abs(own - cast) <= sample.limits) if sample.slack > 1 else (own == cast)
    return bool((close | overflown).all() and (is_cast | (own == cast)).all())


def _rounded_to(decimals: int) -> Callable[[Array], Array]:
    return lambda value: np.round(value, decimals)


def _limited(wrong: list[Sample], name: str) -> Iterator[tuple[Fact, Callable[[Array], Array]]]:
    """A clip at the values that stand in place of larger ones; a cut at the size below which all is zero."""
    own, right, limits, off = (
        entries(wrong, of) for of in (lambda p: p.own, lambda p: p.right, lambda p: p.limits, lambda p: p.off)
    )
    # A bound is read off the sharpest of the values that stand at it: in single precision it is another number.
    low, high = (
        float(own[at][np.argmin(limits[at])]) if at.any() else None for at in (off & (own > right), off & (own < right))
    )
    yield Fact.of("clipped", name=name, low=low, high=high), lambda value: np.clip(value, low, high)
    if not own[off].any():
        below, above = np.abs(right[off]).max(), np.abs(right[~off & (right != 0)]).min(initial=np.inf)
        if below < above < np.inf:
            fact = Fact.of("cut-off", name=name, below=float(below), above=float(above))
            yield fact, lambda value: np.where(np.abs(value) <= below, 0, value)
