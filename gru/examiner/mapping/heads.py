"""Heads: what a file makes of the states of a layer, an output and the loss of that, where it answers no states.

An output is h @ V + c at every step or at the last, and may go through σ, tanh or a softmax; its loss is a
cross-entropy or a sum of squares. It runs nothing, and knows no layer: from the states follow the answer, and what
comes to each state from above.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import Running
from gru.examiner.bench import DrivenProblem
from gru.submission.adapters.layouts import has_steps
from gru.submission.adapters.targets import ALPHABET, EACH_SEQUENCE, EACH_STEP, NUMBER, targets
from gru.submission.driven import Api

Kind = Literal["outputs", "cross-entropy", "two-classes", "squares"]
Squash = Literal["", "sigmoid", "tanh", "softmax"]
SQUASHES: tuple[Squash, ...] = ("", "sigmoid", "tanh", "softmax")

EXPONENTIAL = 8.0
"""Rounding errors of one exp or log, in units of what it gives: NumPy's are good to 4 units in the last place."""

FACTORS = (0.5, 2.0, -1.0)
"""What is written by mistake before what comes from above."""

SHARES = tuple(product((0, 1), repeat=4))
"""Whether a loss is halved, divided by the rows of the batch, by the steps, by the width of the output."""


@dataclass(frozen=True)
class Slip:
    """A mistake in what comes to the states from above.

    Attributes:
        share: What the loss is divided by, as a head has it.
        place: At which place of that it is another one; None where it is not.
        is_flat: Whether the slope of what an output goes through is left out.
        twice: What an output goes through whose slope is there once too often; empty for none.
        factor: What all of it is multiplied by.
    """

    share: tuple[int, ...]
    place: int | None = None
    is_flat: bool = False
    twice: Squash = ""
    factor: float = 1.0


@dataclass(frozen=True)
class Head:
    """What is made of the states.

    Attributes:
        kind: An output, the cross-entropy of its softmax, that of two classes by its σ, or the squares of what it is
            off by.
        weight: The parameter that is V, as the submission calls it.
        transposed: Whether V is the transpose of that.
        bias: The parameter that is c; empty for none.
        is_last: Whether the last step alone has an output.
        share: Of the loss: whether it is halved, divided by the rows, by the steps, by the width.
        squash: What an output goes through before it is answered, or squared; empty for nothing.
        targets: The kind of targets, as the API tells it.
        beside: Whether the states are answered beside an output: before it or after it; empty where they are not.
    """

    kind: Kind
    weight: str
    transposed: bool
    bias: str
    is_last: bool
    share: tuple[int, ...] = (0, 0, 0, 0)
    squash: Squash = ""
    targets: str = ""
    beside: Literal["", "before", "after"] = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return (self.weight, self.bias) if self.bias else (self.weight,)

    def answer(self, states: Sequence[Running], problem: DrivenProblem) -> Running:
        """The outputs (steps or 1, batch, output), or the loss (1, 1, 1)."""
        outputs = self._outputs(states, problem.parameters)
        if self.kind == "outputs":
            outputs = [_squashed(a, self.squash) for a in outputs]
            if self.beside:
                outputs = [self._beside(output, state) for output, state in zip(outputs, states, strict=True)]
            return Running(np.stack([a.value for a in outputs]), np.stack([a.roundings for a in outputs]))
        losses = [self._loss(a, at)[0] for a, at in zip(outputs, self._targets(problem), strict=True)]
        total, roundings = (sum(float(part) for part in parts) for parts in zip(*losses, strict=True))
        factor, terms = self._factor(self.share, len(states), *outputs[0].value.shape), len(losses) + 3
        return Running(
            np.full((1, 1, 1), factor * total), np.full((1, 1, 1), factor * (roundings + terms * abs(total)))
        )

    def upstream(self, states: Sequence[Running], problem: DrivenProblem, slip: "Slip | None" = None) -> list[Running]:
        """What comes to every state from above, each (batch, hidden); zero where a step has no output."""
        outputs = self._outputs(states, problem.parameters)
        if self.kind == "outputs":
            delta = problem.delta
            if self.beside:
                at = states[0].value.shape[-1] if self.beside == "before" else -states[0].value.shape[-1]
                before, after = delta[..., :at], delta[..., at:]
                delta, direct = (after, before) if self.beside == "before" else (before, after)
            above = [Running(d, np.zeros_like(d)) for d in delta]
        else:
            share = slip.share if slip else self.share
            factor = self._factor(share, len(states), *outputs[0].value.shape)
            above = [self._loss(a, at)[1] * factor for a, at in zip(outputs, self._targets(problem), strict=True)]
        passed: list[Squash] = [] if slip and slip.is_flat else [self.squash]
        passed += [slip.twice] if slip and slip.twice else []
        slopes = above
        for squash in passed:
            slopes = [_through(slope, _squashed(a, squash), squash) for slope, a in zip(slopes, outputs, strict=True)]
        zero = np.zeros_like(states[0].value)
        factor = slip.factor if slip else 1.0
        nothing = [Running(zero, zero)] * (len(states) - len(slopes))
        weight = self._weight(problem.parameters)
        found = [*nothing, *(slope @ weight.mT * factor for slope in slopes)]
        return [own + d for own, d in zip(found, direct, strict=True)] if self.beside else found

    def slips(self) -> Iterator["Slip"]:
        """The slips that are tried in what comes from above: in the slope of an output, or in a loss's divisor."""
        if self.squash:
            yield Slip(self.share, is_flat=True)
        inside: dict[Kind, Squash] = {"two-classes": "sigmoid", "cross-entropy": "softmax"}
        if squash := self.squash or inside.get(self.kind, ""):
            yield Slip(self.share, twice=squash)
        for place in range(len(self.share)) if self.kind != "outputs" else ():
            share = tuple(1 - part if k == place else part for k, part in enumerate(self.share))
            yield Slip(share, place=place)
        yield from (Slip(self.share, factor=factor) for factor in FACTORS)

    def _beside(self, output: Running, state: Running) -> Running:
        """An output and its state, side by side."""
        both = (state, output) if self.beside == "before" else (output, state)
        values, roundings = ([getattr(part, name) for part in both] for name in ("value", "roundings"))
        return Running(np.concatenate(values, axis=-1), np.concatenate(roundings, axis=-1))

    def _weight(self, parameters: Mapping[str, Array]) -> Array:
        value = np.asarray(parameters[self.weight], float)
        value = value[:, None] if value.ndim == 1 else value
        return value.T if self.transposed else value

    def _outputs(self, states: Sequence[Running], parameters: Mapping[str, Array]) -> list[Running]:
        weight = self._weight(parameters)
        bias = np.asarray(parameters[self.bias], float).reshape(1, -1) if self.bias else np.zeros((1, weight.shape[1]))
        return [state @ weight + bias for state in (states[-1:] if self.is_last else states)]

    def _targets(self, problem: DrivenProblem) -> Array:
        """The target of every step that has an output."""
        output = self._weight(problem.parameters).shape[1]
        wanted: Array = targets(problem.x, self.targets, output)
        if self.targets in EACH_SEQUENCE:
            return wanted[None]
        if self.kind == "cross-entropy" and self.targets not in EACH_STEP:
            wanted = wanted.argmax(axis=-1)
        return wanted[-1:] if self.is_last else wanted

    def _factor(self, share: Sequence[int], steps: int, rows: int, output: int) -> float:
        halved, over_rows, over_steps, over_output = share
        return float(1 / (2**halved * rows**over_rows * steps**over_steps * output**over_output))

    def _loss(self, a: Running, target: Any) -> tuple[tuple[float, float], Running]:
        """The loss of one output with the bound of its rounding, and the slope of it by that output."""
        if self.kind == "squares":
            off = _squashed(a, self.squash) - target
            size = float((off.value**2).sum())
            rounded = float((2 * np.abs(off.value) * off.roundings).sum())
            return (size, rounded + (1 + off.value.size) * size), off * 2.0
        if self.kind == "two-classes":
            share = a.sigmoid()
            losses = np.logaddexp(0, a.value) - target * a.value
            # Beside a small share its rounding is large, in either of the two logarithms.
            inside = share.roundings * (target / share.value + (1 - target) / (1 - share.value))
            size = float(losses.sum())
            return (size, float(inside.sum()) + (EXPONENTIAL + losses.size) * abs(size)), share - target
        shares = _softmax(a)
        one = np.zeros_like(shares.value)
        one[np.arange(len(one)), np.asarray(target).reshape(-1)] = 1
        with np.errstate(divide="ignore"):
            loss = -float(np.log((shares.value * one).sum(axis=-1)).sum())
        return (loss, float(len(one) * _inside(a) + EXPONENTIAL * abs(loss))), shares - one


def _squashed(a: Running, squash: Squash) -> Running:
    """An output as it is answered."""
    if squash == "softmax":
        return _softmax(a)
    found: Running = a.sigmoid() if squash == "sigmoid" else np.tanh(a) if squash == "tanh" else a
    return found


def _through(slope: Running, answer: Running, squash: Squash) -> Running:
    """The slope by an output, from that by what is answered of it."""
    if squash == "softmax":
        slope = slope - (slope * answer).sum(axis=-1, keepdims=True)
    slopes = {"": 1.0, "sigmoid": answer * (1 - answer), "tanh": 1 - answer * answer, "softmax": answer}
    found: Running = slope * slopes[squash]
    return found


def _softmax(a: Running) -> Running:
    shares = np.exp(a.value - a.value.max(axis=-1, keepdims=True))
    shares = shares / shares.sum(axis=-1, keepdims=True)
    return Running(shares, shares * _inside(a))


def _inside(a: Running) -> float:
    """The relative error of a softmax's share: that of the exponentials' arguments."""
    return float(2 * (a.roundings.max() + np.abs(a.value).max()) + EXPONENTIAL + a.value.shape[-1] + 2)


def heads(api: Api, problem: DrivenProblem) -> Iterator[Head]:
    """The heads that an API can have, by the shapes of its parameters."""
    shapes = {name: value.shape for name, value in problem.parameters.items()}
    sizes = problem.by_name
    lasts: tuple[bool, ...] = (api.last_only,)
    if api.loss:
        # One target means one output.
        lasts = (False, True) if api.targets in EACH_STEP or has_steps(api.targets) else (True,)
    for weight, transposed in _weights(shapes, sizes["hidden"]):
        width = 1 if len(shapes[weight]) == 1 else shapes[weight][0 if transposed else 1]
        answered = (1 if api.targets == NUMBER else sizes["output"]) if api.loss else api.width(sizes)
        beside = _states_beside(api)
        if beside:
            answered -= sizes["hidden"]
        if width < sizes["input"] if api.targets in ALPHABET else width != answered:
            continue
        biases = [n for n, shape in shapes.items() if n != weight and np.prod(shape) == width == max(shape, default=1)]
        for (kind, squash), is_last, bias in product(_kinds(api), lasts, (*biases, "")):
            for share in SHARES if api.loss else SHARES[:1]:
                if share[1] and sizes["batch"] == 1:
                    continue
                yield Head(kind, weight, transposed, bias, is_last, share, squash, api.targets, beside)


def _states_beside(api: Api) -> Literal["", "before", "after"]:
    """Where the states stand that are answered beside an output."""
    first, _, second = api.answers.partition("+")
    return "" if not second else "before" if first == "hidden" else "after" if second == "hidden" else ""


def _kinds(api: Api) -> tuple[tuple[Kind, Squash], ...]:
    """The kinds of answers that an output may become, and that targets can be compared with."""
    if not api.loss:
        return tuple(("outputs", squash) for squash in SQUASHES)
    if api.targets in (*EACH_STEP, *EACH_SEQUENCE):
        return (("cross-entropy", ""),)
    return (*(("squares", squash) for squash in SQUASHES), ("cross-entropy", ""), ("two-classes", ""))


def _weights(shapes: Mapping[str, tuple[int, ...]], hidden: int) -> Iterator[tuple[str, bool]]:
    for name, shape in shapes.items():
        if len(shape) == 2:
            yield from ((name, turned) for turned in (False, True) if shape[1 if turned else 0] == hidden)
        elif shape == (hidden,):
            yield name, False
