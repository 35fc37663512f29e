"""Layouts: in which order a given API wants the steps, the rows of the batch and the features.

A layout is written as its axes: `TBF` is (steps, batch, features), `BF` one step of it, `F` one sample as a
vector, `FB` columns; `1` is an axis of length 1, and brackets are a list with one entry a step, or a dict of them. In
`#BT` a position in an alphabet stands for the features: that of the largest. A layout without axes is a single number.
"""

from typing import Any

import numpy as np


def arranged(array: Any, layout: str) -> Any:
    """A fresh array (steps, batch, features) in another layout; an axis that the layout leaves out has length 1."""
    if layout.startswith("["):
        return [arranged(step[None], layout[1:-1]) for step in array]
    if layout.startswith("#"):
        return arranged(np.argmax(array, axis=-1)[..., None], layout[1:])
    axes = "TBF"
    kept = [axes.index(axis) for axis in layout if axis != "1"]
    for axis in range(len(axes)):
        if axis not in kept:
            array = array.take([0], axis)
    result = np.transpose(array, (*kept, *(axis for axis in range(len(axes)) if axis not in kept)))
    result = result.reshape(result.shape[: len(kept)])
    for place, letter in enumerate(layout):
        if letter == "1":
            result = np.expand_dims(result, place)
    return np.array(result, order="C")


def restored(value: Any, layout: str, shape: tuple[int, int, int]) -> Any:
    """An array (steps, batch, features) of this shape from one in a layout; None where it has another shape."""
    if layout.startswith("["):
        value = in_order(value)
        if not isinstance(value, list | tuple | np.ndarray) or len(value) != shape[0]:
            return None
        steps = [restored(step, layout[1:-1], (1, *shape[1:])) for step in value]
        return None if any(step is None for step in steps) else np.concatenate(steps)
    value = np.asarray(value)
    if value.dtype.kind != "f" or value.shape != shape_in(layout, shape):
        return None
    value = value.reshape([length for length, axis in zip(value.shape, layout, strict=True) if axis != "1"])
    axes = [axis for axis in layout if axis != "1"]
    value = np.transpose(value, [axes.index(axis) for axis in "TBF" if axis in axes])
    return np.array(value.reshape(shape))


def in_order(value: Any) -> Any:
    """The list of what a dict holds by the numbers of the steps; what is before step 0 is left out. Others stay."""
    if not isinstance(value, dict) or not value or not all(type(key) is int for key in value):
        return value
    return [value[key] for key in sorted(value) if key >= 0]


def shape_in(layout: str, shape: tuple[int, int, int]) -> tuple[int, ...]:
    """The shape that an array (steps, batch, features) has in a layout that is no list."""
    lengths = dict(zip("TBF", shape, strict=True)) | {"1": 1}
    return tuple(lengths[axis] for axis in layout)


def has_steps(layout: str) -> bool:
    """Whether a layout holds a whole sequence."""
    return layout.startswith("[") or "T" in layout


def of_one_step(layout: str) -> str:
    """The layout of one step in a layout that holds a whole sequence."""
    return layout.strip("[]").replace("T", "")
