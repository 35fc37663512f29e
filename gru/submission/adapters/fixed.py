"""Sizes that a file fixes, and that cannot be chosen. Nothing here calls a forward pass."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .made import Alphabet, Called, Settings
from .names import size_named
from .places import arrays_in, attributes_of

LARGEST = 512
"""Sizes that are fixed in a file and larger than this are not tried."""


def chosen_in(construct: Mapping[str, Any]) -> list[str]:
    """The sizes that can be chosen in a construction: all, where arrays are given whose shapes are ours."""
    values = construct.values()
    if any(isinstance(v, dict) or (isinstance(v, str) and v.startswith("(")) for v in values):
        return ["input", "hidden", "output"]
    inside = [size for v in values if isinstance(v, Called | Settings) for size in chosen_in(v.arguments)]
    inside += [size for v in values if isinstance(v, tuple | list) for size in v]
    inside += [v.size for v in values if isinstance(v, Alphabet)]
    return [*inside, *(v for v in values if isinstance(v, str))]


def fixed_sizes(made: Any, module: Any, chosen: Sequence[str]) -> Iterator[dict[str, int]]:
    """The sizes that cannot be chosen, as the object, the module or the parameters' shapes suggest them."""
    missing = [size for size in ("input", "hidden", "output") if size not in chosen]
    if "input" not in missing and "hidden" not in missing:
        yield {}
        return
    shapes = [a.shape for _, a in arrays_in(made)]
    if not shapes:
        yield {}
        return
    named: dict[str, int] = {}
    for holder in (vars(module), attributes_of(made)):
        for name, value in holder.items():
            size = size_named(name)
            if size in missing and type(value) is int and 0 < value <= LARGEST:
                named[size] = value
    lengths = {n for shape in shapes for n in shape if 1 < n <= LARGEST}
    if {"input", "hidden"} & set(missing) <= set(named):
        yield named
    squares = [s[0] for s in shapes if len(s) == 2 and s[0] == s[1]]
    hidden = sorted(set(squares), key=squares.count, reverse=True) or sorted(
        {n // k for n in lengths for k in (4, 3, 1) if n % k == 0}
    )
    for h in hidden[:6] if "hidden" in missing else hidden[:1] if squares else [0]:
        beside = [n for s in shapes if len(s) == 2 and h in s for n in s if n not in (h, 1)] or sorted(lengths - {h})
        inputs = sorted(set(beside), key=beside.count, reverse=True) + sorted(n - h for n in lengths if n > h)
        # A sequence of single numbers comes last: a bias that is a column has such a shape, too.
        inputs = [*inputs[:6], *([1] if (h, 1) in shapes or (1, h) in shapes else [])]
        for d in inputs if "input" in missing else [0]:
            sizes = {"hidden": h, "input": d, "output": d}
            yield {size: sizes[size] for size in missing if size != "output" or "input" in missing}
