"""The first step to the outcomes: all findings of a check become one outcome.

What is not shown is judged by what depends on it. It makes no finding itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from gru.examiner.fact import Fact
from gru.examiner.outcome import Finding, Outcome, summarise
from gru.examiner.state.companions import is_arbitrary
from gru.layer import Form

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


def unless_silent(total: Outcome, summed: Outcome, *, arbitrary: bool) -> Outcome:
    """The outcome of a sum that inherits; `not_examined` where what is summed tells nothing.

    The sum is formed here, so that it is always the sum of what was shown: numbers that are wrong, and not even linear
    in δ, would inherit from themselves.
    """
    if summed.status == "not_examined" or (summed.status == "wrong" and arbitrary):
        return replace(total, status="not_examined", facts=(Fact.of("sum-of-silent"),))
    return total


def is_hidden(outcome: Outcome) -> bool:
    """Whether the submission showed nothing of what a check is on."""
    return outcome.status == "missing" or (outcome.status == "not_examined" and not outcome.problems)


def _is_vouched_for(check: str, outcomes: dict[str, Outcome], form: Form) -> bool:
    """Whether everything that is made of a hidden quantity is right, but for what may be hidden too."""
    required = {e.id for e in form.exposed if e.name in form.required or e.is_sum} - form.unasked_checks
    handed_on = {form.derivatives[carried.previous].name for carried in form.layer.carried[1:]}
    dependents = [outcomes[dependent] for dependent in _dependents(check, form)]
    dependents = [o for o in dependents if not (o.name in handed_on and o.status == "wrong" and o.error is None)]
    return any(o.status == "right" for o in dependents) and all(
        o.status == "right" or (is_hidden(o) and o.check not in required) for o in dependents
    )


@cache
def _dependents(check: str, form: Form) -> tuple[str, ...]:
    """The checks on everything that is computed from the quantity of this check, near and far."""
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
