"""Which form of the layer a submission follows, and what its outcomes are where that is not the one asked for.

Another form counts once, where it departs. It is recognised from forward values alone.
"""

from dataclasses import replace

from gru.examiner.fact import Fact, of_one
from gru.examiner.judging.case import agrees_forward
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Outcome
from gru.layer import Form
from gru.submission.contract import Recording


def departs(outcomes: list[Outcome], asked: Form) -> bool:
    """Whether a check is wrong at which one form differs from another."""
    wrong = {outcome.check for outcome in outcomes if outcome.status == "wrong"}
    return any(wrong & (set(form.departs) ^ set(asked.departs)) for form in _related(asked)) if wrong else False


def _related(asked: Form) -> list[Form]:
    """The other forms that take the same parameters as this one, or fewer: a cell may ignore a parameter."""
    return [f for f in asked.layer.forms.values() if f is not asked and set(f.stacks) <= set(asked.stacks)]


def recognise(recorded: list[tuple[Reference, Recording]], asked: Form) -> Form:
    """The form whose forward values these are, on every problem; `asked` where there is none."""
    for other in _related(asked):
        if all(agrees_forward(reference.as_if(other), recording) for reference, recording in recorded):
            return other
    return asked


def in_other_form(outcome: Outcome, consistent: Outcome | None, asked: Form, followed: Form) -> Outcome:
    """One outcome of a submission that follows another form than the one asked for.

    The departure counts once, at the first equation that differs; what is right in the form it follows is inherited.
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
