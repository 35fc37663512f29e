"""The message: an examination as lines of plain text, for the terminal and for pytest alike.

Pure functions from data to text; each line passes `printable`. It says what it is given: how much
that is, `feedback` decides. Nothing here decides a verdict.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gru.examiner.outcome import Examination, Outcome
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.report.numbers import rounded_up, short
from gru.report.result import Result
from gru.report.words import line, printable, words


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
        from gru.report import another_api

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
        *(_judged_as(result) if examination.api else []),
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


def _judged_as(result: Result) -> list[str]:
    from gru.report.another_api import judged_as

    return judged_as(result)


def convention(form: Form = CHAPTER) -> str:
    """The form that is asked for, told by its output, which half of all GRUs have the other way round.

    With the other equations of the forward pass that are not the layer's own, and the order of the blocks.
    """
    told = (e for e in form.forward_shown if e.name == form.output or e.id in form.departs)
    parts = [form.spelled(equation.formula) for equation in told]
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
    """What is said of checks on a layer: what is not plainly right, and what a pass means."""
    lines: list[str] = []
    if not all(_is_plain(outcome) for outcome in outcomes):
        # What makes sentences is loaded only where there is something to say.
        from gru.report import found

        lines = found.details(result, outcomes, everywhere=_is_wrong_everywhere(outcomes, result.form))
    if result.examination.verdict != "right" or not outcomes:
        return lines
    return [*lines, "", _conclusion(outcomes, result.form)]


def _is_plain(outcome: Outcome) -> bool:
    """Whether a check is right, and there is nothing more to say of it."""
    is_seen = outcome.detects is not None or not outcome.is_of_equation
    return outcome.status == "right" and is_seen and not outcome.facts


def _is_wrong_everywhere(outcomes: Sequence[Outcome], form: Form) -> bool:
    """Whether no formula of the submission's own is right, of several: zeros, random numbers, a constant."""
    own = [o.status for o in outcomes if o.name and not form.equation(o.name).is_sum and o.problems]
    return own.count("wrong") > 2 and not {"right", "inherited"} & set(own)


def _conclusion(outcomes: Sequence[Outcome], form: Form) -> str:
    """What a pass means: what was right, and how small a mistake would have been found."""
    judged = {outcome.name for outcome in outcomes}
    whole = judged >= {equation.name for equation in form.exposed if equation.of or equation.is_sum}
    what = f"every derivative{form.numbers}" if whole else _named(outcomes, form)
    detects = [outcome.detects for outcome in outcomes if outcome.is_of_equation and outcome.detects is not None]
    if not detects:
        return f"right: {what}"
    least = rounded_up(max(detects))
    return f"right: {what}; a difference above {least} of a block's largest entry would have been found"


def _named(outcomes: Sequence[Outcome], form: Form) -> str:
    from gru.report.one_outcome import checks

    return checks(outcomes, form)


def summary(verdicts: Sequence[str], failures: int = 0) -> str:
    """One line on several files."""
    counts = [f"{verdicts.count(v)} {words(v)}" for v in ("right", "wrong", "not_examined") if v in verdicts]
    counts += [f"{failures} lost to a failure of gru itself"] if failures else []
    return f"{len(verdicts) + failures} files: {', '.join(counts)}"
