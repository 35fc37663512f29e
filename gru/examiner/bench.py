"""A submission in another API on the bench: numbers for one run of it, and what it answers.

It knows how the submission is driven and nothing of what it computes, and judges nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.fact import Fact
from gru.layer import Sizes
from gru.submission.contract import Counted, Runner
from gru.submission.driven import Api

SINGLE = "single "
"""What a worker puts before the name of a gradient that has single precision."""

CHANGES = "changes "
"""What a worker puts before the name of an argument that the passes write into: `x`, `h_0` or `delta`."""

UPDATES = "updates"
"""The name under which a worker says that backward changes the parameters."""


@dataclass(eq=False)
class DrivenProblem:
    """A problem of a submission in another API: numbers for one run, by its own names."""

    id: str
    sizes: Sizes
    parameters: dict[str, Array]
    x: Array
    h_0: Array | None
    delta: Array
    output: int = 0

    def value(self, argument: str) -> Array:
        """The numbers of an argument: `x`, `h_0`, or a parameter by its name."""
        value = {"x": self.x, "h_0": self.h_0}.get(argument)
        return self.parameters[argument] if value is None else value

    @property
    def by_name(self) -> dict[str, int]:
        """The sizes as a worker is told of them."""
        batch, inputs, hidden, steps = self.sizes
        return {
            "batch": batch,
            "input": inputs,
            "hidden": hidden,
            "steps": steps,
            "output": self.output or inputs + hidden,
        }


@dataclass(eq=False)
class Bench:
    """A submission in another API, and what it answers."""

    runner: Runner
    api: Api
    odd: dict[str, Fact] = field(default_factory=dict)
    updates: bool = False
    changed: set[str] = field(default_factory=set)
    single: set[str] = field(default_factory=set)
    undone: Callable[[DrivenProblem, str], float] = lambda problem, name: 1.0
    """The divisor of a gradient before it is judged: a factor that all gradients have is told by itself."""

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of all gradients that are shown, in the order in which they come."""
        names = tuple(name for name in self.api.names if name in self.api.gradients)
        return (*names, *("dx",) * self.api.dx, *("dh",) * (self.api.dh and self.api.h_0))

    def possible(self, sizes: Sizes) -> Sizes:
        """The nearest sizes that the submission can be driven at."""
        batch, inputs, hidden, steps = sizes
        batch, steps = batch if self.api.rows else 1, steps if self.api.sequence else 1
        fixed = self.api.sizes
        return Sizes(batch, fixed.get("input", inputs), fixed.get("hidden", hidden), steps)

    def problem(self, id: str, sizes: Sizes, random: np.random.Generator, weights: float = 1.0) -> DrivenProblem:
        """A problem of the sizes that are possible, its parameters this large. Raises what the runner raises."""
        sizes = self.possible(sizes)
        batch, steps = sizes.batch, sizes.steps
        output = self.api.sizes.get("output", sizes.input + sizes.hidden)
        problem = DrivenProblem(id, sizes, {}, np.zeros(0), None, np.zeros(0), output)
        for name, (shape, precision) in self.runner.shapes(problem.by_name).items():
            scale = weights / np.sqrt(max(shape, default=1))
            problem.parameters[name] = (scale * random.normal(size=shape)).astype(precision)
        problem.x = random.normal(size=(steps, batch, sizes.input))
        problem.h_0 = random.uniform(-1, 1, size=(batch, self.api.first * sizes.hidden)) if self.api.h_0 else None
        if self.api.loss:
            problem.delta = np.ones((1, 1, 1))
            return problem
        problem.delta = random.normal(size=(1 if self.api.last_only else steps, batch, self.api.width(problem.by_name)))
        return problem

    def run(
        self,
        problem: DrivenProblem,
        values: Mapping[str, Any],
        delta: Array | None = None,
        *,
        last: Array | None = None,
        before: bool = False,
    ) -> tuple[Array, dict[str, Array]]:
        """The states, and with a `delta` the gradients by name; `values` stand in place of the problem's.

        `last` (batch, width) is given apart, as the gradient for the last state.
        """
        arrays, expected = self._put(problem, values, delta)
        if last is not None:
            arrays["delta_last"] = np.array(last, float, order="C")
        (states, *gradients), odd = self.runner.drive(problem.by_name, arrays, expected, before=before)
        self.updates |= UPDATES in odd
        self.changed |= {name for name in ("x", "h_0", "delta") if CHANGES + name in odd}
        self.single |= {name for name in self.shown if SINGLE + name in odd}
        self.odd |= {name: Fact.of("said", text=text) for name, text in odd.items() if name in self.shown}
        found = (
            {n: g / self.undone(problem, n) for n, g in zip(self.shown, gradients, strict=True)} if gradients else {}
        )
        if "dh" in found:
            found["dh"] = found["dh"][0]
        return states, found

    def count(self, problem: DrivenProblem, most: int) -> Counted | None:
        """The different numbers that go through exp, tanh and their like, up to so many; None where that is not told.

        Raises what the runner raises.
        """
        arrays, expected = self._put(problem, {}, problem.delta)
        return self.runner.count(problem.by_name, arrays, expected, most)

    def _put(
        self, problem: DrivenProblem, values: Mapping[str, Any], delta: Array | None
    ) -> tuple[dict[str, Array], list[tuple[int, ...]]]:
        """What a run is given, by name, and the shapes of what comes back."""
        for value in values.values():
            if np.asarray(value).dtype.kind == "c":
                raise TypeError("numbers go over the pipe as real numbers")
        parameters = {f"p {name}": values.get(name, value) for name, value in problem.parameters.items()}
        given = {"x": values.get("x", problem.x), **parameters}
        if problem.h_0 is not None:
            given["h_0"] = values.get("h_0", problem.h_0)
        expected = [problem.delta.shape]
        if delta is not None:
            given["delta"] = delta
            expected += [self._shape(problem, name) for name in self.shown]
        return {name: np.array(value, float, order="C", subok=False) for name, value in given.items()}, expected

    def _shape(self, problem: DrivenProblem, name: str) -> tuple[int, ...]:
        if name == "dx":
            return problem.x.shape
        if name == "dh":
            assert problem.h_0 is not None
            return (1, *problem.h_0.shape)
        return problem.parameters[name].shape
