"""What a problem's right answer is: the cells' arguments, and every value that they should find.

Forward values come from (1)–(4), derivatives from the oracle. It knows no submission.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru import oracle
from gru.calculus.rounding import Rounded, limit
from gru.examiner.limit import roundings
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.problem import Problem
from gru.submission.contract import Job

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Reference:
    """A problem with what its cells are given, and the true values by name.

    The arrays of `given` and `truth` are float64, with the steps on the first axis, but for the
    weights' blocks and the sums (17)–(22), which have none. Each is measured when first asked for.
    `fed` is what the cells were given where that was made in another convention: then (17)–(22) are
    sums of (11)–(16), as no sequence has these states and this δ_t.
    """

    problem: Problem
    convention: Form = CHAPTER
    fed: oracle.Given | None = None

    @cached_property
    def at(self) -> oracle.Given:
        """What every cell is given: the true state and the true δ_t of each step."""
        if self.fed is None:
            return oracle.given(self.problem, self.convention)
        return {name: self.fed[name] for name in self.fed if name in self.convention.given} | oracle.blocks(
            self.problem, self.convention
        )

    @property
    def given(self) -> dict[str, Array]:
        """The same."""
        return self.at

    @cached_property
    def truth(self) -> dict[str, Array]:
        """Every left-hand side: (1)–(4) by the equations, (8)–(24) by the oracle."""
        values = self.forward | oracle.step_gradients(self.at, self.convention)
        if self.fed is None:
            return values | oracle.parameter_gradients(self.problem, self.convention)
        return values | {total.name: total(values) for total in self.convention.sums}

    @cached_property
    def forward(self) -> dict[str, Array]:
        """The left-hand sides of (1)–(4)."""
        values = dict(self.given)
        for equation in self.convention.forward:
            if equation.has_check or equation.name in self.convention.needed:
                values[equation.name] = equation(values)
        return {equation.name: values[equation.name] for equation in self.convention.forward_shown}

    def as_if(self, convention: Form) -> "Reference":
        """The right answers to the same job for a submission that follows another convention."""
        return Reference(self.problem, convention, fed=self.at)

    def job(self, uses: int = 1) -> Job:
        """What a submission is asked to do, with `uses` uses of its cells."""
        problem, form = self.problem, self.convention
        states = [name for carried in form.layer.carried for name in (carried.previous, carried.upstream)]
        given = {name: self.at[name].astype(problem.precision) for name in states}
        parameters = {stack.name: problem.parameters[stack.name] for stack in form.stacks}
        arrays = {form.layer.input: problem.x, **given, **parameters}
        return Job(problem.id, problem.sizes, form, arrays, uses=uses)

    @cached_property
    def roundings(self) -> dict[str, Rounded]:
        """The rounding errors of every true value, by name."""
        return roundings(self.given, self.truth, self.convention)

    @cached_property
    def largest(self) -> dict[str, Array]:
        """The largest entry of every true block at every step: (steps,), or () for the sums."""
        return {name: np.abs(value).max(axis=(-2, -1)) for name, value in self.truth.items()}

    @cached_property
    def sums_apart(self) -> dict[str, float]:
        """How far the sum of (11)–(16), measured step by step, is from (17)–(22), measured at once.

        Both are ours. They differ by what rounding does to δ_t on its way through the steps, and by
        the rounding of h_t and δ_t to the problem's precision: a submission can do no better.
        """
        return {
            equation.name: float(np.abs(equation(self.truth) - self.truth[equation.name]).max())
            for equation in self.convention.sums
        }

    def limits(self, name: str, dtype: Any) -> Array:
        """The limit on the block `name` at every step, in the precision `dtype`.

        Of shape (steps,), or () for the sums. A block has one limit: that of its largest entry.
        """
        bound = self.roundings[name].roundings.max(axis=(-2, -1))
        total: Array = limit(bound, dtype) + self.sums_apart.get(name, 0.0)
        return total
