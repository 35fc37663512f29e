"""What a cell shows as plain data: a copy of an array, or a description of what is there instead.

Standard library and NumPy only. It compares nothing with what is right.
"""

from typing import Any

import numpy as np

from .raised import MESSAGE_LENGTH, summary, type_name

_DOUBLE = np.dtype(np.float64)


def held_by(cell: Any) -> dict[str, Any]:
    """What the cell itself holds, by name: the objects, without a call into the submission's code."""
    try:
        return dict(object.__getattribute__(cell, "__dict__"))
    except BaseException:
        return {}


def shown_by(cell: Any, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """What the cell shows under each name: a private copy, or a description of what is there instead."""
    shown: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        for name, shape in shapes.items():
            try:
                value = getattr(cell, name)
            except BaseException as error:
                shown[name] = unreadable(error)
                continue
            shown[name] = as_data(value, shape)
    return shown


def as_data(value: Any, shape: tuple[int, ...]) -> Any:
    """A copy of an array of real floating-point numbers of this shape; else a description.

    Asks `np.ndarray` itself, not the value: a subclass may say anything of its shape and dtype.
    Nothing is copied that has another shape: it may be larger than memory.
    """
    if type(value) is np.ndarray and value.dtype is _DOUBLE and value.shape == shape:
        # Nearly all are this, and an array of no other class says the truth.
        return value.copy()
    if not issubclass(type(value), np.ndarray):
        return description(_kind(value), _with_article(type_name(value)))
    own_shape, dtype = np.ndarray.shape.__get__(value), np.ndarray.dtype.__get__(value)
    if dtype.kind != "f" or dtype.itemsize < 4 or own_shape != shape:
        return description("array", f"an array of {str(dtype)[:MESSAGE_LENGTH]} of shape {own_shape}")
    return np.array(value, np.float32 if dtype.itemsize == 4 else np.float64, order="C", subok=False)


def stacked(shown: list[dict[str, Any]]) -> dict[str, Any]:
    """One dict by name, made of one dict a step: arrays with the steps on the first axis, or the first odd description.

    Steps of both precisions give single precision, the one they have in common.
    """
    if len(shown) == 1:
        return {name: value if isinstance(value, dict) else value[np.newaxis] for name, value in shown[0].items()}
    together: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        for name in shown[0]:
            values = [at_step[name] for at_step in shown]
            odd = next((value for value in values if isinstance(value, dict)), None)
            if odd is None:
                shape = values[0].shape
                rows = np.concatenate(values, dtype=min(v.dtype for v in values), casting="same_kind")
                together[name] = rows.reshape(len(values), *shape)
            else:
                together[name] = odd
    return together


def unreadable(error: BaseException) -> dict[str, Any]:
    """What is there in place of a value that cannot be read: nothing, or why not."""
    if issubclass(type(error), AttributeError):
        return description("absent", "")
    return description("unreadable", f"unreadable: reading it raised {summary(error)}")


def description(kind: str, text: str) -> dict[str, Any]:
    """What is there in place of an array: a kind of `protocol.DESCRIBED`, and what fits behind "is"."""
    return {"kind": kind, "text": text}


def _kind(value: Any) -> str:
    """What sort of thing it is that is no array."""
    if value is None:
        return "none"
    return "sequence" if issubclass(type(value), (list, tuple)) else "other"


def _with_article(kind: str) -> str:
    if kind == "NoneType":
        return "None"
    return f"an {kind}" if kind[:1].lower() in tuple("aeiou") else f"a {kind}"
