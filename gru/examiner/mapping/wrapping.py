"""What a file has around a layer: an embedding before it, first states that are learned, a head, a penalty on weights.

Each is known by parameters of its own. From the numbers of a problem follow those that the layer inside is given, and
from the layer's derivatives the gradients of these parameters. It runs nothing, and knows no layer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, permutations
from math import floor, log10
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import Running, limit
from gru.examiner.bench import DrivenProblem
from gru.examiner.mapping.heads import Head
from gru.submission.adapters.targets import ALPHABET, seen
from gru.submission.driven import Api

DIGITS = 6
"""The digits that a number measured by difference quotients is believed to have; it is good to some more."""

MOST_FIRST = 12
"""More ways to read parameters as first states than these are not tried."""


@dataclass(frozen=True)
class Wrapping:
    """What stands around a layer; a bare layer has nothing around it.

    Attributes:
        inputs: The kind of inputs of a loss, as the API tells it.
        embedding: The parameter that has a vector for each position in the alphabet; empty for none.
        in_columns: Whether these vectors are its columns.
        first: The parameters that are first states, which all rows of a batch begin with.
        head: What is made of the states, where they are not answered themselves.
        penalties: For the parameters whose squares are added to a loss, the number that half of these is multiplied by.
        over_rows: The rows of the batch for which these are so, where they are divided by those; 0 where they are not.
    """

    inputs: str = ""
    embedding: str = ""
    in_columns: bool = False
    first: tuple[str, ...] = ()
    head: Head | None = None
    penalties: Mapping[str, float] = field(default_factory=dict)
    over_rows: int = 0

    @property
    def is_bare(self) -> bool:
        """Whether the layer is given what the file is given, and answers what the file answers."""
        return self.head is None and not self.parameters

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that are none of the layer's."""
        return (*(self.head.parameters if self.head else ()), *self.first, *((self.embedding,) * bool(self.embedding)))

    @property
    def below(self) -> tuple[str | bool | tuple[str, ...], ...]:
        """What is before the layer: with the same, a layer has the same states, whatever is made of them."""
        return self.inputs, self.embedding, self.in_columns, self.first

    def inside(self, problem: DrivenProblem) -> DrivenProblem:
        """The problem as it is put to the layer itself."""
        x, h_0 = seen(problem.x, self.inputs), problem.h_0
        if self.embedding:
            table = np.asarray(problem.parameters[self.embedding], float)
            x = x @ (table.T if self.in_columns else table)
        if self.first:
            states = [np.asarray(problem.parameters[name], float).reshape(1, -1) for name in self.first]
            h_0 = np.repeat(np.concatenate(states, axis=-1), problem.sizes.batch, axis=0)
        return replace(problem, x=x, h_0=h_0, sizes=problem.sizes._replace(input=x.shape[-1]))

    # Answers

    def agrees(self, states: Sequence[Running], problem: DrivenProblem, answer: Array, precision: str) -> bool:
        """Whether an answer is what the head makes of these states, each (batch, hidden), to the limit of rounding."""
        own = self._answer(states, problem)
        if own.value.shape != answer.shape:
            return False
        return bool((np.abs(answer - own.value) <= limit(own.roundings, np.dtype(precision))).all())

    def distance(self, states: Sequence[Running], problem: DrivenProblem, answer: Array) -> float:
        """How far an answer is from what the head makes of these states."""
        own = self._answer(states, problem).value
        return float(np.nan_to_num(np.abs(answer - own), nan=np.inf).max()) if own.shape == answer.shape else np.inf

    def _answer(self, states: Sequence[Running], problem: DrivenProblem) -> Running:
        assert self.head is not None
        answer = self.head.answer(states, problem)
        for name in self.penalties:
            size = 0.5 * self.penalty(name, problem) * float((np.asarray(problem.parameters[name], float) ** 2).sum())
            # Every square and every sum is rounded, however it is added up.
            rounded = abs(size) * (problem.parameters[name].size + 4) + np.abs(answer.value)
            answer = Running(answer.value + size, answer.roundings + rounded)
        return answer

    # Gradients

    def as_claimed(self, decays: Mapping[str, float]) -> "Wrapping":
        """The wrapping with the penalties that the gradients have, where these are not those of the loss.

        A decay was measured to some digits, and somebody has written fewer.
        """
        claimed = {
            name: round(self.penalties.get(name, 0.0) + decay, DIGITS - 1 - floor(log10(abs(decay))))
            for name, decay in decays.items()
        }
        return replace(self, penalties={**self.penalties, **claimed})

    def penalty(self, name: str, problem: DrivenProblem) -> float:
        """The number of the penalty on one parameter, 0 for none."""
        return self.penalties.get(name, 0.0) * (self.over_rows / problem.sizes.batch if self.over_rows else 1.0)

    def without_penalty(self, name: str, gradient: Array, problem: DrivenProblem) -> Array:
        """The gradient of a parameter without that of the penalty on it."""
        penalty = self.penalty(name, problem)
        return gradient - penalty * problem.parameters[name] if penalty else gradient

    def rounded(self, name: str, gradient: Array, problem: DrivenProblem) -> float:
        """What adding the penalty's gradient, and taking it away, rounds: in units of the unit roundoff."""
        penalty = self.penalty(name, problem)
        return float((2 * np.abs(gradient) + 3 * np.abs(penalty * problem.parameters[name])).max()) if penalty else 0.0

    def of_inputs(self, problem: DrivenProblem, *, one_each: bool = False) -> Callable[[Sequence[Any]], list[Any]]:
        """The gradient of the embedding, from the derivatives by the layer's inputs, one a step.

        Of a position that several steps have, those of all steps are added up; `one_each` leaves that of the first
        step, which is done last on the way back.
        """
        vectors = seen(problem.x, self.inputs)

        def summed(parts: Sequence[Any]) -> list[Any]:
            total, *others = [vector.T @ part for vector, part in zip(vectors, parts, strict=True)]
            taken = vectors[0].sum(axis=0)[:, None]
            for row, vector in zip(others, vectors[1:], strict=True):
                total = total + (row * (1 - taken) if one_each else row)
                taken = np.maximum(taken, vector.sum(axis=0)[:, None])
            return [total.mT if self.in_columns else total]

        return summed


def sum_of_rows(parts: Sequence[Any]) -> list[Any]:
    """The gradient of a learned first state, from the derivative by the first state of each row: their sum."""
    return [parts[0].sum(axis=0, keepdims=True)]


def wrappings(api: Api, problem: DrivenProblem) -> Iterator[Wrapping]:
    """What can be around a layer by the shapes of the parameters, without heads and penalties: the barest first."""
    shapes = {name: value.shape for name, value in problem.parameters.items()}
    sizes = problem.by_name
    bare = Wrapping(api.inputs)
    embeddings = [bare]
    if api.inputs in ALPHABET:
        for name, shape in shapes.items():
            embeddings += [
                replace(bare, embedding=name, in_columns=in_columns)
                for in_columns in (False, True)
                if len(shape) == 2 and shape[1 if in_columns else 0] == sizes["input"]
            ]
    yield from embeddings
    if api.h_0:
        return
    likely = [name for name, shape in shapes.items() if np.prod(shape) == max(shape) == sizes["hidden"]]
    for count, first in enumerate(chain(permutations(likely, 1), permutations(likely, 2))):
        if count >= MOST_FIRST:
            return
        yield from (replace(one, first=first) for one in embeddings)
