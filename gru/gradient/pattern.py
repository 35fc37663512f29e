"""What a wrong gradient looks like beside the right one: a factor, a transposition, a sum over another axis."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gru.calculus.arrays import Array

NEAR = 1e-6
"""How near to a number a factor is that number: nobody writes two that are nearer to each other."""


def recognised(
    value: Array,
    claimed: Array,
    measured: Array,
    bars: Array,
    *,
    lengths: Mapping[int, str],
    numbers: Mapping[str, float],
    axes: Sequence[str] = (),
) -> str | None:
    """The pattern in a sentence without a subject, such as `is the right one transposed`; None if there is none.

    Args:
        value: The argument that the gradient belongs to.
        claimed: Every entry of its gradient.
        measured: Every entry as it was measured.
        bars: The error bar of each.
        lengths: The numbers that a factor may be a count of, each with what is counted.
        numbers: Other numbers that a factor may be, each by its name.
        axes: The names of the axes; by default their numbers.
    """
    shape = value.shape
    room = np.where(np.isfinite(bars), bars, 0.0) + NEAR * float(np.max(np.abs(measured), initial=0.0))
    c, m, room = claimed.reshape(shape), measured.reshape(shape), room.reshape(shape)

    def same(a: Array, b: Array) -> bool:
        return bool(a.shape == b.shape and (np.abs(a - b) <= room).all())

    if same(c, m):
        # The difference is too small to tell patterns apart.
        apart = float(np.max(np.abs(c - m)) / np.max(np.abs(m)))
        return f"is right to {apart:.0e} everywhere: as where an iteration ends early, or an ε is left out"
    if not c.any():
        return "is zero everywhere"
    return (
        _factor(c, m, room, lengths, numbers)
        or _arrangement(c, m, same)
        or _argument(c, m, room, value)
        or _sum(c, m, room, same)
        or _place(c, m, room, axes)
    )


def _factor(c: Array, m: Array, room: Array, lengths: Mapping[int, str], numbers: Mapping[str, float]) -> str | None:
    norm = float(np.sum(m * m))
    if not norm:
        return None
    factor = float(np.sum(c * m)) / norm
    if c.size > 1 and not (np.abs(c - factor * m) <= room * max(1.0, abs(factor))).all():
        return None
    if abs(factor + 1) < NEAR:
        return "has the wrong sign"
    for size in sorted(size for size in lengths if size > 1):
        if abs(factor * size - 1) < NEAR:
            return f"is the right one divided by {size}, {lengths[size]}: as where it is averaged and a sum is due"
        if abs(factor / size - 1) < NEAR and size > 2:
            return f"is {size} times the right one, {lengths[size]}: as where it is summed and a mean is due"
    for label, number in numbers.items():
        if number and abs(factor / number - 1) < NEAR and abs(number - 1) > NEAR:
            return f"is the right one times {label}"
        if abs(factor * number - 1) < NEAR and abs(number - 1) > NEAR:
            return f"is the right one divided by {label}"
    return f"is {factor:.6g} times the right one" if c.size > 1 and abs(factor - 1) > NEAR else None


def _argument(c: Array, m: Array, room: Array, at: Array) -> str | None:
    """A difference that is a multiple of the argument itself, as a whole or in each of its lines."""
    off = c - m
    for axis in (None, *range(at.ndim)):
        count = at.size if axis is None else at.shape[axis]
        if count < 3 or (axis is not None and at.ndim < 2):
            continue
        norm = np.sum(at * at, axis, keepdims=True)
        multiple = np.sum(off * at, axis, keepdims=True) / np.where(norm > 0, norm, 1)
        if not (np.abs(off - multiple * at) <= room).all():
            continue
        if axis is None:
            return f"differs by {float(multiple.flat[0]):.6g} times the argument: as a penalty or a norm would add"
        return f"differs by a multiple of the argument along axis {axis}: as where a norm is taken for a constant"
    return None


def _arrangement(c: Array, m: Array, same: Any) -> str | None:
    if c.ndim >= 2:
        turned = np.swapaxes(m, -1, -2)
        if turned.shape == c.shape and same(c, turned):
            return "is the right one transposed"
        if same(c, turned.reshape(c.shape)):
            return "is the right one transposed, then reshaped"
    for axis in range(c.ndim):
        if c.shape[axis] > 1 and same(c, np.flip(m, axis)):
            return f"is the right one with axis {axis} reversed"
    if c.size > 2 and same(np.sort(c, axis=None).reshape(c.shape), np.sort(m, axis=None).reshape(c.shape)):
        return "has the right values in another order"
    return None


def _sum(c: Array, m: Array, room: Array, same: Any) -> str | None:
    for axis in range(c.ndim):
        if c.shape[axis] < 2:
            continue
        total = np.broadcast_to(m.sum(axis, keepdims=True), c.shape)
        if same(c, total):
            return f"is the right one summed over axis {axis}"
        if same(c, total / c.shape[axis]):
            return f"is the right one averaged over axis {axis}"
    for axis in range(c.ndim):
        if c.shape[axis] < 2 or (c.ndim < 2 and c.shape[axis] < 3):
            continue
        off = m - c
        if (np.abs(off - off.mean(axis, keepdims=True)) <= room).all():
            return f"differs by the same amount all along axis {axis}: a term that is summed over that axis"
    return None


def _place(c: Array, m: Array, room: Array, axes: Sequence[str]) -> str | None:
    wrong = np.abs(c - m) > room
    if c.ndim < 2 or not wrong.any() or wrong.all():
        return None
    for axis in (k for k in range(c.ndim) if c.shape[k] > 1):
        rest = tuple(k for k in range(c.ndim) if k != axis)
        lines = np.flatnonzero(wrong.any(rest))
        if len(lines) <= max(1, c.shape[axis] // 2) and (len(lines) == 1 or wrong.take(lines, axis).all()):
            places = ", ".join(str(k) for k in lines[:4]) + (", …" if len(lines) > 4 else "")
            zero = ", and is zero there" if not c[wrong].any() else ""
            return f"is wrong only where {axes[axis] if axes else f'axis {axis}'} is {places}{zero}"
    return None
