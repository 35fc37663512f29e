"""The first depth for a submission in another API: its claimed gradients, judged by the equations of its form.

The problems are those of the layer's battery, as far as they can be put in that API. A problem on which the state is
not that of the form is left out: another forward pass has another derivative.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from gru import oracle
from gru.examiner.bench import Bench
from gru.examiner.fact import Fact
from gru.examiner.judging.comparison import agree
from gru.examiner.judging.reference import Reference
from gru.examiner.mapping.driving import Driven
from gru.examiner.mapping.found import Mapped
from gru.examiner.outcome import Outcome
from gru.examiner.summary import unless_silent
from gru.examiner.trial import Trial
from gru.layer import Form
from gru.problem import Effort, Precision, Problem, Specification, draw, find, identify, is_measured_whole, planned
from gru.submission.contract import CellError, Description, Recording

SMALL = 2.0**-20
"""What a δ is multiplied by to be small: a power of two, which rounds nothing."""

NO_PLACE, HIDDEN = Fact.of("no-place"), Fact.of("hidden-gradient")


@dataclass(frozen=True)
class ByEquations:
    """The result of judging by equations.

    Attributes:
        outcomes: Of every equation; none where no problem could be judged.
        parted: The problems on which the state is not that of the form.
    """

    outcomes: tuple[Outcome, ...]
    parted: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """The problems that are asked for.

    Attributes:
        effort: How many problems there are.
        seed: The seed of the problems.
        only: The one problem that is asked for.
        scale: What δ is multiplied by, and the gradients are divided by again: what clips its gradients is judged by
            what it does not clip.
        arbitrary: Whether the gradients are not linear in δ: sums of what is wrong inherit nothing then.
    """

    effort: Effort
    seed: int
    only: Problem | None = None
    scale: float = 1.0
    arbitrary: bool = False


def judge_by_equations(
    bench: Bench,
    mapped: Mapped,
    form: Form,
    asked: Asked,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ByEquations:
    """The outcomes of the equations of the recognised form.

    Args:
        bench: The submission.
        mapped: Its mapping.
        form: The form, without what the API does not show.
        asked: The problems.
        on_progress: Is told how many problems are done, of how many.

    Raises:
        SubmissionFailure: As the runner does.
    """
    zero = frozenset(block for block in form.blocks if block not in mapped.places)
    zero |= {carried.upstream for carried in form.layer.carried if carried not in mapped.ends.answered}
    fixed = tuple(bench.api.sizes.items())
    references = (
        _references(form, zero, mapped.precision, fixed, asked.effort, asked.seed)
        if asked.only is None
        else (_reference(find(asked.only.id, form), zero, form),)
    )
    driven, trial, parted = Driven(bench, mapped, asked.scale), Trial(list(references), []), []
    for done, reference in enumerate(references, 1):
        try:
            recording = driven.record(reference.job())
        except CellError:
            # The other depth tells at which sizes it raises.
            continue
        if _is_of_form(reference, recording, mapped):
            trial.take(reference, recording)
        else:
            parted.append(reference.problem.id)
        on_progress(done, len(references))
    if not trial.recorded:
        return ByEquations((), tuple(parted))
    outcomes = {str(o.name): o for o in trial.outcomes()[0] if o.is_of_equation}
    for total in form.sums:
        if (outcome := outcomes[total.name]).status == "inherited":
            outcomes[total.name] = unless_silent(outcome, outcomes[total.inputs[0]], arbitrary=asked.arbitrary)
    return ByEquations(tuple(_told(o, form) for o in outcomes.values()), tuple(parted))


def _is_of_form(reference: Reference, recording: Recording, mapped: Mapped) -> bool:
    """Whether the states that were shown are those of the form."""

    def agrees(name: str) -> bool:
        shown = recording.uses[0].after_forward[name]
        assert not isinstance(shown, Description)
        return agree(shown.astype(float), reference.forward[name], reference.limits(name, shown.dtype))

    return all(agrees(carried.state) for carried in mapped.ends.answered)


def _told(outcome: Outcome, form: Form) -> Outcome:
    """An outcome that demands nothing that the API does not show.

    A hidden derivative is not called right because what is computed from it is; forward quantities were recognised by
    the states.
    """
    goes_forward = outcome.name in {equation.name for equation in form.forward_shown}
    if outcome.check in form.unasked_checks and outcome.status != "wrong" and not goes_forward:
        return replace(outcome, status="not_examined", problems=0, facts=(why_not_shown(str(outcome.name), form),))
    return replace(outcome, status="not_examined") if outcome.status == "missing" else outcome


def why_not_shown(name: str, form: Form) -> Fact:
    """The fact that the API has no place for an equation's left-hand side, or that a parameter's gradient is not shown.

    A layer may leave out the gradients of its input and first state; without a parameter's gradient it cannot learn
    that parameter.
    """
    equation = form.named[name]
    derivative = form.named[equation.inputs[0]] if equation.is_sum else equation
    return HIDDEN if derivative.of in form.blocks and derivative.name in form.unasked else NO_PLACE


@lru_cache(maxsize=16)
def form_asked(form: Form, unasked: frozenset[str]) -> Form:
    """The form without what an API does not show."""
    return replace(form, unasked=unasked)


@lru_cache(maxsize=4)
def _references(
    form: Form,
    zero: frozenset[str],
    precision: Precision,
    fixed: tuple[tuple[str, int], ...],
    effort: Effort,
    seed: int,
) -> tuple[Reference, ...]:
    """The problems of the battery that can be put, with their right answers: measured once for a form."""
    wanted: dict[Specification, str] = {}
    for specification, id in planned(effort, seed):
        sizes = specification.sizes._replace(**{k: v for k, v in fixed if k in ("input", "hidden")})
        if specification.precision == precision and sizes == specification.sizes:
            wanted.setdefault(specification, id)
        elif specification.precision == "float64":
            other = replace(specification, sizes=sizes, precision=precision)
            wanted.setdefault(other, identify(other, seed))
    ordered = sorted(wanted.items(), key=lambda item: item[0].volume(form))
    problems = [draw(specification, id, form) for specification, id in ordered]
    return tuple(_reference(problem, zero, form) for problem in problems if is_measured_whole(problem))


def _reference(problem: Problem, zero: frozenset[str], form: Form) -> Reference:
    """The right answers to a problem in which these blocks, and these gradients from above, are zero.

    The states and δ of a sequence are given to every step, so that a sum over the steps is that of what is shown.
    """
    problem = _without(problem, zero, form)
    given = oracle.given(problem, form)
    given |= {name: np.zeros_like(given[name]) for name in zero if name not in form.blocks}
    return Reference(problem, form, fed=given)


def _without(problem: Problem, zero: frozenset[str], form: Form) -> Problem:
    """The problem where these blocks are zero."""
    parameters = dict(problem.parameters)
    for stack in form.stacks:
        if zero.intersection(stack.blocks):
            blocks = form.blocks_of(stack, parameters[stack.name])
            blocks |= {name: np.zeros_like(value) for name, value in blocks.items() if name in zero}
            parameters[stack.name] = form.stacked(stack, blocks)
    return replace(problem, parameters=parameters)
