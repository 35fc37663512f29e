"""A trial: one submission is given every problem, and each answer is judged as it comes.

It grows while the submission runs, so that nothing found is lost when that fails. It starts no process; `concluding`
makes the outcomes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice

import numpy as np

from gru.examiner.interface import judge_interface
from gru.examiner.judging.case import Case, judge_uses, kept_apart
from gru.examiner.judging.finding import found
from gru.examiner.judging.judge import judge_left
from gru.examiner.judging.reference import CHANGES, Reference, all_reused
from gru.examiner.outcome import Finding, Outcome, everything_shows
from gru.examiner.state.alone import all_alone, doubted, told_apart
from gru.examiner.state.companions import (
    COMPANIONS,
    LATER,
    Companion,
    companion_job,
    is_doubtful,
    judge_again,
    judge_companion,
    judge_recording,
)
from gru.examiner.state.reuse import is_right, judge_reuse, reuse_job
from gru.examiner.state.step_by_step import has_one_step, of_several_steps, taken_apart
from gru.examiner.summary import summarise_all
from gru.layer import Form
from gru.submission.contract import Job, Recording, Runner, SubmissionFailure

USED_AGAIN_EVERY = 6
"""Every sixth problem uses its cells again, with other arguments: what is kept needs no special numbers to show."""


@dataclass
class Trial:
    """The problems of one submission, and all that its answers say.

    Attributes:
        references: The problems with their right answers.
        put_twice: Those of them that are put in other ways too, as the check `state` asks.
        recorded: The answers that the equations are judged on, each beside its problem.
        cases: Every use of the cells in these answers, with what was found in it.
        findings: What was found of every check, on every problem.
        doubtful: The companions that gave other values, each with its problem and the place of its finding.
        unsettled: The second uses that were not right: the problem of the first use, that of the second, what was
            changed between them, and the answer to the second.
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
        # What was wrong is run once more, so that each mistake is told in one place: of the state, or of an equation.
        self._judge_second_uses(runner)
        self._judge_doubtful_companions(runner)
        self._judge_alone(runner)
        self._judge_step_by_step(runner)

    def _asked(self) -> Iterator[tuple[Job, Callable[[Recording], None]]]:
        """Every job, with what becomes of its answer."""
        again = self._used_again()
        pairs = [(reference, change) for reference, changes in again.items() for change in changes]
        others = dict(zip(pairs, all_reused(pairs), strict=True))
        for reference in self.references:
            yield reference.job(2 if reference in self.put_twice else 1), partial(self.take, reference)
            for change in again[reference]:
                other = others[reference, change]
                yield reuse_job(other, change), partial(self._judge_second_use, reference, other, change)
        for reference in self.put_twice:
            for companion in COMPANIONS:
                job = companion_job(companion, reference.job())
                yield job, partial(self._judge_companion, companion, reference)

    def _used_again(self) -> dict[Reference, list[str]]:
        """What is changed for a second use of the cells of a problem, where there is one."""
        changes, again = cycle(CHANGES), {}
        for position, reference in enumerate(self.references):
            if reference in self.put_twice:
                again[reference] = list(CHANGES)
            else:
                again[reference] = [next(changes)] if position % USED_AGAIN_EVERY == 0 else []
        return again

    def take(self, reference: Reference, recording: Recording) -> None:
        """Judge the answer to one problem."""
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

    def _judge_second_use(self, reference: Reference, other: Reference, change: str, recording: Recording) -> None:
        """A second use, with other arguments: what is wrong in it may be a mistake of the state, or of a formula."""
        if is_right(other, recording):
            self.findings.append(found("state", "right", other, unseen=everything_shows))
        else:
            self.unsettled.append((reference, other, change, recording))

    def _judge_companion(self, companion: Companion, reference: Reference, recording: Recording) -> None:
        plain = self._plain(reference)
        for finding in judge_companion(companion, reference, plain, recording):
            if is_doubtful(finding) and companion is not LATER:
                self.doubtful.append((companion, reference, len(self.findings)))
            self.findings.append(finding)

    def _plain(self, reference: Reference) -> Recording:
        return next(plain for of, plain in self.recorded if of is reference)

    def _judge_second_uses(self, runner: Runner) -> None:
        """Run the second uses that were not right on new cells: what is wrong there too is a mistake of a formula."""
        unsettled = self.unsettled
        jobs = [reuse_job(other, change, goes_on=False) for _, other, change, _ in unsettled]
        for (reference, other, change, again), new in zip(unsettled, runner.run(jobs), strict=False):
            kept = list(judge_reuse(other, change, self._plain(reference), again, new))
            self.findings.extend(kept)
            if not kept:
                self.take(other, new)

    def _judge_doubtful_companions(self, runner: Runner) -> None:
        """Run each doubtful companion twice more, by turns with the plain problem: a cell may vary by itself."""
        jobs = [
            job
            for companion, reference, _ in self.doubtful
            for job in (reference.job(), companion_job(companion, reference.job())) * 2
        ]
        answers = iter(list(runner.run(jobs)))
        for companion, reference, place in self.doubtful:
            again, finding = list(islice(answers, 4)), self.findings[place]
            self.findings[place] = judge_again(companion, reference, self._plain(reference), finding, again)

    def _judge_alone(self, runner: Runner) -> None:
        """Run what was wrong after other problems in a process of its own; if that differs, judge equations there."""
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

    def _judge_step_by_step(self, runner: Runner) -> None:
        """Run what is wrong only in several steps step by step; if that differs, judge equations on one step."""
        try:
            apart = list(taken_apart(runner, of_several_steps(self.cases)))
        except SubmissionFailure:
            return
        if apart:
            state = [finding for finding in self.findings if finding.check == "state"]
            recorded = [entry for entry in self.recorded if has_one_step(entry[0])]
            self.recorded, self.cases, self.findings = [], [], [*state, *(finding for finding, _ in apart)]
            for reference, recording in [*recorded, *(entry for _, steps in apart for entry in steps)]:
                self.take(reference, recording)

    @property
    def precision(self) -> str:
        """The coarsest precision in which a problem in double precision was answered."""
        double = (case for case in self.cases if case.evidence.reference.problem.precision == "float64")
        return "float32" if any(case.evidence.dtype == np.float32 for case in double) else "float64"

    def outcomes(self) -> tuple[list[Outcome], Form]:
        """The outcome of every check with its diagnosis, and the form that is followed."""
        form = self.references[0].form
        outcomes = list(summarise_all(self.findings, form))
        if all(outcome.status == "right" for outcome in outcomes):
            return outcomes, form
        # What finds the place of a mistake is loaded only where there is one.
        from gru.examiner.concluding import Answers, conclude

        return conclude(Answers(form, self.recorded, self.cases, self.findings))
