"""The diagnosis of a wrong formula: which known mistake reproduces the submission's numbers.

A name is given only where the mistaken formula, on the values that the submission itself had,
gives its value to within rounding on every problem that shows the mistake. It judges nothing.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from itertools import combinations, islice, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru.calculus import formula
from gru.calculus.rounding import Rounded, limit, squashed
from gru.examiner.fact import Diagnosis, Fact, of_one
from gru.examiner.judge import Case, Evidence
from gru.layer import Equation, Layer
from gru.mistakes import Mistake, catalogue
from gru.problem import REGIMES

Array = NDArray[Any]

PROBES = 4
"""How many problems sift the candidates, before those that are left are held against all."""

NEAR = 1e-3
"""A formula further away than this from the submission's value, in units of its largest entry, is not
looked at more closely: a match is to rounding, and single precision has four digits more."""

_CLEAR = 1e6
"""A factor is read off entries that are so many times as large as what rounding may do to them."""

MOST_ALTERNATIVES = 3
"""Explanations that are equal on all that was seen: with more of them, none tells anything."""

MOST_PAIRS = 3000
"""How many pairs of mistakes in one formula are tried; single ones are all tried before."""


def diagnose(equation: Equation, cases: Iterable[Case], *, pairs: bool = True) -> Diagnosis | None:
    """What is wrong with the formula of an equation, from all cases of a submission.

    With `pairs`, two mistakes in one formula are looked for too. None where nothing more can be said
    than that it is wrong.
    """
    cases = [case if case.evidence.form.shows_all else _with_recovered(case) for case in cases]
    cases = [case for case in cases if equation.name in case.evidence.own]
    wrong = [case for case in cases if case.status(equation.id) == "wrong"]
    if not wrong or equation.is_sum:
        return None
    plain = _plain_value(equation, wrong)
    if plain is not None:
        return _joined(plain, _recognise(equation, wrong, pairs=False))
    spoilt = _not_finite(equation, wrong)
    if spoilt is not None:
        return spoilt
    condition = _condition(equation.id, cases)
    named = _recognise(equation, wrong, pairs=pairs and not _is_right_somewhere(equation.id, cases))
    if named is not None:
        return replace(named, condition=condition)
    described = _coefficients(equation, wrong) or _ratio(equation, wrong) or _place(equation, wrong)
    if described is None and not condition:
        return None
    described = described or (Fact.of("right-elsewhere", name=equation.name),)
    return Diagnosis(equation.id, (described,), equation, condition, is_known=False)


def _with_recovered(case: Case) -> Case:
    evidence = case.evidence
    return replace(case, evidence=replace(evidence, own=evidence.own | evidence.recovered.values))


class _Probe:
    """A case with the values that a formula may be made of, the submission's own where it shows them."""

    def __init__(self, equation: Equation, case: Case) -> None:
        self.own, self.dtype = case.evidence.own[equation.name], case.evidence.dtype_of(equation.name)
        evidence, self.slack = case.evidence, case.evidence.slack
        self.form = evidence.form
        self.values: dict[str, Any] = evidence.values
        self.values |= {e.name: e(self.values) for e in self.form.forward if e.name not in self.values}
        self.given = evidence.reference.given
        self.batch = evidence.reference.problem.sizes.batch

    @cached_property
    def rounded(self) -> dict[str, Any]:
        """The same values as rounding sees them: each shown value carries one rounding of its own."""
        seen: dict[str, Any] = {"sigmoid": squashed, "batch": self.batch}
        for name, value in self.values.items():
            scale = np.maximum(np.abs(value), 1.0) if name in self.form.activations else np.abs(value)
            seen[name] = Rounded(scale, scale * (name not in self.given))
        return seen

    def is_near(self, tree: ast.expr) -> bool:
        """Whether a formula comes near the submission's value: a quick look that spares the bound."""
        value = self._value(tree)
        return value is not None and bool(np.abs(value - self.own).max() <= NEAR * np.abs(self.own).max())

    def is_reproduced_by(self, tree: ast.expr) -> bool:
        """Whether a formula gives the submission's value, to the rounding errors of both."""
        value = self._value(tree)
        if value is None:
            return False
        with np.errstate(all="ignore"):
            bound = formula.evaluate(tree, self.rounded)
            roundings = np.broadcast_to(bound.roundings, self.own.shape).max(axis=(-2, -1))
            allowed = self.slack * limit(roundings, self.dtype)
            return bool((np.abs(value - self.own).max(axis=(-2, -1)) <= allowed).all())

    def _value(self, tree: ast.expr) -> Any:
        """The value of a formula; None where it has none of the right shape."""
        try:
            value = formula.evaluate(tree, self.values | {"batch": self.batch})
            return np.broadcast_to(value, self.own.shape)
        except ValueError:
            return None


def _recognise(equation: Equation, wrong: list[Case], *, pairs: bool) -> Diagnosis | None:
    """The known mistakes, single ones first, then pairs, that give the submission's value everywhere."""
    cases = [_Probe(equation, case) for case in sorted(wrong, key=says_little)]
    known = catalogue(equation.key, wrong[0].evidence.reference.convention)
    tried: list[Iterable[tuple[Mistake, ...]]] = [((mistake,) for mistake in known)]
    if pairs:
        tried.append(islice(combinations(known, 2), MOST_PAIRS))
    for candidates in tried:
        fitting = [mistakes for mistakes in candidates if _fits(equation, mistakes, cases)]
        if fitting:
            return named(equation, fitting)
    return None


def _fits(equation: Equation, mistakes: tuple[Mistake, ...], cases: list[_Probe]) -> bool:
    """Whether a formula with these mistakes is what the submission computes, in all cases."""
    tree = _applied(equation, mistakes)
    if tree is None or not all(case.is_near(tree) for case in cases[:PROBES]):
        return False
    return all(case.is_reproduced_by(tree) for case in cases)


def says_little(case: Case) -> tuple[bool, bool, int]:
    """The order in which cases tell mistakes apart: ordinary numbers and sizes that differ first."""
    problem = case.evidence.reference.problem
    batch, inputs, hidden, _ = problem.sizes
    differ = len({batch, inputs, hidden}) == 3 and hidden > 1
    return problem.regime != "ordinary" or problem.precision != "float64", not differ, batch * inputs * hidden


def _applied(equation: Equation, mistakes: tuple[Mistake, ...]) -> ast.expr | None:
    """The formula with one mistake, or with two that do not touch the same part."""
    if len(mistakes) == 1:
        return mistakes[0].expression
    first, second = (mistake.expression for mistake in mistakes)
    return formula.both(equation.expression, first, second)


def named(equation: Equation, fitting: list[tuple[Mistake, ...]]) -> Diagnosis:
    """The diagnosis of an equation's value that each of these, one mistake or two at once, reproduces."""
    facts = (tuple(map(Fact.known, mistakes)) for mistakes in fitting[:MOST_ALTERNATIVES])
    return Diagnosis(equation.id, tuple(facts), equation)


def _joined(first: Diagnosis, second: Diagnosis | None) -> Diagnosis:
    """Two names of one value: there are formulas that are zero throughout."""
    return first if second is None else replace(first, alternatives=first.alternatives + second.alternatives)


def _plain_value(equation: Equation, wrong: list[Case]) -> Diagnosis | None:
    """A value that is no formula at all: zero, or one number throughout."""
    values = [case.evidence.own[equation.name] for case in wrong]
    if not any(value.any() for value in values):
        return of_one(equation.id, Fact.of("zero", name=equation.name), equation)
    if all(value.size == 1 or np.ptp(value) == 0 for value in values) and any(value.size > 1 for value in values):
        return of_one(equation.id, Fact.of("constant", name=equation.name), equation)
    return None


def _not_finite(equation: Equation, wrong: list[Case]) -> Diagnosis | None:
    """NaN or infinity that arises in this equation: what it is given is finite, or it would not be judged."""
    spoilt = [case for case in wrong if not np.isfinite(case.evidence.own[equation.name]).all()]
    if len(spoilt) < len(wrong):
        return None
    regimes = sorted({case.evidence.reference.problem.regime for case in spoilt})
    only = tuple(regimes) if len(regimes) < len(REGIMES) else ()
    return of_one(equation.id, Fact.of("not-finite", name=equation.name, regimes=only), equation)


def _coefficients(equation: Equation, wrong: list[Case]) -> tuple[Fact, ...] | None:
    """For a sum of terms: the coefficients that give the submission's value, where there are such."""
    terms = formula.terms(equation.expression)
    if len(terms) < 2:
        return None
    columns, target = [], []
    for case in wrong:
        own, values = case.evidence.own[equation.name], _Probe(equation, case).values
        scale = np.abs(own).max() or 1.0
        columns.append(
            np.stack([np.broadcast_to(formula.evaluate(t, values), own.shape).ravel() for t in terms]) / scale
        )
        target.append(own.ravel() / scale)
    matrix, aim = np.concatenate(columns, axis=1).T, np.concatenate(target)
    if not (np.isfinite(matrix).all() and np.isfinite(aim).all()) or np.linalg.matrix_rank(matrix) < len(terms):
        return None
    fitted = np.linalg.lstsq(matrix, aim)[0]
    rough = (
        len(aim) * max(float(np.finfo(case.evidence.dtype).eps) for case in wrong) * np.abs(matrix).sum(axis=1).max()
    )
    if np.abs(matrix @ fitted - aim).max() > rough:
        return None
    off = ((float(c), formula.text(t)) for c, t in zip(fitted, terms, strict=True) if abs(c - 1) > rough)
    return tuple(Fact.of("coefficient", term=term, coefficient=c) for c, term in off) or None


def _ratio(equation: Equation, wrong: list[Case]) -> tuple[Fact, ...] | None:
    """One factor between the submission's value and the right formula's on its own values, where that is not zero."""
    ratios = []
    for case in wrong:
        own, right = case.evidence.own[equation.name], equation(case.evidence.values)
        there = np.abs(right) > case.evidence.own_limits[equation.name].reshape(-1, 1, 1) * _CLEAR
        if own[right == 0].any():
            return None
        ratios.append((own / np.where(there, right, 1))[there])
    together = np.concatenate(ratios)
    if not together.size:
        return None
    middle, close = float(np.median(together)), 4 / _CLEAR
    if not np.isfinite(middle) or np.ptp(together) > close * abs(middle):
        return None
    if f"{middle:.6g}" == "1":
        return None
    return (Fact.of("ratio", name=equation.name, ratio=middle),)


def _place(equation: Equation, wrong: list[Case]) -> tuple[Fact, ...] | None:
    """Where in the block the wrong entries are, if they keep to one row or one column."""
    rows, columns, blocks = set(), set(), 0
    for case in wrong:
        own, right = case.evidence.own[equation.name], equation(case.evidence.values)
        if min(own.shape[-2:]) < 2:
            continue
        blocks += 1
        with np.errstate(invalid="ignore"):
            off = ~(np.abs(own - right) <= case.evidence.own_limits[equation.name].reshape(-1, 1, 1))
        rows |= {int(row) for row in np.nonzero(off.any(axis=(0, 2)))[0]}
        columns |= {int(column) for column in np.nonzero(off.any(axis=(0, 1)))[0]}
    if not blocks:
        return None
    row = rows.pop() if len(rows) == 1 else None
    column = columns.pop() if len(columns) == 1 else None
    return None if row is column is None else (Fact.of("place", name=equation.name, row=row, column=column),)


def _has_state(case: Case) -> bool:
    """Whether any state that the cells are given has an entry that is not zero."""
    carried = case.evidence.form.layer.carried
    return any(case.evidence.reference.at[one.previous].any() for one in carried)


_CONDITIONS: tuple[tuple[str, Callable[[Case], bool]], ...] = (
    ("batch-one", lambda c: c.evidence.reference.problem.sizes.batch == 1),
    ("batch-several", lambda c: c.evidence.reference.problem.sizes.batch > 1),
    ("input-not-hidden", lambda c: len(set(c.evidence.reference.problem.sizes[1:3])) == 2),
    ("input-is-hidden", lambda c: len(set(c.evidence.reference.problem.sizes[1:3])) == 1),
    ("hidden-one", lambda c: c.evidence.reference.problem.sizes.hidden == 1),
    ("hidden-several", lambda c: c.evidence.reference.problem.sizes.hidden > 1),
    ("input-several", lambda c: c.evidence.reference.problem.sizes.input > 1),
    ("steps-several", lambda c: c.evidence.reference.problem.sizes.steps > 1),
    ("state-not-zero", lambda c: _has_state(c)),
    ("state-zero", lambda c: not _has_state(c)),
    ("second-use", lambda c: c.use > 0),
    ("saturated", lambda c: c.evidence.reference.problem.regime == "saturated"),
    ("upstream-large", lambda c: c.evidence.reference.problem.regime == "large-upstream"),
    ("single-precision", lambda c: c.evidence.reference.problem.precision == "float32"),
)


def _condition(check: str, cases: list[Case]) -> str:
    """What the wrong cases have in common that no right case has; empty where there is nothing.

    A case in which nothing could show, as the block is lost in rounding or zero, says nothing.
    """
    wrong = [case for case in cases if case.status(check) == "wrong"]
    right = [case for case in cases if case.status(check) == "right" and _tells(check, case)]
    if not right:
        return ""
    for slug, holds in _CONDITIONS:
        if all(holds(case) for case in wrong) and not any(holds(case) for case in right):
            return slug
    return ""


def _is_right_somewhere(check: str, cases: list[Case]) -> bool:
    """Whether the check is right where a wrong formula could not have been: then it is not the formula."""
    right = (case for case in cases if case.status(check) == "right" and _tells(check, case))
    return any(min(case.evidence.reference.problem.sizes[:3]) > 1 and _output(case).all() for case in right)


def _output(case: Case) -> Array:
    return case.evidence.resolved[case.evidence.form.output]


def _tells(check: str, case: Case) -> bool:
    return any(f.check == check and f.unseen() is not None for f in case.findings)


def diagnose_order(check: str, cases: Iterable[Case]) -> Diagnosis | None:
    """For `split` and `merge`: the order of the gates in which the blocks are taken or stacked."""
    wrong = [case.evidence for case in cases if case.status(check) == "wrong"]
    if not wrong:
        return None
    layer = wrong[0].form.layer
    gates = tuple(layer.gates)
    for order in permutations(gates):
        if order != gates and all(_has_order(check, evidence, order) for evidence in wrong):
            return of_one(check, Fact.of(f"order-{'-'.join(order)}", check=check, order=_spelled(order, layer)))
    return None


def _spelled(order: tuple[str, ...], layer: Layer) -> tuple[str, ...]:
    return tuple(layer.form.spelling.get(gate, gate) for gate in order)


def _has_order(check: str, evidence: Evidence, order: tuple[str, ...]) -> bool:
    """Whether all blocks that are shown are those of this order, to a bit."""
    form = evidence.form
    for stack in form.stacks:
        prefix = "" if check == "split" else "d"
        if check == "split":
            whole = form.layer.form.stacked(stack, evidence.reference.given)
        elif stack.gradient in evidence.own:
            whole = evidence.own[stack.gradient]
        else:
            return False
        size = whole.shape[-2] // len(stack.blocks)
        for place, gate in enumerate(gate for gate in order if gate in stack.gates):
            block = evidence.own.get(f"{prefix}{stack.name.lower()}{gate}")
            part = whole[..., place * size : (place + 1) * size, :]
            if block is None or not np.array_equal(block, np.broadcast_to(part, block.shape)):
                return False
    return True
