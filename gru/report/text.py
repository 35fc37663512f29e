"""The message: an examination as lines of plain text, for the terminal and for pytest alike.

Pure functions from data to text; each line passes `printable`. It says what it is given: how much
that is, `feedback` decides. Nothing here decides a verdict.
"""

import math
import shlex
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from gru.examiner.fact import Diagnosis
from gru.examiner.outcome import TRAINING, Examination, Outcome
from gru.layer import Equation, Form, Sizes
from gru.layers.gru.forms import CHAPTER
from gru.mistakes import right_formula
from gru.report import another_api
from gru.report.numbers import rounded_up, short, side_by_side
from gru.report.result import Result
from gru.report.sentences import all_said, condition, explanation, idea, right
from gru.report.words import line, printable, title_of, words

MOST_IN_SHORT = 6
"""How many more wrong checks are told one by one: with more, no single mistake explains them."""


class CheckRow(NamedTuple):
    """One line of the table of checks, as text."""

    check: str
    name: str
    status: str
    error: str
    limit: str


HEADER = CheckRow("check", "name", "status", "error", "limit")


def message(result: Result) -> list[str]:
    """The whole report on one submission."""
    table = plain_table(rows(result.examination))
    return [*heading(result), *(["", *table] if table else []), *below(result)]


def below(result: Result) -> list[str]:
    """All that is said below the table, in whichever API, and what was printed, where that is to be shown."""
    examination = result.examination
    if examination.api:
        equations = another_api.of_equations(examination)
        found = [*(details(result, equations) if equations else []), *another_api.details(result)]
    else:
        found = details(result, examination.outcomes)
    if not result.printed:
        return found
    many = f"the last {len(result.printed)} lines" if len(result.printed) > 1 else "the last line"
    return [*found, "", f"printed by the submission, {many}", *(printable(f"  | {said}") for said in result.printed)]


# The heading and the table


def heading(result: Result) -> list[str]:
    """The file and its verdict, how it was examined, and the convention that is in force."""
    examination = result.examination
    reason = f" ({words(examination.reason)})" if examination.reason else ""
    what = f"problem {result.problem}" if result.problem else f"seed {examination.seed}, effort {examination.effort}"
    lines = [
        printable(f"{result.submission}: {words(examination.verdict)}{reason}"),
        line("examined", f"{what}, isolation {result.isolation}, {result.seconds:.1f} s"),
        *(another_api.judged_as(result) if examination.api else []),
        *([line("convention", convention(result.form))] if examination.is_of_form else []),
    ]
    if examination.form is not result.form:
        other, title = examination.form.id, examination.form.layer.title
        lines.append(line("followed", f"another form of the {title}, {other}: gru explain convention/{other} shows it"))
    if examination.precision == "float32":
        lines.append(line("precision", "answers in single precision (float32); judged at single precision"))
    if examination.text:
        lines.append(line("reason", examination.text))
    return [*lines, *(line("note", note) for note in result.notes)]


def convention(form: Form = CHAPTER) -> str:
    """The form that is asked for, told by its output, which half of all GRUs have the other way round.

    With the other equations of the forward pass that are not the layer's own, and the order of the blocks.
    """
    told = (e for e in form.forward_shown if e.name == form.output or e.id in form.departs)
    parts = [form.spelled(right_formula(equation)) for equation in told]
    if form.order != tuple(form.layer.gates):
        names = " and ".join(stack.name for stack in form.stacks)
        parts.append(f"{names} stacked in the order {form.spelled(', '.join(form.order))}")
    return ", ".join(parts)


def rows(examination: Examination) -> list[CheckRow]:
    """The table of all checks in the chapter's order; none where it would say one thing throughout."""
    outcomes = examination.outcomes
    if _is_wrong_everywhere(outcomes, examination.form) or all(
        outcome.status == "not_examined" for outcome in outcomes
    ):
        return []
    return [_row(outcome, examination.form) for outcome in outcomes]


def _row(outcome: Outcome, form: Form) -> CheckRow:
    name = form.equation(outcome.name).title if outcome.name else ""
    return CheckRow(outcome.check, name, words(outcome.status), short(outcome.error), short(outcome.limit))


def plain_table(lines: Sequence[CheckRow]) -> list[str]:
    """The table with its columns padded; numbers to the right."""
    if not lines:
        return []
    table = [HEADER, *lines]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADER))]
    texts = (
        [
            cell.rjust(width) if column > 2 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in table
    )
    return [printable("  " + "   ".join(cells).rstrip()) for cells in texts]


# What was found


def details(result: Result, outcomes: Sequence[Outcome]) -> list[str]:
    """What is said of checks on a layer: what is wrong, the first equation of it in full."""
    examination = result.examination
    wrong = [outcome for outcome in outcomes if outcome.status == "wrong"]
    asked, everywhere = result.form, _is_wrong_everywhere(outcomes, result.form)
    first = next((outcome for outcome in wrong if outcome.is_of_equation), None)
    in_full = [first] if first and everywhere else [o for o in wrong if o is first or not _is_aside(o, first)]
    lines = ["", f"wrong everywhere: none of the {_judged(outcomes)} equations is right"] if everywhere else []
    for outcome in in_full:
        names = another_api.names(outcome, examination)
        told = block(outcome, result.submission, outcomes, asked=asked, in_process=result.in_process, names=names)
        lines += ["", *told]
    lines += _also_wrong([o for o in wrong if o not in in_full], asked, most=0 if everywhere else MOST_IN_SHORT)
    remarks = [] if everywhere else _remarks(outcomes, asked, several=len(wrong) != 1)
    lines += ["", *remarks] if remarks else []
    return [*lines, "", _conclusion(outcomes, asked)] if examination.verdict == "right" and outcomes else lines


def _is_aside(outcome: Outcome, first: Outcome | None) -> bool:
    """Whether a wrong outcome is told in short: what the first wrong equation may explain."""
    return outcome.is_of_equation or (outcome.check == "state" and first is not None)


def _is_wrong_everywhere(outcomes: Sequence[Outcome], form: Form) -> bool:
    """Whether no formula of the submission's own is right, of several: zeros, random numbers, a constant."""
    own = [o.status for o in outcomes if o.name and not form.equation(o.name).is_sum and o.problems]
    return own.count("wrong") > 2 and not {"right", "inherited"} & set(own)


def _judged(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.is_of_equation and outcome.problems > 0 for outcome in outcomes)


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
    lines += side_by_side(outcome.values, "submission", "measured" if outcome.is_of_equation else "expected")
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


def title_in(result: Result, outcome: Outcome) -> str:
    """What the report on a submission, in whichever API, calls a check."""
    return title(outcome, result.form) if outcome.name else another_api.title(outcome)


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
    if not _is_finite(outcome):
        return "not a finite number"
    unit = " of the largest entry" if any(entry.measured for entry in outcome.values) else ""
    return f"{outcome.error:.2g}{unit}"


def _is_finite(outcome: Outcome) -> bool:
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


def _also_wrong(outcomes: Sequence[Outcome], form: Form, most: int) -> list[str]:
    """The other wrong checks in short: one by one, or by their numbers where there are more than `most`."""
    if not outcomes:
        return []
    if len(outcomes) > most:
        return ["", line("also wrong", checks(outcomes, form))]
    return ["", "also wrong", *(_in_short(outcome, form) for outcome in outcomes)]


def _in_short(outcome: Outcome, form: Form) -> str:
    mistake = form.spelled(explanation(outcome.mistake)) if outcome.mistake else ""
    where = _where(outcome.mistake) if outcome.mistake else ""
    error = f"error {_error(outcome)}" if outcome.error is not None else ""
    found = "; ".join(dict.fromkeys(part for part in (all_said(outcome.facts), mistake, where, error) if part))
    at = f", at {_place(outcome)}" if outcome.problem else ""
    return printable(f"  {title(outcome, form)}: {found}{at}")


def _notes(outcome: Outcome, outcomes: Sequence[Outcome], form: Form) -> list[str]:
    """What stands around a wrong outcome: what it is made of, and what follows from it alone."""
    notes = []
    spoilt = [other for other in outcomes if other.is_of_equation and not _is_finite(other)]
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


def _remarks(outcomes: Sequence[Outcome], form: Form, *, several: bool) -> list[str]:
    """One line for each group that is neither wrong nor plainly right."""
    source = "from what is wrong above" if any(o.status == "wrong" for o in outcomes) else "from what was not asked for"
    groups = (
        ("inherited", f"right formulas on wrong values, {source}", several, lambda o: o.status == "inherited"),
        ("missing", "never set, and not all that depends on it is right", True, lambda o: o.status == "missing"),
        ("not told", "NaN or infinity, which hides whether the formula is right", True, _is_spoilt),
        ("not told", "the values are wrong, but do not tell whether the formula is", True, _is_silent),
        ("not seen", "nothing was seen of it", True, lambda o: o.status == "not_examined" and not o.problems),
        ("lost", "the true values are 0 or lost in rounding, on these problems", True, _is_lost),
    )
    lines: list[str] = []
    if not any(outcome.problems for outcome in outcomes):
        return lines
    for label, text, shown, belongs in groups:
        group = [outcome for outcome in outcomes if belongs(outcome)]
        if group and shown:
            lines.append(line(label, f"{checks(group, form)}: {text}"))
    described = [outcome for outcome in outcomes if outcome.status == "right" and outcome.facts]
    for text, members in groupby(described, key=lambda outcome: all_said(outcome.facts)):
        lines.append(line("right", f"{checks(members, form)}: {text}"))
    return lines


def _is_spoilt(outcome: Outcome) -> bool:
    return outcome.status == "not_examined" and not _is_finite(outcome)


def _is_silent(outcome: Outcome) -> bool:
    return outcome.status == "not_examined" and outcome.problems > 0 and _is_finite(outcome)


def _is_lost(outcome: Outcome) -> bool:
    return bool(outcome.is_of_equation and outcome.status == "right" and outcome.detects is None and not outcome.facts)


def _conclusion(outcomes: Sequence[Outcome], form: Form) -> str:
    """What a pass means: what was right, and how small a mistake would have been found."""
    judged = {outcome.name for outcome in outcomes}
    whole = judged >= {equation.name for equation in form.exposed if equation.of or equation.is_sum}
    what = f"every derivative{form.numbers}" if whole else checks(outcomes, form)
    detects = [outcome.detects for outcome in outcomes if outcome.is_of_equation and outcome.detects is not None]
    if not detects:
        return f"right: {what}"
    least = rounded_up(max(detects))
    return f"right: {what}; a difference above {least} of a block's largest entry would have been found"


def summary(verdicts: Sequence[str], failures: int = 0) -> str:
    """One line on several files."""
    counts = [f"{verdicts.count(v)} {words(v)}" for v in ("right", "wrong", "not_examined") if v in verdicts]
    counts += [f"{failures} lost to a failure of gru itself"] if failures else []
    return f"{len(verdicts) + failures} files: {', '.join(counts)}"
