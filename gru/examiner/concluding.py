"""From the findings on all problems to the outcome of every check, and the form that is followed.

A line of steps: summarise, follow, explain, diagnose. It runs nothing, and measures nothing.
"""

from dataclasses import dataclass, replace

from gru.examiner.diagnosis.diagnosing import diagnosed
from gru.examiner.diagnosis.raised import with_raised
from gru.examiner.diagnosis.undone import with_undone
from gru.examiner.fact import Fact
from gru.examiner.following import departs, in_other_form, recognise
from gru.examiner.hidden.one_mistake import explained_by_one
from gru.examiner.hidden.one_slip import with_whole_clips
from gru.examiner.hidden.worked_out import judged_on_revealed
from gru.examiner.interface import judge_interface
from gru.examiner.judging.case import Case, judge_uses
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Finding, Outcome
from gru.examiner.state.companions import is_of_formula
from gru.examiner.summary import count_wrong, summarise, summarise_all
from gru.layer import Form
from gru.submission.contract import Recording

WRONG_EVERYWHERE = 6
"""With more wrong equations than this, no pairs of mistakes are tried: they would be guesses."""


@dataclass(frozen=True)
class Answers:
    """What a submission has answered where one form was asked for, and what was found in that."""

    asked: Form
    recorded: list[tuple[Reference, Recording]]
    cases: list[Case]
    findings: list[Finding]


def conclude(answers: Answers) -> tuple[list[Outcome], Form]:
    """The outcome of every check with its diagnosis, and the form that the submission follows.

    Args:
        answers: All that the submission has answered.

    Returns:
        One outcome for each check of the form that was asked for, in the order of a report; and that form, or the one
        that the submission follows in its place.
    """
    asked = answers.asked
    if not asked.shows_all:
        answers = _without_what_is_unsure(answers)
    outcomes, cases, followed = list(summarise_all(answers.findings, asked)), answers.cases, asked
    if explained := explained_by_one(outcomes, cases, asked):
        explained = _without_what_formulas_explain(explained, answers.findings, asked)
        explained = [diagnosed(outcome, cases, asked, search=False) for outcome in explained]
        return with_raised(explained, answers.findings, asked), asked
    other = recognise(answers.recorded, asked) if departs(outcomes, asked) else asked
    outcomes_as_if, as_if = _as_if(other, answers, outcomes) if other is not asked else (outcomes, cases)
    outcomes, cases = judged_on_revealed(outcomes, cases, asked)
    # One slip in (3) or (4) before a backward pass of the form that was asked for is not another form.
    if other is not asked and count_wrong(outcomes_as_if) <= count_wrong(outcomes):
        outcomes, cases, followed = outcomes_as_if, as_if, other
    outcomes = _without_what_formulas_explain(_with_a_reason(outcomes), answers.findings, followed)
    search = count_wrong(outcomes) <= WRONG_EVERYWHERE
    outcomes = with_undone(outcomes, cases, followed)
    outcomes = [diagnosed(outcome, cases, followed, search=search) for outcome in outcomes]
    shown = {name for case in answers.cases for name in case.evidence.own}
    return with_whole_clips(with_raised(outcomes, answers.findings, followed), shown, followed), followed


def _without_what_is_unsure(answers: Answers) -> Answers:
    """What is computed from a wrong hidden quantity is judged only on problems from which that quantity is known."""
    form = answers.asked
    checks = {form.named[name].id for case in answers.cases for name in case.evidence.recovered.agreeing}
    settled: dict[int, Finding] = {}
    cases = []
    for case in answers.cases:
        here = case.evidence.recovered
        told = checks - {form.named[name].id for name in here.unsure} if here.values else set()
        unsure = [f for f in case.findings if f.status == "wrong" and f.check in checks - told]
        settled |= {id(finding): finding._replace(status="silent") for finding in unsure}
        cases.append(replace(case, findings=tuple(settled.get(id(finding), finding) for finding in case.findings)))
    return replace(answers, cases=cases, findings=[settled.get(id(f), f) for f in answers.findings])


def _as_if(other: Form, answers: Answers, outcomes: list[Outcome]) -> tuple[list[Outcome], list[Case]]:
    """The outcomes of a submission that follows another form, which counts once; and its cases."""
    as_if = [case for of, recording in answers.recorded for case in judge_uses(of.as_if(other), recording)]
    kept = [finding for finding in answers.findings if finding.check == "state"]
    for reference, recording in answers.recorded:
        kept.extend(judge_interface(reference.as_if(other), recording))
    consistent = summarise_all([*kept, *(finding for case in as_if for finding in case.findings)], other)
    by_check = {outcome.check: outcome for outcome in consistent}
    merged = [in_other_form(outcome, by_check.get(outcome.check), answers.asked, other) for outcome in outcomes]
    if explained := explained_by_one(merged, as_if, other):
        return explained, as_if
    return judged_on_revealed(merged, as_if, other)


def _without_what_formulas_explain(outcomes: list[Outcome], findings: list[Finding], form: Form) -> list[Outcome]:
    """The outcomes, with `state` wrong only for what no wrong formula explains.

    A formula that is not linear in δ, or that mixes the rows of a batch, is one mistake, of its equation.
    """
    wrong = {outcome.name for outcome in outcomes if outcome.status == "wrong" and outcome.is_of_equation}
    spoilt = set().union(*(form.made_of(name) for name in wrong if name))
    if any(outcome.check == "merge" and outcome.status == "wrong" for outcome in outcomes):
        spoilt |= {total.name for total in form.sums}
    left = [f for f in findings if f.check == "state" and not is_of_formula(f, spoilt)]
    anew = summarise("state", left)
    if anew.status == "wrong" or not any(o.check == "state" and o.status == "wrong" for o in outcomes):
        return [anew if o.check == "state" and o.status == "wrong" else o for o in outcomes]
    inherited = Outcome("state", "inherited", problems=anew.problems, facts=(Fact.of("state-of-formula"),))
    return [inherited if outcome.check == "state" else outcome for outcome in outcomes]


def _with_a_reason(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes.

    Where not all are right and none is wrong or missing, the first one that could not be judged is called wrong.
    """
    if any(outcome.status in ("wrong", "missing") for outcome in outcomes):
        return outcomes
    doubtful = (o for o in outcomes if o.status in ("not_examined", "inherited") and o.is_of_equation and o.problems)
    first = next(doubtful, None)
    return [replace(o, status="wrong") if o is first else o for o in outcomes]
