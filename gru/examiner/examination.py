"""An examination: a submission runs every problem; each check has one outcome, and the whole one verdict.

It is given a runner, and never knows whether that is a process or a class. It prints nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from gru.examiner.cost import judge_cost
from gru.examiner.judging.reference import Reference, measured_at_once
from gru.examiner.outcome import TRAINING, Examination, Outcome, verdict_on
from gru.examiner.trial import Trial
from gru.layer import Form, Sizes
from gru.layers.gru.forms import CHAPTER
from gru.problem import Effort, Problem, battery
from gru.submission.contract import Runner, SubmissionFailure
from gru.submission.driven import Api

STATE_SIZES = (Sizes(2, 3, 4, 1), Sizes(2, 3, 4, 3))
"""The problems that are put in other ways too: several rows, one step and several."""


@np.errstate(all="ignore")
def examine(
    runner: Runner,
    *,
    effort: Effort = "normal",
    seed: int = 0,
    only: Iterable[str] | None = None,
    problem: Problem | None = None,
    form: Form = CHAPTER,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Examination:
    """Examine a submission on the battery of `effort` and `seed`, or on one `problem`.

    A submission that fails to run keeps what was found before. It may show any numbers: what overflows while they are
    judged is infinite or NaN, which agrees with nothing, and is not worth a warning.

    Args:
        runner: Runs the submission.
        effort: How many problems.
        seed: Draws their numbers.
        only: The checks that are asked for; by default all, `training` among them at thorough effort and on no single
            problem.
        problem: The one problem that is asked for; by default the battery.
        form: The form that is asked for; another that a submission follows throughout is recognised, and counts
            as one mistake.
        on_progress: Is told how many jobs are done, of how many.

    Returns:
        Everything that was found.

    Raises:
        ValueError: `only` names no check.
    """
    if (api := _other_api(runner)) is not None:
        from gru.examiner.two_depths import examine_driven

        return examine_driven(runner, api, effort, seed, only=only, problem=problem, on_progress=on_progress)
    checks = _selected(only, form, thorough=effort == "thorough" and problem is None)
    references = [Reference.of(problem, form)] if problem else _references(effort, seed, form)
    put_twice = [reference for reference in references if problem or _is_put_twice(reference.problem)]
    trial = Trial(references, put_twice)
    failure: SubmissionFailure | None = None
    try:
        for done, total in trial.run(runner):
            on_progress(done, total)
    except SubmissionFailure as error:
        failure = error
    outcomes, followed = trial.outcomes()
    if failure is None and problem is None:
        is_right = all(outcome.status == "right" for outcome in outcomes)
        try:
            outcomes = [_judged_by_cost(o, runner, seed, form, is_right=is_right) for o in outcomes]
        except SubmissionFailure as error:
            # What is wrong already stays so.
            failure = error if is_right else None
    if TRAINING in checks:
        try:
            outcomes.append(_trained(runner, seed, outcomes, failure, form, on_progress))
        except SubmissionFailure as error:
            outcomes.append(Outcome(TRAINING, "not_examined"))
            failure = error
    asked_for = tuple(outcome for outcome in outcomes if outcome.check in checks)
    return Examination(
        verdict="not_examined" if failure else verdict_on(asked_for),
        outcomes=asked_for,
        seed=seed,
        effort=effort,
        reason=failure.reason if failure else None,
        text=failure.text if failure else "",
        precision=trial.precision,
        form=followed,
    )


def _other_api(runner: Runner) -> Api | None:
    """How a submission in another API is driven; None for one in the layer's own, or one that fails to run."""
    try:
        return runner.api
    except SubmissionFailure:
        return None


@lru_cache(maxsize=4)
def _references(effort: Effort, seed: int, form: Form) -> list[Reference]:
    """A battery with its right answers: measured once, however many submissions are examined."""
    return measured_at_once([Reference.of(problem, form) for problem in battery(effort, seed, form)])


def _selected(only: Iterable[str] | None, form: Form, *, thorough: bool) -> tuple[str, ...]:
    known = (*form.checks, TRAINING)
    chosen = (known if thorough else form.checks) if only is None else tuple(only)
    for check in chosen:
        if check not in known:
            raise ValueError(f"no check has the id {check!r}; the checks are {', '.join(known)}")
    return chosen


def _judged_by_cost(outcome: Outcome, runner: Runner, seed: int, form: Form, *, is_right: bool) -> Outcome:
    """The check `state`, which is wrong too where the gradients were found by perturbing, be they right or not."""
    if outcome.check != "state" or outcome.status != "right":
        return outcome
    cost = judge_cost(runner, seed, form, is_right=is_right)
    status = "wrong" if cost.wrong else outcome.status
    facts = tuple(fact for fact in (cost.wrong, cost.unknown) if fact)
    return replace(outcome, status=status, facts=facts, mistake=cost.diagnosis)


def _trained(
    runner: Runner,
    seed: int,
    outcomes: list[Outcome],
    failure: SubmissionFailure | None,
    form: Form,
    on_progress: Callable[[int, int], None],
) -> Outcome:
    """The outcome of `training`; none where the submission has failed to run. Raises SubmissionFailure."""
    if failure is not None:
        raise failure
    # The network and its data are loaded only where they are asked for.
    from gru.examiner.training import EPOCHS, judge_training

    spoilt = any(outcome.status == "wrong" for outcome in outcomes)
    return judge_training(runner, seed, form, spoilt=spoilt, on_epoch=lambda epoch: on_progress(epoch, EPOCHS))


def _is_put_twice(problem: Problem) -> bool:
    return problem.sizes in STATE_SIZES and problem.regime == "ordinary" and problem.precision == "float64"
