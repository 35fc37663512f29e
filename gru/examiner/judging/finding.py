"""How a finding on one problem is made: of a comparison, or of what is no array at all.

It compares nothing itself.
"""

from typing import Any

from gru.examiner.fact import Fact
from gru.examiner.judging.evidence import Evidence
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Comparison, Finding, Unseen, nothing_shows
from gru.submission.contract import Description


def found(
    check: str,
    status: Any,
    reference: Reference,
    comparison: Comparison | None = None,
    unseen: Unseen = nothing_shows,
    fact: Fact | None = None,
) -> Finding:
    """A finding on the problem of this reference.

    Args:
        check: The id of the check.
        status: What is found.
        reference: The problem, and what is right on it.
        comparison: The numbers beside the true ones, where there are some.
        unseen: Tells which parts of the formula would not have shown on this problem.
        fact: What was found, where it is more than numbers.
    """
    problem = reference.problem
    return Finding(check, status, problem.id, problem.sizes, comparison, unseen, fact)


def found_odd(check: str, name: str, evidence: Evidence) -> Finding:
    """The finding on an attribute that is no array of the right shape and dtype."""
    description = evidence.odd[name]
    if description.absent:
        return found(check, "missing", evidence.reference, fact=Fact.of("not-there", name=name, shown=description.text))
    form = evidence.form
    shown = next((s.gradient for s in form.stacks if name in (form.totals[b] for b in s.blocks)), name)
    return found_of_another_kind(check, shown, description, evidence.reference)


def found_of_another_kind(check: str, name: str, description: Description, reference: Reference) -> Finding:
    """The finding on a quantity that is an array of another shape or dtype, or no array."""
    form, sizes = reference.form, reference.problem.sizes
    expected = {"dimensions": form.dimensions[name], "shape": form.shape_of(name, sizes)}
    fact = Fact.of("another-kind", name=name, shown=description.text, **expected)
    return found(check, "wrong", reference, fact=fact)
