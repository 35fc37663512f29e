"""Ends: which states of a layer a submission is given and which it answers, and in what order side by side.

A layer may carry several states, of which an API shows some. What cannot be given is zero at the first step, and what
is not answered has no gradient from above. It runs nothing, and knows no layer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from gru.calculus.arrays import Array
from gru.layer import Carried, Layer, Sizes
from gru.submission.driven import Api


@dataclass(frozen=True)
class Ends:
    """The states at both ends of a submission's forward pass.

    Attributes:
        carried: All states of the layer.
        given: Those that it is given, in the order in which they stand side by side.
        answered: Those that it answers, and is given the gradients of.
    """

    carried: tuple[Carried, ...]
    given: tuple[Carried, ...]
    answered: tuple[Carried, ...]

    @property
    def all_given(self) -> bool:
        """Whether every state can be given: then one step can be seen by itself."""
        return len(self.given) == len(self.carried)

    def starts(self, h_0: Array | None, sizes: Sizes) -> dict[str, Array]:
        """Every first state by name, of those that stand side by side in `h_0`; zero where it is not given."""
        zero = np.zeros((sizes.batch, sizes.hidden))
        names = [carried.previous for carried in self.given]
        return {carried.previous: zero for carried in self.carried} | _apart(names, h_0)

    def upstreams(self, delta: Array, steps: int) -> dict[str, Array]:
        """What comes from above at every step by name, of what stands side by side in `delta`; zero where nothing does.

        A `delta` of fewer steps is that of the last ones.
        """
        _, batch, width = delta.shape
        zero = np.zeros((steps, batch, width // len(self.answered)))
        found = {carried.upstream: zero.copy() for carried in self.carried}
        for name, part in _apart([carried.upstream for carried in self.answered], delta).items():
            found[name][-len(part) :] = part
        return found

    def states(self, answer: Array) -> dict[str, Array]:
        """The answered states by name, from an answer in which they stand side by side."""
        return _apart([carried.state for carried in self.answered], answer)

    def first_gradients(self, gradient: Array) -> dict[str, Array]:
        """The gradients of the first states, by the names of these states."""
        return _apart([carried.previous for carried in self.given], gradient)

    def together(self, arrays: Mapping[str, Array]) -> tuple[Array | None, Array]:
        """The first states and what comes from above, side by side: from arrays by name."""
        h_0 = [arrays[carried.previous] for carried in self.given]
        delta = [arrays[carried.upstream] for carried in self.answered]
        return np.concatenate(h_0, axis=-1) if h_0 else None, np.concatenate(delta, axis=-1)


def ends(layer: Layer, api: Api, learned: int = 0) -> Iterator[Ends]:
    """The ends that an API can have in a layer, where so many first states are parameters of its own.

    There are none where it has more states than the layer.
    """
    given, answered = api.first if api.h_0 else learned, api.states
    if max(given, answered) <= len(layer.carried):
        for first in permutations(layer.carried, given):
            for last in permutations(layer.carried, answered):
                yield Ends(layer.carried, first, last)


def _apart(names: Sequence[str], array: Array | None) -> dict[str, Array]:
    """The parts of an array that stand side by side in it, by name."""
    if not names or array is None:
        return {}
    return dict(zip(names, np.split(array, len(names), axis=-1), strict=True))
