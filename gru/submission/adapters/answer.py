"""What one run of a submission has left: its states, and its gradients, read at their places in the shapes asked for.

It calls nothing, and looks at no gradient's value.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .layouts import arranged, in_order, restored
from .places import read

CHANGE = "change of "
"""Begins the place of a gradient that shows only in how backward changes the parameter."""


class AnotherApiError(Exception):
    """A submission cannot be driven in this way."""


class Answer:
    """What one run has left.

    Args:
        made: The object.
        states: The states, (steps, batch, hidden).
        values: The parameters that the run was given, by their places.
        rate: The learning rate that it was given; 0 for none.

    Attributes:
        returned: What backward returned; None before.
        changed: The names of what the passes have written into, of what they were given.
    """

    def __init__(self, made: Any, states: Any, values: Mapping[str, Any], rate: float) -> None:
        self.made, self.states, self._values, self._rate = made, states, values, rate
        self.returned: Any = None
        self.changed: list[str] = []

    def at(self, place: str) -> Any:
        """What is at the place of a gradient. Raises AnotherApiError."""
        try:
            if place.startswith(CHANGE):
                parameter = place[len(CHANGE) :]
                return (self._values[parameter] - read(self.made, parameter)) / self._rate
            return left_at(self.made, self.returned, place)
        except (LookupError, AttributeError, TypeError) as error:
            raise AnotherApiError(f"{place} is not there after backward") from error

    def gradient(self, place: str, like: Any) -> Any:
        """The gradient at a place, in the shape of `like`. Raises AnotherApiError."""
        value = np.asarray(self.at(place))
        fits = value.dtype.kind in "fi" and _core(value) == _core(like)
        # An array that an update cannot subtract, or that broadcasts the parameter, is no gradient: (h, 1) - (h,) is
        # (h, h).
        if not fits or np.broadcast_shapes(value.shape, like.shape) != like.shape:
            raise AnotherApiError(f"{place} has shape {value.shape}; expected {like.shape}")
        return np.array(value, float).reshape(like.shape)

    def restored(self, place: str, layout: str, like: Any) -> Any:
        """The gradient of an input at a place, (steps, batch, features) again. Raises AnotherApiError."""
        value, wanted = np.asarray(in_order(self.at(place))), np.asarray(arranged(like, layout))
        if value.dtype.kind not in "fi" or _core(value) != _core(wanted):
            raise AnotherApiError(f"{place} has shape {value.shape}; expected {wanted.shape}")
        return np.asarray(restored(np.array(value, float).reshape(wanted.shape), layout, like.shape))

    def is_single(self, place: str) -> bool:
        """Whether what is at a place has single precision."""
        value = self.at(place)
        parts = value if isinstance(value, list | tuple) else [value]
        return any(np.asarray(part).dtype == np.float32 for part in parts)


def left_at(made: Any, returned: Any, place: str) -> Any:
    """What backward has left at a place: in what it returned, or in the object."""
    return read(returned, place[len("returned") :]) if place.startswith("returned") else read(made, place)


def answered_at(made: Any, returned: Any, place: str) -> Any:
    """What forward has answered at a place: in what it returned, or, at `made.h`, in the object."""
    return read(made, place[len("made.") :]) if place.startswith("made.") else read(returned, place)


def _core(array: Any) -> tuple[int, ...]:
    return tuple(length for length in array.shape if length != 1)
