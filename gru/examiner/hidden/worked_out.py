"""The outcomes of a cell that hides values, judged on those that can be worked out from what it shows.

`reveal` works them out; here the outcomes are put together. It names no mistake.
"""

from dataclasses import replace

from gru.examiner.fact import Fact
from gru.examiner.hidden.reveal import revealed
from gru.examiner.judging.case import Case
from gru.examiner.outcome import Outcome
from gru.examiner.summary import NOT_SHOWN, count_wrong, summarise_all
from gru.layer import Form


def judged_on_revealed(outcomes: list[Outcome], cases: list[Case], form: Form) -> tuple[list[Outcome], list[Case]]:
    """The outcomes of a cell that hides values, judged on those that can be worked out from what it shows.

    They are used only where something is wrong, and if no more is wrong with them than before.
    """
    hidden = {outcome.check for outcome in outcomes if outcome.status == "missing"}
    if not (hidden and count_wrong(outcomes)):
        return outcomes, cases
    open_cases = revealed(cases)
    if not any(finding.status == "wrong" for case in open_cases for finding in case.findings):
        return outcomes, cases
    found = summarise_all([finding for case in open_cases for finding in case.findings], form)
    by_check = {outcome.check: outcome for outcome in found if outcome.is_of_equation or outcome.status == "wrong"}
    anew = [_worked_out(outcome, by_check.get(outcome.check, outcome), hidden) for outcome in outcomes]
    anew = [_unless_unconfirmed(outcome, anew, hidden, form) for outcome in anew]
    return (anew, open_cases) if count_wrong(anew) <= count_wrong(outcomes) else (outcomes, cases)


def _worked_out(outcome: Outcome, anew: Outcome, hidden: set[str]) -> Outcome:
    """An outcome on values that were worked out; it says so."""
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
