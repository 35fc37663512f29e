"""What is wrong only where there are several cells, one for each step: they use something of each other.

The cells of such a problem are run once more, one by one: each with the same arguments, forward and
at once backward. What is right then is no mistake in an equation, but one of the state.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gru.examiner.fact import Fact
from gru.examiner.judging.case import Case, judge_uses
from gru.examiner.judging.finding import found
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Finding
from gru.submission.contract import Recording, Runner

MOST_TAKEN_APART = 3
"""How many problems are run step by step to find out whether the cells use something of each other."""


def of_several_steps(cases: Sequence[Case]) -> list[Case]:
    """Some cases of several steps in which an equation is wrong that is right in every case of one step.

    The shortest sequences are among them: a formula that is wrong only in long ones is wrong late, and cells already
    stand beside each other in short ones.
    """
    wrong = [c for c in cases if any(c.status(check) == "wrong" for check in _of_equations(c))]
    shortest = min((_steps_of(case) for case in cases if _steps_of(case) > 1), default=0)
    if min(map(_steps_of, wrong), default=1) != shortest:
        return []
    found = {id(case.evidence.reference): case for case in wrong}
    return sorted(found.values(), key=_steps_of)[:MOST_TAKEN_APART]


def taken_apart(runner: Runner, cases: Iterable[Case]) -> Iterator[tuple[Finding, list[tuple[Reference, Recording]]]]:
    """Findings on what is wrong in these cases and right step by step, with the answers to the steps.

    Raises SubmissionFailure.
    """
    for case in cases:
        steps = list(_steps(case.evidence.reference))
        recorded = list(zip(steps, runner.run([step.job() for step in steps]), strict=True))
        alone = [judged for of, recording in recorded for judged in judge_uses(of, recording)]
        finding = next((f for f in case.findings if f.status == "wrong" and f.check in _of_equations(case)), None)
        statuses = [case.status(finding.check) for case in alone] if finding else []
        if finding and len(statuses) == len(steps) and all(status == "right" for status in statuses):
            fact = Fact.of("of-another-step", name=_of_equations(case)[finding.check])
            yield found("state", "wrong", case.evidence.reference, finding.comparison, finding.unseen, fact), recorded


def has_one_step(reference: Reference) -> bool:
    """Whether there is one cell alone."""
    return reference.problem.sizes.steps == 1


def _steps_of(case: Case) -> int:
    return case.evidence.reference.problem.sizes.steps


def _of_equations(case: Case) -> dict[str, str]:
    """The names of the left-hand sides of one step, by the ids of their checks."""
    return {equation.id: equation.name for equation in case.evidence.form.exposed if not equation.is_sum}


def _steps(reference: Reference) -> Iterator[Reference]:
    """Each step of a problem as a problem of one step."""
    problem, form = reference.problem, reference.form
    states = [name for carried in form.layer.carried for name in (carried.previous, carried.upstream)]
    for step in range(problem.sizes.steps):
        here = slice(step, step + 1)
        fed = {name: reference.given[name][here] for name in (form.layer.input, *states)}
        one = replace(problem, id=f"{problem.id}+step{step}", sizes=problem.sizes._replace(steps=1), x=problem.x[here])
        yield Reference(one, form, fed=fed, by_formulas=reference.by_formulas)
