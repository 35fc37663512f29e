"""The message on a submission in another API: its gradients by its own names, as lines of plain text."""

import shlex

from gru.examiner.outcome import Outcome
from gru.report.numbers import rounded_up, side_by_side
from gru.report.result import Result
from gru.report.sentences import all_said
from gru.report.words import line, printable, words


def judged_as(result: Result) -> list[str]:
    """How the file was driven."""
    api = result.examination.api
    return [line("judged as", api.text)] if api else []


def details(result: Result) -> list[str]:
    """What is said below the table: every wrong gradient, what was not shown, and what a pass means."""
    examination = result.examination
    lines: list[str] = []
    for outcome in examination.outcomes:
        if outcome.status == "wrong":
            lines += ["", *block(outcome, result.submission)]
    told = [o for o in examination.outcomes if o.status != "wrong" and o.facts]
    lines += ["", *(line("note", all_said(outcome.facts)) for outcome in told)] if told else []
    if examination.verdict == "right":
        detects = [outcome.detects for outcome in examination.outcomes if outcome.detects is not None]
        least = f"; a difference above {rounded_up(max(detects))} of the largest entry would have been found"
        lines += [
            "",
            f"right: every gradient that is shown is the derivative of the forward pass{least if detects else ''}",
        ]
    return lines


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
    lines += side_by_side(outcome.values, "submission", "measured")
    if outcome.error is not None and outcome.limit is not None:
        lines.append(line("error", f"{outcome.error:.2g} of the largest entry; error bar {outcome.limit:.2g}"))
    lines.append(line("again", f"gru check {shlex.quote(submission)}"))
    return lines


def title(outcome: Outcome) -> str:
    """What a report calls a check: `gradient of Wz`, or `state`."""
    kind, _, name = outcome.check.partition("-")
    return f"gradient of {name}" if kind == "gradient" else outcome.check
