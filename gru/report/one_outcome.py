"""One outcome as a report tells it: in full or in a line, and how it is found again.

It knows nothing of the whole report, and decides nothing.
"""

import math
import shlex
from collections.abc import Iterable, Sequence

from gru.examiner.fact import Diagnosis
from gru.examiner.outcome import TRAINING, Outcome
from gru.layer import Equation, Form, Sizes
from gru.layers.gru.forms import CHAPTER
from gru.report.numbers import side_by_side
from gru.report.sentences import all_said, condition, explanation, idea, right
from gru.report.words import line, printable, title_of, words


def block(
    outcome: Outcome,
    submission: str,
    outcomes: Sequence[Outcome] = (),
    *,
    asked: Form = CHAPTER,
    in_process: bool = False,
    names: str = "",
) -> list[str]:
    """One wrong outcome in full.

    Args:
        outcome: What is told.
        submission: The file as it was given.
        outcomes: Those of the same examination, of which the notes tell what is right and what inherits.
        asked: The form of the layer that was asked for.
        in_process: Whether it is no file but a class of this name.
        names: How a submission in another API calls what stands in the equation.
    """
    lines = [f"{title(outcome, asked)}: {words(outcome.status)}"]
    if outcome.name and outcome.sizes:
        lines.append(line("quantity", _quantity(asked.equation(outcome.name), outcome.sizes)))
    lines += [line("names", names)] if names else []
    found = all_said(outcome.facts)
    if found and not (outcome.mistake and explanation(outcome.mistake) == found):
        lines.append(line("found", found))
    if outcome.problem:
        lines.append(line("at", _place(outcome)))
    lines += side_by_side(outcome.values, "measured" if outcome.is_of_equation else "expected")
    if outcome.error is not None:
        lines.append(line("error", f"{_error(outcome)}; limit {outcome.limit:.2g}"))
    lines += [line("note", note) for note in _notes(outcome, outcomes, asked)]
    lines += _help(outcome.mistake, asked)
    if outcome.problem or outcome.check == TRAINING:
        again = _call(outcome, submission, asked) if in_process else _command(outcome, submission, asked)
        lines.append(line("again", again))
    return lines


def _command(outcome: Outcome, submission: str, asked: Form) -> str:
    """How one outcome of a file is found again."""
    problem = f" --problem {outcome.problem}" if outcome.problem else ""
    return f"gru check {shlex.quote(submission)} --only {outcome.check}{problem}{_options(asked)}"


def _call(outcome: Outcome, name: str, asked: Form) -> str:
    """How one outcome of a class is found again."""
    problem = f", problem={outcome.problem!r}" if outcome.problem else ""
    layer = "" if asked.layer.id == "gru" else f", layer={asked.layer.place or asked.layer.id!r}"
    convention = "" if asked.id == asked.layer.form.id else f", convention={asked.id!r}"
    return f"gru.check({name}, only={outcome.check!r}{problem}{layer}{convention})"


def _options(asked: Form) -> str:
    """What a command line says of the form that is asked for; nothing of the chapter's."""
    layer = "" if asked.layer.id == "gru" else f" --layer {shlex.quote(asked.layer.place or asked.layer.id)}"
    return layer + ("" if asked.id == asked.layer.form.id else f" --convention {asked.id}")


def title(outcome: Outcome, form: Form = CHAPTER) -> str:
    """What a report calls a check: `equation (10), dzr`, or `merge`."""
    return title_of(form.equation(outcome.name)) if outcome.name else outcome.check


def _quantity(equation: Equation, sizes: Sizes) -> str:
    meaning = equation.quantity if equation.quantity.startswith("∂") else f"{equation.symbol}, {equation.quantity}"
    shape = sizes.shape(equation.dimensions)
    return f"{equation.title} = {meaning}, shape ({', '.join(equation.dimensions)}) = {shape}"


def _place(outcome: Outcome) -> str:
    seed, colon, index = (outcome.problem or "").partition(":")
    return f"{outcome.sizes}, problem " + (f"{index} of seed {seed}" if colon else seed)


def _error(outcome: Outcome) -> str:
    """By how much; where all that is shown should be 0, there is no largest entry to speak of."""
    if not is_finite(outcome):
        return "not a finite number"
    unit = " of the largest entry" if any(entry.measured for entry in outcome.values) else ""
    return f"{outcome.error:.2g}{unit}"


def is_finite(outcome: Outcome) -> bool:
    """Whether the error of an outcome is a number."""
    return outcome.error is None or math.isfinite(outcome.error)


def _help(mistake: Diagnosis | None, form: Form) -> list[str]:
    """What is likely wrong and what would be right: one help, and the idea behind it."""
    if mistake is None:
        return []
    text, formula = form.spelled(explanation(mistake)), form.spelled(right(mistake, form))
    where = _where(mistake)
    if mistake.is_known or not formula:
        help = text + ("; right is " if ":" in text else ": ") + formula if formula else text
        lines = [("note", where), ("help", help)]
    else:
        lines = [("note", "; ".join(filter(None, (where, text)))), ("help", f"the right formula is {formula}")]
    return [line(label, said) for label, said in (*lines, ("because", idea(mistake))) if said]


def _where(mistake: Diagnosis) -> str:
    where = condition(mistake)
    return f"it is wrong {where}" if where else ""


def _notes(outcome: Outcome, outcomes: Sequence[Outcome], form: Form) -> list[str]:
    """What stands around a wrong outcome: what it is made of, and what follows from it alone."""
    notes = []
    spoilt = [other for other in outcomes if other.is_of_equation and not is_finite(other)]
    if outcome in spoilt[:1]:
        notes.append(f"along the equations, NaN or infinity appears first in {checks([outcome], form)}")
    elif outcome.name:
        inputs = form.equation(outcome.name).inputs
        before = [other for other in outcomes if other.name in inputs and other.problems]
        right = [other for other in before if other.status == "right"]
        inside = f"the mistake is inside {checks([outcome], form)}"
        if right and right == before:
            notes.append(f"{checks(right, form)} {'is' if len(right) == 1 else 'are'} right here: {inside}")
        elif before and all(other.values or other.status == "right" for other in before):
            notes.append(f"it is wrong even for the submission's own {_names(inputs, before)}: {inside}")
    inherited = [other for other in outcomes if other.status == "inherited"]
    if inherited and sum(other.status == "wrong" for other in outcomes) == 1:
        notes.append(f"{checks(inherited, form)} {'inherits' if len(inherited) == 1 else 'inherit'} it")
    return notes


def _names(inputs: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    return ", ".join(name for name in inputs if any(outcome.name == name for outcome in outcomes))


def checks(outcomes: Iterable[Outcome], form: Form = CHAPTER) -> str:
    """`split (8) (10)`: the checks by their equations' numbers, or by name."""
    return " ".join(form.equation(outcome.name).short if outcome.name else outcome.check for outcome in outcomes)


def in_short(outcome: Outcome, form: Form) -> str:
    """One wrong outcome in a line: what was found, what is likely wrong, and the problem that shows it."""
    mistake = form.spelled(explanation(outcome.mistake)) if outcome.mistake else ""
    where = _where(outcome.mistake) if outcome.mistake else ""
    error = f"error {_error(outcome)}" if outcome.error is not None else ""
    found = "; ".join(dict.fromkeys(part for part in (all_said(outcome.facts), mistake, where, error) if part))
    at = f", at {_place(outcome)}" if outcome.problem else ""
    return printable(f"  {title(outcome, form)}: {found}{at}")
