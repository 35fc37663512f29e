"""Which entries of a gradient are wrong by difference quotients of the submission's own forward pass, and how.

It knows no layer, and says nothing of a gradient that is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.bench import Bench, DrivenProblem
from gru.examiner.fact import Fact
from gru.examiner.outcome import Entry, Outcome

LOOKED_AT = 100
"""How many entries of one gradient are looked at, for the one that is furthest off."""

ARGUMENTS = {"dx": "x", "dh": "h_0"}
"""What is moved for a gradient that is no parameter's."""


@dataclass(frozen=True)
class Looked:
    """The entry that is furthest off, how many are wrong, of how many, and what all that are wrong are clipped to.

    `decay` is the factor by which the parameter itself was added to all, as for a penalty on large weights.
    """

    entry: Entry
    wrong: int
    size: int
    clipped: float | None
    decay: float | None


def furthest(bench: Bench, problem: DrivenProblem, name: str) -> Looked:
    """The entry that is furthest from a difference quotient, with what else the quotients say of the gradient.

    A quotient with a step and with twice that differ by three times what the step's square adds; the rounding
    of the states is divided by the step. It is that of sums of as many terms as a step is given numbers, one after the
    other over the steps. An entry that is further apart than both is wrong.
    """
    argument = ARGUMENTS.get(name, name)
    value = np.array(problem.value(argument), float)
    states, gradients = bench.run(problem, {}, problem.delta)
    claimed = gradients[name]
    terms = problem.sizes.steps * (problem.sizes.input + problem.sizes.hidden)
    noise = terms * np.finfo(problem.value(argument).dtype).eps * float(np.abs(problem.delta * states).sum())
    step = float(np.cbrt(np.finfo(problem.value(argument).dtype).eps))
    apart: dict[tuple[int, ...], tuple[float, float, float]] = {}

    def quotient(index: tuple[int, ...], step: float) -> float:
        ends = []
        for sign in (step, -step):
            moved = value.copy()
            moved[index] += sign
            ends.append((problem.delta * bench.run(problem, {argument: moved})[0]).sum())
        return float(ends[0] - ends[1]) / (2 * step)

    every = list(np.ndindex(value.shape))
    if len(every) > LOOKED_AT:
        # A size that a file has written into it can be large: its entries are drawn from.
        every = [every[k] for k in np.random.default_rng(value.size).choice(len(every), LOOKED_AT, replace=False)]
    for index in every:
        near, far = quotient(index, step), quotient(index, 2 * step)
        bar = abs(near - far) + noise / step
        apart[index] = (abs(claimed[index] - near) / max(bar, np.finfo(float).tiny), near, bar)
    index = max(apart, key=lambda index: apart[index][0])
    wrong = [(float(claimed[index]), near) for index, (ratio, near, _) in apart.items() if ratio > 1]
    entry = Entry(index, float(claimed[index]), apart[index][1])
    off = [(float(claimed[index]) - near, float(value[index]), bar) for index, (_, near, bar) in apart.items()]
    decay = _decay(off) if name in bench.api.names and len(wrong) > 1 else None
    return Looked(entry, len(wrong), len(apart), _bound(bench, problem, name, claimed, wrong), decay)


def _decay(off: Sequence[tuple[float, float, float]]) -> float | None:
    """The factor by which each entry is off by its parameter's own, to within its bar; None where there is none."""
    size = sum(own * own for _, own, _ in off)
    factor = sum(apart * own for apart, own, _ in off) / size if size else 0.0
    return factor if factor > 0 and all(abs(apart - factor * own) <= bar for apart, own, bar in off) else None


def _bound(
    bench: Bench, problem: DrivenProblem, name: str, claimed: Array, wrong: Sequence[tuple[float, float]]
) -> float | None:
    """What all entries that are wrong are clipped to; None where they are not.

    A single entry is the largest of its gradient sooner than a clipped one: its gradient has to have the same bound
    where δ is twice as large. Of a loss, which takes none, `with_sure_bounds` decides.
    """
    bound = float(np.abs(claimed).max())
    # What shows in an update alone is rounded once more where it is taken from the parameter.
    at_bound = bound * (1 - 4 * np.finfo(float).eps)
    if not wrong or not all(abs(own) >= at_bound and own * near > bound * bound for own, near in wrong):
        return None
    if bench.api.loss:
        return bound
    twice = float(np.abs(bench.run(problem, {}, problem.delta * 2)[1][name]).max())
    return bound if abs(twice - bound) <= bound - at_bound else None


def with_sure_bounds(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes of a loss, where what a single entry is clipped to is the bound of another gradient, too."""
    bounds = [fact.particulars.get("clipped") for outcome in outcomes for fact in outcome.facts]

    def sure(outcome: Outcome) -> Outcome:
        alone = [
            f for f in outcome.facts if f.particulars.get("count") == 1 and bounds.count(f.particulars["clipped"]) == 1
        ]
        if not alone:
            return outcome
        return replace(outcome, facts=(Fact.of(alone[0].kind, **{**alone[0].particulars, "clipped": None}),))

    return [sure(outcome) for outcome in outcomes]
