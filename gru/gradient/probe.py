"""What is measured of one argument: every entry of its gradient, or its slope along random directions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gru.calculus.arrays import Array


class Probes:
    """The directions in which one leaf is moved: unit vectors, or `along` Gaussian ones of its own scale.

    `scale` is the usual size of the leaf's numbers, 1 where all are zero.
    """

    def __init__(self, leaf: int, value: Array, along: int | None, rng: np.random.Generator) -> None:
        self.leaf, self.value, self.along = leaf, value.astype(float), along
        size = float(np.sqrt(np.mean(self.value**2))) if value.size else 0.0
        self.scale = size if size > 0 and np.isfinite(size) else 1.0
        self._directions = None if along is None else rng.standard_normal((along, *value.shape))
        self.general = self.scale * rng.standard_normal(value.shape)

    def __len__(self) -> int:
        return self.value.size if self.along is None else self.along

    def index(self, number: int) -> tuple[int, ...]:
        """The entry of a probe, or the number of its direction."""
        if self.along is not None:
            return (number,)
        return tuple(int(i) for i in np.unravel_index(number, self.value.shape))

    def of(self, gradient: Any) -> Array:
        """The slopes that a gradient claims along all probes."""
        array = np.asarray(gradient)
        if self._directions is None:
            return array.ravel()
        return np.array([np.sum(array * direction) for direction in self._directions])

    def sizes(self, errors: Any) -> Array:
        """What errors of the entries can make of the slopes along all probes, if none is tied to another."""
        if self._directions is None:
            return np.ravel(errors)
        return np.array([np.sqrt(np.sum((errors * d) ** 2)) for d in self._directions])

    def moved(self, values: Sequence[Any], number: int, step: Any) -> list[Any]:
        """The values of all leaves with this one moved by `step` along a probe."""
        direction = None if self._directions is None else self._directions[number]
        return self.along_direction(values, direction, step, number)

    def along_direction(self, values: Sequence[Any], direction: Any, step: Any, number: int = 0) -> list[Any]:
        """The same along a given direction; None is the unit vector of an entry."""
        result = list(values)
        if direction is not None:
            result[self.leaf] = result[self.leaf] + step * direction
            return result
        array = np.array(result[self.leaf], dtype=np.result_type(result[self.leaf], np.asarray(step)))
        array.flat[number] += step
        result[self.leaf] = array
        return result

    def reach(self, number: int) -> tuple[float, float]:
        """The largest and the smallest step that make sense along a probe, from the size of the numbers it moves."""
        if self._directions is not None:
            return self.scale / 8, self.scale * 2.0**-34
        own = abs(float(self.value.flat[number]))
        return max(own, self.scale) / 4, max(min(own or self.scale, self.scale) * 2.0**-30, self.scale * 2.0**-44)


class General(Probes):
    """The general direction of a leaf as its only probe."""

    def __init__(self, probes: Probes) -> None:
        self.leaf, self.value, self.scale, self.general = probes.leaf, probes.value, probes.scale, probes.general
        self.along, self._directions = 1, self.general[np.newaxis] / self.scale

    def reach(self, number: int) -> tuple[float, float]:
        """From the leaf's usual size down to what its smallest number still feels."""
        del number
        smallest = float(np.min(np.abs(self.value[self.value != 0]), initial=self.scale))
        return self.scale / 8, max(self.scale * 2.0**-44, smallest * 2.0**-30)
