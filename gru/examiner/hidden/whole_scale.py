"""A whole stacked gradient that is the right one times a number, or divided by the rows of a batch.

Where its blocks are not shown, one slip in stacking them would look like one in each of them. It judges nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gru.examiner.judging.comparison import agree
from gru.examiner.judging.evidence import Evidence
from gru.layer import Form, Stack


@dataclass(frozen=True)
class Scale:
    """What a stacked gradient was multiplied by: a number, or one over the rows of the batch where that is None."""

    number: float | None = None

    def on(self, evidence: Evidence) -> float:
        """The factor on one problem."""
        return self.number or 1 / evidence.reference.problem.sizes.batch


def asked(form: Form) -> list[Stack]:
    """The parameters whose gradients are to be shown whole."""
    return [stack for stack in form.stacks if stack.gradient in form.required]


def whole_scales(samples: Sequence[Evidence]) -> dict[str, Scale]:
    """The scale of each stacked gradient that is not right, and is the right one times a scale on every problem.

    Where there is none, a mean over the rows of the batch, which is the most frequent, in all: other mistakes hide it.
    """
    found = {}
    for stack in asked(samples[0].form):
        if stack.is_stacked and not _is_right_times(Scale(1.0), stack, samples):
            scales = (Scale(), Scale(_ratio(stack, samples[0])))
            fitting = next((scale for scale in scales if _is_right_times(scale, stack, samples)), None)
            if fitting is not None:
                found[stack.name] = fitting
    return found or {stack.name: Scale() for stack in asked(samples[0].form) if stack.is_stacked}


def _ratio(stack: Stack, evidence: Evidence) -> float:
    """The factor of the largest entry."""
    own, right = evidence.own[stack.gradient], evidence.form.stacked(stack, evidence.reference.truth, "d")
    place = np.unravel_index(int(np.abs(right).argmax()), right.shape)
    return float(own[place] / right[place]) if right[place] else 1.0


def _is_right_times(scale: Scale, stack: Stack, samples: Sequence[Evidence]) -> bool:
    """Whether every block of the stack is the right one times the scale, within the limits of right blocks."""
    for evidence in samples:
        factor = scale.on(evidence)
        if not np.isfinite(factor) or factor == 0:
            return False
        order = evidence.form.order_of(stack)
        parts = evidence.form.blocks_of(stack, evidence.own[stack.gradient] / factor).values()
        for block, part in zip(order, parts, strict=True):
            name = evidence.form.derivatives[block].name
            limits = 2 * evidence.reference.limits(name, evidence.dtype_of(name))
            if not agree(part, evidence.reference.truth[name], limits):
                return False
    return True
