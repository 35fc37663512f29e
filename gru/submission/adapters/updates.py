"""Gradients that show only in what backward does to the parameters: an update in proportion to a learning rate.

What is found is as large as the rate; whether it is right is not asked here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .adapter import Adapter
from .answer import CHANGE
from .behaviour import fresh, numbers, upstream, values_of
from .calls import taken_back
from .names import RATE
from .optimiser import OPTIMISER
from .places import attributes_of

RATE_GIVEN = 2.0**20
"""A learning rate at which a parameter's own size is lost in that of its gradient, and nothing is rounded by it."""


def by_changes(adapter: Adapter, sizes: Mapping[str, int], of: tuple[Any, bool]) -> bool:
    """Find the gradients in what backward does to the parameters, where it shows none, and takes a rate or holds one.

    An update by the gradient itself is in proportion to the rate; anything else is not taken for one.
    """
    if not adapter.backward_name or "backward" in adapter.said:
        return False
    own = taken_back(adapter, of)
    following = [p.name for p in own[len(adapter.backward_roles) :]][:1]
    roles = tuple(adapter.backward_roles)
    handed = {*roles, *adapter.construct.values(), *(v for given in adapter.setup.values() for v in given.values())}
    ways: list[tuple[tuple[str, ...], str | None]] = [(roles, None)] if {"number", OPTIMISER} & handed else []
    ways += [((*roles, "number"), None) for name in following if RATE.match(name)]
    held = attributes_of(fresh(adapter, sizes))
    ways += [(roles, name) for name, value in held.items() if RATE.match(name) and isinstance(value, float)]
    for given, at in ways:
        adapter.backward_roles, adapter.rate_at = given, at
        adapter.gradients = {place: f"{CHANGE}{place}" for place in adapter.parameters}
        if _is_an_update(adapter, sizes):
            return True
    adapter.backward_roles, adapter.rate_at, adapter.rate, adapter.gradients = roles, None, 0.0, {}
    return False


def _is_an_update(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether every parameter changes in proportion to the rate."""
    x, h_0 = numbers(adapter, sizes)
    values, delta = values_of(adapter, sizes), upstream(adapter, sizes)
    found = []
    for adapter.rate in (RATE_GIVEN / 2, RATE_GIVEN):
        try:
            answer = adapter.run(sizes, values, x, h_0, delta)
            found.append(adapter.gradients_of(answer, values).values())
        except Exception:
            return False
    return all(np.any(a) and np.allclose(a, b, rtol=1e-6, atol=0) for a, b in zip(*found, strict=True))
