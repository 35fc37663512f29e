"""Arguments as a tree of arrays: which of its leaves move, and the tree with other arrays in their place."""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Leaf(NamedTuple):
    """One array of the arguments: its name as a reader writes it, and its value."""

    name: str
    value: Any

    @property
    def moves(self) -> bool:
        """Whether a derivative by it exists: it holds real floats."""
        return isinstance(self.value, np.ndarray | np.floating | float) and np.asarray(self.value).dtype.kind == "f"


def is_dataclass(part: Any) -> bool:
    """Whether it is an object of a dataclass."""
    return dataclasses.is_dataclass(part) and not isinstance(part, type)


def fields(part: Any) -> dict[str, Any]:
    """What an object of a dataclass is made of."""
    return {one.name: getattr(part, one.name) for one in dataclasses.fields(part) if one.init}


def leaves(tree: Any, name: str) -> list[Leaf]:
    """The leaves of nested dicts, lists, tuples and dataclasses, depth first; anything else is a leaf."""
    if isinstance(tree, np.ndarray):
        return [Leaf(name, tree)]
    if isinstance(tree, dict):
        return [leaf for key, part in tree.items() for leaf in leaves(part, f"{name}[{key!r}]")]
    if isinstance(tree, list | tuple):
        return [leaf for k, part in enumerate(tree) for leaf in leaves(part, f"{name}[{k}]")]
    if is_dataclass(tree):
        return [leaf for key, part in fields(tree).items() for leaf in leaves(part, f"{name}.{key}")]
    return [Leaf(name, tree)]


def rebuilt(tree: Any, values: Sequence[Any]) -> Any:
    """The tree with `values`, in the order of `leaves`, in place of its leaves."""
    remaining = iter(values)

    def build(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: build(inner) for key, inner in part.items()}
        if isinstance(part, tuple) and hasattr(part, "_fields"):
            return type(part)(*(build(inner) for inner in part))
        if isinstance(part, list | tuple):
            return type(part)(build(inner) for inner in part)
        if is_dataclass(part):
            return dataclasses.replace(part, **{key: build(inner) for key, inner in fields(part).items()})
        return next(remaining)

    return build(tree)
