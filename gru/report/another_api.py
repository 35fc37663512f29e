"""The message on a submission in another API: its gradients by its own names, as lines of plain text."""

import shlex
from typing import TYPE_CHECKING

from gru.examiner.outcome import Examination, Outcome
from gru.report.numbers import rounded_up, side_by_side
from gru.report.result import Result
from gru.report.sentences import all_said
from gru.report.words import line, printable, words

if TYPE_CHECKING:
    from gru.examiner.mapping.found import Mapped, Recognition

ON_TOP = {
    "outputs": "an output",
    "cross-entropy": "a cross-entropy",
    "two-classes": "a cross-entropy of two classes",
    "squares": "a sum of squares",
}
"""What is said of what stands on top of a layer."""


def judged_as(result: Result) -> list[str]:
    """How the file was driven, and which form its forward pass is."""
    api, recognition = result.examination.api, result.examination.recognition
    lines = [line("judged as", api.text)] if api else []
    return lines + ([line("recognised", recognised(recognition))] if recognition else [])


def recognised(recognition: "Recognition") -> str:
    """Which form a forward pass is, or at what it parts from every form."""
    mapped, parted = recognition.mapped, recognition.parted
    if mapped is not None:
        return f"its forward pass is that of the {mapped.form.layer.title}, form {mapped.form.id}{_around(mapped)}"
    assert parted is not None
    forms = f"the {parted.title}, form {' or '.join(parted.forms)}" if parted.forms else ""
    where = {
        "shapes": "its parameters do not have the shapes of one",
        "runs": "it could not be run at the sizes of the attempt",
        "input": "with the weights of the input alone its states are those of none",
        "hidden": f"with the weights of the input alone it is {forms}; with those of the state it is none",
        "bias": f"with all biases zero it is {forms}; {parted.parameter} does not act as a bias of that",
        "together": f"each weight by itself acts as in {forms}; all of them together do not",
    }[parted.stage]
    return f"its forward pass is no form that is known: {where}"


def _around(mapped: "Mapped") -> str:
    """What is around the layer: `, below a cross-entropy, with an embedding`."""
    wrapping = mapped.wrapping
    said = f", below {ON_TOP[wrapping.head.kind]}" if wrapping.head else ""
    said += f", with {wrapping.embedding} before it" if wrapping.embedding else ""
    said += f", with {' and '.join(wrapping.first)} as its first state" if wrapping.first else ""
    return said + (", and a penalty on the weights" if wrapping.penalties else "")


def of_equations(examination: Examination) -> tuple[Outcome, ...]:
    """The outcomes of the equations, but for those of what the API does not show."""
    return tuple(o for o in examination.outcomes if o.is_of_equation and not is_not_shown(o))


def has_no_place(outcome: Outcome) -> bool:
    """Whether nothing is said of an equation as the API has no place for its left-hand side."""
    return any(fact.kind == "no-place" for fact in outcome.facts)


def is_not_shown(outcome: Outcome) -> bool:
    """The same, or as the gradient of a parameter is kept to itself."""
    return has_no_place(outcome) or any(fact.kind == "hidden-gradient" for fact in outcome.facts)


def names(outcome: Outcome, examination: Examination) -> str:
    """How the file calls what stands in an equation; nothing for a file in the layer's own API."""
    mapped = examination.recognition.mapped if examination.recognition else None
    if mapped is None or examination.api is None or outcome.name is None:
        return ""
    form, equation = examination.form, examination.form.equation(outcome.name)
    rows = {row.block: row for row in mapped.rows(examination.api)}
    weights = {form.spelled(name): rows[name].parameter for name in equation.inputs if name in rows}
    name = equation.inputs[0] if equation.is_sum else equation.name
    made = [e for e in form.backward if e.name == name or name in e.inputs]
    gradients = {e.name: rows[str(e.of)].gradient for e in made if e.of in rows and rows[str(e.of)].gradient}
    own = {name: gradients[name]} if name in gradients else gradients
    return ", ".join(f"{ours} is {theirs}" for ours, theirs in (weights | own).items())


def details(result: Result) -> list[str]:
    """What is said of the gradients: every wrong one, what was not shown, and what a pass means."""
    examination = result.examination
    own = [outcome for outcome in examination.outcomes if not outcome.is_of_equation]
    wrong = [outcome for outcome in own if outcome.status == "wrong"]
    is_explained = any(o.status == "wrong" and o.is_of_equation for o in examination.outcomes)
    in_short = [o for o in wrong if is_explained and o.is_of_gradient]
    lines: list[str] = []
    for outcome in wrong:
        if outcome not in in_short:
            lines += ["", *block(outcome, result.submission)]
    for status, told in (("wrong", in_short), ("inherited", [o for o in own if o.status == "inherited"])):
        if told:
            listed = ", ".join(title(outcome) for outcome in told)
            lines += [*([""] if told is in_short else []), line(status, listed)]
    notes = [all_said(o.facts) for o in own if o.status not in ("wrong", "inherited") and o.facts]
    notes += _notes(examination.recognition, is_right=examination.verdict == "right")
    lines += ["", *(line("note", note) for note in notes)] if notes else []
    if examination.verdict == "right":
        detects = max(outcome.detects for outcome in own if outcome.detects is not None)
        least = f"; a difference above {rounded_up(detects)} of the largest entry would have been found"
        lines += ["", f"right: every gradient that is shown is the derivative of the forward pass{least}"]
    return lines


def _notes(recognition: "Recognition | None", *, is_right: bool) -> list[str]:
    """What there is to know of the form beside."""
    if recognition is None:
        return []
    notes = []
    if recognition.over_steps is False:
        notes.append(
            "over several steps its states are not those of the form: each step is to begin with the last state"
        )
    if recognition.parted_on:
        count, first = len(recognition.parted_on), recognition.parted_on[0]
        notes.append(f"on {count} problems its state is not that of the form, first on {first}: they tell nothing")
    if recognition.mapped is None and is_right:
        notes.append("the gradients are right for this forward pass; that the forward pass is right was not found")
    return notes


def block(outcome: Outcome, submission: str) -> list[str]:
    """One wrong outcome in full.

    Args:
        outcome: What is told.
        submission: The file as it was given.
    """
    lines = [printable(f"{title(outcome)}: {words(outcome.status)}")]
    if outcome.facts:
        lines.append(line("found", all_said(outcome.facts)))
    if outcome.sizes:
        lines.append(line("at", str(outcome.sizes)))
    lines += side_by_side(outcome.values, "measured")
    if outcome.error is not None and outcome.limit is not None:
        lines.append(line("error", f"{outcome.error:.2g} of the largest entry; error bar {outcome.limit:.2g}"))
    lines.append(line("again", f"gru check {shlex.quote(submission)}"))
    return lines


def title(outcome: Outcome) -> str:
    """What a report calls a check: `gradient of Wz`, or `state`."""
    kind, _, name = outcome.check.partition("-")
    return f"gradient of {name}" if kind == "gradient" else outcome.check
