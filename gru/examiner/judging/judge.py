"""The two tests of an equation on one problem: its value against the oracle, then its formula.

The formula is judged on the values that the submission itself had, so that a mistake costs one equation and its
consequences are `inherited`. It runs nothing: evidence comes in, findings go out.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from gru.calculus import formula
from gru.examiner.fact import Fact
from gru.examiner.judging.blocks import is_stacked
from gru.examiner.judging.comparison import agree, compare, distances
from gru.examiner.judging.evidence import Evidence
from gru.examiner.judging.finding import found, found_odd, found_of_another_kind
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Finding, everything_shows
from gru.layer import Carried, Equation
from gru.submission.contract import Description, Recording


def judge_equations(evidence: Evidence) -> Iterator[Finding]:
    """A finding for every equation that the evidence says anything about.

    A sum (17)–(22) inherits where its dW is not made of the submission's own blocks, or these have
    another shape.
    """
    form = evidence.form
    evidence = evidence if form.shows_all else replace(evidence, own=evidence.own | evidence.recovered.values)
    for equation in form.exposed:
        handed_on = next((c for c in evidence.cut if equation.of in (c.state, c.previous)), None)
        if handed_on is not None:
            yield from _judge_cut(equation, handed_on, evidence)
            continue
        if equation.name not in evidence.own and equation.name not in evidence.odd:
            continue
        finding = _judge(equation, evidence)
        if equation.is_sum and finding.status == "wrong" and not is_stacked(evidence):
            finding = found(equation.id, "inherited", evidence.reference, finding.comparison, everything_shows)
        yield finding


def _judge_cut(equation: Equation, carried: Carried, evidence: Evidence) -> Iterator[Finding]:
    """The findings where a state's derivative is not handed on: one mistake, at the place where it is left out."""
    reference, form = evidence.reference, evidence.form
    is_used = carried.upstream not in evidence.left_out
    if (equation.of == carried.previous) == is_used:
        # The last step is handed nothing back: the path is missing only where there are several steps.
        if reference.given[carried.upstream].any():
            yield found(equation.id, "wrong", reference, fact=Fact.of("cut-path", carried=carried))
    elif equation.of == carried.previous:
        own = evidence.own.get(equation.name)
        limits = reference.limits(equation.name, evidence.dtype)
        comparison = None if own is None else compare(own, reference.truth[equation.name], limits)
        yield found(equation.id, "inherited", reference, comparison, everything_shows)
    elif equation.name in evidence.own or equation.name in form.shown_backward:
        yield _judge(equation, evidence)


def judge_left(reference: Reference, recording: Recording) -> Iterator[Finding]:
    """The equations whose left-hand side had another shape when a call raised, while its inputs had not."""
    for equation in reference.form.exposed:
        left = recording.left.get(equation.name)
        if isinstance(left, Description) and not recording.left.keys() & set(equation.inputs):
            yield found_of_another_kind(equation.id, equation.name, left, reference)


def _judge(equation: Equation, evidence: Evidence) -> Finding:
    """The value test and, where that fails, the formula test."""
    name, check = equation.name, equation.id
    if name in evidence.odd:
        spoilt = evidence.of_another_kind.intersection(equation.inputs) and name in evidence.of_another_kind
        return found(check, "silent", evidence.reference) if spoilt else found_odd(check, name, evidence)
    comparison = evidence.beside_truth[name]
    if comparison.agrees:
        return found(check, "right", evidence.reference, comparison, partial(_unseen_above, equation, evidence))
    values = evidence.values
    if not evidence.finite.issuperset(equation.inputs):
        return found(check, "silent", evidence.reference, comparison)
    with np.errstate(all="ignore"):
        expected = equation(values)
    own = evidence.own[name]
    is_wrong = not (np.array_equal(own, expected) or agree(own, expected, evidence.own_limits[name]))
    if is_wrong and name not in evidence.recovered.agreeing:
        unknown = sorted(evidence.unsure_in(equation))
        if not unknown:
            return found(check, "wrong", evidence.reference, comparison)
        fact = Fact.of("unsure", name=name, unknown=tuple(unknown))
        return found(check, "silent", evidence.reference, comparison, fact=fact)
    status = "silent" if _is_of_no_formula(equation, evidence) else "inherited"
    return found(check, status, evidence.reference, comparison, partial(_unseen, equation, evidence))


def _unseen_above(equation: Equation, evidence: Evidence) -> frozenset[int] | None:
    """As `_unseen`; None too where the right value is nowhere larger than the limits, so that nothing shows."""
    name, reference = equation.name, evidence.reference
    is_telling = (reference.largest[name] > evidence.slack * reference.limits(name, evidence.dtype_of(name))).any()
    return _unseen(equation, evidence) if is_telling else None


def _unseen(equation: Equation, evidence: Evidence) -> frozenset[int] | None:
    """Which parts of the formula could be left out without showing, on the submission's own values.

    None where it would agree with a formula that nobody wrote down.
    """
    if _is_of_no_formula(equation, evidence):
        return None
    values, own, limits = evidence.values, evidence.own[equation.name], evidence.own_limits[equation.name]
    if equation.is_sum:
        terms = np.abs(values[equation.inputs[0]]).max(axis=(-2, -1))
        return frozenset() if (terms > limits).all() else frozenset({0})
    with np.errstate(all="ignore"):
        changed = (formula.evaluate(variant, values) for variant in formula.omissions(equation.expression))
        return frozenset(part for part, value in enumerate(changed) if (distances(value, own) <= limits).all())


def _is_of_no_formula(equation: Equation, evidence: Evidence) -> bool:
    """Whether a value is one number throughout, or a copy of something that was given."""
    values, own = evidence.values, evidence.own[equation.name]
    if (own.size > 1 and np.ptp(own) == 0) or not own.any():
        return True
    if equation.is_sum:
        return False
    given = (name for name in evidence.form.given if name not in evidence.form.blocks)
    inputs = (values[name] for name in (*equation.inputs, *given))
    return any(value.shape == own.shape and np.array_equal(value, own) for value in inputs)
