"""The message: an examination as lines of plain text, for the terminal and for pytest alike.

Pure functions from data to text; each line passes `printable`. It says what it is given: how much
that is, `feedback` decides. Nothing here decides a verdict.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from gru.examiner.outcome import Examination, Outcome
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.mistakes import right_formula
from gru.report import another_api
from gru.report.numbers import rounded_up, short
from gru.report.one_outcome import block, checks, in_short, is_finite, title
from gru.report.result import Result
from gru.report.sentences import all_said
from gru.report.words import line, printable, words

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
    isolation = f"isolation {result.isolation}, " if result.isolation else ""
    lines = [
        printable(f"{result.submission}: {words(examination.verdict)}{reason}"),
        line("examined", f"{what}, {isolation}{result.seconds:.1f} s"),
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


def title_in(result: Result, outcome: Outcome) -> str:
    """What the report on a submission, in whichever API, calls a check."""
    return title(outcome, result.form) if outcome.name else another_api.title(outcome)


def _also_wrong(outcomes: Sequence[Outcome], form: Form, most: int) -> list[str]:
    """The other wrong checks in short: one by one, or by their numbers where there are more than `most`."""
    if not outcomes:
        return []
    if len(outcomes) > most:
        return ["", line("also wrong", checks(outcomes, form))]
    return ["", "also wrong", *(in_short(outcome, form) for outcome in outcomes)]


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
    return outcome.status == "not_examined" and not is_finite(outcome)


def _is_silent(outcome: Outcome) -> bool:
    return outcome.status == "not_examined" and outcome.problems > 0 and is_finite(outcome)


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
