"""A step that keeps its own state: whether its backward pass remembers every step, and so can be called over several.

Decided by what a gradient depends on, and never by whether it is right.
"""

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from .adapter import Adapter
from .behaviour import numbers, upstream, values_of
from .completing import SIZES, Tried, answering, complete
from .places import read


def over_steps(adapter: Adapter, of: tuple[Any, bool], tried: Tried) -> Adapter | None:
    """The adapter that calls the passes once a step, for an object that is given no state; None where it cannot be.

    At one step such an object begins with a state of zeros, where nothing shows of a reset gate, and no weight of the
    state.

    Args:
        adapter: One with everything filled in.
        of: What has the passes, and whether they are its methods.
        tried: Is told what goes wrong.
    """
    if adapter.is_loss or adapter.is_sequence or adapter.h_layout is not None or "x_layout" in adapter.said:
        return None
    several = copy(adapter)
    several.each_step, several.x_layout = True, f"[{adapter.x_layout}]"
    sizes = SIZES | dict(adapter.fixed)
    if not adapter.rows:
        sizes["batch"] = 1
    for found in answering(several, sizes, tried, both_ways=False):
        whole = complete(found, sizes, of, tried) and set(adapter.gradients) <= set(found.gradients)
        if whole and _remembers(found, sizes) and _adds(found, sizes):
            found.accumulates = True
            return found
    return None


def _gradients(adapter: Adapter, sizes: Mapping[str, int], x: Any, delta: Any) -> dict[str, Any]:
    values = values_of(adapter, sizes)
    answer = adapter.run(sizes, values, x, None, delta)
    return {place: adapter.gradient(answer, at, values[place]) for place, at in adapter.gradients.items()}


def _remembers(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether a gradient from above at the first step alone gives what the input of the last step cannot move."""
    x, _ = numbers(adapter, sizes)
    delta = upstream(adapter, sizes)
    delta[1:] = 0
    other = x.copy()
    other[-1] += 0.5
    one, two = (_gradients(adapter, sizes, at, delta) for at in (x, other))
    return all(np.array_equal(one[place], two[place]) for place in one)


def _adds(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether most gradients add up what the steps give: those that do not, where others do, are mistakes."""
    x, _ = numbers(adapter, sizes)
    delta = upstream(adapter, sizes)
    plain = _gradients(adapter, sizes, x, delta)
    moved = copy(adapter)

    def one_more(made: Any) -> None:
        for place in adapter.gradients.values():
            read(made, place)[...] += 1.0

    moved.after_step = one_more
    try:
        adding = [
            np.allclose(value, plain[place] + sizes["steps"], rtol=1e-5)
            for place, value in _gradients(moved, sizes, x, delta).items()
        ]
    except (LookupError, AttributeError, TypeError, ValueError):
        return False
    return sum(adding) > len(adding) / 2
