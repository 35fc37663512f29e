"""How much a teacher lets a report say: an examination cut down to a level, before anything is written.

Every format writes what is left, so that none of them can say more. It never changes a verdict.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, get_args

from gru.examiner.outcome import Examination, Outcome
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER

Feedback = Literal["none", "location", "hint", "full"]
LEVELS: tuple[Feedback, ...] = get_args(Feedback)
"""The verdict only; the equation; the equation and what kind of mistake; everything with the right formula."""


def told(
    examination: Examination, feedback: Feedback, asked: Form = CHAPTER, levels: Mapping[str, Feedback] | None = None
) -> Examination:
    """What is told of an examination at a level of feedback.

    `asked` is the form that was asked for: which other one a submission follows is
    the diagnosis of a mistake, and told only with it. `levels` are those of single checks, where
    they differ.
    """
    of = levels or {}
    outcomes = tuple(
        _told(outcome, level)
        for outcome in examination.outcomes
        if (level := of.get(outcome.check, feedback)) != "none"
    )
    keeps_form = feedback == "full" or examination.api is not None
    return replace(examination, outcomes=outcomes, form=examination.form if keeps_form else asked)


def _told(outcome: Outcome, feedback: Feedback) -> Outcome:
    if feedback == "full":
        return outcome
    # What makes sentences is loaded only where something is left out of them.
    from gru.report.sentences import hint

    mistake = outcome.mistake
    kept = hint(mistake) if mistake and feedback == "hint" else None
    return replace(outcome, mistake=kept, facts=() if _gives_away(outcome) else outcome.facts)


def _gives_away(outcome: Outcome) -> bool:
    """Whether the facts themselves name the mistake; those of the other checks say what was seen."""
    from gru.report.sentences import is_no_number

    is_formula = outcome.is_of_equation or outcome.check in ("split", "merge")
    return is_formula and outcome.status in ("wrong", "inherited") and not any(map(is_no_number, outcome.facts))
