"""Calls that raise because of a wrong formula: one slip, which is no mistake of the interface as well.

A weight that is not transposed has the right shape where sizes are equal, and raises where they are not. It names no
mistake, and judges nothing: it takes back what a mistake that is known explains.
"""

from dataclasses import replace

import numpy as np

from gru.calculus import formula
from gru.examiner.fact import Fact
from gru.examiner.outcome import Finding, Outcome
from gru.layer import Form
from gru.layer.sizes import Sizes
from gru.mistakes import Mistake


def with_raised(outcomes: list[Outcome], findings: list[Finding], form: Form) -> list[Outcome]:
    """The outcomes, with `interface` inherited where shapes of known mistakes explain all that it is wrong for.

    Args:
        outcomes: Those of all checks, with their diagnoses.
        findings: What was found on all problems.
        form: The form that the submission follows.
    """
    wrong = [f for f in findings if f.check == "interface" and f.status == "wrong"]
    mistakes = [m for outcome in outcomes if outcome.status == "wrong" for m in _known(outcome)]
    if not wrong or not all(_is_of_shapes(f) and any(_raises(m, f.sizes, form) for m in mistakes) for f in wrong):
        return outcomes
    fact = Fact.of("raised-by-formula", names=tuple(dict.fromkeys(m.equation.name for m in mistakes)))
    return [replace(o, status="inherited", facts=(fact,)) if o.check == "interface" else o for o in outcomes]


def _known(outcome: Outcome) -> list[Mistake]:
    """The mistakes of the catalogue that explain an outcome, where one explanation is all there is."""
    found = outcome.mistake.alternatives if outcome.mistake else ()
    return [f.particulars["mistake"] for f in found[0] if "mistake" in f.particulars] if len(found) == 1 else []


def _is_of_shapes(finding: Finding) -> bool:
    """Whether the exception is the one of arrays whose shapes do not go together."""
    fact = finding.fact
    return fact is not None and fact.kind == "raised" and fact.particulars["type"] == "ValueError"


def _raises(mistake: Mistake, sizes: Sizes, form: Form) -> bool:
    """Whether the wrong formula has no value of the right shape at these sizes."""
    names = formula.names(mistake.expression)
    values = {name: np.ones(form.shape_of(name, sizes)) for name in names if name in form.dimensions}
    try:
        value = formula.evaluate(mistake.expression, values | {"batch": sizes.batch})
    except ValueError:
        return True
    return bool(np.shape(value) != form.shape_of(mistake.equation.name, sizes))
