"""Places: where in an object an array is, as Python reads it: `Wz`, `params[0]`, `grads['Wz']`, `cell.W.data`."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

_PART = re.compile(r"\.?([^\W\d]\w*)|\[(-?\d+)\]|\['([^']*)'\]")

DEPTH = 4
"""How many attributes, keys and positions a place may have."""

WIDTH = 200
"""How many things are looked at in one list or dict: parameters are few."""


@lru_cache(maxsize=1024)
def _found_in(place: str) -> tuple[tuple[str, str, str], ...]:
    """The parts of a place, each an attribute, a position or a key: they are asked for in every run."""
    return tuple(_PART.findall(place))


def read(root: Any, place: str) -> Any:
    """What is at a place. Raises LookupError or AttributeError where nothing is."""
    value = root
    for name, position, key in _found_in(place):
        if position:
            value = value[int(position)]
        elif name:
            value = getattr(value, name)
        else:
            value = value[key]
    return value


@lru_cache(maxsize=1024)
def without_holder(place: str) -> str:
    """The place of what an object stands for, where the array in it is one of its attributes: `W` for `W.data`."""
    return re.sub(r"(?<=[^.])\.(data|value|val|v)$", "", place)


def parts_of(place: str) -> list[str]:
    """The attributes, positions and keys of a place, in order."""
    return [name or position or key for name, position, key in _found_in(place)]


def last_name(place: str) -> str:
    """The name by which a place is known: the last attribute or key that is no `data` or `value`."""
    names = [name or key for name, _, key in _found_in(without_holder(place)) if name or key]
    return names[-1] if names else place


def attributes_of(thing: Any) -> dict[str, Any]:
    """What an object holds, by name: in its `__dict__`, and in the `__slots__` of its classes."""
    slots = [name for kind in type(thing).__mro__ for name in _named(vars(kind).get("__slots__", ()))]
    held = {name: getattr(thing, name) for name in slots if not name.startswith("__") and hasattr(thing, name)}
    return held | getattr(thing, "__dict__", {})


def _named(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def arrays_in(
    root: Any, place: str = "", seen: set[int] | None = None, depth: int = DEPTH, *, each: bool = False
) -> Iterator[tuple[str, Any]]:
    """Every array of floating-point numbers inside a thing, with its place.

    Each array comes once, unless `each` of its places is asked for: then single numbers come, too.
    """
    seen = set() if seen is None else seen
    if each and (isinstance(root, np.floating | float) or type(root) is np.ndarray):
        if np.asarray(root).dtype.kind == "f":
            yield place, root
        return
    if id(root) in seen or depth < 0:
        return
    seen.add(id(root))
    if isinstance(root, np.ndarray):
        if root.dtype.kind == "f":
            yield place, root
        return
    inside: list[tuple[str, Any]] = []
    if isinstance(root, dict):
        inside = [(f"{place}['{key}']", value) for key, value in list(root.items())[:WIDTH] if isinstance(key, str)]
    elif place and isinstance(root, tuple) and hasattr(root, "_fields"):
        inside = [(f"{place}.{name}", getattr(root, name)) for name in root._fields[:WIDTH]]
    elif isinstance(root, list | tuple):
        inside = [(f"{place}[{position}]", value) for position, value in enumerate(root[:WIDTH])]
    elif not isinstance(root, type) and not callable_only(root):
        names = list(attributes_of(root).items())[:WIDTH]
        inside = [(f"{place}.{name}" if place else name, value) for name, value in names]
    for where, value in inside:
        yield from arrays_in(value, where, seen, depth - 1, each=each)


def callable_only(value: Any) -> bool:
    """Whether this is a function or module, whose attributes are nobody's parameters."""
    return type(value).__name__ in ("function", "module", "builtin_function_or_method", "method", "ufunc", "Generator")
