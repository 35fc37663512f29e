"""Finding an adapter for a file: what it defines, tried by running it, the commonest APIs first.

What a teacher's adapter says is taken as it is, and only the rest is found. Nothing here looks at whether a
gradient is right.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from .adapter import Adapter, AnotherApiError, Given
from .behaviour import adds_up, behaves, fresh, moving, numbers, places_of_states, upstream, values_of
from .calls import backward_roles, forward_roles
from .construction import chosen_in, constructions, fixed_sizes, holders
from .engine import engines
from .gradients import find
from .layouts import arranged, has_steps
from .loss import Loss, loss_places, losses
from .names import BACKWARD, FORWARD, LOSS, OTHER_PART, STATE_NAMES, WEIGHT, rank, role_of
from .places import arrays_in
from .source import definitions, names_returned, own, parameters_of, used_by

SIZES = {"batch": 2, "input": 3, "hidden": 5, "steps": 4, "output": 7}
"""Sizes whose multiples and sums differ, so that a shape tells what it is made of."""

RESET = re.compile(r"^(reset|flush|clear)(_?(state|gradients|cache|hidden|h))?$|^init_?(state|hidden)$", re.IGNORECASE)
"""Methods that begin anew, which users of a class call between one sequence and the next."""

CELLS = (("BF", "BF"), ("F", "F"), ("FB", "FB"), ("BF", None), ("FB", None), ("F", None))
SEQUENCES = tuple(
    (x, h)
    for x, states in (
        ("TBF", ("BF", "1BF", None)),
        ("BTF", ("BF", "1BF", None)),
        ("TFB", ("FB", None)),
        ("FBT", ("FB", None)),
        ("BFT", ("BF", None)),
        ("[BF]", ("BF", None)),
        ("[FB]", ("FB", None)),
        ("TF", ("F", "BF", "FB", None)),
        ("[F]", ("F", None)),
        ("FT", ("F", "FB", None)),
    )
    for h in states
)
"""Layouts of the input and the first state that are tried, the most telling first."""

MOST_ERRORS = 50
"""How many exceptions are kept, to tell where they come from."""

Way = Callable[["Tried"], Adapter | None]


class Tried:
    """What was tried in vain: the last fault of each way, for the message to the teacher."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self.errors: list[BaseException] = []
        self.answered = self.behaved = False

    def note(self, way: str, error: BaseException) -> None:
        """Remember the last fault of a way."""
        self.errors = [*self.errors[-MOST_ERRORS:], error]
        self.faults[way] = f"{type(error).__name__}: {str(error)[:120]}"


def found_in(module: Any, source: str, name: str | None = None) -> Adapter:
    """The adapter of the first class or functions of a file that can be driven; of `name` alone, where that is given.

    Raises:
        AnotherApiError: With what was found and what was tried.
    """
    tried = Tried()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for way in (*_classes(module, source, name), *_functions(module, source, name), *_losses(module, source, name)):
            try:
                if (adapter := way(tried)) is not None:
                    return adapter
            except Exception as error:
                tried.note("file", error)
    raise AnotherApiError(_what_was_found(module, tried, name))


def _what_was_found(module: Any, tried: Tried, name: str | None) -> str:
    defined = own(module)
    classes = [k for k, v in defined.items() if isinstance(v, type)]
    functions = [k for k, v in defined.items() if isinstance(v, FunctionType)]
    has = [f"{what} {', '.join(names[:8])}" for what, names in (("class", classes), ("function", functions)) if names]
    last = "; ".join(f"{way}: {text}" for way, text in list(tried.faults.items())[-3:])
    return (
        f"no {name or 'GRU'} was found that can be driven: "
        f"the file defines {' and '.join(has) or 'no class and no function'}"
        + (f" (tried: {last})" if last else "")
        + "; looked for: a class with a forward and a backward pass, functions *_forward and *_backward, or a loss"
    )


def looks_like_one(module: Any) -> bool:
    """Whether the file defines a class or functions that go forward and backward, in whatever way."""
    defined = own(module)
    kinds = [value for value in defined.values() if isinstance(value, type)]
    names = [name for name, value in defined.items() if isinstance(value, FunctionType)]
    methods = [name for kind in kinds for name in vars(kind)]
    return any(BACKWARD.search(name) or LOSS.search(name) for name in (*names, *methods))


# Classes


def _classes(module: Any, source: str, name: str | None) -> Iterator[Way]:
    defined = {k: v for k, v in own(module).items() if isinstance(v, type)}
    uses = used_by(source, defined)

    def order(kind: str) -> tuple[int, int, int]:
        # A layer over whole sequences contains its cell, and shows what is wrong with that as well.
        return min(map(rank, (kind, *uses[kind]))), -len(uses[kind]), len(kind)

    for kind in sorted(defined, key=order):
        # A linear layer beside a GRU is not what is asked about.
        if name == kind or (name is None and rank(kind) < OTHER_PART):
            yield partial(_of_class, module, source, kind, defined[kind])


def _passes(kind: type) -> Iterator[tuple[str, str]]:
    """The methods that go forward and backward, the likeliest pair first."""
    names = [n for n in dir(kind) if callable(getattr(kind, n, None)) and (n == "__call__" or not n.startswith("__"))]
    back = [n for n in names if BACKWARD.search(n)]
    there = [n for n in names if FORWARD.search(n) and n not in back and (n != "__call__" or "__call__" in vars(kind))]
    pairs = [(f, b) for f in there for b in back]

    def order(pair: tuple[str, str]) -> tuple[bool, bool, bool, int]:
        f, b = pair
        return pair != ("forward", "backward"), _stem(f) != _stem(b), f == "__call__", len(f) + len(b)

    yield from sorted(pairs, key=order)[:6]


def _stem(name: str) -> str:
    return FORWARD.sub("", BACKWARD.sub("", name).strip("_")).strip("_")


def _of_class(module: Any, source: str, name: str, kind: type, tried: Tried) -> Adapter | None:
    for forward, backward in _passes(kind):
        base = {"target": name, "forward_name": forward, "backward_name": backward}
        if _takes_weights(getattr(kind, forward)):
            base |= {"target": forward, "owner": name}
            if found := _of_functions(module, source, base, (kind, True), tried):
                return found
            continue
        for construct in constructions(kind):
            adapter = Adapter(module, **base, construct=construct, source=source)
            if found := _made(adapter, module, (kind, True), tried):
                return found
    if not any(True for _ in _passes(kind)):
        for forward in (n for n in ("forward", "__call__", "step") if callable(vars(kind).get(n))):
            base = {"target": name, "forward_name": forward, "backward_name": ""}
            for construct in constructions(kind):
                for engine in engines(module, base | {"construct": construct}, source):
                    if found := _made(engine, module, (kind, True), tried):
                        return found
    return None


def _takes_weights(function: Any) -> bool:
    """Whether a method is given its parameters, as a function would be."""
    names = [p.name for p in parameters_of(function, method=True) if p.default is p.empty]
    return sum(bool(WEIGHT.search(n)) and not role_of(n, names) for n in names) > 1


def _made(adapter: Adapter, module: Any, of: tuple[Any, bool], tried: Tried) -> Adapter | None:
    """The adapter, with everything found, where its object can be made."""
    try:
        adapter.make(SIZES)
    except Exception as error:
        tried.note(f"{adapter.target}(…)", error)
        return None
    return driven(adapter, module, of, tried)


# Functions


def _functions(module: Any, source: str, name: str | None) -> Iterator[Way]:
    functions = {k: v for k, v in own(module).items() if isinstance(v, FunctionType)}
    pairs = [
        (forward, backward)
        for backward in functions
        if BACKWARD.search(backward)
        for forward in functions
        if not BACKWARD.search(forward) and _stem(forward) == _stem(backward)
    ]

    def order(pair: tuple[str, str]) -> tuple[int, bool]:
        # A whole sequence before one step of it, which it contains.
        return rank(pair[0]), re.search("cell|step", pair[0].lower()) is not None

    for forward, backward in sorted(pairs, key=order):
        if name in (forward, backward) or (name is None and rank(forward) < OTHER_PART):
            base = {"target": forward, "forward_name": forward, "backward_name": backward}
            yield partial(_of_functions, module, source, base, (module, False))


def _of_functions(
    module: Any, source: str, base: Mapping[str, Any], of: tuple[Any, bool], tried: Tried
) -> Adapter | None:
    tree = {definition.name: definition for definition in definitions(source)}
    forward = base["forward_name"]
    function = getattr(of[0], forward)
    if of[1]:
        function = partial(function, None)
    for construct in holders(module, tree, forward, function):
        if found := _made(Adapter(module, **base, construct=construct, source=source), module, of, tried):
            return found
    return None


# Losses


def _losses(module: Any, source: str, name: str | None) -> Iterator[Way]:
    yield partial(_of_losses, module, source, name)


def _of_losses(module: Any, source: str, name: str | None, tried: Tried) -> Adapter | None:
    for adapter in losses(module, source, SIZES, name):
        try:
            if _completed_loss(adapter, module):
                return adapter
        except Exception as error:
            tried.note(adapter.forward_name, error)
    return None


def _completed_loss(adapter: Loss, module: Any) -> bool:
    """Fill in where the loss, the parameters and the gradients are; whether any gradient is shown."""
    sizes = {**SIZES, **adapter.fixed, "batch": 1}
    adapter._sizes = sizes
    x, h_0 = numbers(adapter, sizes)
    made = adapter.make(sizes)
    for place in loss_places(adapter._call(made, adapter.forward_name, x, h_0)):
        adapter.loss_at, adapter.parameters = place, ()
        adapter.parameters = tuple(moving(adapter, sizes))
        if adapter.parameters:
            break
    values = values_of(adapter, sizes)
    answer = adapter.run(sizes, values, x, h_0)
    if not adapter.parameters or not np.isfinite(answer.states).all():
        return False
    holder = module if isinstance(made, Given) else type(made)
    adapter.names_returned = names_returned(getattr(holder, adapter.backward_name), adapter.source)
    find(adapter, answer, None, x, sizes, values)
    adapter.dx = adapter.dh = adapter.dc = None
    return bool(adapter.gradients)


# Driving


def driven(adapter: Adapter, module: Any, of: tuple[Any, bool], tried: Tried) -> Adapter | None:
    """The adapter with everything filled in, for the first layouts in which forward behaves as one.

    Args:
        adapter: One whose object can be made.
        module: The module of the file.
        of: What has the passes, and whether they are its methods.
        tried: Is told what goes wrong.
    """
    made = adapter.make(SIZES)
    said = adapter.said
    if "lazy" not in said:
        adapter.lazy = not any(True for _ in arrays_in(made))
    if "reset_name" not in said and not isinstance(made, Given):
        adapter.reset_name = next((n for n in dir(made) if RESET.match(n) and _is_plain(getattr(made, n))), None)
    for fixed in (adapter.fixed,) if "fixed" in said else fixed_sizes(made, module, chosen_in(adapter.construct)):
        adapter.fixed = fixed
        for state_at, both_ways in (*((name, False) for name in _kept_in(adapter)), (None, False), (None, True)):
            adapter.state_at = state_at
            if found := _in_some_layout(adapter, of, tried, both_ways=both_ways):
                return found
    return None


def _kept_in(adapter: Adapter) -> Iterator[str]:
    """The attribute in which an object keeps the state that it is not given: what a step has answered, by its name."""
    sizes = SIZES | dict(adapter.fixed)
    for layout in ("BF", "F", "FB"):
        try:
            made = adapter.make(sizes)
            returned = adapter._callable(made, adapter.forward_name)(arranged(numbers(adapter, sizes)[0], layout))
        except Exception:
            continue
        for name, value in getattr(made, "__dict__", {}).items():
            if STATE_NAMES.match(name) and isinstance(value, np.ndarray) and value is returned:
                yield name
        return


def _is_plain(method: Any) -> bool:
    """Whether it can be called without arguments."""
    return callable(method) and all(p.default is not p.empty for p in parameters_of(method))


def _in_some_layout(adapter: Adapter, of: tuple[Any, bool], tried: Tried, *, both_ways: bool) -> Adapter | None:
    sizes = SIZES | dict(adapter.fixed)
    holder, method = of
    layouts = _layouts(adapter)
    for roles, carried in _roles_of(adapter, holder, sizes, method=method):
        adapter.forward_roles, adapter.carried = roles, max(carried, 1)
        for one_row in (adapter.one_row,) if "one_row" in adapter.said else (False, True):
            for x_layout, h_layout in layouts:
                several = "B" in x_layout and (h_layout is None or "B" in h_layout)
                if (carried > 0 or adapter.state_at is not None) != (h_layout is not None) or (one_row and not several):
                    continue
                if both_ways and not has_steps(x_layout):
                    continue
                steps = sizes["steps"] if has_steps(x_layout) else 1
                at = {**sizes, "steps": steps, "batch": 1 if one_row or not several else sizes["batch"]}
                adapter.x_layout, adapter.h_layout, adapter.one_row = x_layout, h_layout, one_row
                for found in _answering(adapter, at, tried, both_ways=both_ways):
                    if _complete(found, at, of, tried):
                        return found
    return None


def _layouts(adapter: Adapter) -> list[tuple[str, str | None]]:
    """The layouts that are tried: those that are said, or all."""
    kind, said = type(adapter), adapter.said
    found = [
        (x, h)
        for x, h in (*CELLS, *SEQUENCES)
        if ("x_layout" not in said or x == kind.x_layout) and ("h_layout" not in said or h == kind.h_layout)
    ]
    return found or [(kind.x_layout, kind.h_layout)]


def _roles_of(
    adapter: Adapter, holder: Any, sizes: Mapping[str, int], *, method: bool
) -> Iterator[tuple[tuple[str, ...], int]]:
    """What forward may be given, and how many first states are among it."""
    if adapter.said & {"forward", "forward_roles"}:
        roles, carried = tuple(type(adapter).forward_roles), type(adapter).carried
        yield from ((roles, carried), (roles, 0))
    else:
        yield from forward_roles(getattr(holder, adapter.forward_name), adapter.make(sizes), method=method)


def _answering(adapter: Adapter, sizes: Mapping[str, int], tried: Tried, *, both_ways: bool) -> Iterator[Adapter]:
    """The adapters, with the place of the states, for which forward gives states that behave as states."""
    way = f"{adapter.target}.{adapter.forward_name}"
    adapter.second = type(adapter).second
    try:
        adapter._sizes = sizes
        made = adapter.make(sizes)
        x, h_0 = numbers(adapter, sizes)
        returned = adapter.forward(made, arranged(x, adapter.x_layout), adapter._first(h_0, sizes))
    except Exception as error:
        tried.note(way, error)
        return
    tried.answered = True
    kind, said = type(adapter), adapter.said
    for state, out_layout, width in places_of_states(adapter, returned, made, sizes):
        if ("state" in said and state != kind.state) or ("out_layout" in said and out_layout != kind.out_layout):
            continue
        adapter.state, adapter.out_layout, adapter.width = state, out_layout, width
        for name in ("second", "parameters", "gradients", "dx", "dh", "dc"):
            setattr(adapter, name, getattr(kind, name))
        try:
            if behaves(adapter, sizes, both_ways=both_ways):
                tried.behaved = True
                yield adapter
        except Exception as error:
            tried.note(way, error)


def _complete(adapter: Adapter, sizes: Mapping[str, int], of: tuple[Any, bool], tried: Tried) -> bool:
    """Fill in the parameters and where their gradients are; whether anything of a gradient is shown."""
    holder, method = of
    way, said = f"{adapter.target}.{adapter.backward_name}", adapter.said
    if adapter.backward_name and "backward" not in said:
        backward = getattr(holder, adapter.backward_name)
        adapter.names_returned = names_returned(backward, adapter.source)
        if "backward_roles" not in said:
            names = [p.name for p in parameters_of(getattr(holder, adapter.forward_name, None), method=method)]
            adapter.backward_roles = backward_roles(backward, adapter, fresh(adapter, sizes), names, method=method)
    takes_two = {"delta_c", "deltas"} & set(adapter.backward_roles) and "second" not in said
    for second in _seconds(adapter, sizes) if takes_two else (type(adapter).second,):
        adapter.second = second
        if "parameters" not in said:
            adapter.parameters = ()
            adapter.parameters = tuple(moving(adapter, sizes))
        if not adapter.parameters:
            return False
        layouts = (adapter.out_layout, *(("BF",) if adapter.out_layout == "F" else ()))
        for delta_layout in (type(adapter).delta_layout,) if "delta_layout" in said else layouts:
            adapter.delta_layout = delta_layout
            try:
                _gradients(adapter, sizes)
            except Exception as error:
                tried.note(way, error)
                continue
            if adapter.gradients or adapter.dx or adapter.dh:
                if "one_row" not in said and _is_for_one_column(adapter, sizes):
                    adapter.one_row = True
                if "accumulates" not in said:
                    adapter.accumulates = adds_up(adapter, sizes)
                return True
    return False


def _seconds(adapter: Adapter, sizes: Mapping[str, int]) -> Iterator[str]:
    """Where the second state may be, of the same layout as the first."""
    made = fresh(adapter, sizes)
    x, h_0 = numbers(adapter, sizes)
    returned = adapter.forward(made, arranged(x, adapter.x_layout), adapter._first(h_0, sizes))
    first = adapter._value(made, returned, adapter.state)
    for place, layout, width in places_of_states(adapter, returned, made, sizes):
        alike = (layout, width) == (adapter.out_layout, adapter.width)
        if alike and adapter._value(made, returned, place) is not first:
            yield place


def _is_for_one_column(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether it is written for one sample as a column: then the gradient of no vector is a sum over samples.

    Where some are sums and some are not, those that are not are mistakes.
    """
    if sizes["batch"] == 1 or "FB" not in adapter.x_layout:
        return False
    x, h_0 = numbers(adapter, sizes)
    values = values_of(adapter, sizes)
    answer = adapter.run(sizes, values, x, h_0, upstream(adapter, sizes))
    vectors, unsummed = set(), set()
    for place, at in adapter.gradients.items():
        if min(values[place].shape) == 1 or values[place].ndim == 1:
            vectors.add(place)
        try:
            adapter.gradient(answer, at, values[place])
        except AnotherApiError:
            unsummed.add(place)
    return bool(vectors) and vectors == unsummed


def _gradients(adapter: Adapter, sizes: Mapping[str, int]) -> None:
    """Find the gradients, by two runs with different upstream gradients."""
    x, h_0 = numbers(adapter, sizes)
    values = values_of(adapter, sizes)
    answer, other = (adapter.run(sizes, values, x, h_0, upstream(adapter, sizes, seed)) for seed in (2, 3))
    find(adapter, answer, other, x, sizes, values)
