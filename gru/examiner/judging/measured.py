"""What is right on problems of the same sizes, measured at once: true values, and what rounding does to them.

Forward values come from (1)–(4), derivatives from the oracle. It knows no submission.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gru import oracle
from gru.calculus.arrays import Array
from gru.calculus.rounding import Rounded, limit
from gru.examiner.judging.comparison import Standard
from gru.examiner.judging.limit import one_rounding, roundings
from gru.layer import Form
from gru.problem import Problem

Precisions = tuple[tuple[str, Any], ...]
"""Names, and the precision in which each is judged."""


def any_given(problem: Problem, form: Form) -> oracle.Given:
    """What cells may be given at every step: the states of the sequence, and any δ_t.

    Nothing is measured, as each step stands for itself.
    """
    at = {form.layer.input: problem.x.astype(float)}
    for place, (carried, states) in enumerate(zip(form.layer.carried, oracle.all_states(problem, form), strict=True)):
        upstream = np.roll(problem.upstream, place, axis=-1)
        if place > 0:
            # A state that the layer above does not see gets its gradient from the next step; the last step has none.
            upstream[..., -1, :, :] = 0
        at |= {carried.previous: states[..., :-1, :, :], carried.upstream: upstream}
    rounded = {name: array.astype(problem.precision).astype(float) for name, array in at.items()}
    return rounded | oracle.blocks(problem, form)


@dataclass(frozen=True, eq=False)
class Measured:
    """The right answers to problems of the same sizes, by name.

    `problem` has all of them, as `gru.problem.beside` puts them. The arrays are float64, with the axes (problem,
    step, row, unit); what is the same at every step, such as the weights' blocks and the sums (17)–(22), has no
    axis of steps. `fed` is what the cells were given where that was made in another form: then (17)–(22) are sums
    of (11)–(16), as no sequence has these states and this δ_t. Where it is true `by_formulas`, the derivatives are
    those of our own formulas, once these have been held against the oracle along a direction: all entries of a
    large problem would take long to measure.
    """

    problem: Problem
    form: Form
    fed: oracle.Given | None = None
    by_formulas: bool = False
    _limits: dict[tuple[str, Any], Array] = field(default_factory=dict, init=False, repr=False)
    _standards: dict[Any, Standard] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def given(self) -> oracle.Given:
        """What every cell is given: the true state and the true δ_t of each step."""
        if self.fed is None:
            return (any_given if self.by_formulas else oracle.given)(self.problem, self.form)
        return {name: self.fed[name] for name in self.fed if name in self.form.given} | oracle.blocks(
            self.problem, self.form
        )

    @cached_property
    def _at(self) -> oracle.Given:
        """The same with the blocks beside every step."""
        return oracle.at_every_step(self.given, self.form)

    @cached_property
    def truth(self) -> dict[str, Array]:
        """Every left-hand side: (1)–(4) by the equations, (8)–(24) by the oracle."""
        if self._is_computed:
            return {name: self._computed[name] for name in (e.name for e in self.form.exposed)}
        values = self.forward | oracle.step_gradients(self.given, self.form)
        # The sum over one step is that step, which was measured by itself.
        if self.fed is None and not self.by_formulas and self.problem.sizes.steps > 1:
            return values | oracle.parameter_gradients(self.problem, self.form)
        return values | {total.name: total(values) for total in self.form.sums}

    @property
    def _is_computed(self) -> bool:
        return self.by_formulas and self._formulas_agree

    @cached_property
    def _computed(self) -> dict[str, Array]:
        """Every left-hand side by our own formulas."""
        form, values = self.form, dict(self._at)
        for equation in form.ordered:
            if equation.has_check or equation.name in form.needed:
                values[equation.name] = equation(values)
        return values

    @cached_property
    def _formulas_agree(self) -> bool:
        """Whether all derivatives by our own formulas, along one random direction, have the slope that is measured.

        A formula that is wrong anywhere differs with probability one. It is asked of every problem anew.
        """
        form, random = self.form, np.random.default_rng(list(self.problem.id.encode()))
        directions = {of: random.normal(size=self._computed[e.name].shape[-2:]) for of, e in form.derivatives.items()}
        measured = oracle.slopes_along(self.given, directions, form)
        claimed, bound, count = 0.0, 0.0, 0
        for of, equation in form.derivatives.items():
            along, value = np.abs(directions[of]), self._computed[equation.name]
            claimed = claimed + (value * directions[of]).sum(axis=(-2, -1))
            terms = np.abs(value) * along
            bound = bound + (self._computed_roundings[equation.name].roundings * along + terms).sum(axis=(-2, -1))
            count += along.size
        # Adding up rounds every term at most as often as halving reaches one.
        allowed = limit(bound * (1 + np.log2(count)), np.float64)
        return bool((np.abs(claimed - measured) <= allowed).all())

    @cached_property
    def forward(self) -> dict[str, Array]:
        """The left-hand sides of (1)–(4)."""
        values = dict(self._at)
        for equation in self.form.forward:
            if equation.has_check or equation.name in self.form.needed:
                values[equation.name] = equation(values)
        return {equation.name: values[equation.name] for equation in self.form.forward_shown}

    @cached_property
    def _computed_roundings(self) -> Mapping[str, Rounded]:
        """The rounding errors of what our own formulas give."""
        return roundings(self._at, self._computed, self.form)

    @cached_property
    def roundings(self) -> Mapping[str, Rounded]:
        """The rounding errors of every true value, by name."""
        return self._computed_roundings if self._is_computed else roundings(self._at, self.truth, self.form)

    @cached_property
    def largest(self) -> dict[str, Array]:
        """The largest entry of every true block at every step: (problems, steps), or (problems,) for the sums."""
        return {name: np.abs(value).max(axis=(-2, -1)) for name, value in self.truth.items()}

    @cached_property
    def sums_apart(self) -> dict[str, Array]:
        """How far the sum of (11)–(16), measured step by step, is from (17)–(22), measured at once.

        Both are ours. They differ by what rounding does to δ_t on its way through the steps, and by
        the rounding of h_t and δ_t to the problem's precision: a submission can do no better.
        """
        return {
            equation.name: np.abs(equation(self.truth) - self.truth[equation.name]).max(axis=(-2, -1))
            for equation in self.form.sums
        }

    def limits(self, name: str, dtype: Any) -> Array:
        """The limit on the block `name` at every step, in the precision `dtype`.

        Of shape (problems, steps), or (problems,) for the sums. A block has one limit: that of its largest entry.
        """
        if (name, dtype) not in self._limits:
            bound = self.roundings[name].roundings.max(axis=(-2, -1))
            self._limits[name, dtype] = limit(bound, dtype) + self.sums_apart.get(name, 0.0)
        return self._limits[name, dtype]

    def standard(self, precisions: Precisions) -> Standard:
        """The true values of these names with their limits, each in its precision."""
        if precisions not in self._standards:
            limits = {name: self.limits(name, dtype) for name, dtype in precisions}
            self._standards[precisions] = Standard({name: self.truth[name] for name in limits}, limits, self.largest)
        return self._standards[precisions]

    def standard_of_copies(self, precisions: Precisions, steps: int | None) -> Standard:
        """The true values of blocks that were only copied, with their limits; at so many steps, or without steps."""
        if (precisions, steps) not in self._standards:
            given = {name: self.given[name] for name, _ in precisions}
            if steps is not None:
                at = oracle.at_every_step(given, self.form)
                given = {name: block.repeat(steps // block.shape[1], axis=1) for name, block in at.items()}
            limits = {name: self.copied(name, dtype) for name, dtype in precisions}
            largest = {name: np.abs(block).max(axis=(-2, -1)) for name, block in given.items()}
            self._standards[precisions, steps] = Standard(given, limits, largest)
        return self._standards[precisions, steps]

    def copied(self, name: str, dtype: Any) -> Array:
        """The limit on what cells are given by this name where it was only moved, as `one_rounding`: (problems,)."""
        if (name, dtype) not in self._limits:
            value = self.given[name]
            self._limits[name, dtype] = one_rounding(value, dtype, tuple(range(1, value.ndim)))
        return self._limits[name, dtype]
