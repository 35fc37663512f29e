"""What the limit of one equation is made of on one problem, part by part, as data.

It judges no submission: the one that is measured is the chapter's own formula.
"""

from dataclasses import dataclass

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import FORMS, unit_roundoff
from gru.examiner.judging.reference import Reference
from gru.layer import Equation, Form, Sizes
from gru.layers.gru.forms import CHAPTER
from gru.problem import Problem


@dataclass(frozen=True)
class Explanation:
    """The limit on one block, and its parts; all but `forms` and `roundings` are differences.

    `roundings` is the bound of the rounding error of the chapter's formula in units of
    `unit_roundoff`, `oracle` what the oracle itself may round, `apart` how far two measurements of
    a sum are apart (0 for all but (17)–(22)). `largest` is the block's largest entry, `deviation`
    how far the chapter's formula is from the oracle here. `step` is None for the sums.
    """

    equation: Equation
    problem: str
    sizes: Sizes
    precision: str
    step: int | None
    unit_roundoff: float
    roundings: float
    forms: float
    oracle: float
    apart: float
    limit: float
    largest: float
    deviation: float

    @property
    def detects(self) -> float:
        """The smallest difference that is found for certain: the right value may be off by one limit itself."""
        return 2 * self.limit


def explain_limit(check: str, problem: Problem, form: Form = CHAPTER) -> Explanation:
    """The parts of the limit of a check on a problem, at the step where the limit is largest.

    Raises ValueError where the check is none of an equation.
    """
    equation = next((equation for equation in form.exposed if equation.id == check), None)
    if equation is None:
        known = ", ".join(equation.id for equation in form.exposed)
        raise ValueError(f"{check!r} is not the check of an equation; those with a limit are {known}")
    name, reference = equation.name, Reference.of(problem, form)
    limits = np.atleast_1d(reference.limits(name, problem.precision))
    step = int(np.argmax(limits))
    measured, place = reference.measured, reference.place
    bound = float(np.atleast_1d(measured.roundings[name].roundings[place].max(axis=(-2, -1)))[step])
    apart = np.abs(_in_precision(reference)[name] - reference.truth[name]).max(axis=(-2, -1))
    return Explanation(
        equation=equation,
        problem=problem.id,
        sizes=problem.sizes,
        precision=problem.precision,
        step=None if equation.is_sum else step,
        unit_roundoff=unit_roundoff(problem.precision),
        roundings=bound,
        forms=FORMS,
        oracle=bound * unit_roundoff(np.float64),
        apart=float(measured.sums_apart[name][place]) if equation.is_sum else 0.0,
        limit=float(limits[step]),
        largest=float(np.atleast_1d(reference.largest[name])[step]),
        deviation=float(np.atleast_1d(apart)[step]),
    )


def _in_precision(reference: Reference) -> dict[str, Array]:
    """Every left-hand side by the chapter's formulas, in the problem's own precision."""
    values = {name: value.astype(reference.problem.precision) for name, value in reference.given.items()}
    for equation in reference.form.ordered:
        values[equation.name] = equation(values)
    return values
