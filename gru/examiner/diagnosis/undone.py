"""Two mistakes that undo each other: a value that is right by chance, computed from a wrong one by a wrong formula. If
(10) has the wrong sign and (13) has it again, dwr is right, although its formula is wrong. It judges nothing by itself:
it only names what the other outcomes leave open.
"""

from dataclasses import replace

from gru.examiner.diagnosis.recognised import recognise
from gru.examiner.diagnosis.sample import Sample, says_little
from gru.examiner.fact import Fact
from gru.examiner.judging.case import Case
from gru.examiner.judging.comparison import agree
from gru.examiner.outcome import Outcome
from gru.layer import Equation, Form


def with_undone(outcomes: list[Outcome], cases: list[Case], form: Form) -> list[Outcome]:
    """The outcomes, with what is right by chance called wrong.

    Only where a known mistake makes the right value of the wrong ones that the submission showed, and something
    else that is made of these is wrong as they are: then the wrong values are those that the cell went on with.
    """
    wrong = {outcome.name for outcome in outcomes if outcome.status == "wrong"}
    followed = {name for o in outcomes if o.status == "inherited" and o.name for name in form.equation(o.name).inputs}
    source = wrong & followed
    return [
        _undone(outcome, source, cases, form) if outcome.status == "right" and outcome.name else outcome
        for outcome in outcomes
    ]


def _undone(outcome: Outcome, source: set[str | None], cases: list[Case], form: Form) -> Outcome:
    equation = form.equation(outcome.name or "")
    if equation.is_sum or not source.intersection(equation.inputs):
        return outcome
    by_chance = [case for case in cases if _is_by_chance(case, equation, source)]
    if not by_chance:
        return outcome
    by_chance.sort(key=says_little)
    known = recognise(equation, [Sample(equation, case) for case in by_chance], [], form)
    if known is None:
        return outcome
    first = min((case.evidence.reference.problem for case in by_chance), key=lambda problem: problem.sizes)
    fact = Fact.of("right-by-chance", name=equation.name, of=", ".join(n for n in equation.inputs if n in source))
    numbers = replace(outcome, status="wrong", error=None, limit=None, detects=None)
    return replace(numbers, problem=first.id, sizes=first.sizes, facts=(fact,), mistake=known[0])


def _is_by_chance(case: Case, equation: Equation, source: set[str | None]) -> bool:
    """Whether a value is right although its formula gives another one on the wrong values that were shown."""
    own = case.evidence.own
    if case.status(equation.id) != "right" or equation.name not in own:
        return False
    spoilt = [name for name in equation.inputs if name in source and name in own]
    if not any(case.status(case.evidence.form.named[name].id) == "wrong" for name in spoilt):
        return False
    sample = Sample(equation, case)
    return not agree(sample.own, sample.right, case.evidence.own_limits[equation.name])
