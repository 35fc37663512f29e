"""Files without NumPy, whose numbers are in Python's lists: they are given lists, and what they hold is read as arrays.

It decides nothing of what is found in them.
"""

from collections.abc import Iterator
from copy import copy
from typing import Any

import numpy as np

from .adapter import Adapter
from .places import DEPTH, WIDTH, arrays_in, callable_only, read


class Plain(Adapter):
    """An API of lists: what is given to it is made of lists, and what it holds and answers is read as arrays."""

    family = "lists"

    @classmethod
    def of(cls, adapter: Adapter) -> "Plain":
        """An adapter for lists with all that another adapter knows of the API."""
        one = cls(adapter.module)
        vars(one).update(vars(adapter))
        return one

    def forward(self, made: Any, x: Any, h: Any) -> Any:
        """What the submission's forward pass returns, given lists."""
        return super().forward(made, as_lists(x), as_lists(h))

    def backward(self, made: Any, delta: Any, cache: Any, x: Any, h: Any) -> Any:
        """What the submission's backward pass returns, given lists."""
        return super().backward(made, as_lists(delta), cache, as_lists(x), as_lists(h))

    def parameter(self, made: Any, place: str) -> Any:
        """The lists of a parameter, which can be written into as an array can."""
        value = read(made, place)
        return value if isinstance(value, np.ndarray) else Lists(value)

    def seen(self, thing: Any) -> Any:
        """The same with arrays in the place of lists of numbers."""
        return as_arrays(thing)


class Lists:
    """Lists of numbers that are written into as an array is: `[...] = values`."""

    def __init__(self, lists: list[Any]) -> None:
        self.lists = lists

    def __setitem__(self, where: Any, values: Any) -> None:
        _fill(self.lists, np.asarray(values).tolist())

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.lists, float)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array that they amount to."""
        return np.shape(self.lists)

    @property
    def dtype(self) -> Any:
        """The type of Python's numbers."""
        return np.dtype(float)


def is_plain(made: Any) -> bool:
    """Whether an object has numbers in lists, and no arrays."""
    return not any(True for _ in arrays_in(made)) and any(True for _ in arrays_in(as_arrays(made)))


def as_lists(value: Any) -> Any:
    """Arrays as lists of Python's numbers."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return type(value)(map(as_lists, value)) if isinstance(value, list | tuple) else value


def as_arrays(thing: Any, depth: int = DEPTH) -> Any:
    """A thing with arrays in the place of lists of numbers; of an object, what holds its attributes."""
    if (array := _array(thing)) is not None:
        return array
    if depth < 0:
        return thing
    if isinstance(thing, dict):
        return {key: as_arrays(value, depth - 1) for key, value in list(thing.items())[:WIDTH]}
    if isinstance(thing, list | tuple):
        return (
            type(thing)(as_arrays(value, depth - 1) for value in thing[:WIDTH])
            if type(thing) in (list, tuple)
            else thing
        )
    if not hasattr(thing, "__dict__") or isinstance(thing, type) or callable_only(thing):
        return thing
    # It keeps its methods, and does not see the arrays that stand in place of its lists.
    shown = copy(thing)
    vars(shown).update({name: as_arrays(value, depth - 1) for name, value in vars(thing).items()})
    return shown


def _array(thing: Any) -> Any:
    """The array that lists of numbers amount to; None for anything else."""
    if not isinstance(thing, list) or not thing or not all(isinstance(number, float) for number in _entries(thing)):
        return None
    try:
        array = np.array(thing)
    except ValueError:
        return None
    return array if array.dtype.kind == "f" else None


def _entries(thing: Any, depth: int = 2) -> Iterator[Any]:
    for value in thing:
        if depth and isinstance(value, list) and value:
            yield from _entries(value, depth - 1)
        else:
            yield value


def _fill(lists: list[Any], values: list[Any]) -> None:
    for place, value in enumerate(values):
        if isinstance(value, list):
            _fill(lists[place], value)
        else:
            lists[place] = value
