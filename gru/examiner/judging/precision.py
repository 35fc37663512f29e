"""Which hidden values had more digits than single precision has, seen from what is computed from them.

A cell that shows one thing in single precision may have computed hidden values in it too. What is shown in double
precision says which of them it did not. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.inverse import Solution, may_tell, solved
from gru.examiner.judging.comparison import agree, distances
from gru.layer import Equation

if TYPE_CHECKING:
    from gru.examiner.judging.evidence import Evidence


def hidden_in_double(evidence: Evidence) -> frozenset[str]:
    """The names of the hidden quantities that cannot have been of single precision, blocks of what is shown included.

    There are two witnesses. What is shown in double precision, is made of a quantity and is right would differ if that
    quantity had been rounded. And a quantity that follows from what is shown is no number of single precision, if the
    formula on the rounded one does not give what is shown.
    """
    doubles = _doubles(evidence)
    hidden = [e for e in evidence.form.ordered if e.name not in doubles and e.name not in evidence.own and not e.is_sum]
    truth, limits = evidence.reference.truth, _limits(evidence)
    right = {name for name, own in doubles.items() if name in truth and agree(own, truth[name], limits[name])}
    with np.errstate(all="ignore"):
        found = {e.name for e in hidden if _shows_in(e, right, evidence)}
        # If a result is right, so are the values that it needs, to rounding.
        known = doubles | {name: truth[name] for name in found}
        found |= {e.name for e in hidden if e.name not in found and _has_more_digits(e, known, evidence)}
    return frozenset(found | doubles.keys())


def _doubles(evidence: Evidence) -> dict[str, Array]:
    """The derivatives that are shown in double precision, with the blocks of the stacked ones."""
    form, own = evidence.form, evidence.own
    doubles = {e.name: own[e.name] for e in form.backward if e.name in own and e.name not in evidence.single}
    for stack in form.stacks:
        if stack.gradient in own and stack.gradient not in evidence.single:
            for block, part in form.blocks_of(stack, own[stack.gradient]).items():
                doubles.setdefault(form.derivatives[block].name, part)
    return {name: value for name, value in doubles.items() if not form.named[name].is_sum}


def _limits(evidence: Evidence) -> Mapping[str, Array]:
    """The limits in double precision."""
    reference = evidence.reference
    return {e.name: reference.limits(e.name, np.float64) for e in evidence.form.exposed}


def _shows_in(hidden: Equation, right: set[str], evidence: Evidence) -> bool:
    """Whether a right value would be wrong if this quantity had been rounded to single precision."""
    form, truth, limits = evidence.form, evidence.reference.truth, _limits(evidence)
    witnesses = right & form.made_of(hidden.name)
    if not witnesses or hidden.name not in truth:
        return False
    values: dict[str, Array] = dict(evidence.reference.given)
    for equation in form.ordered:
        if not equation.is_sum and (equation.has_check or equation.name in form.needed):
            value = equation(values)
            values[equation.name] = value.astype(np.float32).astype(float) if equation is hidden else value
    return any((distances(values[name], truth[name]) > limits[name]).any() for name in witnesses)


def _has_more_digits(hidden: Equation, doubles: Mapping[str, Array], evidence: Evidence) -> bool:
    """Whether this quantity follows from something shown, with more digits than single precision has."""
    limits = _limits(evidence)
    for source, shown, known, (value, amplified) in _solutions(hidden, doubles, evidence):
        rounded = value.astype(np.float32)
        off = amplified * limits[source.name].reshape(-1, 1, 1)
        # A value that is off by less than half a unit in the last place rounds to the same number.
        if not np.isfinite(rounded).all() or not (off < np.spacing(np.abs(rounded)) / 2).all():
            continue
        again = source(known | {hidden.name: rounded.astype(float)})
        if (distances(again, shown) > limits[source.name]).any():
            return True
    return False


def _solutions(
    hidden: Equation, doubles: Mapping[str, Array], evidence: Evidence
) -> Iterator[tuple[Equation, Array, dict[str, Array], Solution]]:
    """Values known in double precision whose formula has this one unknown, each with the value of the unknown."""
    known = {**evidence.given, **evidence.own, **doubles}
    for name, shown in doubles.items():
        source = evidence.form.named[name]
        if hidden.name not in source.inputs or not may_tell(source.expression, hidden.name):
            continue
        if not np.isfinite(shown).all() or any(other not in known for other in source.inputs if other != hidden.name):
            continue
        try:
            solution = solved(source.expression, hidden.name, shown, known)
        except np.linalg.LinAlgError:
            continue
        if solution is not None:
            yield source, shown, known, solution
