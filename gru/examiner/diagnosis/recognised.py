"""Which known mistake reproduces a submission's numbers: single ones first, then two in one formula.

A name is given only where the mistaken formula, on the values that the submission itself had, gives its value to
within rounding on every problem that shows the mistake. It judges nothing.
"""

import ast
from collections.abc import Iterable, Iterator
from itertools import islice

from gru.calculus import formula
from gru.examiner.diagnosis.sample import Sample
from gru.examiner.fact import Diagnosis, Fact
from gru.layer import Equation, Form
from gru.mistakes import Mistake, catalogue, changes

SAMPLES = 4
"""How many problems sift the candidates, before those that are left are held against all."""

MOST_ALTERNATIVES = 3
"""Explanations that are equal on all that was seen: with more of them, none tells anything."""

MOST_PAIRS = 2000
"""How many pairs of mistakes in one formula are tried: all but in long sums, of which several terms are read off."""

Candidate = tuple[tuple[Mistake, ...], ast.expr]
"""Mistakes in one formula, and the formula that has them."""


def recognise(
    equation: Equation, wrong: list[Sample], right: list[Sample], form: Form
) -> tuple[Diagnosis, bool] | None:
    """The known mistake that gives the submission's value everywhere, and whether a right value contradicts it.

    Args:
        equation: The equation that is wrong.
        wrong: The problems that show it, those that tell most first.
        right: The problems in which the value is right, and a wrong one would have shown.
        form: The form of the layer whose formula it is.

    Returns:
        None where no known mistake fits.
    """
    return _chosen(equation, list(_fitting(_single(equation, form), wrong)), right)


def recognise_pair(equation: Equation, wrong: list[Sample], right: list[Sample], form: Form) -> Diagnosis | None:
    """The two mistakes in one formula that together give every wrong value, and contradict no right one."""
    later = form.made_of(equation.name)
    fitting = list(_fitting(islice(_pairs(equation, form), MOST_PAIRS), wrong))
    chosen = _chosen(equation, [one for one in fitting if not later.intersection(formula.names(one[1]))], right)
    return chosen[0] if chosen and not chosen[1] else None


def named(equation: Equation, fitting: list[tuple[Mistake, ...]]) -> Diagnosis:
    """The diagnosis of an equation's value that each of these, one mistake or two at once, reproduces."""
    facts = (tuple(map(Fact.known, mistakes)) for mistakes in fitting[:MOST_ALTERNATIVES])
    return Diagnosis(equation.id, tuple(facts), equation)


def _chosen(equation: Equation, fitting: list[Candidate], right: list[Sample]) -> tuple[Diagnosis, bool] | None:
    """Of the candidates that fit all wrong values, those that no right one contradicts; all where each is."""
    if not fitting:
        return None
    free = [c for c in fitting if all(sample.is_near(c[1]) and sample.is_reproduced_by(c[1]) for sample in right)]
    return named(equation, [mistakes for mistakes, _ in free or fitting]), not free


def _fitting(candidates: Iterable[Candidate], wrong: list[Sample]) -> Iterator[Candidate]:
    """The candidates whose formula is what the submission computes, in all cases."""
    for mistakes, tree in candidates:
        if all(sample.is_near(tree) for sample in wrong[:SAMPLES]) and all(p.is_reproduced_by(tree) for p in wrong):
            yield mistakes, tree


def _single(equation: Equation, form: Form) -> Iterator[Candidate]:
    for mistake in catalogue(equation.key, form):
        yield (mistake,), mistake.expression


def _pairs(equation: Equation, form: Form) -> Iterator[Candidate]:
    """Two mistakes at once: each known one, made in a formula that has another one already."""
    known = {mistake.id: mistake for mistake in catalogue(equation.key, form)}
    seen: set[frozenset[str]] = set()
    for first in known.values():
        for slug, kind, _, tree in changes(equation.with_expression(first.expression), form):
            second = known.get(f"{equation.id}/{slug}")
            # Two slips with the same words would tell the reader nothing.
            if kind == "convention" or second is None or second.text == first.text:
                continue
            both = frozenset((first.id, second.id))
            if both not in seen:
                seen.add(both)
                yield (first, second), tree
