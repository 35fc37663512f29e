"""The smallest mistake of each kind that an examination at normal effort finds: the table in docs/numerics.md.

python benchmarks/boundaries.py
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gru.examiner import examine
from gru.layers.gru.cell import GRUCell
from gru.submission.trusted import TrustedCells

Array = Any
Size = Callable[[float], type]


def altered(alter: Callable[[Any, Mapping[str, Array]], None]) -> type:
    """A right cell whose gradients are altered before they are stacked."""

    class Altered(GRUCell):
        def backward(self, h_p: Array, in_grad: Array) -> None:
            super().backward(h_p, in_grad)
            alter(self, {"h_p": h_p, "in_grad": in_grad})
            self.merge_params()

    return Altered


def one_entry(size: float) -> type:
    """The first entry of dwz, off by so many times itself."""

    def alter(cell: Any, at: Mapping[str, Array]) -> None:
        cell.dwz[0, 0] *= 1 + size

    return altered(alter)


def epsilon(size: float) -> type:
    """A constant added to σ′ in (8)."""

    def alter(cell: Any, at: Mapping[str, Array]) -> None:
        cell.dzz = cell.dzz + at["in_grad"] * (cell.n - at["h_p"]) * size

    return altered(alter)


def noise(size: float) -> type:
    """Noise on dun, of so many times its entries."""
    random = np.random.default_rng(0)

    def alter(cell: Any, at: Mapping[str, Array]) -> None:
        cell.dun = cell.dun * (1 + size * random.uniform(-1, 1, cell.dun.shape))

    return altered(alter)


def clip(size: float) -> type:
    """Gradients clipped to ±1 / size: the larger the size, the tighter."""

    def alter(cell: Any, at: Mapping[str, Array]) -> None:
        cell.dwn = np.clip(cell.dwn, -1 / size, 1 / size)

    return altered(alter)


KINDS: dict[str, Size] = {
    "one entry of dwz, relative": one_entry,
    "a constant added to σ′ in (8)": epsilon,
    "noise on every entry of dun, relative": noise,
    "a clip of dwn at ±1/…": clip,
}


def smallest(make: Size) -> float:
    """The smallest power of ten that is found, from 1e-16 up; the smaller ones all pass."""
    for exponent in range(0, -17, -1):
        if examine(TrustedCells(make(10.0**exponent))).verdict == "right":
            return 10.0 ** (exponent + 1)
    return 1e-16


def rows() -> Iterator[str]:
    """The lines of the table."""
    yield "| mistake | found from |"
    yield "|---|---|"
    for words, make in KINDS.items():
        yield f"| {words} | {smallest(make):.0e} |"


if __name__ == "__main__":
    for row in rows():
        print(row)
