"""Whether a forward pass behaves like one, and which arrays are its parameters: found by moving what it is given.

A way of calling is taken only where every state depends on its own row of the batch, on the inputs up to its own
step, on the first state and on the parameters. Whether a gradient is right is not looked at.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from .adapter import Adapter, settled
from .arguments import size_of
from .layouts import has_steps, restored
from .names import FIRST_STATE, STATE_NAMES, is_called_a_parameter
from .places import arrays_in, attributes_of, last_name, parts_of

WIDTHS = ("hidden", "2*hidden", "output", "input", "1")
"""What an answer may be as wide as: the state, the states of two directions, an output made of them."""


def numbers(adapter: Adapter, sizes: Mapping[str, int], seed: int = 0) -> tuple[Any, Any]:
    """Inputs (steps, batch, input), and first states (batch, hidden), side by side where there are two."""
    width = adapter.carried * sizes["hidden"]
    x, h_0 = _drawn(sizes["steps"], sizes["batch"], sizes["input"], width, seed)
    return x.copy(), h_0.copy()


@cache
def _drawn(steps: int, batch: int, inputs: int, width: int, seed: int) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    return random.normal(size=(steps, batch, inputs)), random.uniform(-0.9, 0.9, size=(batch, width))


def upstream(adapter: Adapter, sizes: Mapping[str, int], seed: int = 2) -> Any:
    """A gradient for everything that forward answers."""
    steps = 1 if adapter.last_only else sizes["steps"]
    return np.random.default_rng(seed).normal(size=(steps, sizes["batch"], size_of(adapter.answers, sizes)))


def fresh(adapter: Adapter, sizes: Mapping[str, int]) -> Any:
    """An object that has its parameters, as they are looked for in it."""
    return adapter.seen(settled(adapter, adapter.make(sizes), sizes))


def values_of(adapter: Adapter, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Numbers for every array that may be a parameter: drawn, as an array of zeros tells nothing."""
    random = np.random.default_rng(1)
    values = {}
    for place, array in arrays_in(fresh(adapter, sizes)):
        if adapter.parameters and place not in adapter.parameters:
            continue
        if array.flags.writeable and (not _is_called_a_state(place) or _is_learnt(adapter, last_name(place))):
            values[place] = random.uniform(-0.6, 0.6, size=array.shape).astype(array.dtype)
    return values


def _is_learnt(adapter: Adapter, name: str) -> bool:
    """Whether what an object has by the name of a first state is a parameter: the file has a gradient of that name.

    Or it has the name as a text, by which gradients are kept: `grads["h0"]`.
    """
    own = re.escape(name)
    return bool(FIRST_STATE.match(name) and re.search(rf"\b(d_?|grad_?){own}\b|['\"]{own}['\"]", adapter.source))


def _is_called_a_state(place: str) -> bool:
    """Whether an array has the name of what an object works on: `W['h']` and `theta['update']['x']` are weights."""
    is_in_dicts = re.search(r"\]\['\w*'\]$", place) is not None
    *holders, _ = parts_of(place)
    of_weight = place.endswith("']") and any(is_called_a_parameter(holder, holder) for holder in holders)
    return STATE_NAMES.match(last_name(place)) is not None and not (is_in_dicts or of_weight)


def places_of_states(
    adapter: Adapter, returned: Any, made: Any, sizes: Mapping[str, int]
) -> Iterator[tuple[str, str, str]]:
    """Where the states may be, how they are laid out, and what they are as wide as.

    All of them before the last one only, what is returned before what is kept.
    """
    alike = [adapter.x_layout] if "F" in adapter.x_layout else []
    if has_steps(adapter.x_layout):
        alike += ["TBF", "BTF", "TFB", "FBT", "[BF]", "[FB]", "[F]", "TF", "FT"]
    alike += [adapter.h_layout] if adapter.h_layout else []
    alike += ["BF", "FB", "F"] if has_steps(adapter.x_layout) else []
    alike += [""] if sizes["batch"] == 1 else []
    fits = [a for a in dict.fromkeys(alike) if sizes["batch"] == 1 or "B" in a]
    kept = [(f"made.{place}", array) for place, array in _kept(made)]
    for width in WIDTHS:
        for place, value in (*_inside(returned), *(kept if returned is None else ())):
            for layout in fits:
                shape = (sizes["steps"], sizes["batch"], size_of(width, sizes))
                wanted = shape if has_steps(layout) or sizes["steps"] == 1 else (1, *shape[1:])
                try:
                    if restored(value, layout, wanted) is not None:
                        yield place, layout, width
                except Exception:
                    continue


def _kept(made: Any, depth: int = 1) -> Iterator[tuple[str, Any]]:
    """What an object keeps by the names of states, and an object that it holds."""
    for name, value in attributes_of(made).items():
        if depth and not isinstance(value, np.ndarray) and attributes_of(value):
            yield from ((f"{name}.{place}", array) for place, array in _kept(value, depth - 1))
        elif STATE_NAMES.match(name):
            yield name, value


def _inside(returned: Any, place: str = "", depth: int = 2) -> Iterator[tuple[str, Any]]:
    """What was returned, and what is in it, and `data` of an object that stands for an array."""
    yield place, returned
    data = getattr(returned, "data", None)
    if isinstance(data, np.ndarray):
        yield f"{place}.data", data
    if depth and isinstance(returned, tuple | list):
        for index, value in enumerate(returned[:8]):
            yield from _inside(value, f"{place}[{index}]", depth - 1)
    elif depth and isinstance(returned, dict):
        for key, value in list(returned.items())[:16]:
            if isinstance(key, str):
                yield f"{place}['{key}']", value


def behaves(adapter: Adapter, sizes: Mapping[str, int], *, both_ways: bool = False) -> bool:
    """Whether the states depend on what they should: their own row, their own step and those before it.

    Those of a layer that runs `both_ways`, or the other way, depend on later steps too.
    """
    x, h_0 = numbers(adapter, sizes)
    values = values_of(adapter, sizes)
    states = adapter.run(sizes, values, x, h_0).states
    if not np.isfinite(states).all() or not np.array_equal(states, adapter.run(sizes, values, x, h_0).states):
        return False
    other = x.copy()
    other[0, 0] = moved_on(x[0, 0])
    moved = adapter.run(sizes, values, other, h_0).states != states
    if not moved[:, 0].any() or moved[:, 1:].any():
        return False
    if sizes["steps"] > 1:
        other = x.copy()
        other[-1, -1] = moved_on(x[-1, -1])
        earlier = moved[:, 0].any(axis=-1)
        moved = adapter.run(sizes, values, other, h_0).states != states
        # A layer that runs from the last step to the first is one that depends on later steps.
        reaches_all = earlier.all() or moved[:, -1].any(axis=-1).all() or adapter.last_only
        if not reaches_all or not moved[-1, -1].any() or moved[:, :-1].any():
            return False
        if moved[:-1].any() != both_ways:
            return False
    if adapter.h_layout is None:
        # A step that is given no state keeps its own: its answer depends on what came before.
        return has_steps(adapter.x_layout) or _keeps(adapter, sizes, values, states)
    for part in np.split(np.arange(h_0.shape[1]), adapter.carried):
        other = h_0.copy()
        other[0, part] *= 0.5
        moved = adapter.run(sizes, values, x, other).states != states
        if not moved[:, 0].any() or moved[:, 1:].any():
            return False
    return True


def moved_on(features: Any) -> Any:
    """Other features, of which another one is the largest where there are several."""
    return np.roll(features, 1) + 0.5


def _keeps(adapter: Adapter, sizes: Mapping[str, int], values: Mapping[str, Any], states: Any) -> bool:
    """Whether an object that is not begun anew answers with something else on a second use."""
    x, h_0 = numbers(adapter, sizes)
    reset, adapter.reset_name = adapter.reset_name, None
    try:
        return not np.array_equal(adapter.run(sizes, values, x, h_0, before=True).states, states)
    finally:
        adapter.reset_name = reset


def moving(adapter: Adapter, sizes: Mapping[str, int]) -> list[str]:
    """The parameters: the arrays of a fresh object that the states depend on.

    The adapter is told which others have the name of a parameter.
    """
    x, h_0 = numbers(adapter, sizes)
    values = values_of(adapter, sizes)
    states = adapter.run(sizes, values, x, h_0).states
    found = []
    for place, value in values.items():
        moved = adapter.run(sizes, values | {place: value * 0.5 + 0.1}, x, h_0).states
        if not np.array_equal(moved, states):
            found.append(place)
    if adapter.lazy:
        growing = _growing(adapter, sizes, values)
        found, values = [place for place in found if place not in growing], {}
    # Another array with a parameter's name is kept for it: its gradient, or an optimiser's memory.
    names = {place: last_name(place) for place in values}
    kept = {names.get(place, last_name(place)) for place in found}
    adapter.idle = [p for p, name in names.items() if name not in kept and is_called_a_parameter(p, name)]
    return found


def reads_to_the_end(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether the states depend on the last row and the last column of every matrix among the parameters.

    Code that goes through units one by one takes a larger matrix than it reads: the shapes were not meant then.
    """
    x, h_0 = numbers(adapter, sizes)
    values = values_of(adapter, sizes)
    states = adapter.run(sizes, values, x, h_0).states

    def is_read(place: str, end: Any) -> bool:
        # A unit may be off for one number, as where it is cut at zero.
        for number in (0.5, -0.5, 2.0, -2.0):
            moved = np.array(values[place])
            moved[end] += number
            if not np.array_equal(adapter.run(sizes, values | {place: moved}, x, h_0).states, states):
                return True
        return False

    matrices = [place for place in adapter.parameters if np.ndim(values[place]) == 2]
    return all(is_read(place, end) for place in matrices for end in (-1, np.s_[:, -1]))


def _growing(adapter: Adapter, sizes: Mapping[str, int], values: Mapping[str, Any]) -> set[str]:
    """The arrays that another batch makes larger: what a first call has kept, and no parameters."""
    if sizes["batch"] == 1:
        return set()
    larger = dict(arrays_in(fresh(adapter, {**sizes, "batch": sizes["batch"] + 1})))
    return {place for place, value in values.items() if place not in larger or larger[place].shape != value.shape}


def adds_up(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether a second use of one object adds its gradients to those of the first."""
    x, h_0 = numbers(adapter, sizes)
    values, delta = values_of(adapter, sizes), upstream(adapter, sizes)

    def gradients(x: Any, h_0: Any, delta: Any, before: bool) -> list[Any]:
        answer = adapter.run(sizes, values, x, h_0, delta, before=before)
        return list(adapter.gradients_of(answer, values).values())

    try:
        first = gradients(x[..., ::-1] + 0.25, h_0[..., ::-1] * 0.5, delta + 0.5, False)
        own, both = gradients(x, h_0, delta, False), gradients(x, h_0, delta, True)
    except Exception:
        return False
    return bool(both) and all(
        np.allclose(b, a + o, rtol=1e-5, atol=1e-7) for a, o, b in zip(first, own, both, strict=True)
    )
