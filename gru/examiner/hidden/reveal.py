"""What a cell keeps to itself, worked out from what it shows: then each equation is judged by itself.

A hidden value follows from its own formula, or from something shown that is made of it: δ from xᵀ·δ where the rows of x
are linearly independent. Where these differ, something is wrong. Of all readings the one with the fewest mistakes is
taken. It runs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations, product
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.inverse import Solution, may_tell, solved
from gru.examiner.diagnosis.probe import says_little
from gru.examiner.hidden.whole_scale import Scale, asked, whole_scales
from gru.examiner.judging.blocks import judge_merge, judge_split
from gru.examiner.judging.case import Case
from gru.examiner.judging.comparison import agree
from gru.examiner.judging.evidence import Evidence
from gru.examiner.judging.judge import judge_equations
from gru.layer import Equation, Form, Stack

MOST_AMPLIFIED = 1e5
"""A problem in which rounding is amplified more than this recovers nothing."""

PROBES = 5
"""How many problems decide between readings, before all are read in the one that is taken."""

_CLOSE = 1e-9
"""Two sources that say the same differ by rounding, and what that may be amplified to."""


@dataclass(frozen=True)
class Reading:
    """How what a cell shows is read.

    `sources` holds, for each hidden quantity, the equation that its value follows from: its own, or one of what is
    shown. `order` holds the blocks of each stacked gradient from the top, where that is not the form's order, and
    `scales` what a whole one was multiplied by.
    `moved` says which block the cell has in the place of each, where it is not that block; with `as_split` it has
    what its `split_params` returns.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scales: Mapping[str, Scale] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    as_split: bool = False

    @property
    def mistakes(self) -> int:
        """How many mistakes it takes for granted, beside those in equations."""
        return bool(self.order or self.scales) + (self.as_split or bool(self.moved))


def revealed(cases: Iterable[Case]) -> list[Case]:
    """The cases in which everything that is hidden can be worked out, judged on what was."""
    cases = [case for case in cases if all(s.gradient in case.evidence.own for s in asked(case.evidence.form))]
    wrong = [case for case in cases if any(f.status not in ("right", "missing") for f in case.findings)]
    probes = [case.evidence for case in _telling(wrong)]
    if not probes:
        return []
    reading = _simplest(probes)
    return [judged for case in cases if (judged := _judged(case, reading)) is not None]


def _telling(cases: Iterable[Case]) -> list[Case]:
    """Those that tell the most, of different sizes: δ follows where the batch has no more rows than x or h columns."""

    def order(case: Case) -> tuple[Any, ...]:
        batch, inputs, hidden, _ = case.evidence.reference.problem.sizes
        return batch > min(inputs, hidden), says_little(case)

    found: dict[Any, Case] = {}
    for case in sorted(cases, key=order):
        found.setdefault(case.evidence.reference.problem.sizes, case)
    return list(found.values())[:PROBES]


def _judged(case: Case, reading: Reading) -> Case | None:
    """The case judged on what was worked out; None where that is not all."""
    read = _read(case.evidence, reading)
    if read is None:
        return None
    evidence, slack = read
    odd = {name: value for name, value in evidence.odd.items() if name not in evidence.own}
    evidence = replace(evidence, odd=odd, slack=slack)
    split = judge_split(evidence, {}) if reading.moved or reading.as_split else ()
    return Case(evidence, case.use, (*judge_equations(evidence), *judge_merge(evidence), *split))


# Readings


def _simplest(probes: Sequence[Evidence]) -> Reading:
    """The reading with the fewest mistakes on these problems; of several, that with the most formulas that hold."""
    best, fewest = Reading(), float("inf")
    kept = _kept(probes)
    for start in _starts(probes, kept):
        for sources in _choices(probes, start):
            reading = replace(start, sources=sources)
            count = _count(reading, probes, fewest)
            if count < fewest:
                best, fewest = reading, count
            if fewest <= 1:
                # Something is wrong, so there is no reading with fewer.
                return best
    return best


def _count(reading: Reading, probes: Sequence[Evidence], most: float) -> float:
    """How many mistakes there are in a reading; infinite where that is `most` or more, or few problems can be read."""
    wrong: set[str] = set()
    unread, unlikely = 0, 0.0
    for evidence in probes:
        read = _read(evidence, reading)
        unread += read is None
        if read is not None:
            wrong |= set(_mistakes(*read))
            unlikely = max(unlikely, _unlikely(read[0]))
        count = len(wrong) + reading.mistakes + unlikely
        if 2 * unread > len(probes) or count >= most:
            return float("inf")
    return count


def _unlikely(evidence: Evidence) -> float:
    """How far from likely it is that it was these values that became NaN, between 0 and ½.

    σ and tanh become NaN, if at all, where their pre-activations are largest. The share of entries for which this does
    not hold tells two readings apart that are the same in all else.
    """
    values, form = evidence.given | evidence.own, evidence.form
    for name, inside in form.preactivations.items():
        lost = ~np.isfinite(values.get(name, 0.0))
        inputs = [values.get(other) for other in form.named[inside].inputs]
        if lost.any() and not lost.all() and all(value is not None and np.isfinite(value).all() for value in inputs):
            size = np.abs(form.named[inside](values))
            return float((size[~lost] > size[lost].min()).mean()) / 2
    return 0.0


def _kept(probes: Sequence[Evidence]) -> Reading:
    """The blocks that the cell works with, where it hides them: those with which its states are right."""
    form = probes[0].form
    if any(name in evidence.own for evidence in probes for name in form.blocks):
        return Reading()
    readings = [Reading(), Reading(as_split=True)]
    readings += [Reading(moved=moved) for moved in _moves(form)]
    return next((r for r in readings if all(_has_right_states(evidence, r) for evidence in probes)), Reading())


def _moves(form: Form) -> Iterator[dict[str, str]]:
    """Every other order of the blocks of one parameter."""
    for stack in form.stacks:
        for order in list(permutations(stack.blocks))[1:] if stack.is_stacked else ():
            yield {here: there for here, there in zip(stack.blocks, order, strict=True) if here != there}


def _has_right_states(evidence: Evidence, reading: Reading) -> bool:
    read = _read(evidence, reading)
    states = {carried.state for carried in evidence.form.layer.carried}
    return read is not None and not states.intersection(_mistakes(*read, among=evidence.form.forward_shown))


def _starts(probes: Sequence[Evidence], kept: Reading) -> Iterator[Reading]:
    """The form's own stacks; the order of them in which the fewest blocks are wrong; right ones times a number."""
    yield kept
    order = _order(probes, kept)
    if order:
        yield replace(kept, order=order)
    yield replace(kept, scales=whole_scales(probes))


def _order(probes: Sequence[Evidence], kept: Reading) -> dict[str, tuple[str, ...]]:
    """The order of each stacked gradient in which the fewest blocks are wrong, where that is not the form's."""
    form, found = probes[0].form, {}
    for stack in asked(form):
        own = form.order_of(stack)
        if stack.is_stacked:
            orders = {
                order: _unlike(probes, replace(kept, order={stack.name: order}), stack) for order in permutations(own)
            }
            best = min(orders, key=lambda order: (orders[order], order != own))
            if best != own:
                found[stack.name] = best
    return found


def _unlike(probes: Sequence[Evidence], reading: Reading, stack: Stack) -> int:
    """How many blocks of a stacked gradient are not what the formulas give."""
    form = probes[0].form
    blocks = tuple(form.derivatives[block] for block in stack.blocks)
    return sum(len(list(_mistakes(*read, among=blocks))) for e in probes if (read := _read(e, reading)) is not None)


def _choices(probes: Sequence[Evidence], reading: Reading) -> Iterator[dict[str, str]]:
    """Every choice of sources in which no two say the same."""
    form = probes[0].form
    read = [_shown(evidence, reading) for evidence in probes]
    hidden = [e for e in form.ordered if e.has_check and not e.is_sum and any(e.name not in own for own in read)]
    are_right = all(_is_right(evidence, c.state) for evidence in probes for c in form.layer.carried)
    sources = []
    for equation in hidden:
        # Where all states are right, so is what they are made of.
        made = [] if are_right and equation.of is None else _made_of(equation, form, read)
        sources.append([equation.name, *_different(equation, made, probes, read)])
    for chosen in product(*sources):
        yield {e.name: source for e, source in zip(hidden, chosen, strict=True) if source != e.name}


def _made_of(equation: Equation, form: Form, read: Sequence[Mapping[str, Array]]) -> list[Equation]:
    """What is shown, is made of a quantity, and may tell it."""
    return [
        other
        for other in form.exposed
        if equation.name in other.inputs
        and not other.is_sum
        and may_tell(other.expression, equation.name)
        and all(other.name in own for own in read)
    ]


def _different(
    equation: Equation, made: Sequence[Equation], probes: Sequence[Evidence], read: Sequence[Mapping[str, Array]]
) -> Iterator[str]:
    """The names of those that do not say the same of a quantity as one before, so far as that can be seen by now."""
    before: list[list[Array | None]] = []
    for source in made:
        known = [{**evidence.given, **own} for evidence, own in zip(probes, read, strict=True)]
        if all(_can_follow(equation, source, here) for here in known):
            values = [solution and solution[0] for here in known for solution in [_followed(equation, source, here)]]
            if any(all(map(_is_close, values, others)) for others in before):
                continue
            before.append(values)
        yield source.name


def _is_close(value: Array | None, other: Array | None) -> bool:
    if value is None or other is None:
        return value is other
    return bool(np.allclose(value, other, rtol=_CLOSE, atol=_CLOSE * float(np.abs(value).max()), equal_nan=True))


def _is_right(evidence: Evidence, name: str) -> bool:
    if name not in evidence.own:
        return False
    limits = evidence.reference.limits(name, evidence.dtype_of(name))
    return agree(evidence.own[name], evidence.reference.truth[name], limits)


# One problem in one reading


def _shown(evidence: Evidence, reading: Reading) -> dict[str, Array]:
    """What the submission shows, with the blocks of its stacked gradients.

    The parameters are cut into blocks too, where their order is another one than the form's.
    """
    form, own = evidence.form, dict(evidence.own)
    for stack in asked(form):
        order = reading.order.get(stack.name, form.order_of(stack))
        scale = reading.scales.get(stack.name)
        whole = own[stack.gradient] if scale is None else own[stack.gradient] / scale.on(evidence)
        parts = form.blocks_of(stack, whole).values()
        for block, part in zip(order, parts, strict=True):
            own.setdefault(form.derivatives[block].name, part)
    return own | _blocks(evidence, reading)


def _blocks(evidence: Evidence, reading: Reading) -> dict[str, Array]:
    """The blocks of the parameters that the cell works with, where they are not the form's; steps on the first axis."""
    given = evidence.reference.given
    found = {here: given[there] for here, there in reading.moved.items()}
    if reading.as_split:
        found |= {name: value.astype(float) for name, value in evidence.split.items()}
    steps = evidence.reference.problem.sizes.steps
    return {name: np.broadcast_to(value, (steps, *value.shape[-2:])) for name, value in found.items()}


def _read(evidence: Evidence, reading: Reading) -> tuple[Evidence, float] | None:
    """The evidence with all that is hidden, and how much wider the limits are; None where something does not follow."""
    if reading.as_split and not evidence.split:
        return None
    form, own, slack = evidence.form, _shown(evidence, reading), evidence.slack
    limits, known = evidence.own_limits, replace(evidence, own=own).given | own
    left = [e for e in form.ordered if not e.is_sum and e.name not in known and (e.has_check or e.name in form.needed)]
    while left:
        before = len(left)
        for equation in list(left):
            source = form.named[reading.sources.get(equation.name, equation.name)]
            if not _can_follow(equation, source, known):
                continue
            found = _followed(equation, source, known)
            if found is None:
                return None
            value, amplified = found
            if source is not equation:
                # The limits are those of the formula's value: where that is zero, they say nothing of another.
                if value[limits[equation.name] == 0].any():
                    return None
                with np.errstate(all="ignore"):
                    wider = float(np.max(amplified * limits[source.name] / limits[equation.name]))
                # What is not a number is as far off as can be, whatever is allowed.
                slack = max(slack, wider) if np.isfinite(wider) else slack
                if slack > MOST_AMPLIFIED * evidence.slack:
                    return None
            known[equation.name] = value
            if equation.has_check:
                own[equation.name] = value
            left.remove(equation)
        if len(left) == before:
            return None
    return replace(evidence, own=own), slack


def _can_follow(equation: Equation, source: Equation, known: Mapping[str, Array]) -> bool:
    """Whether all is known that the value of a quantity follows from, the source's own value where that is another."""
    needed = source.inputs if source is equation else (*source.inputs, source.name)
    return all(name in known for name in needed if name != equation.name)


def _followed(equation: Equation, source: Equation, known: Mapping[str, Array]) -> Solution | None:
    """The value of a quantity from its source; None where it does not follow."""
    with np.errstate(all="ignore"):
        if source is equation:
            return equation(known), 1.0
        # Where all is NaN that is made of an entry, the others need not tell what the formula says as well.
        is_lost = np.isnan(known[source.name]).any() and _can_follow(equation, equation, known)
        computed = equation(known) if is_lost else None
        try:
            return solved(source.expression, equation.name, known[source.name], known, computed)
        except np.linalg.LinAlgError:
            return None


def _mistakes(evidence: Evidence, slack: float, among: Iterable[Equation] = ()) -> Iterator[str]:
    """The names of what its formula does not give on the values that were read."""
    values, form = evidence.given | evidence.own, evidence.form
    values |= {e.name: e(values) for e in form.ordered if e.name in form.hidden_inside and e.name not in values}
    limits = evidence.own_limits
    for equation in among or form.exposed:
        own = evidence.own.get(equation.name)
        if own is None or equation.is_sum or not all(np.isfinite(values[name]).all() for name in equation.inputs):
            continue
        with np.errstate(all="ignore"):
            errors = np.abs(own - equation(values)).max(axis=(-2, -1))
        if not (errors <= slack * limits[equation.name]).all():
            yield equation.name
