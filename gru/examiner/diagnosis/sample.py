"""One problem as a diagnosis sees it: a submission's value of one equation, beside what formulas give there.

The formulas are applied to the values that the submission itself had. It judges nothing.
"""

import ast
from functools import cached_property
from typing import Any

import numpy as np

from gru.calculus import formula
from gru.calculus.arrays import Array
from gru.calculus.rounding import Rounded, limit, squashed
from gru.examiner.judging.case import Case
from gru.layer import Equation

NEAR = 1e-3
"""A formula further away than this from the submission's value, in units of its largest entry, is not
looked at more closely: a match is to rounding, and single precision has four digits more."""


class Sample:
    """A case with the values that a formula may be made of, the submission's own where it shows them."""

    def __init__(self, equation: Equation, case: Case) -> None:
        self.case, self.equation = case, equation
        self.own, self.dtype = case.evidence.own[equation.name], case.evidence.dtype_of(equation.name)
        evidence, self.slack = case.evidence, case.evidence.slack
        self.form = evidence.form
        values: dict[str, Any] = evidence.values
        self.values = values | {e.name: e(values) for e in self.form.forward if e.name not in values}
        self.given = evidence.reference.given
        self.sizes = evidence.reference.problem.sizes

    @cached_property
    def right(self) -> Array:
        """The value of the right formula."""
        with np.errstate(all="ignore"):
            return np.broadcast_to(self.equation(self.values), self.own.shape)

    @cached_property
    def limits(self) -> Array:
        """The limit of each entry: that of the block, and two roundings of the value itself."""
        of_block = self.case.evidence.own_limits[self.equation.name].reshape(-1, 1, 1)
        return np.asarray(of_block + 2 * float(np.finfo(self.dtype).eps) * np.abs(self.own))

    @cached_property
    def apart(self) -> Array:
        """The submission's value less the right formula's."""
        with np.errstate(all="ignore"):
            return np.asarray(self.own - self.right)

    @cached_property
    def off(self) -> Array:
        """The entries that are not what the right formula gives."""
        with np.errstate(invalid="ignore"):
            return np.asarray(~(np.abs(self.apart) <= self.limits))

    @cached_property
    def rounded(self) -> dict[str, Any]:
        """The values with their rounding errors: one rounding for what is shown, that of its formula for the rest."""
        seen: dict[str, Any] = {"sigmoid": squashed, "batch": self.sizes.batch}
        evidence = self.case.evidence
        shown = evidence.own.keys() - evidence.worked_out
        for name, value in self.values.items():
            scale = np.maximum(np.abs(value), 1.0) if name in self.form.activations else np.abs(value)
            errors = scale * (name not in self.given)
            if name not in shown and name in evidence.roundings:
                with np.errstate(all="ignore"):
                    errors = np.maximum(errors, evidence.roundings[name].roundings)
            seen[name] = Rounded(scale, errors)
        return seen

    def value_of(self, tree: ast.expr) -> Array | None:
        """The value of a formula; None where it has none of the right shape."""
        try:
            value = formula.evaluate(tree, self.values | {"batch": self.sizes.batch})
            return np.broadcast_to(value, self.own.shape)
        except ValueError:
            return None

    def is_near(self, tree: ast.expr) -> bool:
        """Whether a formula comes near the submission's value: a quick look that spares the bound."""
        value = self.value_of(tree)
        return value is not None and bool(np.abs(value - self.own).max() <= NEAR * np.abs(self.own).max())

    def is_reproduced_by(self, tree: ast.expr) -> bool:
        """Whether a formula gives the submission's value, to the rounding errors of both."""
        value = self.value_of(tree)
        if value is None:
            return False
        with np.errstate(all="ignore"):
            return bool((np.abs(value - self.own).max(axis=(-2, -1)) <= self.limit_of(tree)).all())

    def limit_of(self, tree: ast.expr) -> Array:
        """The limit of a formula's value, at every step."""
        bound = formula.evaluate(tree, self.rounded)
        roundings = np.broadcast_to(bound.roundings, self.own.shape).max(axis=(-2, -1))
        return np.asarray(self.slack * limit(roundings, self.dtype))


def says_little(case: Case) -> tuple[bool, bool, int]:
    """The sort key of a case: those that tell mistakes apart come first, with ordinary numbers and different sizes."""
    problem = case.evidence.reference.problem
    batch, inputs, hidden, _ = problem.sizes
    differ = len({batch, inputs, hidden}) == 3 and hidden > 1
    return problem.regime != "ordinary" or problem.precision != "float64", not differ, batch * inputs * hidden


def tells(check: str, case: Case) -> bool:
    """Whether a wrong formula would have shown in a case: not where the block is zero or lost in rounding."""
    return any(finding.check == check and finding.unseen() is not None for finding in case.findings)
