"""The diagnosis of a wrong formula: what is said of it, and where it is wrong, if not everywhere.

First the known mistakes, then what can be described in numbers, then two mistakes at once. What a value that is right
contradicts is told with the condition under which it is wrong, or not at all. It judges nothing.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from gru.examiner.diagnosis.conditions import condition
from gru.examiner.diagnosis.described import describe
from gru.examiner.diagnosis.other_part import other_part
from gru.examiner.diagnosis.read_off import Guess
from gru.examiner.diagnosis.recognised import recognise, recognise_pair
from gru.examiner.diagnosis.sample import Sample, says_little, tells
from gru.examiner.diagnosis.stacking import diagnose_stacking
from gru.examiner.fact import Diagnosis, Fact, of_one
from gru.examiner.judging.case import Case
from gru.examiner.outcome import Outcome
from gru.layer import Equation
from gru.layer.form import Form
from gru.problem import REGIMES

NO_FORMULA = ("zero", "constant")
"""The kinds of descriptions that stand beside a known mistake: some wrong formulas are zero throughout."""


def diagnose(equation: Equation, cases: Iterable[Case], *, pairs: bool = True) -> Diagnosis | None:
    """The diagnosis of a wrong formula, from all cases of a submission.

    With `pairs`, two mistakes in one formula are looked for too. None where nothing more can be said
    than that it is wrong.
    """
    cases = [case if case.evidence.form.shows_all else _with_recovered(case) for case in cases]
    cases = [case for case in cases if equation.name in case.evidence.own]
    wrong = sorted((case for case in cases if case.status(equation.id) == "wrong"), key=says_little)
    if not wrong or equation.is_sum:
        return None
    if _varies(equation, cases):
        return of_one(equation.id, Fact.of("varies", name=equation.name), equation)
    spoilt = _not_finite(equation, wrong)
    if spoilt is not None:
        return spoilt
    right = [case for case in cases if case.status(equation.id) == "right" and tells(equation.id, case)]
    found, is_contradicted = _explained(equation, wrong, right, pairs=pairs)
    where = condition(equation.id, wrong, right) if is_contradicted else None
    if found is not None:
        return replace(found, condition=where)
    if where is None or where.kind == "on-some":
        return None if where is None else Diagnosis(equation.id, (), equation, where, is_known=False)
    elsewhere = Fact.of("right-elsewhere", name=equation.name)
    return Diagnosis(equation.id, ((elsewhere,),), equation, where, is_known=False)


def _explained(
    equation: Equation, wrong_cases: list[Case], right_cases: list[Case], *, pairs: bool
) -> tuple[Diagnosis | None, bool]:
    """The explanation or description of the wrong values, and whether a right value contradicts it."""
    wrong = [Sample(equation, case) for case in wrong_cases]
    right = [Sample(equation, case) for case in right_cases]
    form = wrong_cases[0].evidence.reference.form
    known = recognise(equation, wrong, right, form)
    described = describe(wrong, right) if known is None or not any(sample.own.any() for sample in wrong) else None
    if known is not None:
        diagnosis, is_contradicted = known
        if described is not None and described[0].facts[0].kind in NO_FORMULA:
            diagnosis = replace(diagnosis, alternatives=((*described[0].facts,), *diagnosis.alternatives))
        return diagnosis, is_contradicted
    if described is not None:
        return _of_description(equation, described[0]), described[1]
    if pairs and (pair := recognise_pair(equation, wrong, right, form)) is not None:
        return pair, False
    if (part := describe(wrong, right, (other_part,))) is not None:
        return _of_description(equation, part[0]), part[1]
    return None, bool(right)


def _of_description(equation: Equation, described: Guess) -> Diagnosis:
    is_known = described.facts[0].kind in NO_FORMULA
    return Diagnosis(equation.id, (described.facts,), equation, is_known=is_known)


def _with_recovered(case: Case) -> Case:
    evidence = case.evidence
    return replace(case, evidence=replace(evidence, own=evidence.own | evidence.recovered.values))


def _varies(equation: Equation, cases: list[Case]) -> bool:
    """Whether the value was another one when the same cells did the same problem again."""
    first: dict[int, Case] = {}
    for case in cases:
        before = first.setdefault(id(case.evidence.reference), case)
        one, other = (c.evidence.own[equation.name] for c in (before, case))
        limits = case.evidence.own_limits[equation.name].reshape(-1, 1, 1)
        if before is not case and (np.abs(one - other) > 2 * limits).any() and _same_inputs(equation, before, case):
            return True
    return False


def _same_inputs(equation: Equation, one: Case, other: Case) -> bool:
    """Whether what the value is made of was the same both times, to a bit."""
    values = one.evidence.values, other.evidence.values
    return all(np.array_equal(values[0][name], values[1][name], equal_nan=True) for name in equation.inputs)


def _not_finite(equation: Equation, wrong: list[Case]) -> Diagnosis | None:
    """NaN or infinity in every wrong value. Its shown inputs are finite; otherwise the formula would not be judged."""
    spoilt = [case for case in wrong if not np.isfinite(case.evidence.own[equation.name]).all()]
    if len(spoilt) < len(wrong):
        return None
    regimes = sorted({case.evidence.reference.problem.regime for case in spoilt})
    only = tuple(regimes) if len(regimes) < len(REGIMES) else ()
    shown = all(name in case.evidence.own or name in case.evidence.given for case in spoilt for name in equation.inputs)
    return of_one(equation.id, Fact.of("not-finite", name=equation.name, regimes=only, is_shown=shown), equation)


def diagnosed(outcome: Outcome, cases: list[Case], followed: Form, *, search: bool) -> Outcome:
    """A wrong outcome with what is likely wrong."""
    if outcome.status != "wrong" or outcome.mistake is not None:
        return outcome
    cut = _cut_of(outcome, cases, followed)
    if cut is not None:
        return replace(outcome, mistake=cut)
    if outcome.name is not None:
        return replace(outcome, mistake=diagnose(followed.named[outcome.name], cases, pairs=search))
    if outcome.check in ("split", "merge"):
        return replace(outcome, mistake=diagnose_stacking(outcome.check, cases))
    if outcome.check == "state" and outcome.facts:
        return replace(outcome, mistake=of_one("state", outcome.facts[0]))
    return outcome


def _cut_of(outcome: Outcome, cases: list[Case], form: Form) -> Diagnosis | None:
    """The diagnosis of a wrong outcome that says that a state's derivative is not handed on."""
    cut = {carried for case in cases for carried in case.evidence.cut}
    for carried in cut:
        if outcome.name and form.named[outcome.name].of in (carried.state, carried.previous):
            equation = form.derivatives[carried.state]
            return of_one(equation.id, Fact.of("cut-path", carried=carried), equation)
    return None
