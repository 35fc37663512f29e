"""One slip that shows in every block of a gradient, where the cell shows only the whole gradient. It cannot be seen
then whether the whole was clipped or each block: it is told as one slip, of `merge`. It compares no values.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gru.examiner.fact import Fact, of_one
from gru.examiner.hidden.whole_slip import asked
from gru.examiner.outcome import Outcome
from gru.layer import Form


def with_whole_clips(outcomes: list[Outcome], shown: Collection[str], form: Form) -> list[Outcome]:
    """The outcomes, with blocks that are hidden and all clipped at the same bounds told as one slip.

    Args:
        outcomes: Those of all checks, with their diagnoses.
        shown: The names of all that the cell shows.
        form: The form that it follows.
    """
    for stack in asked(form):
        names = tuple(f"d{block}" for block in form.order_of(stack))
        blocks = [outcome for outcome in outcomes if outcome.name in names]
        bounds = _common_bounds(blocks) if len(blocks) == len(names) and not set(names) & set(shown) else None
        if stack.is_stacked and bounds is not None:
            fact = Fact.of("stack-clipped", whole=stack.gradient, blocks=names, **bounds)
            outcomes = [_told_once(outcome, blocks, fact) for outcome in outcomes]
    return outcomes


def _told_once(outcome: Outcome, blocks: Sequence[Outcome], fact: Fact) -> Outcome:
    """One outcome where blocks share a slip: `merge` is wrong in their place, and they inherit."""
    if outcome in blocks:
        return replace(outcome, status="inherited", mistake=None)
    if outcome.check != "merge" or outcome.status == "wrong":
        return outcome
    first = min(blocks, key=lambda block: block.sizes or ())
    numbers = replace(first, check="merge", equation=None, name=None, facts=(), block=None)
    return replace(numbers, mistake=of_one("merge", fact))


def _common_bounds(blocks: Sequence[Outcome]) -> dict[str, float | None] | None:
    """The bounds at which all are clipped; None where they are not."""
    found: dict[str, list[float]] = {"low": [], "high": []}
    for block in blocks:
        particulars = _clipped(block)
        if particulars is None:
            return None
        for side, values in found.items():
            if particulars[side] is not None:
                values.append(particulars[side])
    if not all(np.allclose(values, values[:1], rtol=1e-9, atol=0) for values in found.values() if values):
        return None
    return {side: values[0] if values else None for side, values in found.items()}


def _clipped(block: Outcome) -> Any:
    """The particulars of the clip that explains a block, and nothing else; None where there is none."""
    if block.status != "wrong" or block.mistake is None or len(block.mistake.alternatives) != 1:
        return None
    fact, *others = block.mistake.alternatives[0]
    return fact.particulars if fact.kind == "clipped" and not others else None
