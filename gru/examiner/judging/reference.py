"""The right answer to a problem: the cells' arguments, and every value that they should compute, with its limit.

It asks `measured` for what is right, and never knows a submission.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gru import oracle
from gru.calculus.arrays import Array
from gru.examiner.judging.measured import Measured, Precisions, any_given
from gru.examiner.outcome import Comparison
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.problem import Problem, Specification, beside, draw, is_measured_whole
from gru.submission.contract import Job

CHANGES = ("weights", "upstream", "input", "state", "everything")
"""The changes of arguments for a second use of the same cells: each draws something anew."""


@dataclass(frozen=True, eq=False)
class Reference:
    """A problem with what its cells are given, and the true values by name.

    The arrays of `given` and `truth` are float64, with the steps on the first axis, but for the
    weights' blocks and the sums (17)–(22), which have none. Each is measured when first asked for.
    `fed` is what the cells were given where that was made in another form. `shared` is what was measured for several
    problems at once, and which of them this one is; by default it is measured alone.
    """

    problem: Problem
    form: Form = CHAPTER
    fed: oracle.Given | None = None
    by_formulas: bool = False
    shared: tuple[Measured, int] | None = field(default=None, repr=False)
    _as_if: dict[Form, "Reference"] = field(default_factory=dict, init=False, repr=False)
    _reused: dict[str, "Reference"] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, problem: Problem, form: Form = CHAPTER) -> "Reference":
        """The right answers to a problem, by formulas where not every entry is measured."""
        return cls(problem, form, by_formulas=not is_measured_whole(problem))

    @cached_property
    def measured(self) -> Measured:
        """What is right, of this problem alone or of several."""
        return self.shared[0] if self.shared else _measured([self])

    @property
    def place(self) -> int:
        """Which of the problems that are measured this one is."""
        return self.shared[1] if self.shared else 0

    def _here(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Of the values that were measured, this problem's."""
        return {name: value[self.place] for name, value in values.items()}

    @cached_property
    def given(self) -> oracle.Given:
        """What every cell is given: the true state and the true δ_t of each step."""
        return self._here(self.measured.given)

    @cached_property
    def truth(self) -> dict[str, Array]:
        """Every left-hand side: (1)–(4) by the equations, (8)–(24) by the oracle."""
        return self._here(self.measured.truth)

    @cached_property
    def forward(self) -> dict[str, Array]:
        """The left-hand sides of (1)–(4)."""
        return self._here(self.measured.forward)

    @cached_property
    def largest(self) -> dict[str, Array]:
        """The largest entry of every true block at every step: (steps,), or () for the sums."""
        return self._here(self.measured.largest)

    def as_if(self, form: Form) -> "Reference":
        """The right answers to the same job for a submission that follows another form."""
        if form not in self._as_if:
            self._as_if[form] = Reference(self.problem, form, fed=self.given, by_formulas=self.by_formulas)
        return self._as_if[form]

    def reused(self, change: str) -> "Reference":
        """The right answers to a second use of the same cells, with other arguments.

        Args:
            change: What is drawn anew: one of `CHANGES`.
        """
        problem, form = self.problem, self.form
        sizes = problem.sizes
        if change == "everything":  # Some batches grow, and some shrink.
            sizes = sizes._replace(batch=sizes.batch + (1 if sizes.batch % 2 == 0 or sizes.batch == 1 else -1))
        drawn = draw(Specification(sizes, problem.regime, problem.precision), f"{problem.id}+{change}", form)
        other = any_given(drawn, form)
        states = [carried.previous for carried in form.layer.carried]
        upstreams = [carried.upstream for carried in form.layer.carried]
        anew = {
            "everything": list(form.given),
            "weights": list(form.blocks),
            "upstream": upstreams,
            "input": [form.layer.input],
            "state": states,
        }[change]
        fed = {name: other[name] if name in anew else self.given[name] for name in form.given}
        mixed = replace(
            problem,
            sizes=sizes,
            x=drawn.x if form.layer.input in anew else problem.x,
            parameters=drawn.parameters if set(form.blocks) <= set(anew) else problem.parameters,
        )
        return Reference(mixed, form, fed=fed, by_formulas=True)

    def job(self, uses: int = 1) -> Job:
        """The job of a submission on this problem, with so many `uses` of its cells."""
        problem, form = self.problem, self.form
        states = [name for carried in form.layer.carried for name in (carried.previous, carried.upstream)]
        given = {name: self.given[name].astype(problem.precision) for name in states}
        parameters = {stack.name: problem.parameters[stack.name] for stack in form.stacks}
        arrays = {form.layer.input: problem.x, **given, **parameters}
        return Job(problem.id, problem.sizes, form, arrays, uses=uses)

    def limits(self, name: str, dtype: Any) -> Array:
        """The limit on the block `name` at every step, in the precision `dtype`.

        Of shape (steps,), or () for the sums. A block has one limit: that of its largest entry.
        """
        return np.asarray(self.measured.limits(name, dtype)[self.place])

    def compared(self, precisions: Precisions, own: Mapping[str, Array], slack: float) -> dict[str, Comparison]:
        """What is shown beside the true values of these names, each in its precision."""
        return dict(self.measured.standard(precisions).compare(self.place, own, slack))

    def copies_compared(
        self, precisions: Precisions, own: Mapping[str, Array], *, steps: int | None
    ) -> dict[str, Comparison]:
        """What is shown beside the true blocks that were only copied; at so many steps, or without steps."""
        return dict(self.measured.standard_of_copies(precisions, steps).compare(self.place, own))

    def copied(self, name: str, dtype: Any) -> Array:
        """The limit on what cells are given by this name where it was only moved, as `one_rounding`."""
        return np.asarray(self.measured.copied(name, dtype)[self.place])


def measured_at_once(references: Sequence[Reference]) -> list[Reference]:
    """The same references, so that those of the same sizes are measured at once."""
    alike: dict[Any, list[Reference]] = {}
    for one in references:
        problem = one.problem
        kind = (problem.sizes, problem.precision, one.form, one.by_formulas, one.fed is None)
        alike.setdefault(kind, []).append(one)
    found: dict[Reference, Reference] = {}
    for same in alike.values():
        measured = _measured(same)
        found |= {one: replace(one, shared=(measured, place)) for place, one in enumerate(same)}
    return [found[one] for one in references]


def _measured(same: Sequence[Reference]) -> Measured:
    """What is right of problems of the same sizes, in one form."""
    first = same[0]
    fed = first.fed and {name: np.stack([(one.fed or {})[name] for one in same]) for name in first.fed}
    return Measured(beside([one.problem for one in same]), first.form, fed, first.by_formulas)


def all_reused(wanted: Sequence[tuple[Reference, str]]) -> list[Reference]:
    """The right answers to second uses of the same cells, as `Reference.reused`; each is measured once."""
    new = [(reference, change) for reference, change in wanted if change not in reference._reused]
    others = measured_at_once([reference.reused(change) for reference, change in new])
    for (reference, change), other in zip(new, others, strict=True):
        reference._reused[change] = other
    return [reference._reused[change] for reference, change in wanted]
