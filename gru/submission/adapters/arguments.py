"""What the calls of a submission are given, by the words of an adapter: sizes, arrays, what forward has answered.

It calls nothing.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import numpy as np

from .names import GENERATOR
from .optimiser import OPTIMISER, Optimiser
from .places import read

OF_ANSWER = "answered"
"""What forward has returned, as a role of backward; with a place behind it, a part of that."""

OWNER = "self"
"""The name under which the arguments of methods hold their object: what forward keeps in it, backward finds."""


class Given(SimpleNamespace):
    """What functions are given beside x and h, in the place of an object that has it."""


class Kept:
    """What a pass is given, by name, and copies of it: what was written into is told."""

    def __init__(self, **given: Any) -> None:
        self._pairs: dict[str, tuple[Any, Any]] = {}
        self.keep(**given)

    def keep(self, **given: Any) -> None:
        """Keep more of it."""
        self._pairs |= {name: (value, deepcopy(value)) for name, value in given.items() if value is not None}

    def changed(self) -> list[str]:
        """The names of what is no more what it was."""
        return [name for name, (value, copy) in self._pairs.items() if not _is_same(value, copy)]


def _is_same(value: Any, copy: Any) -> bool:
    """Whether two arrays are equal, or two lists or tuples of them."""
    if isinstance(copy, list | tuple):
        return len(value) == len(copy) and all(map(_is_same, value, copy))
    return bool(np.array_equal(value, copy))


def size_of(text: str, sizes: Mapping[str, int]) -> int:
    """The length that `hidden`, `3*hidden` or `input+hidden` has at these sizes."""
    total = 0
    for term in text.split("+"):
        factor, _, size = term.rpartition("*")
        total += int(factor or 1) * (int(size) if size.isdigit() else sizes[size])
    return total


def in_lists(returned: list[Any]) -> Any:
    """What each step has returned, as one list; of tuples of one length, a tuple of lists."""
    if {type(value) for value in returned} == {tuple} and len({len(value) for value in returned}) == 1:
        return tuple(list(part) for part in zip(*returned, strict=True))
    return returned


def parts_answered(returned: Any, roles: Iterable[str]) -> dict[str, Any]:
    """The parts of what forward has returned that these roles ask for: `answered[2]`."""
    return {role: read(returned, role[len(OF_ANSWER) :]) for role in roles if role.startswith(OF_ANSWER)}


def both(parts: Iterable[Any]) -> Any:
    """One part by itself, or the tuple of two."""
    found = tuple(parts)
    return found[0] if len(found) == 1 else found


def of_two(first: str, second: str, both: str, value: Any) -> dict[str, Any]:
    """The roles that one value has, or a tuple of two."""
    if isinstance(value, tuple):
        return {first: value[0], second: value[1], both: value}
    return {first: value}


def resolved(value: Any, module: Any, sizes: Mapping[str, int]) -> Any:
    """An argument of a constructor: a size by its name, an array of a shape, what makes itself, or the value itself."""
    if hasattr(value, "resolve"):
        return value.resolve(module, sizes)
    if isinstance(value, tuple | list):
        return type(value)(resolved(inner, module, sizes) for inner in value)
    if isinstance(value, Mapping):
        return {key: resolved(inner, module, sizes) for key, inner in value.items()}
    if isinstance(value, str) and value.startswith("("):
        return np.zeros([size_of(part, sizes) for part in value.strip("()").split(",") if part])
    if value in (GENERATOR, OPTIMISER):
        return np.random.default_rng(0) if value == GENERATOR else Optimiser()
    return sizes.get(value, value) if isinstance(value, str) else value
