"""The arrays that backward has left and that may be gradients: in what it returned, and in the object.

Which of them is whose gradient is not decided here.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from .adapter import Adapter
from .answer import Answer
from .layouts import in_order
from .names import OF_OPTIMISER
from .places import arrays_in, last_name, parts_of

Candidates = dict[str, tuple[Any, str]]
"""Arrays by their places, each with the name that it has in the source."""


def following(candidates: Candidates, others: Candidates) -> set[str]:
    """The candidates that another upstream gradient changes: what is kept for other reasons is none."""

    def same(one: Any, other: Any) -> bool:
        return np.shape(one) == np.shape(other) and np.array_equal(one, other, equal_nan=True)

    return {c for c, (array, _) in candidates.items() if c not in others or not same(array, others[c][0])}


def candidates_in(adapter: Adapter, answer: Answer) -> Iterator[tuple[str, tuple[Any, str]]]:
    """Every array that may be a gradient: in what was returned, then in the object; with its name in the source."""
    for place, array in (*_stacks(answer.returned), *arrays_in(answer.returned, "returned", each=True)):
        name = adapter.names_returned.get(place, "")
        if not name and (match := re.search(r"\['([^']*)'\]$|\.([^\W\d]\w*)$", place)):
            name = match[1] or match[2]
        yield place, (array, name)
    for place, array in arrays_in(answer.made, each=True):
        if place not in adapter.parameters and not _is_of_optimiser(place):
            yield place, (array, last_name(place))


def _is_of_optimiser(place: str) -> bool:
    """Whether a place is in what an optimiser keeps: `v['Wz']`."""
    holder, *inside = parts_of(place)
    return bool(inside) and OF_OPTIMISER.search(holder) is not None


def _stacks(returned: Any) -> Iterator[tuple[str, Any]]:
    """Lists of one array a step, in what was returned: they are one array, as `dxs`."""
    inside = [("returned", returned)]
    if isinstance(returned, tuple | list):
        inside += [(f"returned[{i}]", value) for i, value in enumerate(returned)]
    elif isinstance(returned, dict):
        inside += [(f"returned['{key}']", value) for key, value in returned.items()]
    for place, by_step in inside:
        value = in_order(by_step)
        if isinstance(value, list) and len(value) > 1 and len({np.shape(v) for v in value}) == 1 and np.ndim(value[0]):
            yield place, np.asarray(value, float)
