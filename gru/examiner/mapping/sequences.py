"""The outcomes of the equations of a layer over sequences: what its gradients over several steps say of each.

It runs nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

from gru.examiner.fact import Fact
from gru.examiner.mapping.by_equations import why_not_shown
from gru.examiner.mapping.ends import Ends
from gru.examiner.mapping.over_steps import SIZES, OverSteps
from gru.examiner.outcome import Outcome
from gru.layer import Equation, Form

BY_GRADIENTS = Fact.of("by-gradients")
"""What is said of an equation that is right as all gradients are that are made of it."""

NOT_APART = Fact.of("not-told-apart")
"""What is said where something is wrong over several steps, and no equation can be seen by itself."""


AS_RECOGNISED = Fact.of("as-recognised")
"""What is said of a state that is answered."""


def all_by_gradients(form: Form, ends: Ends) -> tuple[Outcome, ...]:
    """The outcomes of all equations where nothing is wrong: no step can be seen by itself, as no state can be given."""
    return tuple(_by_gradients(equation, form, ends) for equation in form.exposed)


def _by_gradients(equation: Equation, form: Form, ends: Ends) -> Outcome:
    about = Outcome(equation.id, "right", equation.number, equation.name, problems=len(SIZES), facts=(BY_GRADIENTS,))
    goes_on = equation.of is None or equation.of in {carried.previous for carried in ends.carried}
    if equation.id in form.unasked_checks and not goes_on:
        return replace(about, status="not_examined", problems=0, facts=(why_not_shown(equation.name, form),))
    is_answered = equation.name in {carried.state for carried in ends.answered}
    return replace(about, facts=(AS_RECOGNISED,)) if is_answered else about


def with_steps(outcomes: Sequence[Outcome], over: OverSteps, form: Form) -> tuple[Outcome, ...]:
    """The outcomes with what is wrong over several steps."""
    if not over.wrong:
        return tuple(outcomes)
    at_fault = {diagnosis.check: diagnosis for diagnosis in over.diagnoses.values()}
    is_right = {e.name: _is_right(e, over, form) for e in form.backward}
    # What comes from above at a step has in it what the next step hands back.
    is_right |= {c.upstream: is_right[form.derivatives[c.previous].name] for c in form.layer.carried}
    told = []
    for outcome in outcomes:
        equation = form.named[str(outcome.name)]
        name = equation.inputs[0] if equation.is_sum else equation.name
        # What one step cannot show, as it has no place there, may be at fault over several.
        is_at_fault = outcome.check in at_fault or outcome.name == over.unnamed
        if outcome.status != "right" and not (outcome.status == "not_examined" and is_at_fault):
            told.append(outcome)
        elif outcome.check in at_fault:
            told.append(replace(_blank(outcome), status="wrong", mistake=at_fault[outcome.check]))
        elif over.unnamed and outcome.name == over.unnamed:
            told.append(replace(_blank(outcome), status="wrong", facts=(Fact.of("over-steps", name=name),)))
        elif outcome.name in over.explained:
            told.append(replace(_blank(outcome), status="inherited"))
        elif at_fault or over.unnamed or BY_GRADIENTS not in outcome.facts or is_right.get(name, True):
            told.append(outcome)
        elif not all(is_right.get(other, True) for other in form.named[name].inputs):
            told.append(replace(outcome, status="not_examined", facts=(NOT_APART,)))
        elif equation.is_sum:
            told.append(outcome)
        else:
            told.append(replace(outcome, status="wrong", facts=(Fact.of("over-steps", name=name),)))
    return tuple(told)


def _blank(outcome: Outcome) -> Outcome:
    """The outcome without what was found of it at one step."""
    return replace(outcome, error=None, limit=None, detects=None, facts=())


def _is_right(equation: Equation, over: OverSteps, form: Form) -> bool:
    """Whether a derivative is right: it is shown and right, or else something that is made of it is right."""
    handed_on = equation.of in {carried.previous for carried in form.layer.carried}
    made = form.made_of(equation.name) | ({e.name for e in form.backward} if handed_on else frozenset[str]())
    told = {equation.name} if equation.name in over.shown else made
    return any(name in over.shown and name not in over.wrong for name in told)
