"""Hidden values, worked out from what a cell shows, so that each equation is judged by itself. A hidden value follows
from its own formula, or from something shown that is computed from it: δ from xᵀ·δ where the rows of x are linearly
independent. Where the two differ, something is wrong. Of all readings, the one with the fewest mistakes is taken. It
runs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.inverse import may_tell
from gru.examiner.diagnosis.sample import says_little
from gru.examiner.hidden.reading import Reading, can_follow, followed, mistaken, read_in, shown_in
from gru.examiner.hidden.whole_slip import asked, whole_slips
from gru.examiner.judging.blocks import judge_merge, judge_split
from gru.examiner.judging.case import Case
from gru.examiner.judging.comparison import agree
from gru.examiner.judging.evidence import Evidence
from gru.examiner.judging.judge import judge_equations
from gru.layer import Equation, Form, Stack

SAMPLES = 5
"""How many problems decide between readings, before all are read in the one that is taken."""

REFINED = 3
"""How often a problem that shows further mistakes in a reading joins those that decide."""

_CLOSE = 1e-9
"""The factor on rounding within which two sources say the same: on the way, rounding is amplified."""


def revealed(cases: Iterable[Case]) -> list[Case]:
    """The cases in which everything that is hidden can be worked out, judged on what was."""
    cases = [case for case in cases if all(s.gradient in case.evidence.own for s in asked(case.evidence.form))]
    wrong = [case for case in cases if any(f.status not in ("right", "missing") for f in case.findings)]
    samples = [case.evidence for case in _telling(wrong)]
    if not samples:
        return []
    reading = _simplest(samples)
    for _ in range(REFINED):
        more = _not_explained(reading, samples, [case.evidence for case in wrong])
        if more is None:
            break
        samples.append(more)
        reading = _simplest(samples)
    return [judged for case in cases if (judged := _judged(case, reading)) is not None]


def _telling(cases: Iterable[Case]) -> list[Case]:
    """Those that tell the most, of different sizes: δ follows where the batch has no more rows than x or h columns."""

    def order(case: Case) -> tuple[Any, ...]:
        batch, inputs, hidden, _ = case.evidence.reference.problem.sizes
        return batch > min(inputs, hidden), says_little(case)

    found: dict[Any, Case] = {}
    for case in sorted(cases, key=order):
        found.setdefault(case.evidence.reference.problem.sizes, case)
    return list(found.values())[:SAMPLES]


def _judged(case: Case, reading: Reading) -> Case | None:
    """The case judged on what was worked out; None where that is not all."""
    read = read_in(case.evidence, reading)
    if read is None:
        return None
    evidence, slack = read
    odd = {name: value for name, value in evidence.odd.items() if name not in evidence.own}
    evidence = replace(evidence, odd=odd, slack=slack)
    split = judge_split(evidence, {}) if reading.moved or reading.as_split else ()
    return Case(evidence, case.use, (*judge_equations(evidence), *judge_merge(evidence), *split))


# Readings


def _simplest(samples: Sequence[Evidence]) -> Reading:
    """The reading with the fewest mistakes on these problems; of several, that with the most formulas that hold."""
    best, fewest = Reading(), float("inf")
    kept = _kept(samples)
    for start in _starts(samples, kept):
        for sources in _choices(samples, start):
            reading = replace(start, sources=sources)
            count = _count(reading, samples, fewest)
            if count < fewest:
                best, fewest = reading, count
            if fewest <= 1:
                # Something is wrong, so there is no reading with fewer.
                return best
    return best


def _not_explained(reading: Reading, samples: Sequence[Evidence], wrong: Sequence[Evidence]) -> Evidence | None:
    """The problem with the most mistakes that no sample shows in this reading; None where there is none."""
    known = set().union(*(_mistakes(reading, evidence) for evidence in samples))
    further = [(len(_mistakes(reading, evidence) - known), evidence) for evidence in wrong]
    most, evidence = max(further, key=lambda item: item[0])
    return evidence if most else None


def _mistakes(reading: Reading, evidence: Evidence) -> set[str]:
    read = read_in(evidence, reading)
    return set(mistaken(*read)) if read else set()


def _count(reading: Reading, samples: Sequence[Evidence], most: float) -> float:
    """How many mistakes there are in a reading; infinite where that is `most` or more, or few problems can be read."""
    wrong: set[str] = set()
    unread, unlikely = 0, 0.0
    for evidence in samples:
        read = read_in(evidence, reading)
        unread += read is None
        if read is not None:
            wrong |= set(mistaken(*read))
            unlikely = max(unlikely, _unlikely(read[0]))
        count = len(wrong) + reading.mistakes + unlikely
        if 2 * unread > len(samples) or count >= most:
            return float("inf")
    return count


def _unlikely(evidence: Evidence) -> float:
    """How unlikely it is that just these values became NaN: between 0, likely, and ½.

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


def _kept(samples: Sequence[Evidence]) -> Reading:
    """The blocks that the cell works with, where it hides them: those with which its states are right."""
    form = samples[0].form
    if any(name in evidence.own for evidence in samples for name in form.blocks):
        return Reading()
    readings = [Reading(), Reading(as_split=True)]
    readings += [Reading(moved=moved) for moved in _moves(form)]
    return next((r for r in readings if all(_has_right_states(evidence, r) for evidence in samples)), Reading())


def _moves(form: Form) -> Iterator[dict[str, str]]:
    """Every other order of the blocks of one parameter."""
    for stack in form.stacks:
        for order in list(permutations(stack.blocks))[1:] if stack.is_stacked else ():
            yield {here: there for here, there in zip(stack.blocks, order, strict=True) if here != there}


def _has_right_states(evidence: Evidence, reading: Reading) -> bool:
    read = read_in(evidence, reading)
    states = {carried.state for carried in evidence.form.layer.carried}
    return read is not None and not states.intersection(mistaken(*read, among=evidence.form.forward_shown))


def _starts(samples: Sequence[Evidence], kept: Reading) -> Iterator[Reading]:
    """The form's own stacks; the order of them in which the fewest blocks are wrong; right ones times a number."""
    yield kept
    order = _order(samples, kept)
    if order:
        yield replace(kept, order=order)
    yield replace(kept, slips=whole_slips(samples))


def _order(samples: Sequence[Evidence], kept: Reading) -> dict[str, tuple[str, ...]]:
    """The order of each stacked gradient in which the fewest blocks are wrong, where that is not the form's."""
    form, found = samples[0].form, {}
    for stack in asked(form):
        own = form.order_of(stack)
        if stack.is_stacked:
            orders = {
                order: _unlike(samples, replace(kept, order={stack.name: order}), stack) for order in permutations(own)
            }
            best = min(orders, key=lambda order: (orders[order], order != own))
            if best != own:
                found[stack.name] = best
    return found


def _unlike(samples: Sequence[Evidence], reading: Reading, stack: Stack) -> int:
    """How many blocks of a stacked gradient are not what the formulas give."""
    form = samples[0].form
    blocks = tuple(form.derivatives[block] for block in stack.blocks)
    return sum(len(list(mistaken(*read, among=blocks))) for e in samples if (read := read_in(e, reading)) is not None)


def _choices(samples: Sequence[Evidence], reading: Reading) -> Iterator[dict[str, str]]:
    """Every choice of sources in which no two say the same."""
    form = samples[0].form
    read = [shown_in(evidence, reading) for evidence in samples]
    hidden = [e for e in form.ordered if e.has_check and not e.is_sum and any(e.name not in own for own in read)]
    are_right = all(_is_right(evidence, c.state) for evidence in samples for c in form.layer.carried)
    sources = []
    for equation in hidden:
        # If all states are right, so are the values that they are computed from.
        made = [] if are_right and equation.of is None else _made_of(equation, form, read)
        sources.append([equation.name, *_different(equation, made, samples, read)])
    for chosen in product(*sources):
        yield {e.name: source for e, source in zip(hidden, chosen, strict=True) if source != e.name}


def _made_of(equation: Equation, form: Form, read: Sequence[Mapping[str, Array]]) -> list[Equation]:
    """The shown quantities that are computed from a hidden one, and from which it may follow."""
    return [
        other
        for other in form.exposed
        if equation.name in other.inputs
        and not other.is_sum
        and may_tell(other.expression, equation.name)
        and all(other.name in own for own in read)
    ]


def _different(
    equation: Equation, made: Sequence[Equation], samples: Sequence[Evidence], read: Sequence[Mapping[str, Array]]
) -> Iterator[str]:
    """The names of the sources that give another value of a quantity than an earlier source, as far as is known now."""
    before: list[list[Array | None]] = []
    for source in made:
        known = [{**evidence.given, **own} for evidence, own in zip(samples, read, strict=True)]
        if all(can_follow(equation, source, here) for here in known):
            values = [solution and solution[0] for here in known for solution in [followed(equation, source, here)]]
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
