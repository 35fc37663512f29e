"""What is said of checks that are not plainly right: the first wrong equation in full, the others in short.

Pure functions from data to text, as in `text`, which has the whole of a message. It decides no verdict.
"""

from collections.abc import Sequence
from itertools import groupby

from gru.examiner.outcome import Outcome
from gru.layer import Form
from gru.report import another_api
from gru.report.one_outcome import block, checks, in_short, is_finite, title
from gru.report.result import Result
from gru.report.sentences import all_said
from gru.report.words import line

MOST_IN_SHORT = 6
"""How many more wrong checks are told one by one: with more, no single mistake explains them."""


def details(result: Result, outcomes: Sequence[Outcome], *, everywhere: bool) -> list[str]:
    """What is said of checks on a layer: what is wrong, the first equation of it in full.

    `everywhere` says that no formula of the submission's own is right.
    """
    wrong = [outcome for outcome in outcomes if outcome.status == "wrong"]
    asked = result.form
    first = next((outcome for outcome in wrong if outcome.is_of_equation), None)
    in_full = [first] if first and everywhere else [o for o in wrong if o is first or not _is_aside(o, first)]
    lines = ["", f"wrong everywhere: none of the {_judged(outcomes)} equations is right"] if everywhere else []
    for outcome in in_full:
        names = another_api.names(outcome, result.examination)
        told = block(outcome, result.submission, outcomes, asked=asked, in_process=result.in_process, names=names)
        lines += ["", *told]
    lines += _also_wrong([o for o in wrong if o not in in_full], asked, most=0 if everywhere else MOST_IN_SHORT)
    remarks = [] if everywhere else _remarks(outcomes, asked, several=len(wrong) != 1)
    return [*lines, "", *remarks] if remarks else lines


def _is_aside(outcome: Outcome, first: Outcome | None) -> bool:
    """Whether a wrong outcome is told in short: what the first wrong equation may explain."""
    return outcome.is_of_equation or (outcome.check == "state" and first is not None)


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
