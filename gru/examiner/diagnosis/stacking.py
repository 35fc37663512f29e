"""What is wrong with `split` and `merge`: the order of the blocks, or what is done to them on the way.

It judges nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import permutations
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.fact import Diagnosis, Fact, of_one
from gru.examiner.judging.case import Case
from gru.examiner.judging.evidence import Evidence
from gru.layer import Layer, Stack

Alteration = tuple[str, dict[str, Any], Callable[[Array, Evidence], Array]]
"""A kind of fact, its particulars, and what becomes of a stack."""


def diagnose_stacking(check: str, cases: Iterable[Case]) -> Diagnosis | None:
    """For `split` and `merge`: the order in which the blocks are taken or stacked, or what becomes of the stack."""
    wrong = [case.evidence for case in cases if any(f.check == check and f.status == "wrong" for f in case.findings)]
    if not wrong:
        return None
    layer = wrong[0].form.layer
    gates = tuple(layer.gates)
    for order in permutations(gates):
        if order != gates and all(_has_order(check, evidence, order) for evidence in wrong):
            return of_one(check, Fact.of("order", check=check, gates=order, order=_spelled(order, layer)))
    return _altered(wrong) if check == "merge" else None


def _spelled(order: tuple[str, ...], layer: Layer) -> tuple[str, ...]:
    return tuple(layer.form.spelling.get(gate, gate) for gate in order)


def _has_order(check: str, evidence: Evidence, order: tuple[str, ...]) -> bool:
    """Whether all blocks of a stack that are not in their places are those of this order, to a bit."""
    form = evidence.form
    orders = [[_is_in(check, evidence, stack, o) for o in (tuple(form.layer.gates), order)] for stack in form.stacks]
    return all(own or other for own, other in orders) and any(other and not own for own, other in orders)


def _is_in(check: str, evidence: Evidence, stack: Stack, order: tuple[str, ...]) -> bool:
    form = evidence.form
    prefix = "" if check == "split" else "d"
    if check == "split":
        whole = form.layer.form.stacked(stack, evidence.reference.given)
    elif stack.gradient in evidence.own:
        whole = evidence.own[stack.gradient]
    else:
        return False
    size = whole.shape[-2] // len(stack.blocks)
    for place, gate in enumerate(gate for gate in order if gate in stack.gates):
        block = evidence.own.get(f"{prefix}{stack.name.lower()}{gate}")
        part = whole[..., place * size : (place + 1) * size, :]
        if block is None or not np.array_equal(block, np.broadcast_to(part, block.shape)):
            return False
    return True


def _altered(wrong: list[Evidence]) -> Diagnosis | None:
    """The change of blocks that are stacked in the right order."""
    for stack in wrong[0].form.stacks:
        names = [f"d{block}" for block in wrong[0].form.order_of(stack)]
        shown = [e for e in wrong if stack.gradient in e.own and all(name in e.own for name in names)]
        pairs = [(e.own[stack.gradient], e.form.stacked(stack, e.own, "d"), e) for e in shown]
        if all(np.array_equal(own, right, equal_nan=True) for own, right, _ in pairs):
            continue
        with np.errstate(all="ignore"):
            for kind, particulars, alter in _alterations(pairs):
                if all(_is_close(own, alter(right, evidence), evidence) for own, right, evidence in pairs):
                    return of_one("merge", Fact.of(kind, whole=stack.gradient, blocks=tuple(names), **particulars))
    return None


def _alterations(pairs: list[tuple[Array, Array, Evidence]]) -> Iterator[Alteration]:
    """The changes of a stack that are tried."""
    yield "stack-averaged", {}, lambda right, evidence: right / evidence.reference.problem.sizes.batch
    for precision in (np.float16, np.float32):
        yield "stack-coarse", {"precision": np.dtype(precision).name}, _cast_to(precision)
    ratios = np.concatenate([(own / right)[(right != 0) & np.isfinite(own)] for own, right, _ in pairs])
    if ratios.size:
        ratio = float(np.median(ratios))
        yield "stack-ratio", {"ratio": ratio}, lambda right, evidence: right * ratio
    double = [own[own != right] for own, right, evidence in pairs if evidence.dtype == np.float64]
    changed = np.concatenate([np.empty(0), *double])
    if not changed.size:
        return
    low, high = float(changed.min()), float(changed.max())
    if low < 0 < high:
        yield "stack-clipped", {"low": low, "high": high}, lambda right, evidence: np.clip(right, low, high)


def _cast_to(precision: Any) -> Callable[[Array, Evidence], Array]:
    return lambda right, evidence: right.astype(precision).astype(float)


def _is_close(own: Array, altered: Array, evidence: Evidence) -> bool:
    """Whether two stacks are the same to a few roundings; both may hold what is not finite."""
    info = np.finfo(evidence.dtype)
    return bool(np.allclose(own, altered, rtol=8 * float(info.eps), atol=float(info.tiny), equal_nan=True))
