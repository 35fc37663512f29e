"""A sequence on the way back through its steps: what a submission shows of it, and what formulas and ways give of it.

A run is one problem of several steps put to a submission. Our own backpropagation through time, by the right formulas
or by others in their place, is held against what is shown. It names no mistake, and judges no verdict.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import limit
from gru.examiner.bench import Bench, DrivenProblem
from gru.examiner.mapping.families import exactly
from gru.examiner.mapping.found import Mapped
from gru.examiner.mapping.heads import Slip
from gru.examiner.mapping.wrapping import sum_of_rows
from gru.layer import Carried, Equation, Form

Through = Callable[[Sequence[Any]], list[Any]]
"""From a derivative, one a step, to what is shown of it."""

Kept = Literal["all", "only-done-last", "only-done-first", "not-done-last", "not-done-first", "mean"]
"""The steps that a gradient is summed over. The way back comes to the first step last."""


@dataclass(frozen=True)
class Way:
    """A way back through the steps: the states whose derivative is not handed on, and what is added up."""

    cut: frozenset[Carried] = frozenset()
    kept: Kept = "all"


RIGHT = Way()
OTHER_SUMS = tuple(
    Way(kept=kept) for kept in ("only-done-last", "only-done-first", "not-done-last", "not-done-first", "mean")
)


@dataclass(frozen=True, eq=False)
class Run:
    """One problem over several steps.

    Attributes:
        problem: The problem.
        at_steps: All quantities of the forward pass, step by step.
        upstreams: What comes from above to each state at every step, by name.
        blocks: The names of the blocks.
        shown: What the submission shows, by our names of the derivatives.
        bounds: For each derivative the bound of its rounding, in units of the unit roundoff, and its largest entry.
        rows: The rows of what is shown that are looked at, where not all are.
        through: For what is shown of a derivative alone, what becomes of it: the gradient of what the input is made of.
    """

    problem: DrivenProblem
    at_steps: Sequence[Mapping[str, Any]]
    upstreams: Mapping[str, Sequence[Any]]
    blocks: tuple[str, ...]
    shown: Mapping[str, Array]
    bounds: Mapping[str, tuple[float, float]]
    rows: Array | None = None
    through: Mapping[str, Through] = field(default_factory=dict)

    def of_step(self, step: int, form: Form) -> "Run":
        """The run, of which the gradients of the input's weights are looked at, in the rows that are of one step."""
        names = {
            form.derivatives[block].name for stack in form.stacks if stack.rows == "input" for block in stack.blocks
        }
        shown = {name: value for name, value in self.shown.items() if name in names}
        return replace(self, shown=shown, rows=self.at_steps[step][form.layer.input].any(axis=0))


def run_of(bench: Bench, mapped: Mapped, form: Form, problem: DrivenProblem, scale: float = 1.0) -> Run:
    """One problem put to the submission; δ is multiplied by `scale`, and the gradients are divided by it again.

    Raises what the runner raises.
    """
    wrapping, inside = mapped.wrapping, mapped.wrapping.inside(problem)
    _, gradients = bench.run(problem, {}, problem.delta * scale)
    told = {name: value / scale for name, value in gradients.items() if name not in bench.odd}
    weights = {name: value for name, value in told.items() if name in problem.parameters}
    own = {n: wrapping.without_penalty(n, value, problem) for n, value in weights.items()}
    shown = {form.derivatives[b].name: value for b, value in mapped.gradients(own, inside.sizes).items()}
    shown |= mapped.inputs(told)
    through: dict[str, Through] = {}
    for name, parameter in mapped.around().items():
        if parameter in own:
            of_input = name == form.layer.input
            through[form.derivatives[name].name] = wrapping.of_inputs(problem) if of_input else sum_of_rows
            value = own[parameter] if of_input else own[parameter].reshape(1, -1)
            shown[form.derivatives[name].name] = value
    blocks = {
        b: np.asarray(p.of(problem.parameters[p.parameter], inside.sizes), float) for b, p in mapped.places.items()
    }
    blocks |= {b: np.zeros(form.shape_of(b, inside.sizes)) for b in form.blocks if b not in blocks}
    at_steps, upstreams = _forward(form, blocks, problem, mapped)
    rounded = backpropagated(form, at_steps, upstreams, tuple(blocks))
    rounded |= {name: made(rounded[name]) for name, made in through.items()}
    bounds = {
        name: (
            max(float(part.roundings.max()) for part in parts),
            max(float(np.abs(part.value).max()) for part in parts),
        )
        for name, parts in rounded.items()
    }
    for block, place in mapped.places.items():
        if (name := place.parameter) in wrapping.penalties and name in told:
            roundings, largest = bounds[form.derivatives[block].name]
            more = wrapping.rounded(name, told[name], problem)
            bounds[form.derivatives[block].name] = (roundings + more, largest)
    values = [_values(at) for at in at_steps]
    return Run(problem, values, _values(upstreams), tuple(blocks), shown, bounds, through=through)


def with_slip(run: Run, mapped: Mapped, form: Form, slip: Slip) -> Run:
    """The run, with a mistake in what comes from above."""
    first = form.layer.carried[0]
    assert mapped.wrapping.head is not None
    states = [exactly(at[first.state]) for at in run.at_steps]
    above = mapped.wrapping.head.upstream(states, run.problem, slip)
    return replace(run, upstreams={**run.upstreams, first.upstream: [part.value for part in above]})


def _forward(
    form: Form, blocks: Mapping[str, Array], problem: DrivenProblem, mapped: Mapped
) -> tuple[list[dict[str, Any]], dict[str, list[Any]]]:
    """The forward pass of a sequence step by step, and what comes to each state from above, with their rounding."""
    ends, head, inside = mapped.ends, mapped.wrapping.head, mapped.wrapping.inside(problem)
    weights = {name: exactly(value) for name, value in blocks.items()}
    states = {name: exactly(state) for name, state in ends.starts(inside.h_0, inside.sizes).items()}
    at_steps: list[dict[str, Any]] = []
    for x in inside.x:
        batch = exactly(np.asarray(float(problem.sizes.batch)))
        at_steps.append(form.step({**weights, form.layer.input: exactly(x), **states, "batch": batch}))
        states = {carried.previous: at_steps[-1][carried.state] for carried in ends.carried}
    if head is None:
        given = ends.upstreams(problem.delta, problem.sizes.steps)
        return at_steps, {name: [exactly(delta) for delta in deltas] for name, deltas in given.items()}
    first, *others = form.layer.carried
    upstreams = {first.upstream: head.upstream([at[first.state] for at in at_steps], problem)}
    zero = exactly(np.zeros((problem.sizes.batch, problem.sizes.hidden)))
    return at_steps, upstreams | {carried.upstream: [zero] * len(at_steps) for carried in others}


def _values(named: Mapping[str, Any]) -> dict[str, Any]:
    """Quantities by name, without the bounds of their rounding."""
    return {n: [part.value for part in v] if isinstance(v, list) else v.value for n, v in named.items()}


def backpropagated(
    form: Form,
    at_steps: Sequence[Mapping[str, Any]],
    upstreams: Mapping[str, Sequence[Any]],
    blocks: Sequence[str],
    way: Way = RIGHT,
    instead: Mapping[str, Equation] = MappingProxyType({}),
) -> dict[str, list[Any]]:
    """The derivatives by all blocks, inputs and first states of a sequence: in the order of the steps, or one sum.

    Args:
        form: The form.
        at_steps: All quantities of its forward pass, step by step.
        upstreams: What comes from above to each state at every step, by name.
        blocks: The names of the blocks.
        way: How the steps are gone through.
        instead: The equations that stand in place of those of their names.
    """
    handed_on: dict[str, Any] = {}
    parts: dict[str, list[Any]] = {equation.name: [] for equation in form.backward}
    for step, forward in reversed(list(enumerate(at_steps))):
        at = dict(forward)
        for carried in form.layer.carried:
            from_above = upstreams[carried.upstream][step]
            is_added = handed_on and carried not in way.cut
            at[carried.upstream] = from_above + handed_on[carried.previous] if is_added else from_above
        for equation in form.backward:
            at[equation.name] = instead.get(equation.name, equation)(at)
            parts[equation.name].insert(0, at[equation.name])
        handed_on = {carried.previous: at[form.derivatives[carried.previous].name] for carried in form.layer.carried}
    found = {
        form.derivatives[block].name: [_added_up(parts[form.derivatives[block].name], way.kept)] for block in blocks
    }
    of_input = form.derivatives[form.layer.input].name
    found[of_input] = _each(parts[of_input], way.kept)
    return found | {form.derivatives[name].name: [value] for name, value in handed_on.items()}


def _each(parts: list[Any], kept: Kept) -> list[Any]:
    """What is made at each step; zero at the one that is left out."""
    left_out = {"not-done-last": 0, "not-done-first": len(parts) - 1}.get(kept)
    return [part * 0.0 if step == left_out else part for step, part in enumerate(parts)]


def _added_up(parts: list[Any], kept: Kept) -> Any:
    """A gradient of those steps that are kept."""
    chosen = {"only-done-last": parts[:1], "only-done-first": parts[-1:], "not-done-last": parts[1:]}
    chosen |= {"not-done-first": parts[:-1]}
    first, *others = chosen.get(kept, parts)
    total = first
    for part in others:
        total = total + part
    return total * (1 / len(parts)) if kept == "mean" else total


def agreeing(
    runs: Sequence[Run],
    form: Form,
    precision: str,
    way: Way = RIGHT,
    instead: Mapping[str, Equation] = MappingProxyType({}),
) -> frozenset[str]:
    """The names of what is shown as this way gives it, on every problem that shows it.

    The formulas `instead` stand in the place of the right ones of their names.
    """
    return on_all(runs, [agreeing_on(run, form, precision, way, instead) for run in runs])


def on_all(runs: Sequence[Run], agreed: Sequence[frozenset[str]]) -> frozenset[str]:
    """The names that agree on every run that shows them."""
    shown = frozenset(name for run in runs for name in run.shown)
    return shown - {name for run, names in zip(runs, agreed, strict=True) for name in run.shown.keys() - names}


def agreeing_on(
    run: Run, form: Form, precision: str, way: Way = RIGHT, instead: Mapping[str, Equation] = MappingProxyType({})
) -> frozenset[str]:
    """The same on one problem."""
    try:
        with np.errstate(all="ignore"):
            ours = backpropagated(form, run.at_steps, run.upstreams, run.blocks, way, instead)
    except (ValueError, KeyError):
        # The shapes of a wrong formula may not go together, or it may need what is not computed yet.
        return frozenset()
    return frozenset(name for name in run.shown if _agrees(run, name, ours[name], precision))


def _agrees(run: Run, name: str, parts: list[Array], precision: str) -> bool:
    """Whether they agree to rounding; that of a value larger than the right one is larger by as much."""
    own, (roundings, largest) = run.shown[name], run.bounds[name]
    parts = run.through[name](parts) if name in run.through else parts
    shape = own.shape if own.ndim == parts[0].ndim + 1 else (1, *own.shape)
    ours = np.array(parts)
    if ours.shape != shape:
        return False
    larger = max(1.0, float(np.abs(ours).max()) / largest) if largest else 1.0
    allowed = limit(np.asarray(roundings * larger), np.dtype(precision))
    close = np.abs(own.reshape(shape) - ours) <= allowed
    return bool((close if run.rows is None else close[:, run.rows]).all())
