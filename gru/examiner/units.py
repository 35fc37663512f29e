"""Whether a backward pass was derived, told by a change of units: a perturbation has a size, and a derivation has none.

Where an input is s times as large and its weights s times as small, forward gives the same, and the gradient of these
weights is s times what it was. It judges no value, and looks at nothing but answers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.bench import Bench
from gru.examiner.fact import Fact
from gru.layer import Form, Sizes
from gru.problem import Specification, draw
from gru.submission.contract import CellError, Job, Recording, Runner, SubmissionFailure

if TYPE_CHECKING:
    from gru.examiner.mapping.found import Mapped

FACTORS = (480, 40, 20)
"""The exponents of s, a power of two, so that nothing is rounded.

The first leaves room in double precision for s², which δ·s⁻¹ and weights of s⁻¹ make, and finds every step above
2⁻⁴⁸⁰; no complex step is smaller by far, as its products would be lost. The others also fit into single precision, and
keep a pass that cannot take what a large step does from ending in an exception.
"""

IN_SINGLE = FACTORS[1:]

PERTURBED = "perturbed"
"""The kind of the fact that gradients are found by perturbing."""

DIFFERS = 2.0**-12
"""The part of the largest entry by which a gradient is another one: the middle, as ratios go, of one rounding in single
precision, which a derived pass may show, and of all, which a step leaves that is no longer small."""


@dataclass(frozen=True)
class OtherUnits:
    """Other units: what is given is 2^`exponent` times as large, its weights as much smaller, and δ too, or not.

    With a δ that is smaller no gradient is large that was not; so a pass that clips is not taken for one that perturbs.
    """

    exponent: int
    with_delta: bool

    @property
    def factor(self) -> float:
        """How many times larger the values are."""
        return 2.0**self.exponent

    @property
    def of_delta(self) -> float:
        """The factor on δ."""
        return 1 / self.factor if self.with_delta else 1.0


def judge_units(runner: Runner, seed: int, form: Form) -> Fact | None:
    """How it shows that a cell in the layer's own API found its gradients by perturbing, or that this cannot be seen.

    None where nothing says so. To be asked of a cell whose values are right. Raises SubmissionFailure.
    """
    problem = draw(Specification(_sizes(seed)), f"{seed}:units", form)
    parameters = {name: _with_zeros(weights) for name, weights in problem.parameters.items()}
    arrays = {form.layer.input: problem.x, **parameters}
    for carried, state in zip(form.layer.carried, problem.initial, strict=True):
        arrays |= {carried.previous: state[np.newaxis], carried.upstream: problem.upstream}
    job = Job(problem.id, problem.sizes, form, arrays)
    units = [_Units(job, form.layer.input, "input"), *(_Units(job, c.previous, "hidden") for c in form.layer.carried)]
    # A state may be one that has no weights; of an input forward must give the same.
    facts = [fact for one in units if (fact := one.judge(runner)) and (fact.kind == PERTURBED or one is units[0])]
    return min(facts, key=lambda fact: fact.kind != PERTURBED, default=None)


def units_driven(bench: Bench, mapped: "Mapped", seed: int) -> Fact | None:
    """As `judge_units`, of a submission in another API whose gradients are right: the unit of its input is changed.

    A loss has a δ of its own, which cannot be changed; and what is read off changed parameters is rounded beside them.
    """
    if bench.api.loss:
        return None
    try:
        problem = bench.problem(f"{seed}:units", _sizes(seed), _random(seed))
        problem.parameters = {name: _with_zeros(weights) for name, weights in problem.parameters.items()}
        states, plain = bench.run(problem, {}, problem.delta)
        if bench.updates:
            return None
        precision = "float32" if bench.single else mapped.precision
        places = [place for place in mapped.places.values() if place.rows == "input"]
        names = {place.parameter for place in places} & plain.keys() - bench.odd.keys()

        def other(change: OtherUnits) -> set[str] | None:
            by = {name: np.ones(value.shape) for name, value in problem.parameters.items()}
            for place in places:
                place.of(by[place.parameter], problem.sizes)[...] = change.factor
            values: dict[str, Array] = {name: value / by[name] for name, value in problem.parameters.items()}
            values["x"] = problem.x * change.factor
            try:
                after, gradients = bench.run(problem, values, problem.delta * change.of_delta)
            except CellError:
                return None
            if _differ(after, states):
                return None
            return {name for name in names if _differ(gradients[name] / by[name] / change.of_delta, plain[name])}

        return _first(other, precision, mapped.form.layer.input)
    except (CellError, SubmissionFailure):
        return None


def _is_single(recording: Recording) -> bool:
    """Whether a cell shows anything in a smaller precision than it was given: there large units overflow."""
    return any(
        isinstance(value, np.ndarray) and value.dtype != np.float64
        for use in recording.uses
        for value in (*use.after_forward.values(), *use.after_backward.values())
    )


def _with_zeros(weights: Array) -> Array:
    """The weights, a third of them zero: a step that is measured by the weight it moves is something else there."""
    changed = weights.copy()
    changed[np.indices(weights.shape).sum(axis=0) % 3 == 0] = 0
    return changed


def _first(other: Callable[[OtherUnits], set[str] | None], precision: str, given: str) -> Fact | None:
    """What is told of the first pair of changes of which both show that the same gradient is another one.

    `other` tells which gradients do; None where forward does not give the same, or a call raises.
    """
    is_seen = False
    for exponent in FACTORS if precision == "float64" else IN_SINGLE:
        pair = [other(OtherUnits(exponent, with_delta=with_delta)) for with_delta in (False, True)]
        seen = [names for names in pair if names is not None]
        is_seen = is_seen or len(seen) == len(pair)
        if len(seen) == len(pair) and (both := seen[0] & seen[1]):
            return Fact.of(PERTURBED, exponent=exponent, given=given, name=min(both))
    return None if is_seen else Fact.of("uncounted", why="units", given=given)


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, *b"units"])


def _sizes(seed: int) -> Sizes:
    """Small sizes of one step, such as other problems have."""
    random = _random(seed)
    batch, inputs, hidden = (int(random.integers(2, high, endpoint=True)) for high in (3, 4, 4))
    return Sizes(batch, inputs, hidden, 1)


class _Units:
    """A cell's answers where `given`, of which there are `rows` in the weights, has other units.

    Of a state these are every second unit's, and nothing comes from above to them: what a cell carries over of them is
    not the same. Of a state that has no weights forward does not give the same, and nothing is said.
    """

    def __init__(self, job: Job, given: str, rows: str) -> None:
        self.given = given
        self.stacks = [stack for stack in job.form.stacks if stack.rows == rows]
        is_state = given != job.form.layer.input
        self.moved = np.arange(job.arrays[given].shape[-1]) % 2 < (1 if is_state else 2)
        self.stays = ~self.moved if is_state else np.ones(job.sizes.hidden, bool)
        self.upstream = {carried.upstream for carried in job.form.layer.carried}
        zeroed = job.changed(**{name: job.arrays[name] * self.stays for name in self.upstream})
        self.job = replace(zeroed, id=f"{job.id}+{given}")

    def judge(self, runner: Runner) -> Fact | None:
        """What shows that gradients are found by perturbing."""
        (plain,) = runner.run([self.job])
        before = self.gradients(plain)
        is_single = _is_single(plain)

        def other(change: OtherUnits) -> set[str] | None:
            (recording,) = runner.run([self.changed(change)])
            after = self.gradients(recording)
            if after.keys() != before.keys() or not self.goes_forward_alike(plain, recording):
                return None
            return {
                name
                for name, value in before.items()
                if _differ(after[name] / self.by_rows(change, value) / change.of_delta, value)
            }

        return _first(other, "float32" if is_single else "float64", self.given) if before else None

    def gradients(self, recording: Recording) -> dict[str, Array]:
        """Those of the weights, of a pass that came to its end."""
        form = self.job.form
        blocks = [form.derivatives[block].name for stack in self.stacks for block in stack.blocks]
        shown = recording.uses[0].after_backward if recording.uses and not recording.raised else {}
        names = {*blocks, *(stack.gradient for stack in self.stacks)}
        return {n: value for n, value in shown.items() if n in names and isinstance(value, np.ndarray)}

    def changed(self, change: OtherUnits) -> Job:
        """The job in other units."""
        arrays = self.job.arrays
        new = {name: arrays[name] * change.of_delta for name in self.upstream}
        new[self.given] = arrays[self.given] * np.where(self.moved, change.factor, 1.0)
        new |= {s.name: arrays[s.name] / self.by_rows(change, arrays[s.name]) for s in self.stacks}
        how = f"2^{change.exponent}{' with δ' if change.with_delta else ''}"
        return replace(self.job.changed(**new), id=f"{self.job.id}+{how}")

    def by_rows(self, change: OtherUnits, weights: Array) -> Array:
        """The factors on the rows of weights, which may be several blocks on top of each other, as a column."""
        by = np.where(self.moved, change.factor, 1.0)
        return np.tile(by, weights.shape[-2] // len(by))[:, np.newaxis]

    def goes_forward_alike(self, plain: Recording, other: Recording) -> bool:
        """Whether forward gave the same, where it should."""
        for equation in self.job.form.forward_shown:
            before, after = (r.uses[0].after_forward[equation.name] for r in (plain, other))
            if not isinstance(before, np.ndarray):
                continue
            if not isinstance(after, np.ndarray) or _differ(after[..., self.stays], before[..., self.stays]):
                return False
        return True


def _differ(values: Array, expected: Array) -> bool:
    """Whether values are others, beside the largest; what is no number is."""
    with np.errstate(all="ignore"):
        error = np.abs(values - expected).max()
    return not error <= DIFFERS * np.abs(expected).max()
