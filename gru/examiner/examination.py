"""An examination: every problem put to a submission, every recording judged, one outcome a check.

It is given a runner, and never knows whether that is a process or a class. It prints nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from gru.conventions import CHAPTER, CONVENTIONS, Convention
from gru.equations import EQUATIONS, EXPOSED
from gru.examiner.judge import agrees_forward, found, gather, judge_equations, judge_merge, judge_split
from gru.examiner.outcome import CHECKS, Examination, Finding, Outcome, judge, summarise
from gru.examiner.reference import Reference
from gru.examiner.state import COMPANIONS, companion_jobs, judge_companions, judge_recording
from gru.problem import Effort, Problem, battery
from gru.shapes import Sizes
from gru.submission.contract import REQUIRED, Description, Job, Recording, SubmissionFailure

STATE_SIZES = (Sizes(2, 3, 4, 1), Sizes(2, 3, 4, 3))
"""The problems that are put in other ways too: several rows, one step and several."""

SECOND_USE_EVERY = 3
"""Every third problem uses its cells twice: a mistake in the second use needs no special numbers."""


class Runner(Protocol):
    """Whatever can put jobs to a submission's cells: its process, or a class of our own."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        """One recording for each job, in order, as it is done. Raises SubmissionFailure."""
        ...


def examine(
    runner: Runner,
    *,
    effort: Effort = "normal",
    seed: int = 0,
    only: Iterable[str] | None = None,
    problem: Problem | None = None,
    convention: Convention = CHAPTER,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Examination:
    """Examine a submission on the battery of `effort` and `seed`, or on one `problem`.

    `convention` is the form of a GRU that is asked for; another that a submission follows throughout
    is recognised, and counts as one mistake. `only` names the checks that are asked for; all by
    default. `on_progress` is told how many jobs are done, of how many. A submission that fails to
    run keeps what was found before.
    Raises ValueError where `only` names no check.
    """
    checks = _selected(only)
    references = [Reference(p, convention) for p in ([problem] if problem else battery(effort, seed))]
    put_twice = [r for r in references if problem or _is_put_twice(r.problem)] if "state" in checks else []
    trial = Trial(references, put_twice)
    failure: SubmissionFailure | None = None
    try:
        for done, total in trial.run(runner):
            on_progress(done, total)
    except SubmissionFailure as error:
        failure = error
    outcomes, followed = trial.outcomes()
    asked_for = tuple(outcome for outcome in outcomes if outcome.check in checks)
    return Examination(
        verdict="not_examined" if failure else judge(asked_for),
        outcomes=asked_for,
        seed=seed,
        effort=effort,
        reason=failure.reason if failure else None,
        text=failure.text if failure else "",
        precision=trial.precision,
        convention=followed.id,
    )


@dataclass
class Trial:
    """The recordings of a submission, and what they say.

    `recorded` holds each problem's reference and recording, `companions` those that were put in
    other ways; both grow while the submission runs, so that nothing found is lost when it fails.
    """

    references: list[Reference]
    put_twice: list[Reference]
    recorded: list[tuple[Reference, Recording]] = field(default_factory=list)
    companions: list[tuple[Reference, Recording, list[Recording]]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    precision: str = "float64"

    def run(self, runner: Runner) -> Iterator[tuple[int, int]]:
        """Put all jobs to the runner and judge the answers; yields how many are done, of how many."""
        jobs = [
            reference.job(2 if reference in self.put_twice or position % SECOND_USE_EVERY == 0 else 1)
            for position, reference in enumerate(self.references)
        ]
        jobs += [job for reference in self.put_twice for job in companion_jobs(reference.job())]
        recordings = runner.run(jobs)
        for done, (reference, recording) in enumerate(zip(self.references, recordings, strict=False), 1):
            self.recorded.append((reference, recording))
            self.findings.extend(judge_problem(reference, recording))
            yield done, len(jobs)
        plain = {reference.problem.id: recording for reference, recording in self.recorded}
        for reference in self.put_twice:
            answers = list(islice(recordings, len(COMPANIONS)))
            self.findings.extend(judge_companions(reference, plain[reference.problem.id], answers))
        yield len(jobs), len(jobs)

    def outcomes(self) -> tuple[list[Outcome], Convention]:
        """The outcome of every check, and the convention that the submission follows."""
        outcomes = list(_outcomes(self.findings))
        asked = self.references[0].convention
        followed = recognise(self.recorded, asked) if _departs(outcomes) else asked
        if followed is asked:
            return outcomes, asked
        findings = [
            f for reference, recording in self.recorded for f in judge_problem(reference.as_if(followed), recording)
        ]
        findings += [finding for finding in self.findings if finding.check == "state"]
        consistent = {outcome.check: outcome for outcome in _outcomes(findings)}
        return [_merged(outcome, consistent[outcome.check], asked, followed) for outcome in outcomes], followed


def _departs(outcomes: list[Outcome]) -> bool:
    """Whether a check at which conventions part is wrong."""
    return any(
        outcome.status == "wrong" and outcome.check in ("equation-3", "equation-4", "split") for outcome in outcomes
    )


def recognise(recorded: list[tuple[Reference, Recording]], asked: Convention) -> Convention:
    """The convention whose forward values these are, on every problem; `asked` where there is none."""
    for convention in CONVENTIONS.values():
        if convention is not asked and all(
            agrees_forward(reference.as_if(convention), recording) for reference, recording in recorded
        ):
            return convention
    return asked


def _merged(outcome: Outcome, consistent: Outcome, asked: Convention, followed: Convention) -> Outcome:
    """One outcome of a submission that follows another convention than the one asked for.

    It counts once, where the conventions part; what is right in its own convention is inherited.
    """
    if outcome.check in set(asked.departs) ^ set(followed.departs):
        return replace(outcome, status="wrong", text=followed.text)
    if consistent.status == "right" and outcome.status != "right":
        return replace(outcome, status="inherited", text=f"right in the convention that is followed: {followed.text}")
    return outcome if outcome.status == "right" and consistent.status == "right" else consistent


def _selected(only: Iterable[str] | None) -> tuple[str, ...]:
    chosen = tuple(CHECKS if only is None else only)
    for check in chosen:
        if check not in CHECKS:
            raise ValueError(f"no check has the id {check!r}; the checks are {', '.join(CHECKS)}")
    return chosen


def _is_put_twice(problem: Problem) -> bool:
    return problem.sizes in STATE_SIZES and problem.regime == "ordinary" and problem.precision == "float64"


def judge_problem(reference: Reference, recording: Recording) -> Iterator[Finding]:
    """All findings of one problem."""
    yield from _judge_interface(reference, recording)
    yield from judge_recording(reference, recording)
    for use in recording.uses:
        evidence = gather(reference, use)
        yield from judge_equations(evidence)
        yield from judge_merge(evidence)
        yield from judge_split(evidence, recording.split)


def _judge_interface(reference: Reference, recording: Recording) -> Iterator[Finding]:
    """Whether the calls went through and set what the chapter's API asks for."""
    if recording.raised is not None:
        yield found("interface", "wrong", reference, text=recording.raised.text)
        return
    for use in recording.uses:
        for name in REQUIRED:
            value = use.after_backward.get(name)
            if isinstance(value, Description) and value.absent:
                yield found(
                    "interface", "wrong", reference, text=f"{name} is never set, and the chapter's API requires it"
                )
    yield found("interface", "right", reference, unseen=frozenset())


def _outcomes(findings: list[Finding]) -> Iterator[Outcome]:
    """The outcome of every check; what is not shown is judged by what depends on it."""
    by_check: dict[str, list[Finding]] = {check: [] for check in CHECKS}
    for finding in findings:
        by_check[finding.check].append(finding)
    outcomes = {check: summarise(check, found) for check, found in by_check.items()}
    for check, outcome in outcomes.items():
        if _is_hidden(outcome) and _is_vouched_for(check, outcomes):
            outcome = replace(outcome, status="right", text="not shown; all that depends on it is right")
        yield outcome


def _is_hidden(outcome: Outcome) -> bool:
    return outcome.status == "missing" or (outcome.status == "not_examined" and not outcome.problems)


def _is_vouched_for(check: str, outcomes: dict[str, Outcome]) -> bool:
    """Whether everything that is made of a hidden quantity is right, but for what may be hidden too."""
    dependents = [outcomes[dependent] for dependent in _dependents(check)]
    return any(o.status == "right" for o in dependents) and all(
        o.status == "right" or (_is_hidden(o) and o.check not in _REQUIRED) for o in dependents
    )


_SHOWN_BY: dict[str, tuple[int, ...]] = {
    "split": (1, 2, 3),
    "merge": tuple(range(17, 23)),
    "interface": (),
    "state": (),
}
_REQUIRED = {equation.id for equation in EXPOSED if equation.name in REQUIRED or equation.is_sum}


def _dependents(check: str) -> list[str]:
    """The checks on everything that is computed from the quantity of this check, near and far."""
    if check in _SHOWN_BY:
        return [dependent for n in _SHOWN_BY[check] for dependent in (EQUATIONS[n].id, *_dependents(EQUATIONS[n].id))]
    reached = {equation.name for equation in EXPOSED if equation.id == check}
    dependents = []
    for equation in EXPOSED:
        if reached.intersection(equation.inputs):
            reached.add(equation.name)
            dependents.append(equation.id)
    return dependents
