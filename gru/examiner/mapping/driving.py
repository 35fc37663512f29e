"""A submission in another API, driven on a problem of a layer: what it shows, in the layer's own names.

Every step is a run of its own, of a fresh object, and so is every row where one sample is given at a time. What the
API does not show is absent from a recording. It judges nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner import proportion
from gru.examiner.bench import Bench, DrivenProblem
from gru.examiner.fact import Fact
from gru.examiner.mapping.found import Mapped
from gru.layer import Form, Sizes
from gru.submission.contract import CellError, Description, Job, Recording, Shown, SubmissionFailure, Use

HIDDEN = Description("absent")
"""Stands for everything that the API does not show."""


class Driven:
    """A submission in another API together with its mapping.

    Args:
        bench: The submission.
        mapped: The mapping.
        scale: What δ is multiplied by, and the gradients are divided by again.
        rest: The numbers of parameters in which no block of the layer stands, by name; those of others are zero.
    """

    def __init__(
        self, bench: Bench, mapped: Mapped, scale: float = 1.0, rest: Mapping[str, Array] = MappingProxyType({})
    ) -> None:
        self.bench, self.mapped, self.scale, self.rest = bench, mapped, scale, rest
        self.shapes = cache(lambda sizes: bench.runner.shapes(sizes_by_name(sizes)))

    def record(self, job: Job) -> Recording:
        """The recording of a job. Raises CellError where the submission raises, and SubmissionFailure."""
        form, found = job.form, defaultdict[str, list[Array]](list)
        for step in range(job.sizes.steps):
            for name, value in self._at(job, step).items():
                found[name].append(value)
        values = {name: _together(np.array, parts) for name, parts in found.items() if len(parts) == job.sizes.steps}
        shown: Shown = {**dict.fromkeys(form.shown_backward, HIDDEN), **values}
        for stack in form.stacks:
            if all(form.derivatives[block].name in values for block in stack.blocks):
                shown[stack.gradient] = form.stacked(
                    stack, {f"d{b}": values[form.derivatives[b].name] for b in stack.blocks}, "d"
                )
        forward: Shown = dict.fromkeys(form.shown_forward, HIDDEN)
        forward |= {carried.state: shown.pop(carried.state) for carried in self.mapped.ends.answered}
        return Recording(job.id, (Use(forward, forward | shown),))

    def _at(self, job: Job, step: int) -> dict[str, Array]:
        """The states and all gradients of one step, those of the parameters summed over the rows."""
        rows = list(self._rows(job, step))
        form = job.form
        inputs = (form.layer.input, *(carried.previous for carried in form.layer.carried))
        apart = {c.state for c in form.layer.carried} | {form.derivatives[name].name for name in inputs}
        found = {}
        for name in rows[0]:
            parts = [row[name] for row in rows if name in row]
            if len(parts) == len(rows):
                found[name] = _together(np.concatenate if name in apart else sum, parts)
        return found

    def _rows(self, job: Job, step: int) -> Iterator[dict[str, Array]]:
        """The values that the submission shows, for one part of the batch after another."""
        form, batch = job.form, job.sizes.batch
        together = batch if self.bench.api.rows else 1
        sizes = Sizes(together, job.sizes.input, job.sizes.hidden, 1)
        blocks = {n: b for stack in form.stacks for n, b in form.blocks_of(stack, job.arrays[stack.name]).items()}
        parameters = {**self.mapped.parameters(blocks, self.shapes(sizes), sizes), **self.rest}
        x = job.arrays[form.layer.input][step]
        h_0, delta = self.mapped.ends.together(
            {name: array[step] for name, array in job.arrays.items() if array.ndim > 2}
        )
        for first in range(0, batch, together):
            rows = slice(first, first + together)
            problem = DrivenProblem(job.id, sizes, parameters, x[None, rows], None, delta[None, rows])
            problem.h_0 = None if h_0 is None else h_0[rows]
            states, gradients = self.bench.run(problem, {}, problem.delta * self.scale)
            unscaled = {name: value / self.scale for name, value in gradients.items()}
            yield self._in_own_names(form, states[0], unscaled, sizes)

    def _in_own_names(self, form: Form, state: Array, gradients: dict[str, Array], sizes: Sizes) -> dict[str, Array]:
        told = {
            name: value.astype(np.float32) if name in self.bench.single else value
            for name, value in gradients.items()
            if name not in self.bench.odd
        }
        found = self.mapped.ends.states(state)
        for block, value in self.mapped.gradients(told, sizes).items():
            found[form.derivatives[block].name] = value
        of_one_step = told | ({"dx": told["dx"][0]} if "dx" in told else {})
        return found | self.mapped.inputs(of_one_step)


def proportion_driven(bench: Bench, mapped: Mapped, seed: int) -> Fact | None:
    """As `judge_proportion`, of a submission in another API whose gradients are right.

    A loss has a δ of its own, which cannot be changed, an output's is none of a state; a first state that is learned is
    not another one for each row; and what is read off changed parameters is rounded beside them.
    """
    form, ends = mapped.form, mapped.ends
    if not mapped.wrapping.is_bare:
        return None
    try:
        problem = bench.problem(
            f"{seed}:proportion", proportion.sizes(seed), np.random.default_rng([seed, *b"proportion"])
        )
        blocks = {block: np.zeros(form.shape_of(block, problem.sizes)) for block in form.blocks}
        rest = dict(problem.parameters)
        for block, place in mapped.places.items():
            blocks[block] = place.of(problem.parameters[place.parameter], problem.sizes)
            rest.pop(place.parameter, None)
        arrays = {name: state[np.newaxis] for name, state in ends.starts(problem.h_0, problem.sizes).items()}
        arrays |= ends.upstreams(problem.delta, 1)
        arrays |= {form.layer.input: problem.x, **{stack.name: form.stacked(stack, blocks) for stack in form.stacks}}
        found = proportion.perturbed(
            Driven(bench, mapped, rest=rest).record,
            Job(problem.id, problem.sizes, form, arrays),
            is_single=mapped.precision == "float32",
            of_states=ends.all_given,
        )
    except (CellError, SubmissionFailure):
        return None
    return None if bench.updates else found


def sizes_by_name(sizes: Sizes) -> dict[str, int]:
    """The sizes as a worker is told of them."""
    return DrivenProblem("", sizes, {}, np.zeros(0), None, np.zeros(0)).by_name


def _together(join: Callable[[list[Array]], Any], parts: list[Array]) -> Array:
    """The parts joined, in the finest precision of those that are not all zero: zeros are the same in any."""
    dtype = max((part.dtype for part in parts if part.any()), default=np.dtype(float))
    joined: Array = join([part.astype(dtype) for part in parts])
    return joined
