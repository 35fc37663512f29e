"""Two depths of judgement on a submission in another API, joined.

The second depth, the derivative of its own forward pass, is asked of everything. Where the forward pass is recognised
as a form of a layer, the first depth names the equation that a wrong gradient comes from. It prints nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from gru.examiner.bench import Bench
from gru.examiner.mapping.found import Mapped, Recognition
from gru.examiner.mapping.judging import ByEquations, judge_by_equations
from gru.examiner.mapping.recognise import recognise
from gru.examiner.outcome import Examination, Outcome, judge_driven
from gru.examiner.own_forward import OwnForward, judge_own
from gru.layer import Form
from gru.problem import Effort, Problem
from gru.submission.contract import Runner, SubmissionFailure
from gru.submission.driven import Api

OnProgress = Callable[[int, int], None]


def examine_driven(
    runner: Runner,
    api: Api,
    effort: Effort,
    seed: int,
    *,
    only: Iterable[str] | None = None,
    problem: Problem | None = None,
    on_progress: OnProgress = lambda done, total: None,
) -> Examination:
    """The examination of a submission in another API.

    `only` names the checks whose outcomes are asked for, and `problem` the one that the equations are judged on.
    """
    try:
        own = judge_own(Bench(runner, api), seed, on_progress)
    except SubmissionFailure as error:
        return Examination("not_examined", (), seed, effort, reason=error.reason, text=error.text, api=api)
    outcomes, found = own.outcomes, Examination("not_examined", (), seed, effort, api=api)
    try:
        found, equations = _by_equations(Bench(runner, api), found, effort, own, problem, on_progress)
    except SubmissionFailure:
        # What the second depth has found stands.
        equations = None
    if equations is not None:
        outcomes = _joined(own.outcomes, equations, found.recognition)
    asked_for = outcomes if only is None else tuple(o for o in outcomes if o.check in set(only))
    return replace(found, verdict=judge_driven(outcomes if only is None else asked_for), outcomes=asked_for)


def _by_equations(
    bench: Bench,
    found: Examination,
    effort: Effort,
    own: OwnForward,
    problem: Problem | None,
    on_progress: OnProgress,
) -> tuple[Examination, ByEquations | None]:
    """The examination with the form that was recognised, and what its equations say; None where there is none."""
    if not bench.api.is_of_one_state or not any(outcome.check.startswith("gradient-") for outcome in own.outcomes):
        return found, None
    recognition = recognise(bench, found.seed)
    found = replace(found, recognition=recognition)
    if recognition.mapped is not None:
        found = replace(found, form=recognition.mapped.form)
    if recognition.mapped is None or not bench.api.h_0:
        return found, None
    equations = judge_by_equations(
        bench,
        recognition.mapped,
        effort,
        found.seed,
        only=problem,
        small="gradient-not-linear" in own.faults,
        odd=own.odd,
        on_progress=on_progress,
    )
    if not equations.outcomes:
        return found, None
    recognition = replace(recognition, parted_on=equations.parted)
    return replace(found, form=equations.form, recognition=recognition), equations


def _joined(own: tuple[Outcome, ...], equations: ByEquations, recognition: Recognition | None) -> tuple[Outcome, ...]:
    """The outcomes of both depths: what is wrong in a gradient only as an equation is, is inherited."""
    assert recognition is not None
    assert recognition.mapped is not None
    status = {outcome.name: outcome.status for outcome in equations.outcomes}
    of_gradient = _equations_of(recognition.mapped, equations.form)
    over_steps = any(status.get(name) in ("wrong", "inherited") for name in _handed_on(equations.form))
    joined = []
    for outcome in own:
        made_of = {status.get(name) for name in of_gradient.get(outcome.check, ())}
        follows = "inherited" in made_of or (over_steps and recognition.over_steps is not None)
        if outcome.status == "wrong" and follows and "wrong" not in made_of:
            outcome = replace(outcome, status="inherited")
        joined.append(outcome)
    plain = [outcome for outcome in joined if not outcome.check.startswith("gradient-")]
    return (*plain, *equations.outcomes, *(outcome for outcome in joined if outcome not in plain))


def _equations_of(mapped: Mapped, form: Form) -> Mapping[str, tuple[str, ...]]:
    """For the check on each gradient, the names of the derivatives that are in it."""
    names: dict[str, tuple[str, ...]] = {}
    for block, place in mapped.places.items():
        check = f"gradient-{place.parameter}"
        names[check] = (*names.get(check, ()), form.derivatives[block].name)
    (handed_on,) = _handed_on(form)
    return names | {"gradient-dx": (form.derivatives[form.layer.input].name,), "gradient-dh": (handed_on,)}


def _handed_on(form: Form) -> tuple[str, ...]:
    """The derivatives by the states that are handed on from step to step."""
    return tuple(form.derivatives[carried.previous].name for carried in form.layer.carried)
