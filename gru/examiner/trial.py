"""A trial: the answers of one submission to all problems, and the outcomes they add up to.

It grows while the submission runs, so that nothing found is lost when that fails. It starts no
process and awards nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import cycle, islice

import numpy as np

from gru.examiner.alone import all_alone, doubted, told_apart
from gru.examiner.case import Case, agrees_forward, judge_uses, kept_apart
from gru.examiner.diagnosis import diagnose
from gru.examiner.fact import Diagnosis, Fact, of_one
from gru.examiner.finding import found
from gru.examiner.hidden import Explanation, explain
from gru.examiner.judge import judge_left
from gru.examiner.outcome import Finding, Outcome, everything_shows, summarise
from gru.examiner.reference import CHANGES, Reference
from gru.examiner.reuse import cases_of, judge_reuse, reuse_job
from gru.examiner.reveal import revealed
from gru.examiner.stacking import diagnose_stacking
from gru.examiner.state import (
    COMPANIONS,
    LATER,
    Companion,
    companion_job,
    is_arbitrary,
    is_doubtful,
    is_of_formula,
    judge_again,
    judge_companion,
    judge_recording,
)
from gru.examiner.undone import with_undone
from gru.layer import Form
from gru.submission.contract import Description, Job, Raised, Recording, Runner, SubmissionFailure

USED_AGAIN_EVERY = 6
"""Every sixth problem uses its cells again, with other arguments: what is kept needs no special numbers to show."""

NOT_SHOWN = Fact.of("not-shown")

WRONG_EVERYWHERE = 6
"""With more wrong equations than this, no pairs of mistakes are tried: they would be guesses."""


@dataclass
class Trial:
    """The problems of one submission, and all that its answers say.

    `put_twice` are those of the problems that are put in other ways too, as the check `state` asks.
    """

    references: list[Reference]
    put_twice: list[Reference]
    recorded: list[tuple[Reference, Recording]] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    doubtful: list[tuple[Companion, Reference, int]] = field(default_factory=list)
    unsettled: list[tuple[Reference, Reference, str, Recording]] = field(default_factory=list)

    def run(self, runner: Runner) -> Iterator[tuple[int, int]]:
        """Put all jobs to the runner and judge the answers; yields how many are done, of how many."""
        asked = list(self._asked())
        for done, ((_, judge), recording) in enumerate(
            zip(asked, runner.run(job for job, _ in asked), strict=False), 1
        ):
            judge(recording)
            yield done, len(asked)
        self._settle(runner)
        self._clear_up(runner)
        self._judge_alone(runner)

    def _asked(self) -> Iterator[tuple[Job, Callable[[Recording], None]]]:
        """Every job, with what becomes of its answer."""
        changes = cycle(CHANGES)
        for position, reference in enumerate(self.references):
            is_twice = reference in self.put_twice
            yield reference.job(2 if is_twice else 1), partial(self.take, reference)
            again = CHANGES if is_twice else [next(changes)] if position % USED_AGAIN_EVERY == 0 else []
            for change in again:
                other = reference.reused(change)
                yield reuse_job(other, change), partial(self._judge_again, reference, other, change)
        for reference in self.put_twice:
            for companion in COMPANIONS:
                job = companion_job(companion, reference.job())
                yield job, partial(self._judge_companion, companion, reference)

    def take(self, reference: Reference, recording: Recording) -> None:
        """Judge the answer to one problem, whoever has put it to the submission."""
        kept = list(judge_recording(reference, recording))
        cases = list(judge_uses(reference, recording))
        if any(finding.status == "wrong" for finding in kept):
            cases = [cases[0], *(kept_apart(cases[0], case) for case in cases[1:])] if cases else []
        self.recorded.append((reference, recording))
        self.cases.extend(cases)
        self.findings.extend(judge_interface(reference, recording))
        self.findings.extend(kept)
        self.findings.extend(judge_left(reference, recording))
        self.findings.extend(finding for case in cases for finding in case.findings)

    def _judge_again(self, reference: Reference, other: Reference, change: str, recording: Recording) -> None:
        """A second use with other arguments: what is not right in it may be the state's, or a formula's."""
        cases = cases_of(other, recording)
        if cases is None:
            self.unsettled.append((reference, other, change, recording))
        else:
            self.findings.append(found("state", "right", other, unseen=everything_shows))

    def _judge_companion(self, companion: Companion, reference: Reference, recording: Recording) -> None:
        plain = self._plain(reference)
        for finding in judge_companion(companion, reference, plain, recording):
            if is_doubtful(finding) and companion is not LATER:
                self.doubtful.append((companion, reference, len(self.findings)))
            self.findings.append(finding)

    def _plain(self, reference: Reference) -> Recording:
        return next(plain for of, plain in self.recorded if of is reference)

    def _clear_up(self, runner: Runner) -> None:
        """Put doubtful companions twice more, and the plain problem by turns: a cell may vary by itself."""
        jobs = [
            job
            for companion, reference, _ in self.doubtful
            for job in (reference.job(), companion_job(companion, reference.job())) * 2
        ]
        answers = iter(list(runner.run(jobs)))
        for companion, reference, place in self.doubtful:
            again, finding = list(islice(answers, 4)), self.findings[place]
            self.findings[place] = judge_again(companion, reference, self._plain(reference), finding, again)

    def _settle(self, runner: Runner) -> None:
        """Put the second uses that were not right to new cells, and see which of the two it is."""
        unsettled = self.unsettled
        jobs = [reuse_job(other, change, goes_on=False) for _, other, change, _ in unsettled]
        for (reference, other, change, again), new in zip(unsettled, runner.run(jobs), strict=False):
            first = next(recording for of, recording in self.recorded if of is reference)
            kept = list(judge_reuse(other, change, first, again, new))
            self.findings.extend(kept)
            if not kept:
                self.take(other, new)

    def _judge_alone(self, runner: Runner) -> None:
        """Put what was wrong after other problems to processes of their own; if that differs, judge equations there."""
        doubtful = doubted(self.cases, self.recorded)
        try:
            kept = list(told_apart(runner, doubtful))
            recorded = list(all_alone(runner, self.recorded, doubtful)) if kept else []
        except SubmissionFailure:
            # What was found before stands.
            return
        if kept:
            state = [finding for finding in self.findings if finding.check == "state"]
            self.recorded, self.cases, self.findings = [], [], [*kept, *state]
            for reference, recording in recorded:
                self.take(reference, recording)

    @property
    def precision(self) -> str:
        """The coarsest precision in which a problem in double precision was answered."""
        double = (case for case in self.cases if case.evidence.reference.problem.precision == "float64")
        return "float32" if any(case.evidence.dtype == np.float32 for case in double) else "float64"

    def outcomes(self) -> tuple[list[Outcome], Form]:
        """The outcome of every check with its diagnosis, and the convention that is followed."""
        asked = self.references[0].convention
        if not asked.shows_all:
            self._leave_unsure()
        outcomes, cases, followed = list(summarise_all(self.findings, asked)), self.cases, asked
        if explained := _explained_all(outcomes, cases, asked):
            explained = self._without_what_formulas_explain(explained, asked)
            return [_diagnosed(outcome, cases, asked, search=False) for outcome in explained], asked
        other = recognise(self.recorded, asked) if _departs(outcomes, asked) else asked
        outcomes_as_if, as_if = self._outcomes_as_if(other, outcomes) if other is not asked else (outcomes, cases)
        outcomes, cases = _judged_on_revealed(outcomes, cases, asked)
        # A backward pass of the form asked for, behind one slip in (3) or (4), is no other form.
        if other is not asked and _count_wrong(outcomes_as_if) <= _count_wrong(outcomes):
            outcomes, cases, followed = outcomes_as_if, as_if, other
        outcomes = self._without_what_formulas_explain(_with_a_reason(outcomes), followed)
        search = _count_wrong(outcomes) <= WRONG_EVERYWHERE
        outcomes = with_undone(outcomes, cases, followed)
        return [_diagnosed(outcome, cases, followed, search=search) for outcome in outcomes], followed

    def _leave_unsure(self) -> None:
        """Where a hidden quantity is wrong, what is made of it is judged on the problems that tell the quantity."""
        form = self.references[0].convention
        checks = {form.named[name].id for case in self.cases for name in case.evidence.recovered.agreeing}
        settled: dict[int, Finding] = {}
        for number, case in enumerate(self.cases):
            here = case.evidence.recovered
            told = checks - {form.named[name].id for name in here.unsure} if here.values else set()
            unsure = [f for f in case.findings if f.status == "wrong" and f.check in checks - told]
            settled |= {id(finding): replace(finding, status="silent") for finding in unsure}
            findings = tuple(settled.get(id(finding), finding) for finding in case.findings)
            self.cases[number] = replace(case, findings=findings)
        self.findings = [settled.get(id(finding), finding) for finding in self.findings]

    def _outcomes_as_if(self, other: Form, outcomes: list[Outcome]) -> tuple[list[Outcome], list[Case]]:
        """The outcomes of a submission that follows another form, which counts once; and its cases."""
        asked = self.references[0].convention
        as_if = [case for of, recording in self.recorded for case in judge_uses(of.as_if(other), recording)]
        kept = [finding for finding in self.findings if finding.check == "state"]
        for reference, recording in self.recorded:
            kept.extend(judge_interface(reference.as_if(other), recording))
        consistent = summarise_all([*kept, *(finding for case in as_if for finding in case.findings)], other)
        by_check = {outcome.check: outcome for outcome in consistent}
        merged = [_merged(outcome, by_check.get(outcome.check), asked, other) for outcome in outcomes]
        if explained := _explained_all(merged, as_if, other):
            return explained, as_if
        return _judged_on_revealed(merged, as_if, other)

    def _without_what_formulas_explain(self, outcomes: list[Outcome], form: Form) -> list[Outcome]:
        """The outcomes with the check `state` charged only for what no wrong formula explains.

        A formula that is not linear in δ, or that mixes the rows of a batch, is one mistake, of its equation.
        """
        wrong = {outcome.name for outcome in outcomes if outcome.status == "wrong" and outcome.is_of_equation}
        spoilt = set().union(*(form.made_of(name) for name in wrong if name))
        if any(outcome.check == "merge" and outcome.status == "wrong" for outcome in outcomes):
            spoilt |= {total.name for total in form.sums}
        left = [f for f in self.findings if f.check == "state" and not is_of_formula(f, spoilt)]
        anew = summarise("state", left)
        if anew.status == "wrong" or not any(o.check == "state" and o.status == "wrong" for o in outcomes):
            return [anew if o.check == "state" and o.status == "wrong" else o for o in outcomes]
        inherited = Outcome("state", "inherited", problems=anew.problems, facts=(Fact.of("state-of-formula"),))
        return [inherited if outcome.check == "state" else outcome for outcome in outcomes]


def _judged_on_revealed(outcomes: list[Outcome], cases: list[Case], form: Form) -> tuple[list[Outcome], list[Case]]:
    """The outcomes of a cell that hides values, judged on those that can be worked out from what it shows.

    Only where something is wrong, and no more is wrong then than before.
    """
    hidden = {outcome.check for outcome in outcomes if outcome.status == "missing"}
    if not (hidden and _count_wrong(outcomes)):
        return outcomes, cases
    open_cases = revealed(cases)
    if not any(finding.status == "wrong" for case in open_cases for finding in case.findings):
        return outcomes, cases
    found = summarise_all([finding for case in open_cases for finding in case.findings], form)
    by_check = {outcome.check: outcome for outcome in found if outcome.is_of_equation or outcome.status == "wrong"}
    anew = [_worked_out(outcome, by_check.get(outcome.check, outcome), hidden) for outcome in outcomes]
    anew = [_unless_unconfirmed(outcome, anew, hidden, form) for outcome in anew]
    return (anew, open_cases) if _count_wrong(anew) <= _count_wrong(outcomes) else (outcomes, cases)


def _worked_out(outcome: Outcome, anew: Outcome, hidden: set[str]) -> Outcome:
    """An outcome on values that were worked out, which says so."""
    if outcome.mistake is not None:
        return outcome
    if outcome.check not in hidden:
        return anew
    if not anew.is_of_equation:
        return anew if anew.status == "wrong" else replace(anew, status="right", facts=(NOT_SHOWN,))
    return replace(anew, facts=(Fact.of("worked-out", name=anew.name),))


def _unless_unconfirmed(outcome: Outcome, outcomes: list[Outcome], hidden: set[str], form: Form) -> Outcome:
    """The outcome; `not_examined` where a hidden value is only taken to be right, and nothing shown confirms it."""
    if outcome.name is None or outcome.check not in hidden or outcome.status != "right":
        return outcome
    made = form.made_of(outcome.name) | {outcome.name}
    # Those are shown as parts of what a parameter's gradient shows as a whole, where that is shown.
    blocks = {form.derivatives[block].name for stack in form.stacks for block in stack.blocks} - form.unasked
    confirming = (o for o in outcomes if o.name in made and (o.check not in hidden or o.name in blocks))
    # The sum of what is wrong is the sum of it whatever it was made of.
    if any(o.status == "right" or (o.status == "inherited" and not form.named[str(o.name)].is_sum) for o in confirming):
        return outcome
    return replace(outcome, status="not_examined")


def _with_a_reason(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes, one of them wrong or missing where not all are right: the first that could not be judged."""
    if any(outcome.status in ("wrong", "missing") for outcome in outcomes):
        return outcomes
    doubtful = (o for o in outcomes if o.status in ("not_examined", "inherited") and o.is_of_equation and o.problems)
    first = next(doubtful, None)
    return [replace(o, status="wrong") if o is first else o for o in outcomes]


def _count_wrong(outcomes: Iterable[Outcome]) -> int:
    """How many mistakes in equations, and in the order of blocks, are found."""
    return sum(o.status == "wrong" and (o.is_of_equation or o.check in ("split", "merge")) for o in outcomes)


def _departs(outcomes: list[Outcome], asked: Form) -> bool:
    """Whether a check at which conventions part is wrong."""
    wrong = {outcome.check for outcome in outcomes if outcome.status == "wrong"}
    return any(wrong & (set(form.departs) ^ set(asked.departs)) for form in _related(asked)) if wrong else False


def _related(asked: Form) -> list[Form]:
    """The other forms that a cell can follow that is given what this one is: it may leave a parameter alone."""
    return [f for f in asked.layer.forms.values() if f is not asked and set(f.stacks) <= set(asked.stacks)]


def recognise(recorded: list[tuple[Reference, Recording]], asked: Form) -> Form:
    """The convention whose forward values these are, on every problem; `asked` where there is none."""
    for other in _related(asked):
        if all(agrees_forward(reference.as_if(other), recording) for reference, recording in recorded):
            return other
    return asked


def _merged(outcome: Outcome, consistent: Outcome | None, asked: Form, followed: Form) -> Outcome:
    """One outcome of a submission that follows another convention than the one asked for.

    It counts once, where the conventions part; what is right in its own convention is inherited.
    """
    if outcome.check in set(asked.departs) ^ set(followed.departs):
        fact = Fact.of("another-form", form=followed, asked=asked)
        equation = asked.named[outcome.name] if outcome.name else None
        return replace(outcome, status="wrong", facts=(fact,), mistake=of_one(outcome.check, fact, equation))
    if consistent is None:
        return replace(outcome, status="inherited", facts=(Fact.of("not-in-form", form=followed, asked=asked),))
    if consistent.status == "right" and outcome.status != "right":
        return replace(outcome, status="inherited", facts=(Fact.of("right-in-form", form=followed, asked=asked),))
    return outcome if outcome.status == consistent.status == "right" else consistent


def _explained_all(outcomes: list[Outcome], cases: list[Case], convention: Form) -> list[Outcome] | None:
    """The outcomes of a cell that hides some of its values, where one mistake explains what it shows."""
    is_cut = any(case.evidence.cut for case in cases)
    explanation = explain(cases, convention) if any(map(_is_hidden, outcomes)) and not is_cut else None
    return [_explained(outcome, explanation) for outcome in outcomes] if explanation else None


def _explained(outcome: Outcome, explanation: Explanation) -> Outcome:
    """One outcome of a cell that one mistake explains, whether it shows what is wrong or not."""
    equation, problem = explanation.equation, explanation.case.evidence.reference.problem
    if outcome.mistake is not None:
        return outcome
    if outcome.check == equation.id:
        if _is_hidden(outcome):
            fact = Fact.of("explains-all", name=equation.name)
            outcome = replace(outcome, facts=(fact,), problem=problem.id, sizes=problem.sizes)
        return replace(outcome, status="wrong", mistake=explanation.diagnosis)
    if _is_hidden(outcome):
        inherits = outcome.name in explanation.spoilt
        return replace(outcome, status="inherited" if inherits else "right", facts=(NOT_SHOWN,))
    return replace(outcome, status="inherited") if outcome.status == "wrong" and outcome.is_of_equation else outcome


def _diagnosed(outcome: Outcome, cases: list[Case], followed: Form, *, search: bool) -> Outcome:
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


def _of_blocks(reference: Reference, recording: Recording, raised: Raised) -> Fact | None:
    """What is said beside an exception of forward where a block was never set, or has another shape."""
    form, sizes = reference.convention, reference.problem.sizes
    for name in form.blocks if raised.where == "forward" else ():
        block = recording.split.get(name)
        if raised.type == "AttributeError" and raised.message.endswith(f"'{name}'"):
            return Fact.of("block-not-set", name=name)
        if isinstance(block, Description) and block.is_array:
            expected = {"dimensions": form.dimensions[name], "shape": form.shape_of(name, sizes)}
            return Fact.of("block-of-another-shape", name=name, shown=block.text, **expected)
    return None


def judge_interface(reference: Reference, recording: Recording) -> Iterator[Finding]:
    """Whether the calls went through and set what the chapter's API asks for."""
    if recording.raised is not None:
        raised = recording.raised
        beside = _of_blocks(reference, recording, raised)
        told = {"raised": raised.text, "type": raised.type, "where": raised.where, "beside": beside}
        # Where one use has been through backward, it was a later one that raised.
        fact = Fact.of("raised", **told, is_again=any(use.after_backward for use in recording.uses))
        yield found("interface", "wrong", reference, fact=fact)
        return
    for use in recording.uses:
        form = reference.convention
        handed_on = {form.derivatives[carried.previous].name for carried in form.layer.carried[1:]}
        for name in form.required:
            value = use.after_backward.get(name)
            if name in handed_on:
                # That is a mistake of its own, with a name: the path is cut.
                continue
            if isinstance(value, Description) and value.absent:
                yield found("interface", "wrong", reference, fact=Fact.of("not-set", name=name))
    yield found("interface", "right", reference, unseen=everything_shows)


def summarise_all(findings: list[Finding], form: Form) -> Iterator[Outcome]:
    """The outcome of every check; what is not shown is judged by what depends on it."""
    by_check: dict[str, list[Finding]] = {check: [] for check in form.checks}
    for finding in findings:
        by_check[finding.check].append(finding)
    of_check = {equation.id: equation for equation in form.exposed}
    outcomes = {check: summarise(check, found, of_check.get(check)) for check, found in by_check.items()}
    arbitrary = any(is_arbitrary(finding) for finding in by_check["state"])
    for check, outcome in outcomes.items():
        equation = of_check.get(check)
        if _is_hidden(outcome) and _is_vouched_for(check, outcomes, form):
            outcome = replace(outcome, status="right", facts=(Fact.of("vouched-for"),))
        elif outcome.status == "inherited" and equation and equation.is_sum:
            outcome = unless_silent(outcome, outcomes[form.named[equation.inputs[0]].id], arbitrary=arbitrary)
        yield outcome


def unless_silent(total: Outcome, summed: Outcome, *, arbitrary: bool) -> Outcome:
    """The outcome of a sum that inherits; `not_examined` where what is summed tells nothing.

    The sum is formed here, so that it is always the sum of what was shown: numbers that are wrong, and not even linear
    in δ, would inherit from themselves.
    """
    if summed.status == "not_examined" or (summed.status == "wrong" and arbitrary):
        return replace(total, status="not_examined", facts=(Fact.of("sum-of-silent"),))
    return total


def _is_hidden(outcome: Outcome) -> bool:
    return outcome.status == "missing" or (outcome.status == "not_examined" and not outcome.problems)


def _is_vouched_for(check: str, outcomes: dict[str, Outcome], form: Form) -> bool:
    """Whether everything that is made of a hidden quantity is right, but for what may be hidden too."""
    required = {e.id for e in form.exposed if e.name in form.required or e.is_sum} - form.unasked_checks
    handed_on = {form.derivatives[carried.previous].name for carried in form.layer.carried[1:]}
    dependents = [outcomes[dependent] for dependent in _dependents(check, form)]
    dependents = [o for o in dependents if not (o.name in handed_on and o.status == "wrong" and o.error is None)]
    return any(o.status == "right" for o in dependents) and all(
        o.status == "right" or (_is_hidden(o) and o.check not in required) for o in dependents
    )


@cache
def _dependents(check: str, form: Form) -> tuple[str, ...]:
    """The checks on everything that is computed from the quantity of this check, near and far."""
    if check == "split":
        made = set().union(*(form.made_of(block) - {block} for block in form.blocks))
        return tuple(equation.id for equation in form.exposed if equation.name in made)
    if check == "merge":
        return tuple(equation.id for equation in form.sums)
    return tuple(
        other.id
        for equation in form.exposed
        if equation.id == check
        for other in form.exposed
        if other is not equation and other.name in form.made_of(equation.name)
    )
