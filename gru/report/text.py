"""The message: an examination as lines of plain text, for the terminal and for pytest alike.

Pure functions from data to text; each line passes `printable`. It says what it is given: how much
that is, `feedback` decides. Nothing here decides a verdict.
"""

import math
import shlex
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from gru.examiner.outcome import TRAINING, Diagnosis, Examination, Outcome
from gru.layers.gru.equations import EQUATIONS
from gru.layers.gru.forms import CONVENTIONS
from gru.layers.gru.parameters import GATES
from gru.layers.gru.shapes import shape_of
from gru.mistakes import right_formula
from gru.report.numbers import rounded_up, short, side_by_side
from gru.report.result import Result
from gru.report.words import line, name_of, numbered, printable, spelled, title_of, words

MOST_IN_SHORT = 6
"""How many more wrong checks are told one by one: with more, no single mistake explains them."""


class Row(NamedTuple):
    """One line of the table of checks, as text."""

    check: str
    name: str
    status: str
    error: str
    limit: str


HEADER = Row("check", "name", "status", "error", "limit")


def message(result: Result) -> list[str]:
    """The whole report on one submission."""
    table = plain_table(rows(result.examination))
    return [*heading(result), *(["", *table] if table else []), *details(result)]


# The heading and the table


def heading(result: Result) -> list[str]:
    """The file and its verdict, how it was examined, and the convention that is in force."""
    examination = result.examination
    reason = f" ({words(examination.reason)})" if examination.reason else ""
    what = f"problem {result.problem}" if result.problem else f"seed {examination.seed}, effort {examination.effort}"
    lines = [
        printable(f"{result.submission}: {words(examination.verdict)}{reason}"),
        line("examined", f"{what}, isolation {result.isolation}, {result.seconds:.1f} s"),
        line("convention", convention(result.convention)),
    ]
    if examination.convention != result.convention:
        other = examination.convention
        lines.append(line("followed", f"another form of the GRU, {other}: gru explain convention/{other} shows it"))
    if examination.precision == "float32":
        lines.append(line("precision", "answers in single precision (float32); judged at single precision"))
    if examination.text:
        lines.append(line("reason", examination.text))
    return lines


def convention(id: str = "chapter") -> str:
    """The form of a GRU that is asked for, told by (4), which half of all GRUs have the other way round.

    With (3) and the order of the blocks, where they are not the chapter's.
    """
    form = CONVENTIONS[id]
    parts = [spelled(right_formula(form.equations[n])) for n in (3, 4) if n == 4 or f"equation-{n}" in form.departs]
    if form.order != GATES:
        parts.append(f"W and U stacked in the order {spelled(', '.join(form.order))}")
    return ", ".join(parts)


def rows(examination: Examination) -> list[Row]:
    """The table of all checks in the chapter's order; none where it would say one thing throughout."""
    outcomes = examination.outcomes
    if _is_wrong_everywhere(outcomes) or all(outcome.status == "not_examined" for outcome in outcomes):
        return []
    return [_row(outcome) for outcome in outcomes]


def _row(outcome: Outcome) -> Row:
    name = name_of(EQUATIONS[outcome.equation]) if outcome.equation else ""
    return Row(outcome.check, name, words(outcome.status), short(outcome.error), short(outcome.limit))


def plain_table(lines: Sequence[Row]) -> list[str]:
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


def details(result: Result) -> list[str]:
    """All that is said below the table: what is wrong, the first equation of it in full."""
    examination = result.examination
    outcomes = examination.outcomes
    wrong = [outcome for outcome in outcomes if outcome.status == "wrong"]
    everywhere = _is_wrong_everywhere(outcomes)
    first = next((outcome for outcome in wrong if outcome.equation), None)
    in_full = [first] if first and everywhere else [o for o in wrong if o is first or not _is_aside(o, first)]
    lines = ["", f"wrong everywhere: none of the {_judged(outcomes)} equations is right"] if everywhere else []
    for outcome in in_full:
        lines += ["", *block(outcome, result.submission, outcomes, convention=result.convention)]
    lines += _also_wrong([o for o in wrong if o not in in_full], most=0 if everywhere else MOST_IN_SHORT)
    remarks = [] if everywhere else _remarks(outcomes, several=len(wrong) != 1)
    lines += ["", *remarks] if remarks else []
    return [*lines, "", _conclusion(outcomes)] if examination.verdict == "right" and outcomes else lines


def _is_aside(outcome: Outcome, first: Outcome | None) -> bool:
    """Whether a wrong outcome is told in short: what the first wrong equation may explain."""
    return bool(outcome.equation) or (outcome.check == "state" and first is not None)


def _is_wrong_everywhere(outcomes: Sequence[Outcome]) -> bool:
    """Whether no formula of the submission's own is right, of several: zeros, random numbers, a constant."""
    own = [o.status for o in outcomes if o.equation and not EQUATIONS[o.equation].is_sum and o.problems]
    return own.count("wrong") > 2 and not {"right", "inherited"} & set(own)


def _judged(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.equation is not None and outcome.problems > 0 for outcome in outcomes)


def block(
    outcome: Outcome, submission: str, outcomes: Sequence[Outcome] = (), *, convention: str = "chapter"
) -> list[str]:
    """One wrong outcome in full.

    `submission` is the file as it was given, `outcomes` those of the same examination, of which
    the notes tell what is right and what inherits, `convention` the id of the one asked for.
    """
    lines = [f"{_title(outcome)}: {words(outcome.status)}"]
    if outcome.equation and outcome.sizes:
        lines.append(line("quantity", _quantity(outcome)))
    if outcome.text and not (outcome.mistake and outcome.mistake.text == outcome.text):
        lines.append(line("found", outcome.text))
    if outcome.problem:
        lines.append(line("at", _place(outcome)))
    lines += side_by_side(outcome.values, "submission", "measured" if outcome.equation else "expected")
    if outcome.error is not None:
        lines.append(line("error", f"{_error(outcome)}; limit {outcome.limit:.2g}"))
    lines += [line("note", note) for note in _notes(outcome, outcomes)]
    lines += _help(outcome.mistake)
    if outcome.problem or outcome.check == TRAINING:
        again = f"gru check {shlex.quote(submission)} --only {outcome.check}"
        again += f" --problem {outcome.problem}" if outcome.problem else ""
        lines.append(line("again", again if convention == "chapter" else f"{again} --convention {convention}"))
    return lines


def _title(outcome: Outcome) -> str:
    return title_of(EQUATIONS[outcome.equation]) if outcome.equation else outcome.check


def _quantity(outcome: Outcome) -> str:
    assert outcome.equation is not None
    assert outcome.sizes is not None
    equation = EQUATIONS[outcome.equation]
    meaning = equation.quantity if equation.quantity.startswith("∂") else f"{equation.symbol}, {equation.quantity}"
    shape = shape_of(equation.name, outcome.sizes)
    return f"{name_of(equation)} = {meaning}, shape ({', '.join(equation.dimensions)}) = {shape}"


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


def _help(mistake: Diagnosis | None) -> list[str]:
    """What is likely wrong and what would be right: one help, and the idea behind it."""
    if mistake is None:
        return []
    text, right = spelled(mistake.text), spelled(mistake.formula)
    condition = f"it is wrong {mistake.condition}" if mistake.condition else ""
    if mistake.ids or not right:
        help = text + ("; right is " if ":" in text else ": ") + right if right else text
        lines = [("note", condition), ("help", help)]
    else:
        lines = [("note", "; ".join(filter(None, (condition, text)))), ("help", f"the right formula is {right}")]
    return [line(label, said) for label, said in (*lines, ("because", mistake.idea)) if said]


def _also_wrong(outcomes: Sequence[Outcome], most: int) -> list[str]:
    """The other wrong checks in short: one by one, or by their numbers where there are more than `most`."""
    if not outcomes:
        return []
    if len(outcomes) > most:
        return ["", line("also wrong", _checks(outcomes))]
    return ["", "also wrong", *(_in_short(outcome) for outcome in outcomes)]


def _in_short(outcome: Outcome) -> str:
    mistake = spelled(outcome.mistake.text) if outcome.mistake else ""
    error = f"error {_error(outcome)}" if outcome.error is not None else ""
    found = "; ".join(dict.fromkeys(part for part in (outcome.text, mistake, error) if part))
    return printable(f"  {_title(outcome)}: {found}, at {_place(outcome)}")


def _notes(outcome: Outcome, outcomes: Sequence[Outcome]) -> list[str]:
    """What stands around a wrong outcome: what it is made of, and what follows from it alone."""
    notes = []
    spoilt = [other for other in outcomes if other.equation and not _is_finite(other)]
    if outcome in spoilt[:1]:
        notes.append(f"along the equations, NaN or infinity appears first in ({outcome.equation})")
    elif outcome.equation:
        inputs = EQUATIONS[outcome.equation].inputs
        before = [other for other in outcomes if other.name in inputs and other.problems]
        right = [other for other in before if other.status == "right"]
        inside = f"the mistake is inside ({outcome.equation})"
        if right and right == before:
            notes.append(f"{_checks(right)} {'is' if len(right) == 1 else 'are'} right here: {inside}")
        elif before and all(other.values or other.status == "right" for other in before):
            notes.append(f"it is wrong even for the submission's own {_names(inputs, before)}: {inside}")
    inherited = [other for other in outcomes if other.status == "inherited"]
    if inherited and sum(other.status == "wrong" for other in outcomes) == 1:
        notes.append(f"{_checks(inherited)} {'inherits' if len(inherited) == 1 else 'inherit'} it")
    return notes


def _names(inputs: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    return ", ".join(name for name in inputs if any(outcome.name == name for outcome in outcomes))


def _checks(outcomes: Iterable[Outcome]) -> str:
    """`split (8) (10)`: the checks by their equations' numbers, or by name."""
    return " ".join(numbered([outcome.equation]) if outcome.equation else outcome.check for outcome in outcomes)


def _remarks(outcomes: Sequence[Outcome], *, several: bool) -> list[str]:
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
            lines.append(line(label, f"{_checks(group)}: {text}"))
    described = [outcome for outcome in outcomes if outcome.status == "right" and outcome.text]
    for text, members in groupby(described, key=lambda outcome: outcome.text):
        lines.append(line("right", f"{_checks(members)}: {text}"))
    return lines


def _is_spoilt(outcome: Outcome) -> bool:
    return outcome.status == "not_examined" and not _is_finite(outcome)


def _is_silent(outcome: Outcome) -> bool:
    return outcome.status == "not_examined" and outcome.problems > 0 and _is_finite(outcome)


def _is_lost(outcome: Outcome) -> bool:
    return bool(outcome.equation and outcome.status == "right" and outcome.detects is None and not outcome.text)


def _conclusion(outcomes: Sequence[Outcome]) -> str:
    """What a pass means: what was right, and how small a mistake would have been found."""
    whole = {outcome.equation for outcome in outcomes} >= set(range(8, 25))
    what = "every derivative (8)–(24)" if whole else _checks(outcomes)
    detects = [outcome.detects for outcome in outcomes if outcome.equation and outcome.detects is not None]
    if not detects:
        return f"right: {what}"
    least = rounded_up(max(detects))
    return f"right: {what}; a difference above {least} of a block's largest entry would have been found"


def summary(verdicts: Sequence[str], failures: int = 0) -> str:
    """One line on several files."""
    counts = [f"{verdicts.count(v)} {words(v)}" for v in ("right", "wrong", "not_examined") if v in verdicts]
    counts += [f"{failures} lost to a failure of gru itself"] if failures else []
    return f"{len(verdicts) + failures} files: {', '.join(counts)}"
