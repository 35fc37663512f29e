"""Sizes, and shapes in words. It knows no equation."""

from collections.abc import Sequence
from typing import NamedTuple

Dimensions = tuple[str, str]
"""A shape in words: `("batch", "hidden")`, `("3·input", "hidden")`."""


class Sizes(NamedTuple):
    """The sizes of one problem: rows of a batch, inputs, hidden units, steps in time."""

    batch: int
    input: int
    hidden: int
    steps: int = 1

    def __str__(self) -> str:
        words = f"batch {self.batch}, input {self.input}, hidden {self.hidden}"
        return words if self.steps == 1 else f"{words}, steps {self.steps}"

    def shape(self, dimensions: Sequence[str]) -> tuple[int, ...]:
        """The shape that these dimensions have at these sizes: `("3·input", "hidden")` is (3·input, hidden)."""
        return tuple(self._length(dimension) for dimension in dimensions)

    def _length(self, dimension: str) -> int:
        count, _, unit = dimension.rpartition("·")
        length = int(unit) if unit.isdecimal() else int(getattr(self, unit))
        return int(count or 1) * length


class LayerError(ValueError):
    """A table that is no layer; the message names the equation, and says what is wrong with it."""
