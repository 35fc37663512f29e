"""The checks `split` and `merge`: whether the blocks of W and U, and those of dW and dU, are in their places.

It knows no equation.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.fact import Fact
from gru.examiner.judging.comparison import compare
from gru.examiner.judging.evidence import Evidence
from gru.examiner.judging.finding import found, found_odd
from gru.examiner.judging.limit import one_rounding
from gru.examiner.outcome import Comparison, Finding, everything_shows
from gru.submission.contract import Description


def is_stacked(evidence: Evidence) -> bool:
    """Whether dW and dU are the submission's own blocks, so far as these are shown."""
    return all(finding.status == "right" for finding in judge_merge(evidence))


def judge_merge(evidence: Evidence) -> Iterator[Finding]:
    """Whether dW and dU are the submission's own blocks, stacked in the order of the gates.

    Blocks that are all the same say nothing of their order.
    """
    form = evidence.form
    for stack in form.stacks:
        if not stack.is_stacked:
            continue
        names, whole = [f"d{block}" for block in form.order_of(stack)], stack.gradient
        if whole in evidence.odd:
            spoilt = evidence.of_another_kind.intersection(names) and whole in evidence.of_another_kind
            yield found("merge", "silent", evidence.reference) if spoilt else found_odd("merge", whole, evidence)
        elif whole in evidence.own and all(name in evidence.own for name in names):
            first, *others = (evidence.own[name] for name in names)
            merged = form.stacked(stack, evidence.own, "d")
            is_single = bool(evidence.single.intersection((whole, *names)))
            limits = one_rounding(merged, _coarsest(evidence, is_single=is_single))
            comparison = compare(*_finite(evidence.own[whole], merged), limits)
            if not comparison.agrees:
                fact = Fact.of("not-stacked", whole=whole, blocks=tuple(names))
                yield found("merge", "wrong", evidence.reference, comparison, fact=fact)
            elif not all(np.array_equal(first, other, equal_nan=True) for other in others):
                yield found("merge", "right", evidence.reference, comparison, everything_shows)


def judge_split(evidence: Evidence, direct: dict[str, Array | Description]) -> Iterator[Finding]:
    """Whether the blocks that the cell keeps, and those that `split_params` returns, are W's and U's."""
    own = {name: evidence.own[name] for name in evidence.form.kept[1:] if name in evidence.own}
    returned = {name: value for name, value in direct.items() if not isinstance(value, Description)}
    odd = {name: value for name, value in direct.items() if isinstance(value, Description) and not value.absent}
    in_single = {name for name, value in returned.items() if value.dtype == np.float32}
    steps = evidence.reference.problem.sizes.steps
    kept = _beside_given(evidence, own, evidence.single, steps)
    for source, compared in (("cell", kept), ("split_params", _beside_given(evidence, returned, in_single, None))):
        for name in evidence.form.kept[1:]:
            if name in compared:
                comparison = compared[name]
                other = None if comparison.agrees else Fact.of("other-block", source=source, name=name)
                status = "right" if comparison.agrees else "wrong"
                yield found("split", status, evidence.reference, comparison, everything_shows, other)
            elif source == "split_params" and name in odd:
                fact = Fact.of("no-array", source=source, name=name, shown=odd[name].text)
                yield found("split", "wrong", evidence.reference, fact=fact)


def _beside_given(
    evidence: Evidence, shown: Mapping[str, Array], single: Set[str], steps: int | None
) -> dict[str, Comparison]:
    """Blocks, of which some are in single precision, beside those that the cells are given; at so many steps."""
    precisions = tuple((name, _coarsest(evidence, is_single=name in single)) for name in shown)
    return evidence.reference.copies_compared(precisions, shown, steps=steps) if precisions else {}


def _finite(own: Array, moved: Array) -> tuple[Array, Array]:
    """Two blocks without the NaN and infinity that both have in one place: moving them was right."""
    odd = ~np.isfinite(own)
    if not odd.any():
        return own, moved
    same = odd & ((own == moved) | (np.isnan(own) & np.isnan(moved)))
    return np.where(same, 0, own), np.where(same, 0, moved)


def limit_on_kept(evidence: Evidence, name: str) -> Array:
    """The limit on what a cell keeps of what it is given."""
    return evidence.reference.copied(name, _coarsest(evidence, is_single=name in evidence.single))


def _coarsest(evidence: Evidence, *, is_single: bool) -> Any:
    """The coarsest precision of a problem, and of what is shown on it."""
    return np.float32 if is_single or evidence.reference.problem.precision == "float32" else np.float64
