"""A step that keeps its own state: whether its backward pass remembers every step, and so can be called over several.

Its backward pass may be called once a step, or once for all steps.

Decided by what a gradient depends on, and never by whether it is right.
"""

from collections.abc import Mapping
from copy import copy
from itertools import product
from typing import Any

import numpy as np

from .adapter import Adapter
from .behaviour import numbers, upstream, values_of
from .completing import SIZES, Tried, answering, complete
from .layouts import arranged
from .names import DC, DH
from .places import arrays_in, last_name, read


def over_steps(adapter: Adapter, of: tuple[Any, bool], tried: Tried) -> Adapter | None:
    """The adapter that calls the passes once a step, for an object that is given no state; None where it cannot be.

    At one step such an object begins with a state of zeros, where nothing shows of a reset gate, and no weight of the
    state. An object whose state can be set is called so only where its backward pass does not take one step by itself.

    Args:
        adapter: One with everything filled in.
        of: What has the passes, and whether they are its methods.
        tried: Is told what goes wrong.
    """
    is_given = adapter.h_layout is not None
    if adapter.is_loss or adapter.is_sequence or (is_given and not adapter.state_at) or "x_layout" in adapter.said:
        return None
    sizes = SIZES | dict(adapter.fixed)
    if not adapter.rows:
        sizes["batch"] = 1
    once = not _takes_every_entry(adapter, {**sizes, "steps": 1})
    if is_given and not once:
        return None
    several = copy(adapter)
    several.each_step, several.x_layout, several.back_once = True, f"[{adapter.x_layout}]", once
    several.h_layout = several.state_at = None
    for found in answering(several, sizes, tried, both_ways=False):
        whole = complete(found, sizes, of, tried) and set(adapter.gradients) <= set(found.gradients)
        if whole and once and _takes_every_entry(found, sizes) and _remembers(found, sizes):
            return found
        if whole and not once and _remembers(found, sizes) and _adds(found, sizes):
            found.accumulates = True
            found.handed_on = _left_to_the_caller(found, sizes)
            return found
    return None


def _takes_every_entry(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether the first and the last entry of the upstream gradient show in some gradient, at every step and row.

    A backward pass that wants a list with one gradient a step takes the entries of one vector for it: of a single step
    it sees one of them.
    """
    x, h_0 = numbers(adapter, sizes)
    delta = upstream(adapter, sizes)
    plain = _gradients(adapter, sizes, x, delta, h_0)
    for step, row, entry in product(range(len(delta)), (0, -1), (0, -1)):
        other = delta.copy()
        other[step, row, entry] += 0.5
        moved = _gradients(adapter, sizes, x, other, h_0)
        if all(np.array_equal(moved[place], plain[place]) for place in plain):
            return False
    return True


def _gradients(adapter: Adapter, sizes: Mapping[str, int], x: Any, delta: Any, h_0: Any = None) -> dict[str, Any]:
    values = values_of(adapter, sizes)
    return adapter.gradients_of(adapter.run(sizes, values, x, h_0, delta), values)


def _remembers(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether backward, given a gradient at the first step alone, is unmoved by the input of the last step."""
    x, _ = numbers(adapter, sizes)
    delta = upstream(adapter, sizes)
    delta[1:] = 0
    other = x.copy()
    other[-1] += 0.5
    one, two = (_gradients(adapter, sizes, at, delta) for at in (x, other))
    return all(np.array_equal(one[place], two[place]) for place in one)


def _adds(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether most gradients are sums over the steps. Where most are, the others are mistakes."""
    x, _ = numbers(adapter, sizes)
    delta = upstream(adapter, sizes)
    plain = _gradients(adapter, sizes, x, delta)
    moved = copy(adapter)

    def one_more(made: Any, returned: Any) -> None:
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


def _left_to_the_caller(adapter: Adapter, sizes: Mapping[str, int]) -> tuple[str, ...]:
    """The places of gradients that the caller hands to the step before; none where the object does so itself.

    Such an object, given a gradient at the last step alone, also answers gradients of the earlier steps.
    """
    x, _ = numbers(adapter, sizes)
    delta = upstream(adapter, sizes)
    delta[:-1] = 0
    watched, totals, left = copy(adapter), [], []

    def note(made: Any, returned: Any) -> None:
        totals.append([np.array(read(made, place)) for place in adapter.gradients.values()])
        left.append([*arrays_in(returned, "returned"), *arrays_in(made)])

    watched.after_step = note
    _gradients(watched, sizes, x, delta)
    if any(not np.array_equal(one, two) for one, two in zip(totals[0], totals[-1], strict=True)):
        return ()
    shape = np.shape(arranged(x[:1, :, :1].repeat(sizes["hidden"], -1), adapter.x_layout.strip("[]")))
    names = adapter.names_returned
    found = []
    for pattern in (DH, DC)[: 2 if adapter.second else 1]:
        fitting = [place for place, array in left[0] if np.shape(array) == shape and place not in found]
        named = [place for place in fitting if pattern.match(names.get(place, last_name(place)))]
        returned = [place for place in fitting if place.startswith("returned") and len(fitting) == 1]
        found += (named or returned)[:1]
    return tuple(found) if len(found) == (2 if adapter.second else 1) else ()
