"""What a problem is: one concrete instance of a layer, the sizes that are asked for, and the regime of its numbers.

It draws nothing, and never knows the right answer: that is the oracle's part.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from gru.calculus.arrays import Array
from gru.layer import Form, Sizes
from gru.layers.gru.forms import CHAPTER

Precision = Literal["float64", "float32"]

PRECISIONS: tuple[Precision, ...] = get_args(Precision)


@dataclass(frozen=True)
class Regime:
    """How the numbers of a problem are drawn: the typical size of each kind of number.

    `kept` is how many times larger a state is that is beside the first: that of an LSTM, c, grows with every step, and
    nothing bounds it. `peak`, where it is set, is the range that the largest pre-activation is drawn from. `structure`
    says what the numbers are made into: x of exact 0 and 1; rows and last steps whose x and δ are padded with zeros;
    entries of h_0 that are exactly 0 or ±1.
    """

    weights: float = 1.0
    inputs: float = 1.0
    state: float = 1.0
    kept: float = 1.0
    upstream: float = 1.0
    peak: tuple[float, float] | None = None
    structure: Literal["", "bits", "padded", "corners"] = ""


REGIMES: dict[str, Regime] = {
    "ordinary": Regime(),
    "tiny": Regime(weights=1e-4, inputs=1e-2, state=1e-2),
    "large": Regime(weights=3.0, kept=8.0),
    "saturated": Regime(peak=(10.0, 800.0), kept=30.0),
    "zero-state": Regime(state=0.0),
    "zero-input": Regime(inputs=0.0),
    "zero-upstream": Regime(upstream=0.0),
    "small-upstream": Regime(upstream=1e-6),
    "large-upstream": Regime(upstream=1e6),
    "extreme": Regime(peak=(720.0, 800.0)),
    "bits": Regime(structure="bits"),
    "padded": Regime(structure="padded"),
    "corners": Regime(structure="corners"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """One concrete instance.

    Attributes:
        id: The name that it is drawn from.
        sizes: Rows of the batch, inputs, hidden units, steps.
        regime: How its numbers are drawn.
        precision: The dtype of all arrays.
        x: (steps, batch, input).
        initial: The first state of each kind, `h_0` first: (batch, hidden) each.
        parameters: By name, as a cell is given them: `W` (3·hidden, hidden), `U` (3·input, hidden).
        upstream: (steps, batch, hidden), the part of ∂loss/∂h_t that comes from outside the sequence.
    """

    id: str
    sizes: Sizes
    regime: str
    precision: Precision
    x: Array
    initial: tuple[Array, ...]
    parameters: dict[str, Array]
    upstream: Array

    @property
    def h_0(self) -> Array:
        """The first hidden state, (batch, hidden)."""
        return self.initial[0]

    @property
    def W(self) -> Array:
        """The recurrent weights, stacked."""
        return self.parameters["W"]

    @property
    def U(self) -> Array:
        """The input weights, stacked."""
        return self.parameters["U"]

    def __repr__(self) -> str:
        return f"find({self.id!r})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython and Hypothesis would list every array of a dataclass.
        printer.text(repr(self))

    def __str__(self) -> str:
        return f"{self.sizes}, {self.regime}, {self.precision} (problem {self.id})"


def beside(problems: Sequence[Problem]) -> Problem:
    """Several problems of the same sizes and precision as one, to be measured at once.

    Its arrays have the problems on a first axis.
    """
    first = problems[0]
    return replace(
        first,
        id=" ".join(problem.id for problem in problems),
        x=np.stack([problem.x for problem in problems]),
        initial=tuple(np.stack(states) for states in zip(*(problem.initial for problem in problems), strict=True)),
        parameters={name: np.stack([problem.parameters[name] for problem in problems]) for name in first.parameters},
        upstream=np.stack([problem.upstream for problem in problems]),
    )


@dataclass(frozen=True)
class Specification:
    """What is asked of a problem before its numbers are drawn."""

    sizes: Sizes
    regime: str = "ordinary"
    precision: Precision = "float64"

    def volume(self, form: Form = CHAPTER) -> int:
        """How much there is to read in the problem; the smallest problem has the least."""
        batch, inputs, hidden, steps = self.sizes
        parameters = sum(math.prod(self.sizes.shape(stack.dimensions)) for stack in form.layer.stacks)
        return steps * batch * (inputs + hidden) + parameters
