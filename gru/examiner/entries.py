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
from gru.gradient.pattern import recognised

LOOKED_AT = 100
"""How many entries of one gradient are compared to find the one that is furthest off."""

COUNTS = {"batch": "rows of the batch", "steps": "steps", "output": "entries of the output"}
"""What the sizes count that a gradient may be off by."""

ARGUMENTS = {"dx": "x", "dh": "h_0"}
"""What is moved for a gradient that is no parameter's."""


@dataclass(frozen=True)
class Looked:
    """The entry that is furthest off, how many of how many are wrong, and the bound that all wrong ones are clipped to.

    `decay` is the factor by which the parameter itself was added to all, as for a penalty on large weights; below zero
    where that of the loss is left out. `pattern` is what all of it looks like beside the right one, if that is known.
    """

    entry: Entry
    wrong: int
    size: int
    clipped: float | None
    decay: float | None
    pattern: str | None


def furthest(bench: Bench, problem: DrivenProblem, name: str, counted: frozenset[str] = frozenset()) -> Looked:
    """The entry that is furthest from a difference quotient, with what else the quotients say of the gradient.

    An entry is wrong if it is further from the quotient than two errors together. The truncation error is read off two
    quotients: with twice the step it is four times as large, so they differ by three times the error. The rounding
    error of the states is divided by the step; it is that of sums with one term for each number that a step is given,
    over all steps.
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
        # A size that the file fixes can be large, so only some entries are drawn.
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
    clipped = _bound(bench, problem, name, claimed, wrong)
    pattern = None
    if wrong and len(apart) == value.size and clipped is None and decay is None:
        measured, bars = (np.array([one[k] for one in apart.values()]) for k in (1, 2))
        lengths = {problem.by_name[size]: f"the number of {COUNTS[size]}" for size in sorted(counted)}
        axes = {"dx": ("the step", "the row", "the input"), "dh": ("the row", "the unit")}.get(name, ())
        pattern = recognised(value, claimed, measured, bars, lengths=lengths, numbers={}, axes=axes)
    return Looked(entry, len(wrong), len(apart), clipped, decay, pattern)


def _decay(off: Sequence[tuple[float, float, float]]) -> float | None:
    """The factor on the parameter that was added to its gradient, to within the error bars; None where none fits."""
    size = sum(own * own for _, own, _ in off)
    factor = sum(apart * own for apart, own, _ in off) / size if size else 0.0
    return factor if factor and all(abs(apart - factor * own) <= bar for apart, own, bar in off) else None


def _bound(
    bench: Bench, problem: DrivenProblem, name: str, claimed: Array, wrong: Sequence[tuple[float, float]]
) -> float | None:
    """The bound that all wrong entries are clipped to; None where they are not clipped.

    A single wrong entry may also be the largest by itself: then the gradient must keep the same bound where δ is twice
    as large. A loss takes no δ; there `with_sure_bounds` decides.
    """
    bound = float(np.abs(claimed).max())
    # A gradient that shows only in an update is rounded once more: it is a difference of two parameters.
    at_bound = bound * (1 - 4 * np.finfo(float).eps)
    if not wrong or not all(abs(own) >= at_bound and own * near > bound * bound for own, near in wrong):
        return None
    if bench.api.loss:
        return bound
    twice = float(np.abs(bench.run(problem, {}, problem.delta * 2)[1][name]).max())
    return bound if abs(twice - bound) <= bound - at_bound else None


def with_sure_bounds(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes of a loss. A single entry counts as clipped only if another gradient has the same bound."""
    bounds = [fact.particulars.get("clipped") for outcome in outcomes for fact in outcome.facts]

    def sure(outcome: Outcome) -> Outcome:
        alone = [
            f for f in outcome.facts if f.particulars.get("count") == 1 and bounds.count(f.particulars["clipped"]) == 1
        ]
        if not alone:
            return outcome
        return replace(outcome, facts=(Fact.of(alone[0].kind, **{**alone[0].particulars, "clipped": None}),))

    return [sure(outcome) for outcome in outcomes]
