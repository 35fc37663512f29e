"""Cells that keep something of their first use, and so are wrong in a second one with other arguments.

None of these is in the catalogue. `STALE` holds those that are wrong, `FRESH` those that keep what they may.
Nothing here examines anything.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from gru.layers.gru.cell import GRUCell
from tests.examiner.planted import EQUATION, Learner

Array = Any
STALE: dict[str, type] = {}
FRESH: dict[str, type] = {}


def stale(cell: type) -> type:
    """Enter a cell that is wrong in its second use."""
    STALE[cell.__name__] = cell
    return cell


def fresh(cell: type) -> type:
    """Enter a cell that is right however often it is used."""
    FRESH[cell.__name__] = cell
    return cell


def _first_of(name: str) -> type:
    """A cell whose value under one name is that of its first use, as long as the shape is the same."""

    def formula(cell: Any, at: Mapping[str, Array]) -> Array:
        value = EQUATION[name](at)
        first = vars(cell).setdefault("firsts", {}).setdefault(name, value)
        return first if first.shape == value.shape else value

    return type(f"First_{name}", (Learner,), {"replaced": {name: formula}})


for _name in EQUATION:
    stale(_first_of(_name))


@stale
class CachedSlope(GRUCell):
    """1 − h̃² is a cached property, and nothing clears it."""

    @cached_property
    def slope(self) -> Array:
        return 1 - self.n * self.n

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        self.dzn = in_grad * self.z * self.slope
        self.dwn, self.dun = (self.r * h_p).T @ self.dzn, self.x.T @ self.dzn
        self.merge_params()


@stale
class FirstWeights(GRUCell):
    """Takes its parameters once."""

    def get_params(self, W: Array, U: Array) -> None:
        if "wz" not in vars(self):
            super().get_params(W.copy(), U.copy())


@stale
class FirstInput(GRUCell):
    """Keeps the input that it was first given for its backward pass, where the shape allows that."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        first = vars(self).setdefault("first", self.x)
        if first.shape == self.x.shape:
            self.x = first
        super().backward(h_p, in_grad)


@stale
class MemoWithoutWeights(GRUCell):
    """Remembers its gates by x and h_{t-1}; the weights are not in the key."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        super().forward(x, h_p, W, U)
        memo = vars(self).setdefault("memo", {})
        self.z, self.r, self.n, self.h = memo.setdefault((x.tobytes(), h_p.tobytes()), (self.z, self.r, self.n, self.h))
        return self.h


@stale
class MemoOfTheClass(GRUCell):
    """The same for all cells of the class."""

    memo: ClassVar[dict[Any, Any]] = {}

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        super().forward(x, h_p, W, U)
        self.z = self.memo.setdefault((x.tobytes(), h_p.tobytes()), self.z)
        self.h = (1 - self.z) * h_p + self.z * self.n
        return self.h


@stale
class BackwardOnce(GRUCell):
    """Has no second backward pass."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        if "dh" not in vars(self):
            super().backward(h_p, in_grad)


@stale
class BackwardOnceForEachForward(GRUCell):
    """Computes its gradients once for each set of weights."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        key = self.wz.tobytes(), self.x.tobytes(), h_p.tobytes()
        if vars(self).get("key") != key:
            super().backward(h_p, in_grad)
        self.key = key


@stale
class FirstUpstream(GRUCell):
    """δ is kept from the first backward pass."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        first = vars(self).setdefault("first", in_grad.copy())
        super().backward(h_p, first if first.shape == in_grad.shape else in_grad)


@stale
class Smoothed(GRUCell):
    """h is averaged with the one before it."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        before = vars(self).get("h")
        super().forward(x, h_p, W, U)
        if before is not None and before.shape == self.h.shape:
            self.h = (self.h + before) / 2
        return self.h


@stale
class BuffersOfTheFirstBatch(GRUCell):
    """Writes dzn into a buffer that has as many rows as the first batch."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        buffer = vars(self).setdefault("buffer", np.zeros(in_grad.shape, in_grad.dtype))
        buffer[...] = self.dzn


@stale
class RowsOfTheFirstBatch(GRUCell):
    """Sums dwz over as many rows as the first batch had."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        rows = vars(self).setdefault("rows", len(h_p))
        self.dwz = h_p[:rows].T @ self.dzz[:rows]
        self.merge_params()


@fresh
class MemoOfEverything(GRUCell):
    """Remembers its gates by all that they are made of."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        super().forward(x, h_p, W, U)
        key = tuple((array.shape, array.tobytes()) for array in (x, h_p, W, U))
        self.z = vars(self).setdefault("memo", {}).setdefault(key, self.z)
        return self.h


@fresh
class BuffersThatGrow(GRUCell):
    """Keeps a buffer for as long as it fits."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        buffer = vars(self).get("buffer")
        if buffer is None or buffer.shape != in_grad.shape or buffer.dtype != in_grad.dtype:
            self.buffer = buffer = np.empty_like(in_grad)
        buffer[...] = self.dzz
        self.dzz = buffer.copy()


@fresh
class ClearsItsCache(GRUCell):
    """A cached property that forward clears."""

    @cached_property
    def slope(self) -> Array:
        return self.z * (1 - self.z)

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        vars(self).pop("slope", None)
        return super().forward(x, h_p, W, U)

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        self.dzz = in_grad * (self.n - h_p) * self.slope
