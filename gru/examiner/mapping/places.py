"""Places: where the blocks of a layer can stand in a submission's parameters, by shapes alone.

A stack of gates in rows or columns, [x, h, 1] in one array, on the left or on the right of what it multiplies. It runs
nothing, and knows no layer: a block is so many rows (`input`, `hidden`, `1`) and `hidden` columns.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from gru.calculus.arrays import Array
from gru.layer import Sizes
from gru.submission.contract import CellError

KINDS = ("input", "hidden", "1")
"""What the rows of a block are."""

MOST_BLOCKS = 4
"""More gates than these are stacked by nobody."""


@dataclass(frozen=True)
class Place:
    """Where one block stands in a parameter.

    Attributes:
        parameter: The name of the parameter, as the submission calls it.
        rows: What the rows of the block are: `input`, `hidden` or `1`.
        above: What the rows before it are, where several stand above each other.
        before: How many blocks stand before it in its columns.
        transposed: Whether the block is the transpose of what stands there.
        layer: Where the parameter has three axes, the index on the first.
    """

    parameter: str
    rows: str
    above: tuple[str, ...] = ()
    before: int = 0
    transposed: bool = False
    layer: int | None = None

    def of(self, array: Array, sizes: Sizes) -> Array:
        """The block in a parameter, (rows, hidden): a view, so that it can be written into.

        Raises CellError where there is none: a submission can have another shape each time that it is asked.
        """
        first = sum(sizes.shape(self.above))
        (length,), hidden = sizes.shape((self.rows,)), sizes.hidden
        try:
            inside = array if self.layer is None else array[self.layer]
            matrix = np.atleast_2d(inside).T if self.transposed else np.atleast_2d(inside)
            block = matrix[first : first + length, self.before * hidden : (self.before + 1) * hidden]
        except IndexError:
            block = array
        if block.shape != (length, hidden):
            raise CellError(f"{self.parameter} has the shape {array.shape} at {sizes}; recognised was another")
        return block

    def text(self, name: str, whole: bool) -> str:
        """How it is written: `Wx`, `Wx.T`, or `Wx[1]` for the second block in it; `name` stands for the parameter."""
        number = self.before if self.before else len(self.above)
        index = "" if whole else f", block {number + 1 if self.layer is None else self.layer + 1}"
        return f"{name}{'.T' if self.transposed and self.rows != '1' else ''}{index}"


Division = tuple[Place, ...]
"""The blocks of one parameter, which are all of it."""


def divisions(name: str, shape: tuple[int, ...], sizes: Sizes) -> list[Division]:
    """All ways in which a parameter of this shape can be made of blocks."""
    found = list(_divisions(name, shape, sizes))
    return list(dict.fromkeys(found))


def _divisions(name: str, shape: tuple[int, ...], sizes: Sizes) -> Iterator[Division]:
    if len(shape) == 3 and shape[0] <= MOST_BLOCKS:
        for inner in divisions(name, shape[1:], sizes):
            yield tuple(replace(place, layer=layer) for layer in range(shape[0]) for place in inner)
    elif len(shape) == 2:
        yield from _of_matrix(name, *shape, sizes, transposed=False)
        yield from _of_matrix(name, shape[1], shape[0], sizes, transposed=True)
    elif len(shape) == 1:
        yield from _of_matrix(name, 1, shape[0], sizes, transposed=False)


def _of_matrix(name: str, rows: int, columns: int, sizes: Sizes, *, transposed: bool) -> Iterator[Division]:
    if columns % sizes.hidden or columns // sizes.hidden > MOST_BLOCKS:
        return
    beside = range(columns // sizes.hidden)
    for parts in _row_parts(rows, sizes):
        above = [parts[:position] for position in range(len(parts))]
        yield tuple(
            Place(name, part, before_it, before, transposed)
            for before in beside
            for part, before_it in zip(parts, above, strict=True)
        )


def _row_parts(rows: int, sizes: Sizes) -> Iterator[tuple[str, ...]]:
    """What so many rows can be: blocks of one kind, or one of each of several kinds in some order."""
    lengths: Mapping[str, int] = dict(zip(KINDS, sizes.shape(KINDS), strict=True))
    for kind, length in lengths.items():
        if rows % length == 0 and rows // length <= MOST_BLOCKS:
            yield (kind,) * (rows // length)
    for count in (2, 3):
        for parts in permutations(KINDS, count):
            if sum(lengths[part] for part in parts) == rows:
                yield parts
