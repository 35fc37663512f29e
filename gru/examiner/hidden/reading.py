"""A reading: what the hidden values of a cell are taken to follow from, and one problem read in it.

It chooses none, and judges nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.inverse import Solution, solved
from gru.examiner.hidden.whole_slip import WholeSlip, asked
from gru.examiner.judging.evidence import Evidence
from gru.layer import Equation

MOST_AMPLIFIED = 1e5
"""A problem in which rounding is amplified more than this recovers nothing."""


@dataclass(frozen=True)
class Reading:
    """How what a cell shows is read.

    `sources` holds, for each hidden quantity, the equation that its value follows from: its own, or one of what is
    shown. `order` holds the blocks of each stacked gradient from the top, where that is not the form's order, and
    `slips` what became of a whole one.
    `moved` says which block the cell has in the place of each, where it is not that block; with `as_split` it has
    what its `split_params` returns.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    slips: Mapping[str, WholeSlip] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    as_split: bool = False

    @property
    def mistakes(self) -> int:
        """How many mistakes it takes for granted, beside those in equations."""
        return bool(self.order or self.slips) + (self.as_split or bool(self.moved))


def shown_in(evidence: Evidence, reading: Reading) -> dict[str, Array]:
    """The shown values, and the blocks of the stacked gradients.

    The parameters are cut into blocks too, where their order is another one than the form's.
    """
    form, own = evidence.form, dict(evidence.own)
    for stack in asked(form):
        order = reading.order.get(stack.name, form.order_of(stack))
        slip = reading.slips.get(stack.name)
        with np.errstate(all="ignore"):
            whole = own[stack.gradient] if slip is None else slip.undone(stack, evidence)
        parts = form.blocks_of(stack, whole).values()
        for block, part in zip(order, parts, strict=True):
            own.setdefault(form.derivatives[block].name, part)
    return own | _blocks(evidence, reading)


def _blocks(evidence: Evidence, reading: Reading) -> dict[str, Array]:
    """The blocks of the parameters that the cell works with, where they are not the form's; steps on the first axis."""
    given = evidence.reference.given
    found = {here: given[there] for here, there in reading.moved.items()}
    if reading.as_split:
        found |= {name: value.astype(float) for name, value in evidence.split.items()}
    steps = evidence.reference.problem.sizes.steps
    return {name: np.broadcast_to(value, (steps, *value.shape[-2:])) for name, value in found.items()}


def read_in(evidence: Evidence, reading: Reading) -> tuple[Evidence, float] | None:
    """The evidence with all that is hidden, and how much wider the limits are; None where something does not follow."""
    if reading.as_split and not evidence.split:
        return None
    form, own, slack = evidence.form, shown_in(evidence, reading), evidence.slack
    limits, known = evidence.own_limits, replace(evidence, own=own).given | own
    through: list[tuple[str, str, float]] = []
    left = [e for e in form.ordered if not e.is_sum and e.name not in known and (e.has_check or e.name in form.needed)]
    while left:
        before = len(left)
        for equation in list(left):
            source = form.named[reading.sources.get(equation.name, equation.name)]
            if not can_follow(equation, source, known):
                continue
            found = followed(equation, source, known)
            if found is None:
                return None
            value, amplified = found
            if source is not equation:
                # The limits belong to the formula's value: where that is zero, they do not hold for another value.
                if value[limits[equation.name] == 0].any():
                    return None
                if _wider(amplified, limits[source.name], limits[equation.name]) > MOST_AMPLIFIED:
                    return None
                through.append((equation.name, source.name, amplified))
            known[equation.name] = value
            if equation.has_check:
                own[equation.name] = value
            left.remove(equation)
        if len(left) == before:
            return None
    read = replace(evidence, own=own, worked_out=frozenset(own.keys() - evidence.own.keys()))
    # A wrong value may be larger than the formula's, and so may its rounding errors.
    for name, source_name, amplified in through:
        slack = max(slack, evidence.slack * _wider(amplified, read.own_limits[source_name], read.own_limits[name]))
    return (read, slack) if slack <= MOST_AMPLIFIED * evidence.slack else None


def _wider(amplified: float, limits: Array, by_formula: Array) -> float:
    """How much wider the limit of a worked-out value is, in units of its formula's limit.

    NaN and infinity make it infinite.
    """
    with np.errstate(all="ignore"):
        wider = float(np.max(amplified * limits / by_formula))
    return wider if np.isfinite(wider) else 1.0


def can_follow(equation: Equation, source: Equation, known: Mapping[str, Array]) -> bool:
    """Whether all is known that the value of a quantity follows from, the source's own value where that is another."""
    needed = source.inputs if source is equation else (*source.inputs, source.name)
    return all(name in known for name in needed if name != equation.name)


def followed(equation: Equation, source: Equation, known: Mapping[str, Array]) -> Solution | None:
    """The value of a quantity from its source; None where it does not follow."""
    with np.errstate(all="ignore"):
        if source is equation:
            return equation(known), 1.0
        # If everything computed from an entry is NaN, the other entries still tell whether the formula holds.
        is_lost = np.isnan(known[source.name]).any() and can_follow(equation, equation, known)
        computed = equation(known) if is_lost else None
        try:
            return solved(source.expression, equation.name, known[source.name], known, computed)
        except np.linalg.LinAlgError:
            return None


def mistaken(evidence: Evidence, slack: float, among: Iterable[Equation] = ()) -> Iterator[str]:
    """The names of the quantities that differ from their formula, on the values that were read."""
    values, form = evidence.given | evidence.own, evidence.form
    values |= {e.name: e(values) for e in form.ordered if e.name in form.hidden_inside and e.name not in values}
    limits = evidence.own_limits
    for equation in among or form.exposed:
        own = evidence.own.get(equation.name)
        if own is None or equation.is_sum or not all(np.isfinite(values[name]).all() for name in equation.inputs):
            continue
        with np.errstate(all="ignore"):
            errors = np.abs(own - equation(values)).max(axis=(-2, -1))
        if not (errors <= slack * limits[equation.name]).all():
            yield equation.name
