"""The second state of a layer that carries two, such as an LSTM's c: where it is, and which gradient is whose.

Decided by names, and by what depends on what; never by whether a gradient is right.
"""

from collections.abc import Iterator, Mapping, Sequence
from inspect import Parameter
from typing import Any

import numpy as np

from .adapter import Adapter
from .answer import answered_at
from .behaviour import fresh, numbers, upstream, values_of
from .layouts import arranged
from .names import OF_CELL
from .source import names_returned

States = Mapping[tuple[str, str, str], int]
"""For each array that behaves as a state, by place, layout and width: how many parameters it depends on."""


def seconds_of(adapter: Adapter, sizes: Mapping[str, int], states: States) -> Iterator[tuple[str, str | None]]:
    """Where the second state may be: another array that behaves as one, of the same layout as the first.

    With what it is as wide as, where that is another width, as of an output beside its state: those come last.
    """
    made = fresh(adapter, sizes)
    x, h_0 = numbers(adapter, sizes)
    returned = adapter.forwarded(made, arranged(x, adapter.x_layout), adapter._first(h_0, sizes))
    first = answered_at(made, returned, adapter.state)
    found = {
        place: None if width == adapter.width else width
        for place, layout, width in states
        if layout == adapter.out_layout and not np.array_equal(answered_at(made, returned, place), first)
    }
    yield from sorted(found.items(), key=lambda at: at[1] is not None)


def upstream_is_crossed(adapter: Adapter, states: States, holder: Any, taken: Sequence[Parameter]) -> bool:
    """Whether the first state is c and backward takes dh first, or the other way round.

    Names tell it; of two states without names, c is the one that depends on fewer parameters.
    """
    answered = names_returned(getattr(holder, adapter.forward_name, None), adapter.source)
    by_role = {role: p.name for role, p in zip(adapter.backward_roles, taken, strict=False)}
    are_cells = [
        OF_CELL.match(answered.get(f"returned{place}", "")) is not None for place in (adapter.state, adapter.second)
    ]
    if sum(are_cells) != 1:
        at = (adapter.out_layout, adapter.width)
        first, second = (states[place, *at] for place in (adapter.state, str(adapter.second)))
        are_cells = [first < second, second < first]
    gradients = [OF_CELL.match(by_role.get(role, "")) is not None for role in ("delta", "delta_c")]
    return sum(are_cells) == sum(gradients) == 1 and are_cells != gradients


def answer_is_crossed(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether what no name tells to be dh and dc is dc and dh: one entry of δ moves its own entry of dc, and all of dh.

    A wrong pass may do otherwise: only where this is so of the two in the other order are they crossed.
    """
    sizes = {**sizes, "steps": 1}
    x, h_0 = numbers(adapter, sizes)
    values, delta = values_of(adapter, sizes), upstream(adapter, sizes)
    moved = delta.copy()
    moved[..., 0, 0] += 0.5
    one, two = (adapter.run(sizes, values, x, h_0, given) for given in (delta, moved))
    in_dh, in_dc = np.split(adapter.first_gradient(one, h_0) != adapter.first_gradient(two, h_0), 2, axis=-1)
    return bool(in_dh.sum() <= 1 and in_dc[..., 0, :].all())
