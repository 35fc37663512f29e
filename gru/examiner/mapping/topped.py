"""What can stand on top of a layer in a submission that answers no states: heads, and penalties on weights.

All weights of the layer are zero for this, so that its states are known. It looks at no gradient.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import product

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import Running
from gru.examiner.bench import Bench, DrivenProblem
from gru.examiner.mapping.families import Family, exactly, states_of
from gru.examiner.mapping.heads import Head, heads
from gru.examiner.mapping.wrapping import Wrapping
from gru.submission.contract import CellError

LARGE = 2.0**10
"""The factor that makes a parameter so large that only its penalty is seen: a power of two, which rounds nothing."""

DIGITS = 9
"""The most digits of a number that somebody has written; a measured one has fifteen."""


class Topped:
    """One submission below its head.

    Args:
        bench: The submission.
        drawn: A problem of several steps.
        precisions: Those in which it may compute.
    """

    def __init__(self, bench: Bench, drawn: DrivenProblem, precisions: Sequence[str]) -> None:
        self.bench, self.precisions = bench, precisions
        self.drawn = drawn if drawn.h_0 is None else replace(drawn, h_0=np.zeros_like(drawn.h_0))
        self._heads: dict[tuple[float, ...], list[Wrapping]] = {}
        self._answers: dict[tuple[tuple[str, ...], float], Array] = {}

    def around(self, plain: Wrapping, families: Sequence[Family]) -> Iterator[Wrapping]:
        """What is around the layer, with the heads and penalties that fit one of these families below them."""
        seen: list[Wrapping] = []
        for family in families:
            for found in self.of_states(self.silent(family, plain)):
                assert found.head is not None
                if found not in seen and not set(found.head.parameters) & set(plain.parameters):
                    seen.append(found)
                    yield replace(plain, head=found.head, penalties=found.penalties)

    def silent(self, family: Family, plain: Wrapping) -> tuple[Array, ...]:
        """The states of a family whose weights and first states are all zero, one a step."""
        inside, form = plain.inside(self.drawn), family.fullest
        starts = {c.previous: np.zeros((inside.sizes.batch, inside.sizes.hidden)) for c in form.layer.carried}
        return tuple(state[form.output] for state in states_of(form, {}, inside.x, starts, inside.sizes))

    def of_states(self, states: Sequence[Array]) -> list[Wrapping]:
        """The heads, with penalties, that give the submission's answers from these states."""
        key = tuple(float(state.flat[0]) for state in states)
        if key not in self._heads:
            self._heads[key] = list(self._of_states([exactly(state) for state in states]))
        return self._heads[key]

    def _of_states(self, states: Sequence[Running]) -> Iterator[Wrapping]:
        for head in heads(self.bench.api, self.drawn):
            put = self._with({name: self.drawn.parameters[name] for name in head.parameters})
            answer = self.answer(head.parameters)
            for penalties in self.penalties(head):
                wrapping = Wrapping(head=head, penalties=penalties)
                if any(wrapping.agrees(states, put, answer, precision) for precision in self.precisions):
                    yield wrapping

    # Penalties

    def penalties(self, head: Head) -> Iterator[Mapping[str, float]]:
        """The penalties on all parameters; a head's parameters have one as the others have, or none."""
        found = {name: penalty for name, penalty in self.on_weights.items() if name not in head.parameters}
        for chosen in product((0.0, *dict.fromkeys(found.values())), repeat=len(head.parameters)):
            own = dict(zip(head.parameters, chosen, strict=True))
            yield {**found, **{name: penalty for name, penalty in own.items() if penalty}}

    @cached_property
    def on_weights(self) -> dict[str, float]:
        """The penalties on parameters that the answer depends on in no other way where all others are zero."""
        if not self.bench.api.loss:
            return {}
        found = {}
        nothing = self.answer(())
        for name, value in self.drawn.parameters.items():
            squares = float((np.asarray(value, float) ** 2).sum())
            try:
                added = float((self.answer((name,), LARGE) - nothing).max()) / LARGE**2
                twice = float((self.answer((name,), 2 * LARGE) - nothing).max()) / (2 * LARGE) ** 2
            except CellError:
                # So large a weight is more than a softmax may take: the answer depends on it in another way.
                continue
            if added and abs(twice - added) <= value.size * np.finfo(value.dtype).eps * abs(added):
                found[name] = _as_written(2 * added / squares)
        return found

    def answer(self, kept: tuple[str, ...], factor: float = 1.0) -> Array:
        """What the submission answers where all parameters are zero but these, which are so many times as large."""
        if (kept, factor) not in self._answers:
            values = self._with({name: factor * self.drawn.parameters[name] for name in kept}).parameters
            self._answers[kept, factor] = self.bench.run(self.drawn, values)[0]
        return self._answers[kept, factor]

    def _with(self, parameters: Mapping[str, Array]) -> DrivenProblem:
        """The problem where all parameters but these are zero."""
        values = {name: np.zeros_like(value) for name, value in self.drawn.parameters.items()}
        return replace(self.drawn, parameters={**values, **parameters})


def _as_written(number: float) -> float:
    """The number as somebody wrote it: the decimal of few digits that it is to rounding, else the number itself."""
    short = float(f"{number:.{DIGITS}g}")
    return short if abs(short - number) <= 2.0**-40 * abs(number) else number
