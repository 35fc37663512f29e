"""Whether a backward pass was derived, told by what has no say in the forward pass: a perturbation of it has a size.

Values without weights may be as large as they like, and so may the weights of values that are zero: forward gives the
same, and one gradient grows in proportion. It judges no value, and looks at nothing but answers.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Literal

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.fact import Fact
from gru.layer import Form, Sizes
from gru.problem import Specification, draw
from gru.submission.contract import CellError, Job, Recording, Runner

FACTORS = (1000, 40, 20)
"""The exponents of s, a power of two, so that nothing is rounded.

The first finds every step above 2⁻¹⁰⁰⁰: a smaller one is lost in double precision. It is multiplied by no other large
number, and leaves room for sums. The others fit into single precision too, and keep a pass that cannot take what a
large step does from ending in an exception.
"""

IN_SINGLE = FACTORS[1:]

PERTURBED = "perturbed"
"""The kind of the fact that gradients are found by perturbing."""

DIFFERS = 2.0**-12
"""The part of the largest entry by which a gradient is another one: the middle, as ratios go, of one rounding in single
precision, which a derived pass may show, and of all, which a step leaves that is no longer small."""

Large = Literal["weightless", "weights-of-zero", "one-row"]
"""What has no say in the forward pass, and is made large: values that have no weights; the weights of values that are
zero; values that have no weights, of one row of a batch, to which nothing comes from above."""

Record = Callable[[Job], Recording]
"""Records the answer of a submission to a job. Raises CellError where it raises, and SubmissionFailure."""


def judge_proportion(runner: Runner, seed: int, form: Form) -> Fact | None:
    """As `perturbed`, of a cell in the layer's own API.

    It is asked only of cells whose values are right. Raises SubmissionFailure.
    """
    problem = draw(Specification(sizes(seed)), f"{seed}:proportion", form)
    arrays = {form.layer.input: problem.x, **problem.parameters}
    for carried, state in zip(form.layer.carried, problem.initial, strict=True):
        arrays |= {carried.previous: state[np.newaxis], carried.upstream: problem.upstream}

    def record(job: Job) -> Recording:
        (recording,) = runner.run([job])
        return recording

    return perturbed(record, Job(problem.id, problem.sizes, form, arrays))


def perturbed(record: Record, job: Job, *, is_single: bool = False, of_states: bool = True) -> Fact | None:
    """The fact that gradients are found by perturbing, or that this cannot be seen; None where nothing says so.

    Args:
        record: Runs the submission.
        job: A problem of one step.
        is_single: Whether it computes in single precision.
        of_states: Whether it is given the old states, and shows the new ones.

    Raises:
        SubmissionFailure: As `record` does.
    """
    layer = job.form.layer
    values = [_Values(job, layer.input), *(_Values(job, c.previous) for c in layer.carried if of_states)]
    kinds: tuple[Large, ...] = ("weightless", "weights-of-zero", "one-row")
    facts = [_judge(record, v, what, is_single) for v in values if v.are_weighted for what in kinds]
    # A state may be hidden. With another input, forward must give the same.
    return next((fact for fact in facts if fact and fact.kind == PERTURBED), facts[0])


def sizes(seed: int) -> Sizes:
    """Small sizes of one step, such as other problems have, drawn by the seed."""
    random = np.random.default_rng([seed, *b"proportion"])
    batch, inputs, hidden = (int(random.integers(2, high, endpoint=True)) for high in (3, 4, 4))
    return Sizes(batch, inputs, hidden, 1)


class _Values:
    """The values of an argument `name`, every second of which is `moved`, and their weights.

    Of a state these are every second unit's, and nothing comes from above to them: what a cell carries over of them is
    not the same where they are large.
    """

    def __init__(self, job: Job, name: str) -> None:
        self.name, self.form = name, job.form
        is_state = name != self.form.layer.input
        self.stacks = [stack for stack in self.form.stacks if stack.rows == ("hidden" if is_state else "input")]
        self.moved = np.arange(job.arrays[name].shape[-1]) % 2 == 0
        self.stays = ~self.moved if is_state else np.ones(job.sizes.hidden, bool)
        self.job = replace(self._with_upstream(job, self.stays if is_state else 1.0), id=f"{job.id}+{name}")

    @cached_property
    def are_weighted(self) -> bool:
        """Whether nothing but these weights depends on how large they are: the form's own forward pass tells that.

        Of a single unit nothing stays that would tell.
        """
        if not self.stays.any():
            return False
        one, other = (self._forward(self._with_weights(self._with_values(self.job, s), 1 / s)) for s in (1.0, 2.0))
        return all(np.allclose(one[name], other[name]) for name in one)

    def plain(self, what: Large) -> Job:
        """The job in which that has no say."""
        job = replace(self.job, id=f"{self.job.id}+{what}")
        if what == "weights-of-zero":
            return self._with_values(job, 0.0)
        job = self._with_weights(job, 0.0)
        return self._with_upstream(job, _in_first_row(job, 0.0)) if what == "one-row" else job

    def large(self, what: Large, factor: float, of_delta: float) -> Job:
        """The same with that made so large, and δ too."""
        job = self._with_upstream(self.plain(what), of_delta)
        job = replace(job, id=f"{job.id}·{factor:g}·{of_delta:g}")
        if what == "weights-of-zero":
            return self._with_weights(job, factor)
        return self._with_values(job, factor if what == "weightless" else _in_first_row(job, factor))

    def gradients(self, recording: Recording) -> dict[str, Array]:
        """Those of the values and of their weights, of a pass that came to its end."""
        names = [self.name, *(block for stack in self.stacks for block in stack.blocks)]
        known = {*(self.form.derivatives[name].name for name in names), *(stack.gradient for stack in self.stacks)}
        shown = recording.uses[0].after_backward if recording.uses and not recording.raised else {}
        return {n: value for n, value in shown.items() if n in known and isinstance(value, np.ndarray)}

    def grown(self, what: Large, factor: float, name: str, gradient: Array) -> Array:
        """How many times larger a gradient is where that is so large."""
        by = np.where(self.moved, factor, 1.0)
        if name == self.form.derivatives[self.name].name:
            return by if what == "weights-of-zero" else np.ones(1)
        return self._by_rows(gradient, factor) if what == "weightless" else np.ones(1)

    def is_alike(self, plain: Recording, other: Recording) -> bool:
        """Whether forward gave the same, where it should."""
        for equation in self.form.forward_shown:
            before, after = (r.uses[0].after_forward.get(equation.name) for r in (plain, other))
            if not isinstance(before, np.ndarray):
                continue
            where = self.stays if before.shape[-1] == len(self.stays) else slice(None)
            if not isinstance(after, np.ndarray) or _differ(after[..., where], before[..., where]):
                return False
        return True

    def _forward(self, job: Job) -> dict[str, Array]:
        layer, arrays = self.form.layer, job.arrays
        given = {name: arrays[name][0] for name in (layer.input, *(c.previous for c in layer.carried))}
        blocks = {n: b for stack in self.form.stacks for n, b in self.form.blocks_of(stack, arrays[stack.name]).items()}
        values = self.form.step(given | blocks)
        return {equation.name: values[equation.name][..., self.stays] for equation in self.form.forward_shown}

    def _with_values(self, job: Job, factor: float | Array) -> Job:
        return job.changed(**{self.name: job.arrays[self.name] * np.where(self.moved, factor, 1.0)})

    def _with_weights(self, job: Job, factor: float) -> Job:
        weights = {stack.name: job.arrays[stack.name] for stack in self.stacks}
        return job.changed(**{name: value * self._by_rows(value, factor) for name, value in weights.items()})

    def _with_upstream(self, job: Job, factor: float | Array) -> Job:
        names = [carried.upstream for carried in self.form.layer.carried]
        return job.changed(**{name: job.arrays[name] * factor for name in names})

    def _by_rows(self, weights: Array, factor: float) -> Array:
        """The factors on the rows of weights, which may be several blocks on top of each other, as a column."""
        by = np.where(self.moved, factor, 1.0)
        return np.tile(by, weights.shape[-2] // len(by))[:, np.newaxis]


def _in_first_row(job: Job, factor: float) -> Array:
    """A factor on the first row of a batch, as a column."""
    return np.where(np.arange(job.sizes.batch) == 0, factor, 1.0)[:, np.newaxis]


def _judge(record: Record, values: _Values, what: Large, is_single: bool) -> Fact | None:
    """Whether a gradient grows as it should, at the first factor that the pass can take.

    It is tried with δ as it is, and with a δ that is smaller by the factor: then no gradient becomes large, so a pass
    that clips is not taken for one that perturbs.
    """
    plain = _recorded(record, values.plain(what))
    if plain is None or not (before := values.gradients(plain)):
        return None
    for exponent in IN_SINGLE if is_single or _is_single(plain) else FACTORS:
        factor, others = 2.0**exponent, []
        for of_delta in (1.0, 1 / factor):
            other = _recorded(record, values.large(what, factor, of_delta))
            after = {} if other is None else values.gradients(other)
            if other is None or after.keys() != before.keys() or not values.is_alike(plain, other):
                break
            grown = {name: values.grown(what, factor, name, value) for name, value in before.items()}
            others.append({n for n, g in grown.items() if _differ(after[n] / g / of_delta, before[n])})
        else:
            both = others[0] & others[1]
            if not both:
                return None
            return Fact.of(PERTURBED, exponent=exponent, given=values.name, name=min(both), what=what)
    return Fact.of("uncounted", why="proportion", given=values.name)


def _recorded(record: Record, job: Job) -> Recording | None:
    """The answer of a submission; None where it raises."""
    try:
        recording = record(job)
    except CellError:
        return None
    return recording if recording.uses and not recording.raised else None


def _is_single(recording: Recording) -> bool:
    """Whether a cell shows anything in a smaller precision than it was given: there large values overflow."""
    return any(
        isinstance(value, np.ndarray) and value.dtype != np.float64
        for use in recording.uses
        for value in (*use.after_forward.values(), *use.after_backward.values())
    )


def _differ(values: Array, expected: Array) -> bool:
    """Whether values differ, measured by the largest of them; NaN always differs."""
    with np.errstate(all="ignore"):
        error = np.abs(values - expected).max()
    return not error <= DIFFERS * np.abs(expected).max()
