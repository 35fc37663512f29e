"""How much a teacher lets a report say: an examination cut down to a level, before anything is written.

Every format writes what is left, so that none of them can say more. It never changes a verdict.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, get_args

from gru.examiner.outcome import Diagnosis, Examination, Outcome
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
    return replace(examination, outcomes=outcomes, form=examination.form if feedback == "full" else asked)


def _told(outcome: Outcome, feedback: Feedback) -> Outcome:
    if feedback == "full":
        return outcome
    mistake = outcome.mistake
    hint = mistake.hint or (mistake.text if not mistake.ids else "") if mistake else ""
    kept = Diagnosis(hint, condition=mistake.condition if mistake else "") if mistake and feedback == "hint" else None
    return replace(outcome, mistake=kept, text="" if _gives_away(outcome) else outcome.text)


def _gives_away(outcome: Outcome) -> bool:
    """Whether the text itself names the mistake; that of the other checks says what was seen."""
    is_formula = outcome.is_of_equation or outcome.check in ("split", "merge")
    return is_formula and outcome.status in ("wrong", "inherited") and not _is_no_array(outcome)


def _is_no_array(outcome: Outcome) -> bool:
    """Whether the text is about an attribute that is no array of the right shape: no formula was seen."""
    return outcome.status == "wrong" and outcome.error is None
