"""Heads: what a file makes of the states of a layer, an output and the loss of that, where it answers no states.

An output is h @ V + c at every step or at the last; its loss a cross-entropy or a sum of squares. It runs nothing, and
knows no layer. From the states it computes the answer, and the gradient that comes to each state from above.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import Running, limit
from gru.examiner.bench import DrivenProblem
from gru.submission.adapters.layouts import has_steps
from gru.submission.adapters.targets import ALPHABET, EACH_SEQUENCE, EACH_STEP, seen, targets
from gru.submission.driven import Api

Kind = Literal["outputs", "cross-entropy", "squares"]

EXPONENTIAL = 8.0
"""Rounding errors of one exp or log, in units of what it gives: NumPy's are good to 4 units in the last place."""

SHARES = tuple(product((0, 1), repeat=4))
"""Whether a loss is halved, divided by the rows of the batch, by the steps, by the width of the output."""


@dataclass(frozen=True)
class Head:
    """What is made of the states.

    Attributes:
        kind: An output, the cross-entropy of its softmax, or the squares of what it is off by.
        weight: The parameter that is V, as the submission calls it.
        transposed: Whether V is the transpose of that.
        bias: The parameter that is c; empty for none.
        is_last: Whether the last step alone has an output.
        share: Of the loss: whether it is halved, divided by the rows, by the steps, by the width.
        inputs, targets: The kinds of inputs and targets, as the API tells them.
    """

    kind: Kind
    weight: str
    transposed: bool
    bias: str
    is_last: bool
    share: tuple[int, ...] = (0, 0, 0, 0)
    inputs: str = ""
    targets: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return (self.weight, self.bias) if self.bias else (self.weight,)

    def given(self, problem: DrivenProblem) -> DrivenProblem:
        """The problem with what the layer itself is given: an alphabet's vectors where it is given positions."""
        return replace(problem, x=seen(problem.x, self.inputs))

    def agrees(self, states: Sequence[Running], problem: DrivenProblem, answer: Array, precision: str) -> bool:
        """Whether an answer is that of these states, each (batch, hidden), to within the limit of rounding."""
        own = self.answer(states, problem)
        if own.value.shape != answer.shape:
            return False
        return bool((np.abs(answer - own.value) <= limit(own.roundings, np.dtype(precision))).all())

    def distance(self, states: Sequence[Running], problem: DrivenProblem, answer: Array) -> float:
        """How far an answer is from that of these states."""
        own = self.answer(states, problem).value
        return float(np.nan_to_num(np.abs(answer - own), nan=np.inf).max()) if own.shape == answer.shape else np.inf

    def answer(self, states: Sequence[Running], problem: DrivenProblem) -> Running:
        """The outputs (steps or 1, batch, output), or the loss (1, 1, 1)."""
        outputs = self._outputs(states, problem.parameters)
        if self.kind == "outputs":
            return Running(np.stack([a.value for a in outputs]), np.stack([a.roundings for a in outputs]))
        losses = [self._loss(a, at)[0] for a, at in zip(outputs, self._targets(problem), strict=True)]
        total, roundings = (sum(float(part) for part in parts) for parts in zip(*losses, strict=True))
        factor, terms = self._factor(len(states), *outputs[0].value.shape), len(losses) + 3
        return Running(
            np.full((1, 1, 1), factor * total), np.full((1, 1, 1), factor * (roundings + terms * abs(total)))
        )

    def upstream(self, states: Sequence[Running], problem: DrivenProblem) -> list[Running]:
        """What comes to every state from above, each (batch, hidden); zero where a step has no output."""
        outputs = self._outputs(states, problem.parameters)
        if self.kind == "outputs":
            slopes = [Running(delta, np.zeros_like(delta)) for delta in problem.delta]
        else:
            factor = self._factor(len(states), *outputs[0].value.shape)
            slopes = [self._loss(a, at)[1] * factor for a, at in zip(outputs, self._targets(problem), strict=True)]
        nothing = np.zeros_like(states[0].value)
        before = [Running(nothing, nothing)] * (len(states) - len(slopes))
        weight = self._weight(problem.parameters)
        return [*before, *(slope @ weight.mT for slope in slopes)]

    def _weight(self, parameters: Mapping[str, Array]) -> Array:
        value = np.asarray(parameters[self.weight], float)
        return value.T if self.transposed else value

    def _outputs(self, states: Sequence[Running], parameters: Mapping[str, Array]) -> list[Running]:
        weight = self._weight(parameters)
        bias = np.asarray(parameters[self.bias], float).reshape(1, -1) if self.bias else np.zeros((1, weight.shape[1]))
        return [state @ weight + bias for state in (states[-1:] if self.is_last else states)]

    def _targets(self, problem: DrivenProblem) -> Array:
        """The target of every step that has an output."""
        output = problem.parameters[self.weight].shape[0 if self.transposed else 1]
        wanted: Array = targets(problem.x, self.targets, output)
        if self.targets in EACH_SEQUENCE:
            return wanted[None]
        if self.kind == "cross-entropy" and self.targets not in EACH_STEP:
            wanted = wanted.argmax(axis=-1)
        return wanted[-1:] if self.is_last else wanted

    def _factor(self, steps: int, rows: int, output: int) -> float:
        halved, over_rows, over_steps, over_output = self.share
        return float(1 / (2**halved * rows**over_rows * steps**over_steps * output**over_output))

    def _loss(self, a: Running, target: Any) -> tuple[tuple[float, float], Running]:
        """The loss of one output with the bound of its rounding, and the slope of it by that output."""
        if self.kind == "squares":
            off = a - target
            size = float((off.value**2).sum())
            rounded = float((2 * np.abs(off.value) * off.roundings).sum())
            return (size, rounded + (1 + off.value.size) * size), off * 2.0
        largest = a.value.max(axis=-1, keepdims=True)
        shares = np.exp(a.value - largest)
        shares = shares / shares.sum(axis=-1, keepdims=True)
        # An exponential's relative error is the error of its argument, whether or not the largest is subtracted first.
        inside = 2 * (a.roundings.max() + np.abs(a.value).max()) + EXPONENTIAL + a.value.shape[-1] + 2
        one = np.zeros_like(shares)
        one[np.arange(len(shares)), np.asarray(target).reshape(-1)] = 1
        with np.errstate(divide="ignore"):
            loss = -float(np.log((shares * one).sum(axis=-1)).sum())
        slope = Running(shares - one, shares * inside + np.abs(shares - one))
        return (loss, float(len(shares) * inside + EXPONENTIAL * abs(loss))), slope


def heads(api: Api, problem: DrivenProblem) -> Iterator[Head]:
    """The heads that an API can have, by the shapes of its parameters."""
    shapes = {name: value.shape for name, value in problem.parameters.items()}
    sizes = problem.by_name
    kinds: tuple[Kind, ...] = ("outputs",)
    if api.loss:
        kinds = ("cross-entropy",) if api.targets in (*EACH_STEP, *EACH_SEQUENCE) else ("squares", "cross-entropy")
    lasts: tuple[bool, ...] = (api.last_only,)
    if api.loss:
        # One target means one output.
        lasts = (False, True) if api.targets in EACH_STEP or has_steps(api.targets) else (True,)
    for weight, transposed in _weights(shapes, sizes["hidden"]):
        width = shapes[weight][0 if transposed else 1]
        answered = sizes["output"] if api.loss else api.width(sizes)
        if width < sizes["input"] if api.targets in ALPHABET else width != answered:
            continue
        biases = [n for n, shape in shapes.items() if n != weight and np.prod(shape) == width == max(shape)]
        for kind, is_last, bias in product(kinds, lasts, (*biases, "")):
            for share in SHARES if api.loss else SHARES[:1]:
                if share[1] and sizes["batch"] == 1:
                    continue
                yield Head(kind, weight, transposed, bias, is_last, share, api.inputs, api.targets)


def _weights(shapes: Mapping[str, tuple[int, ...]], hidden: int) -> Iterator[tuple[str, bool]]:
    for name, shape in shapes.items():
        if len(shape) == 2:
            yield from ((name, turned) for turned in (False, True) if shape[1 if turned else 0] == hidden)
