"""The parts of a gradient beside the arguments that they belong to: what matches, and what does not is told."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient.tree import Leaf, fields, is_dataclass, leaves


def is_shaped(numbers: Any, shape: tuple[int, ...]) -> bool:
    """Whether nested lists of numbers make an array of this shape."""
    try:
        return bool(np.shape(numbers) == shape)
    except ValueError:
        return False


def is_stack(result: Any, arguments: Sequence[Any]) -> bool:
    """Whether one array holds a part for each argument, as of several numbers."""
    if not isinstance(result, np.ndarray) or not result.ndim:
        return False
    return [np.shape(one) if isinstance(one, np.ndarray | float) else None for one in arguments] == [
        result.shape[1:]
    ] * len(result)


def alike(tree: Any, other: Any) -> bool:
    """Whether both are lists or tuples of as many parts."""
    return isinstance(tree, list | tuple) and isinstance(other, list | tuple) and len(tree) == len(other)


MARKS = ("d{}", "d_{}", "grad_{}", "{}_grad", "g_{}")
"""How people call the gradient by an argument."""


def unmarked(parts: dict[Any, Any], names: Collection[Any]) -> dict[Any, Any]:
    """The parts of a gradient by the names of their arguments, where all are called dW for W, or the like."""
    for mark in () if any(key in names for key in parts) else MARKS:
        owners = {mark.format(name): name for name in names}
        if parts and owners.keys() >= parts.keys():
            return {owners[key]: part for key, part in parts.items()}
    return parts


def names_differ(whose: str, extra: list[str], missing: list[str]) -> str:
    """The message on parts by name of which there are too many or too few."""
    told = [f"has {', '.join(extra)}, which is no argument"] if extra else []
    told += [f"lacks {', '.join(missing)}"] if missing else []
    return f"{whose} {', and '.join(told)}"


def match(tree: Any, part: Any, name: str, found: list[Any]) -> None:
    """Append to `found` the leaves of a gradient's part that belong to the moving leaves of an argument."""
    if isinstance(tree, dict):
        if not isinstance(part, dict):
            raise ValueError(f"the gradient by {name} must be a dict like {name}, but it is {described(part)}")
        part = unmarked(part, tree)
        needed = [key for key, inner in tree.items() if any(leaf.moves for leaf in leaves(inner, ""))]
        extra, missing = [str(k) for k in part if k not in tree], [str(k) for k in needed if k not in part]
        if extra or missing:
            raise ValueError(names_differ(f"the gradient by {name}", extra, missing))
        for key in needed:
            match(tree[key], part[key], f"{name}[{key!r}]", found)
    elif is_dataclass(tree):
        given = part if isinstance(part, dict) else fields(part) if is_dataclass(part) else None
        if given is None:
            raise ValueError(f"the gradient by {name} must be a {type(tree).__name__}, but it is {described(part)}")
        for key, inner in fields(tree).items():
            match(inner, given.get(key), f"{name}.{key}", found)
    elif isinstance(tree, list | tuple):
        if isinstance(part, np.ndarray) and np.shape(part)[:1] == (len(tree),):
            part = list(part)
        if not isinstance(part, list | tuple) or len(part) != len(tree):
            size = f"{len(part)} parts" if isinstance(part, list | tuple) else described(part)
            raise ValueError(f"the gradient by {name} must have {len(tree)} parts like {name}, but it is {size}")
        for k, (inner, one) in enumerate(zip(tree, part, strict=True)):
            match(inner, one, f"{name}[{k}]", found)
    elif Leaf(name, tree).moves:
        found.append(_as_floats(part, name))


def _as_floats(part: Any, name: str) -> Array:
    if part is None:
        raise ValueError(f"the gradient by {name} is None: return an array, or leave {name} out with wrt=")
    value = part if isinstance(part, np.ndarray) else np.asarray(part)
    if value.dtype.kind in "iub":
        value = value.astype(float)
    if value.dtype.kind not in "f":
        raise TypeError(f"the gradient by {name} is of {value.dtype}: return real floats, such as an array of float64")
    return value


def described(value: Any) -> str:
    """What a value is, for a message."""
    if isinstance(value, np.ndarray):
        return f"one array of shape {value.shape}"
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeio' else 'a'} {name}"
