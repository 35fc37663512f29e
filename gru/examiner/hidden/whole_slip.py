"""A whole stacked gradient that is right but for one slip: times a number, divided by the batch, or in other places.

Where its blocks are not shown, one slip in stacking them would look like one in each of them. It judges nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.judging.comparison import agree
from gru.examiner.judging.evidence import Evidence
from gru.layer import Form, Stack


@dataclass(frozen=True)
class Scale:
    """The factor on a stacked gradient: a number; where that is None, one over the rows of the batch."""

    number: float | None = None

    def undone(self, stack: Stack, evidence: Evidence) -> Array:
        """The whole gradient without it."""
        return evidence.own[stack.gradient] / (self.number or 1 / evidence.reference.problem.sizes.batch)


class EachOwnScale:
    """A stacked gradient that was multiplied by a different number in each cell, as by one over its own norm."""

    def undone(self, stack: Stack, evidence: Evidence) -> Array:
        """The whole gradient, scaled so that its best known entry is right: the largest in units of its limit."""
        own, right = evidence.own[stack.gradient], _right(stack, evidence)
        names = [evidence.form.derivatives[block].name for block in stack.blocks]
        limits = {name: evidence.reference.limits(name, evidence.dtype_of(name)).reshape(-1, 1, 1) for name in names}
        known = evidence.form.stacked(stack, {n: np.abs(evidence.reference.truth[n]) / limits[n] for n in names}, "d")
        own_rows, right_rows = own.reshape(len(own), -1), right.reshape(len(right), -1)
        known_rows = np.nan_to_num(known).reshape(len(own), -1)
        best = known_rows.argmax(axis=1)[:, None]
        ratios = np.take_along_axis(own_rows, best, 1) / np.take_along_axis(right_rows, best, 1)
        # Where all is below its limit no entry is known, and one as large as the right ones will do.
        sizes = np.abs(own_rows).max(axis=1) / np.abs(right_rows).max(axis=1)
        ratios = np.where(known_rows.max(axis=1) > 1, ratios[:, 0], sizes)
        told = np.isfinite(ratios) & (ratios != 0)
        return own / np.where(told, ratios, 1.0)[:, None, None]


class OtherPlaces:
    """A stacked gradient with all its entries, but in other places, as where its blocks are interleaved."""

    def undone(self, stack: Stack, evidence: Evidence) -> Array:
        """The whole gradient with its entries where the right ones of the same rank are."""
        own, right = evidence.own[stack.gradient], _right(stack, evidence)
        placed = np.empty_like(own).reshape(len(own), -1)
        rank = right.reshape(len(right), -1).argsort(axis=1)
        np.put_along_axis(placed, rank, np.sort(own.reshape(len(own), -1), axis=1), 1)
        return placed.reshape(own.shape)


WholeSlip = Scale | EachOwnScale | OtherPlaces
"""The slips that a whole stacked gradient may have."""


def asked(form: Form) -> list[Stack]:
    """The parameters whose gradients are to be shown whole."""
    return [stack for stack in form.stacks if stack.gradient in form.required]


def whole_slips(samples: Sequence[Evidence]) -> dict[str, WholeSlip]:
    """The slip of each stacked gradient that one slip explains on every problem.

    Where none is explained, a mean over the batch, the most frequent slip, is taken for all: other mistakes may hide
    it.
    """
    found: dict[str, WholeSlip] = {}
    for stack in asked(samples[0].form):
        if stack.is_stacked and not _is_right_but_for(Scale(1.0), stack, samples):
            slips = (Scale(), Scale(_ratio(stack, samples[0])), EachOwnScale(), OtherPlaces())
            fitting = next((slip for slip in slips if _is_right_but_for(slip, stack, samples)), None)
            if fitting is not None:
                found[stack.name] = fitting
    return found or {stack.name: Scale() for stack in asked(samples[0].form) if stack.is_stacked}


def _right(stack: Stack, evidence: Evidence) -> Array:
    whole: Array = evidence.form.stacked(stack, evidence.reference.truth, "d")
    return whole


def _ratio(stack: Stack, evidence: Evidence) -> float:
    """The factor of the largest entry."""
    own, right = evidence.own[stack.gradient], _right(stack, evidence)
    place = np.unravel_index(int(np.abs(right).argmax()), right.shape)
    return float(own[place] / right[place]) if right[place] else 1.0


def _is_right_but_for(slip: WholeSlip, stack: Stack, samples: Sequence[Evidence]) -> bool:
    """Whether every block of the stack is the right one once the slip is undone, within the limits of right blocks."""
    for evidence in samples:
        form = evidence.form
        with np.errstate(all="ignore"):
            parts = form.blocks_of(stack, slip.undone(stack, evidence)).values()
        for block, part in zip(form.order_of(stack), parts, strict=True):
            name = form.derivatives[block].name
            limits = 2 * evidence.reference.limits(name, evidence.dtype_of(name))
            if not agree(part, evidence.reference.truth[name], limits):
                return False
    return True
