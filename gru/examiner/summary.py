"""The first step to the outcomes: all findings of a check become one outcome.

What is not shown is judged by what depends on it. It makes no finding itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from gru.examiner.fact import Fact
from gru.examiner.outcome import Finding, Outcome, Status
from gru.examiner.state.companions import is_arbitrary
from gru.layer import Equation, Form

NOT_SHOWN = Fact.of("not-shown")
"""What is said of a check whose quantity the submission keeps to itself."""


def summarise_all(findings: list[Finding], form: Form) -> Iterator[Outcome]:
    """The outcome of every check; what is not shown is judged by what depends on it."""
    by_check: dict[str, list[Finding]] = {check: [] for check in form.checks}
    for finding in findings:
        by_check[finding.check].append(finding)
    of_check = {equation.id: equation for equation in form.exposed}
    outcomes = {check: summarise(check, found, of_check.get(check)) for check, found in by_check.items()}
    arbitrary = any(is_arbitrary(finding) for finding in by_check["state"])
    for check, outcome in outcomes.items():
        equation = of_check.get(check)
        if is_hidden(outcome) and _is_vouched_for(check, outcomes, form):
            outcome = replace(outcome, status="right", facts=(Fact.of("vouched-for"),))
        elif outcome.status == "inherited" and equation and equation.is_sum:
            outcome = unless_silent(outcome, outcomes[form.named[equation.inputs[0]].id], arbitrary=arbitrary)
        yield outcome


def summarise(check: str, findings: Iterable[Finding], equation: Equation | None = None) -> Outcome:
    """The outcome of a check, of this equation if it is of one, from its findings, the smallest problem first."""
    found = list(findings)
    status = _status(found)
    common: dict[str, Any] = {
        "check": check,
        "status": status,
        "equation": equation.number if equation else None,
        "name": equation.name if equation else None,
        "problems": len(found),
    }
    alike = (status, "silent") if status in ("not_examined", "inherited") else (status,)
    shown = next((finding for finding in found if finding.status in alike), None)
    if status == "right" or shown is None:
        return Outcome(**common, **_precision(found))
    comparison = shown.comparison
    numbers: dict[str, Any] = {}
    if comparison is not None:
        unit = comparison.unit
        numbers = {"error": comparison.error / unit, "limit": comparison.limit / unit}
        numbers |= {"values": comparison.entries(), "block": comparison.block()}
    facts = (shown.fact,) if shown.fact else ()
    return Outcome(**common, **numbers, problem=shown.problem, sizes=shown.sizes, facts=facts)


def _status(findings: list[Finding]) -> Status:
    """One wrong problem makes a check wrong; inheritance must have been earned somewhere."""
    statuses = {finding.status for finding in findings}
    if "wrong" in statuses:
        return "wrong"
    if "missing" in statuses:
        return "missing"
    if not findings:
        return "not_examined"
    if statuses == {"right"}:
        return "right"
    return "inherited" if _earned(findings) else "not_examined"


def _earned(findings: list[Finding]) -> bool:
    """Whether every part of the formula was seen at work, on some problem or other."""
    unseen: frozenset[int] | None = None
    for finding in findings:
        here = finding.unseen()
        if here is not None:
            unseen = here if unseen is None else unseen & here
        if unseen is not None and not unseen:
            return True
    return False


def _precision(findings: list[Finding]) -> dict[str, Any]:
    """How sharp a pass is: its sharpest problem, and the smallest difference that would have shown there.

    A difference beyond twice the limit is found whatever rounding does: the right part of the
    value may be off by one limit itself.
    """
    compared = [
        f.comparison for f in findings if f.comparison is not None and f.comparison.largest > f.comparison.limit
    ]
    if not compared:
        return {}
    sharpest = min(compared, key=lambda comparison: comparison.limit / comparison.largest)
    limit = sharpest.limit / sharpest.largest
    return {"error": sharpest.error / sharpest.largest, "limit": limit, "detects": 2 * limit}


def unless_silent(total: Outcome, summed: Outcome, *, arbitrary: bool) -> Outcome:
    """The outcome of a sum that inherits; `not_examined` where what is summed tells nothing.

    The sum is formed here, so it is always the sum of what was shown. Without this rule, wrong numbers that are not
    even linear in δ would inherit from themselves.
    """
    if summed.status == "not_examined" or (summed.status == "wrong" and arbitrary):
        return replace(total, status="not_examined", facts=(Fact.of("sum-of-silent"),))
    return total


def is_hidden(outcome: Outcome) -> bool:
    """Whether the submission showed nothing of what a check is on."""
    return outcome.status == "missing" or (outcome.status == "not_examined" and not outcome.problems)


def _is_vouched_for(check: str, outcomes: dict[str, Outcome], form: Form) -> bool:
    """Whether everything that is computed from a hidden quantity is right, except for what may be hidden too."""
    required = {e.id for e in form.exposed if e.name in form.required or e.is_sum} - form.unasked_checks
    handed_on = {form.derivatives[carried.previous].name for carried in form.layer.carried[1:]}
    dependents = [outcomes[dependent] for dependent in _dependents(check, form)]
    dependents = [o for o in dependents if not (o.name in handed_on and o.status == "wrong" and o.error is None)]
    return any(o.status == "right" for o in dependents) and all(
        o.status == "right" or (is_hidden(o) and o.check not in required) for o in dependents
    )


@cache
def _dependents(check: str, form: Form) -> tuple[str, ...]:
    """The checks on everything that is computed from the quantity of this check, directly or through others."""
    if check == "split":
        made = set().union(*(form.made_of(block) - {block} for block in form.blocks))
        return tuple(equation.id for equation in form.exposed if equation.name in made)
    if check == "merge":
        return tuple(equation.id for equation in form.sums)
    return tuple(
        other.id
        for equation in form.exposed
        if equation.id == check
        for other in form.exposed
        if other is not equation and other.name in form.made_of(equation.name)
    )


def count_wrong(outcomes: Iterable[Outcome]) -> int:
    """How many mistakes in equations, and in the order of blocks, are found."""
    return sum(o.status == "wrong" and (o.is_of_equation or o.check in ("split", "merge")) for o in outcomes)
