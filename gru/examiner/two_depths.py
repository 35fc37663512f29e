"""Two depths of judgement on a submission in another API, joined.

The second depth, the derivative of its own forward pass, is asked of everything. Where the forward pass is recognised
as a form of a layer, the first depth names the equation that a wrong gradient comes from. It prints nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from gru.examiner.bench import Bench
from gru.examiner.common_factor import COMMON_FACTOR
from gru.examiner.cost import cost_driven
from gru.examiner.fact import Fact
from gru.examiner.flagged import judge_flags
from gru.examiner.mapping.by_equations import HIDDEN, NO_PLACE, SMALL, Asked, form_asked, judge_by_equations
from gru.examiner.mapping.driving import proportion_driven
from gru.examiner.mapping.found import Mapped
from gru.examiner.mapping.over_steps import OverSteps, judge_over_steps
from gru.examiner.mapping.recognise import recognise
from gru.examiner.mapping.sequences import all_by_gradients, with_steps
from gru.examiner.mapping.stacked import of_order, read_in_order
from gru.examiner.outcome import GRADIENT, Examination, Outcome, Verdict, verdict_on_driven
from gru.examiner.own_forward import ENTRIES, EVERY, FEWER, OwnForward, judge_own
from gru.examiner.proportion import PERTURBED
from gru.layer import Carried, Form
from gru.problem import Effort, Problem
from gru.submission.contract import CellError, Runner, SubmissionFailure
from gru.submission.driven import Api

TOLD = (COMMON_FACTOR, "from-above", "one-of-each-position")
"""What is wrong in a gradient and in no equation."""

NO_LOSS = (
    "backward is given targets, nothing in the file gives the loss, and no gradient is that of a cross-entropy "
    "or of a sum of squares"
)

NO_GRADIENT = "no gradient of a parameter was found where backward has been"

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

    Args:
        runner: Runs the submission.
        api: How it is driven.
        effort: How many problems.
        seed: Draws their numbers.
        only: The checks whose outcomes are asked for; by default all.
        problem: The one problem that the equations are judged on; by default the battery.
        on_progress: Is told how many problems are done, of how many.
    """
    try:
        looked_for = recognise(Bench(runner, api), seed)
        # Where the file answers no states, an unknown head may be the reason that no form was found.
        recognition = looked_for if api.states or looked_for.mapped else None
        # With a head, the equations only name a mistake: they are judged on no further problems.
        is_of_form = recognition is not None and recognition.mapped is not None and recognition.mapped.wrapping.is_bare
        own = judge_own(Bench(runner, api), seed, on_progress, numbers=FEWER if is_of_form else EVERY)
    except SubmissionFailure as error:
        return Examination("not_examined", (), seed, effort, reason=error.reason, text=error.text, api=api)
    outcomes, found = own.outcomes, Examination("not_examined", (), seed, effort, api=api, recognition=recognition)
    try:
        # A factor that all gradients have is one slip, told by itself: the equations are judged without it.
        bench = Bench(runner, api, undone=own.factor.of) if own.factor else Bench(runner, api)
        found, equations, around = _by_equations(bench, found, effort, own, problem, on_progress)
    except SubmissionFailure:
        # The second depth's outcomes stand by themselves.
        equations, around = (), {}
    if equations:
        outcomes = _joined(_with_facts(own.outcomes, around), equations, found, not_linear=own.not_linear)
        cost = _cost(Bench(runner, api), found, is_right=verdict_on_driven(outcomes) == "right")
        outcomes = tuple(_with_cost(outcome, cost) for outcome in outcomes)
    if api.flags and verdict_on_driven(outcomes) == "right" and not api.assumed:
        # A failure that comes now takes nothing away from what was found with the flags as they are.
        with suppress(SubmissionFailure):
            outcomes = judge_flags(runner, api, seed, outcomes)
    asked_for = outcomes if only is None else tuple(o for o in outcomes if o.check in set(only))
    verdict = verdict_on_driven(outcomes if only is None else asked_for)
    why_not = _why_not_judged(api, own, verdict)
    if why_not is None:
        return replace(found, verdict=verdict, outcomes=asked_for)
    return replace(found, reason="another_api", text=why_not, outcomes=asked_for if why_not == NO_GRADIENT else ())


def _why_not_judged(api: Api, own: OwnForward, verdict: Verdict) -> str | None:
    """Why there is no verdict: backward may be meant in another way than it was driven. None where there is one."""
    right = {outcome.check for outcome in own.outcomes if outcome.status == "right" and outcome.is_of_gradient}
    if api.assumed and not right:
        return NO_LOSS
    if api.alike and right.isdisjoint(f"{GRADIENT}{name}" for name in api.names):
        # Nothing is right either where all sizes are alike, and backward does not raise.
        return _raised(own)
    if api.part_of and verdict == "right":
        # The part is right, and the file is for the whole.
        return f"{api.part_of}; {api.target}, a part of it, is right"
    return NO_GRADIENT if api.names and not api.gradients else None


def _raised(own: OwnForward) -> str:
    """What backward raised where sizes differ."""
    facts = (fact for outcome in own.outcomes for fact in outcome.facts)
    return next((str(fact.particulars["raised"]) for fact in facts if fact.kind == "raised-at"), "")


def _by_equations(
    bench: Bench,
    found: Examination,
    effort: Effort,
    own: OwnForward,
    problem: Problem | None,
    on_progress: OnProgress,
) -> tuple[Examination, tuple[Outcome, ...], Mapping[str, Fact]]:
    """The examination with the form that was recognised, and the outcomes of its equations, if there is one.

    With them comes what is wrong around the layer, by the parameter whose gradient shows it.
    """
    recognition = found.recognition
    has_gradients = any(outcome.is_of_gradient for outcome in own.outcomes)
    if recognition is None or recognition.mapped is None or not has_gradients:
        return found, (), {}
    mapped = recognition.mapped
    form = form_asked(mapped.form, mapped.unasked(bench.api, own.odd))
    is_small = own.not_linear
    mapped, order = _read(bench, mapped, form, own, found.seed)
    recognition = replace(recognition, mapped=mapped)
    by_one_step = mapped.ends.all_given and mapped.wrapping.is_bare
    if by_one_step:
        asked = Asked(effort, found.seed, problem, SMALL if is_small else 1.0, own.arbitrary)
        equations = judge_by_equations(bench, mapped, form, asked, on_progress)
        outcomes, recognition = equations.outcomes, replace(recognition, parted_on=equations.parted)
    else:
        outcomes = all_by_gradients(form, mapped.ends)
    precision = "float32" if bench.single else mapped.precision
    around: Mapping[str, Fact] = {}
    found = replace(found, recognition=recognition, form=form, precision=precision)
    if recognition.over_steps and outcomes and (mapped.wrapping.is_bare or _is_something_wrong(own)):
        try:
            over = judge_over_steps(
                bench,
                replace(mapped, wrapping=mapped.wrapping.as_claimed(_decays(own))),
                form,
                found.seed,
                # A formula that is right at one step may be another one at steps that are handed something back.
                in_formulas=not (by_one_step and bench.api.dh) or all(o.status != "wrong" for o in outcomes),
                scale=SMALL if is_small else 1.0,
            )
        except CellError:
            # At which sizes it raises is told by the other depth.
            return found, (*order, *outcomes) if by_one_step else (), {}
        outcomes, around = with_steps(outcomes, _but_for_the_head(over, mapped, own), form), over.around
    return found, (*order, *outcomes), around


def _but_for_the_head(over: OverSteps, mapped: Mapped, own: OwnForward) -> OverSteps:
    """Without a place that nothing but a mistake above the layer may have: all gradients are wrong, the head's too."""
    above = {f"{GRADIENT}{name}" for name in (mapped.wrapping.head.parameters if mapped.wrapping.head else ())}
    is_wrong_above = any(o.status == "wrong" for o in own.outcomes if o.check in above)
    return replace(over, unnamed="") if is_wrong_above and over.wrong == over.shown else over


def _decays(own: OwnForward) -> dict[str, float]:
    """The numbers by which parameters are added to their own gradients, beside the derivative of the loss."""
    told = [(f.particulars["name"], f.particulars["decay"]) for o in own.outcomes for f in o.facts if f.kind == ENTRIES]
    return {name: decay for name, decay in told if decay is not None}


def _with_facts(outcomes: tuple[Outcome, ...], around: Mapping[str, Fact]) -> tuple[Outcome, ...]:
    """The outcomes of the gradients with what is wrong around the layer: of the first, where its own is right."""
    wrong = [outcome.check for outcome in outcomes if outcome.status == "wrong" and outcome.is_of_gradient]
    told = {c if (c := f"{GRADIENT}{name}") in wrong else wrong[0]: fact for name, fact in around.items() if wrong}
    return tuple(replace(o, facts=(told[o.check], *o.facts)) if o.check in told else o for o in outcomes)


def _read(bench: Bench, mapped: Mapped, form: Form, own: OwnForward, seed: int) -> tuple[Mapped, tuple[Outcome, ...]]:
    """The mapping, with the blocks of wrong gradients read where they are, and what there is to say of their order."""
    if not mapped.wrapping.is_bare or not _is_something_wrong(own):
        return mapped, ()
    try:
        mapped = read_in_order(bench, mapped, form, seed, SMALL if own.not_linear else 1.0)
    except CellError:
        return mapped, ()
    return mapped, tuple(of_order(mapped, form, bench.api))


def _cost(bench: Bench, found: Examination, *, is_right: bool) -> Fact | None:
    """The fact that tells how the gradients were found, where there is one."""
    assert found.recognition is not None
    assert found.recognition.mapped is not None
    out_of_proportion = proportion_driven(bench, found.recognition.mapped, found.seed) if is_right else None
    if out_of_proportion and out_of_proportion.kind == PERTURBED:
        return out_of_proportion
    counted = cost_driven(bench, found.form, found.seed)
    return counted if counted and counted.kind == PERTURBED else out_of_proportion or counted


def _is_something_wrong(own: OwnForward) -> bool:
    """Whether a gradient is wrong in a way that is still to be named: neither clipped, nor off by a common factor."""
    return (
        not own.clipped and own.factor is None and any(o.status == "wrong" and o.is_of_gradient for o in own.outcomes)
    )


def _with_cost(outcome: Outcome, cost: Fact | None) -> Outcome:
    """The check of the state, with what was found by counting."""
    if outcome.check != "state" or cost is None:
        return outcome
    status = "wrong" if cost.kind == PERTURBED else outcome.status
    return replace(outcome, status=status, facts=(*outcome.facts, cost))


# Joined


def _joined(
    own: tuple[Outcome, ...], equations: tuple[Outcome, ...], found: Examination, *, not_linear: bool
) -> tuple[Outcome, ...]:
    """The outcomes of both depths.

    A gradient that is wrong because one of its equations is wrong inherits. Where no equation explains a wrong
    gradient, its own equations are called wrong: right is only what is right at both depths.
    """
    assert found.recognition is not None
    assert found.recognition.mapped is not None
    status = {outcome.name: outcome.status for outcome in equations}
    mapped = found.recognition.mapped
    of_gradient = _equations_of(mapped, found.form)
    takes_steps = found.recognition.over_steps is not None
    handed_on = {status.get(name) for name in _derivatives_by(mapped.ends.carried, found.form)}
    over_steps = takes_steps and not handed_on.isdisjoint({"wrong", "inherited"})
    in_another_order = {f"{GRADIENT}{mapped.places[block].parameter}" for block in mapped.read_at}
    joined: list[Outcome] = []
    unexplained: dict[str, Outcome] = {}
    for outcome in own:
        names = of_gradient.get(outcome.check, ())
        statuses = {status.get(name) for name in names}
        # The equations were judged with a δ so small that nothing is clipped.
        is_clipped = not_linear or any(fact.particulars.get("clipped") is not None for fact in outcome.facts)
        is_told = is_clipped or any(
            fact.kind in TOLD or fact.particulars.get("decay") is not None for fact in outcome.facts
        )
        if outcome.status == "wrong" and outcome.is_of_gradient and "wrong" not in statuses and not is_told:
            if outcome.check in in_another_order or "inherited" in statuses or (names and over_steps):
                outcome = replace(outcome, status="inherited")
            else:
                sums = [name for name in names if found.form.named[name].is_sum]
                single = [name for name in names if name not in sums]
                unexplained |= dict.fromkeys((takes_steps and sums) or single, outcome)
        joined.append(outcome)
    told = tuple(
        replace(e, status="wrong", error=None, limit=None, detects=None, facts=unexplained[e.name].facts)
        if e.name in unexplained and (e.status == "right" or e.facts in ((NO_PLACE,), (HIDDEN,)))
        else e
        for e in equations
    )
    if all(outcome.status != "wrong" for outcome in (*joined, *told)):
        # A gradient can inherit only where something else is wrong.
        joined = list(own)
    plain = [outcome for outcome in joined if not outcome.is_of_gradient]
    return (*plain, *told, *(outcome for outcome in joined if outcome not in plain))


def _equations_of(mapped: Mapped, form: Form) -> Mapping[str, tuple[str, ...]]:
    """For the check on each gradient, the names of the derivatives that are in it, and of their sums."""
    names: dict[str, tuple[str, ...]] = {}
    for block, place in mapped.places.items():
        check, derivative = f"{GRADIENT}{place.parameter}", form.derivatives[block].name
        names[check] = (*names.get(check, ()), derivative, form.totals[block])
    return names | {
        f"{GRADIENT}dx": (form.derivatives[form.layer.input].name,),
        f"{GRADIENT}dh": _derivatives_by(mapped.ends.given, form),
        **{f"{GRADIENT}{own}": (form.derivatives[name].name,) for name, own in mapped.around().items()},
    }


def _derivatives_by(states: Iterable[Carried], form: Form) -> tuple[str, ...]:
    """The derivatives by states that are handed on from step to step."""
    return tuple(form.derivatives[carried.previous].name for carried in states)
