"""Several steps at once: what a layer over sequences does wrong on the way back through them.

Its gradients of a whole sequence are held against our own backpropagation through time, by the right formulas and the
right way through the steps, then with one known mistake after another in either. What reproduces all that is shown is
the mistake. It judges no verdict: that the gradients are wrong is measured at the other depth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, combinations
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gru.calculus.rounding import limit
from gru.examiner.bench import Bench, Problem
from gru.examiner.fact import Diagnosis, Fact, of_one
from gru.examiner.mapping.families import exactly
from gru.examiner.mapping.found import Mapped
from gru.examiner.recognised import named
from gru.layer import Carried, Equation, Form, Sizes
from gru.mistakes import Mistake, catalogue

Array = NDArray[Any]

SIZES = (Sizes(2, 3, 4, 3), Sizes(3, 4, 2, 4))
"""Sizes that differ from each other, and several steps."""

Kept = Literal["all", "only-done-last", "only-done-first", "not-done-last", "not-done-first", "mean"]
"""Which steps a gradient is added up from. The way back does the first step last."""


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
        at_steps: All quantities of the forward pass, step by step.
        upstreams: What comes from above to each state at every step, by name.
        blocks: The names of the blocks.
        shown: What the submission shows, by our names of the derivatives.
        bounds: For each derivative the bound of its rounding, in units of the unit roundoff, and its largest entry.
    """

    at_steps: Sequence[Mapping[str, Any]]
    upstreams: Mapping[str, Sequence[Any]]
    blocks: tuple[str, ...]
    shown: Mapping[str, Array]
    bounds: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class OverSteps:
    """What was found.

    Attributes:
        shown: The names of the derivatives that are shown.
        wrong: The names of those that are wrong over several steps.
        diagnoses: What explains that, by the name of the derivative that is at fault.
        explained: The names of what is made of what is at fault.
    """

    shown: frozenset[str]
    wrong: frozenset[str]
    diagnoses: Mapping[str, Diagnosis]
    explained: frozenset[str] = frozenset()


def judge_over_steps(
    bench: Bench, mapped: Mapped, form: Form, seed: int, *, in_formulas: bool, scale: float = 1.0
) -> OverSteps:
    """What is wrong over several steps, and the mistake that explains it where one does.

    Args:
        bench: The submission.
        mapped: Its mapping.
        form: The form, without what the API does not show.
        seed: The seed of the problems.
        in_formulas: Whether a mistake in a formula may explain it: at one step they were not judged.
        scale: What δ is multiplied by, and the gradients are divided by again.

    Raises:
        CellError, SubmissionFailure: As the runner does.
    """
    runs = [_run(bench, mapped, form, sizes, seed + k, scale) for k, sizes in enumerate(SIZES)]
    agreeing = partial(_agreeing, runs, form, mapped.precision)
    shown = frozenset(runs[0].shown)
    wrong = shown - agreeing(RIGHT)
    if not wrong:
        return OverSteps(shown, wrong, {})
    carried = mapped.ends.carried
    for cut in chain.from_iterable(combinations(carried, count) for count in range(1, len(carried) + 1)):
        by_state = {form.derivatives[state.previous]: Fact.of("not-handed-on", carried=state) for state in cut}
        at_fault = {equation.name: of_one(equation.id, fact, equation) for equation, fact in by_state.items()}
        # What comes out at the end may be handed on or not: nothing follows it.
        if agreeing(Way(frozenset(cut))) >= shown - at_fault.keys():
            after = frozenset[str]().union(*(_after(equation, form, wrong) for equation in by_state))
            return OverSteps(shown, wrong, at_fault, after - at_fault.keys())
    diagnoses: dict[str, Diagnosis] = {}
    explained: set[str] = set()
    for way in OTHER_SUMS:
        found = agreeing(way) & wrong - diagnoses.keys()
        for name in found - explained:
            if (total := f"sum_{name}") in form.named:
                diagnoses[name] = of_one(form.named[total].id, Fact.of(way.kept))
        # A step that is left out has no derivative by its input either.
        explained |= found - diagnoses.keys()
    if diagnoses or not in_formulas:
        return OverSteps(shown, wrong, diagnoses, frozenset(explained if diagnoses else ()))
    return _by_formulas(agreeing, form, shown, wrong)


def _by_formulas(
    agreeing: Callable[..., frozenset[str]], form: Form, shown: frozenset[str], wrong: frozenset[str]
) -> OverSteps:
    """One wrong formula that explains all that is shown; of gradients that nothing is made of, one of each."""

    def fitting(equation: Equation, explained: frozenset[str]) -> list[tuple[Mistake, ...]]:
        tried = ((mistake, equation.with_expression(mistake.expression)) for mistake in catalogue(equation.key, form))
        return [(mistake,) for mistake, wrong in tried if agreeing(RIGHT, {wrong.name: wrong}) >= explained]

    def of_each() -> dict[str, Diagnosis]:
        last = {form.derivatives[name].name for name in (*form.blocks, form.layer.input)}
        equations = [form.named[name] for name in wrong if wrong <= last]
        found = {e.name: named(e, mistakes) for e in equations if (mistakes := fitting(e, shown & {e.name}))}
        return found if found.keys() == wrong else {}

    # What is handed on spoils everything: where something is right, such as all but the biases, it is nothing of that.
    if wrong != shown and (each := of_each()):
        return OverSteps(shown, wrong, each)
    for equation in form.backward:
        if found := fitting(equation, shown):
            return OverSteps(shown, wrong, {equation.name: named(equation, found)}, _after(equation, form, wrong))
    return OverSteps(shown, wrong, of_each())


def _after(equation: Equation, form: Form, wrong: frozenset[str]) -> frozenset[str]:
    """The names of what is wrong as this is: what is made of it, and over the steps all that is wrong."""
    sums = {total.name for total in form.sums if total.inputs[0] in wrong}
    inputs = {form.derivatives[form.layer.input].name} & wrong
    return frozenset((form.made_of(equation.name) | sums | inputs) - {equation.name})


def _run(bench: Bench, mapped: Mapped, form: Form, sizes: Sizes, seed: int, scale: float) -> Run:
    """One problem put to the submission."""
    random = np.random.Generator(np.random.PCG64([seed, len(SIZES)]))
    problem = bench.problem(f"steps:{seed}", sizes, random)
    sizes = problem.sizes
    _, gradients = bench.run(problem, {}, problem.delta * scale)
    told = {name: value / scale for name, value in gradients.items() if name not in bench.odd}
    shown = {form.derivatives[b].name: value for b, value in mapped.gradients(told, sizes).items()}
    shown |= mapped.inputs(told)
    blocks = {b: np.asarray(p.of(problem.parameters[p.parameter], sizes), float) for b, p in mapped.places.items()}
    blocks |= {b: np.zeros(form.shape_of(b, sizes)) for b in form.blocks if b not in blocks}
    at_steps, upstreams = _forward(form, blocks, problem, mapped)
    rounded = backpropagated(form, at_steps, upstreams, tuple(blocks))
    bounds = {
        name: (
            max(float(part.roundings.max()) for part in parts),
            max(float(np.abs(part.value).max()) for part in parts),
        )
        for name, parts in rounded.items()
    }
    return Run([_values(at) for at in at_steps], _values(upstreams), tuple(blocks), shown, bounds)


def _forward(
    form: Form, blocks: Mapping[str, Array], problem: Problem, mapped: Mapped
) -> tuple[list[dict[str, Any]], dict[str, list[Any]]]:
    """The forward pass of a sequence step by step, and what comes to each state from above, with their rounding."""
    ends, head = mapped.ends, mapped.head
    weights = {name: exactly(value) for name, value in blocks.items()}
    states = {name: exactly(state) for name, state in ends.starts(problem.h_0, problem.sizes).items()}
    at_steps: list[dict[str, Any]] = []
    for x in head.given(problem).x if head else problem.x:
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


def _agreeing(
    runs: Sequence[Run],
    form: Form,
    precision: str,
    way: Way = RIGHT,
    instead: Mapping[str, Equation] = MappingProxyType({}),
) -> frozenset[str]:
    """The names of what is shown on every problem as this way gives it, with these formulas in the right ones' place."""
    found = frozenset(runs[0].shown)
    for run in runs:
        try:
            with np.errstate(all="ignore"):
                ours = backpropagated(form, run.at_steps, run.upstreams, run.blocks, way, instead)
        except (ValueError, KeyError):
            # A wrong formula whose shapes do not go together, or that needs what is not there yet.
            return frozenset()
        found &= {name for name, own in run.shown.items() if _agrees(own, ours[name], run.bounds[name], precision)}
    return found


def _agrees(own: Array, parts: list[Array], bound: tuple[float, float], precision: str) -> bool:
    """Whether they agree to rounding; that of a value larger than the right one is larger by as much."""
    roundings, largest = bound
    shape = own.shape if own.ndim == parts[0].ndim + 1 else (1, *own.shape)
    ours = np.array(parts)
    if ours.shape != shape:
        return False
    larger = max(1.0, float(np.abs(ours).max()) / largest) if largest else 1.0
    allowed = limit(np.asarray(roundings * larger), np.dtype(precision))
    return bool((np.abs(own.reshape(shape) - ours) <= allowed).all())
