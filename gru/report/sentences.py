"""The sentences of a report: what a fact says, what is right in its place, and what sort of mistake it is.

`kinds` has the words of every kind. It decides nothing, and knows no format.
"""

from collections.abc import Iterable
from typing import Any

from gru.examiner.fact import Diagnosis, Fact
from gru.layer import Form
from gru.mistakes import HINTS
from gru.report.kinds import KINDS
from gru.report.kinds.kind import KEPT

OR = "; or, what is the same here: "


def said(fact: Fact) -> str:
    """The sentence on a fact."""
    mistake = fact.particulars.get("mistake")
    if mistake is not None:
        text: str = mistake.text
        return text
    words = KINDS[fact.kind].said
    told = {name: _told(value) for name, value in fact.particulars.items()}
    return words.format(**told) if isinstance(words, str) else words(told)


def _told(value: Any) -> Any:
    """A particular; its sentence where it is a fact itself, or a tuple of facts."""
    if isinstance(value, Fact):
        return said(value)
    return tuple(map(_told, value)) if isinstance(value, tuple) and type(value) is tuple else value


def all_said(facts: Iterable[Fact]) -> str:
    """The sentences on several facts, each once."""
    return "; ".join(dict.fromkeys(map(said, facts)))


def is_no_number(fact: Fact) -> bool:
    """Whether a fact is about what is no array of the right kind: no formula was seen."""
    return fact.kind in ("another-kind", "no-array", "not-there", "raised")


# A diagnosis


def explanation(diagnosis: Diagnosis) -> str:
    """What is likely wrong, in a sentence; of a check whose facts say what was seen, what is right in its place."""
    rights = [KINDS[fact.kind].right for facts in diagnosis.alternatives for fact in facts if fact.kind in KINDS]
    if any(rights):
        return "; ".join(dict.fromkeys(filter(None, rights)))
    between = " and " if diagnosis.is_known else "; "
    return OR.join(between.join(dict.fromkeys(map(said, facts))) for facts in diagnosis.alternatives)


def right(diagnosis: Diagnosis, form: Form) -> str:
    """The right formula, or the right order of the blocks; empty where there is none to tell."""
    if diagnosis.equation is not None:
        return diagnosis.equation.formula
    if any(f.kind in ("order", "another-form") for facts in diagnosis.alternatives for f in facts):
        return f"the order is {', '.join(form.order)}"
    return ""


def idea(diagnosis: Diagnosis) -> str:
    """What the right formula rests on; empty where the mistake is another form, which rests on as much."""
    if diagnosis.equation is None or any(f.kind == "another-form" for facts in diagnosis.alternatives for f in facts):
        return ""
    return diagnosis.equation.idea


def condition(diagnosis: Diagnosis) -> str:
    """Where the mistake shows; empty where that is everywhere."""
    return said(diagnosis.condition) if diagnosis.condition else ""


def hint(diagnosis: Diagnosis) -> Diagnosis | None:
    """The diagnosis without its particulars: what sort of mistake it is; None where there is nothing to say."""
    hints = dict.fromkeys(_hint(fact, diagnosis) for facts in diagnosis.alternatives for fact in facts)
    text = "; ".join(filter(None, hints))
    fact = Fact.of("hint", text=text)
    return Diagnosis(diagnosis.check, ((fact,),) if text else (), None, diagnosis.condition, is_known=False)


def _hint(fact: Fact, diagnosis: Diagnosis) -> str:
    mistake = fact.particulars.get("mistake")
    if mistake is not None:
        text: str = HINTS[mistake.kind]
        return text
    if fact.kind == "another-form":
        return f"this is another form of the {fact.particulars['form'].layer.title}"
    words = KINDS[fact.kind]
    if words.hint or words.of == "state":
        return words.hint or KEPT
    return said(fact) if not diagnosis.is_known else ""
