"""Finding an adapter for a file: what it defines, tried by running it, the commonest APIs first.

What a teacher's adapter says is taken as it is, and only the rest is found. Nothing here looks at whether a
gradient is right.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from .adapter import Adapter
from .answer import AnotherApiError
from .arguments import OWNER
from .behaviour import reads_to_the_end
from .closures import passes_made, way_back
from .completing import SIZES, Tried, driven, sizes_of
from .construction import constructions, setups
from .engine import engines
from .held import holders
from .losses import completed, losses
from .made import Called
from .names import BACKWARD, FORWARD, LOSS, MODEL, OTHER_PART, UPSTREAM, WEIGHT, X, rank, role_of, stem
from .places import arrays_in
from .plain import Plain, is_plain
from .remembering import over_steps
from .source import definitions, own, parameters_of, used_by

Way = Callable[["Tried"], Adapter | None]


def found_in(module: Any, source: str, name: str | None = None, turn: Callable[[], None] = Adapter.turn) -> Adapter:
    """The adapter of the first class or functions of a file that can be driven; of `name` alone, where that is given.

    Args:
        module: The file, run.
        source: Its text.
        name: A class or a function; None for any.
        turn: Is called before each trial, and raises where there were enough.

    Raises:
        AnotherApiError: With what was found and what was tried.
    """
    tried = Tried(turn)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        every = (*_classes(module, source, name), *_functions(module, source, name))
        found = _first((*every, partial(_of_losses, module, source, name)), tried)
        whole = _made_of(found, source, tried) if found else tried.raised
        if whole:
            # What raises in its own lines where sizes differ is tried where they are alike, before a part of it is
            # taken.
            tried.alike, raised, tried.raised = True, tried.raised, whole
            if again := _first(every, tried):
                found, whole = again, {}
            tried.raised = raised
    if found is None:
        raise AnotherApiError(_what_was_found(module, tried, name))
    found.turn = Adapter.turn
    found.part_of = whole
    raised = {k: f"it raised {v}" for k, v in tried.raised.items() if k.partition(".")[0] != found.target}
    told = {way.partition(".")[0] for way in raised}
    found.passed_over = raised | {
        whole: f"no way to call it was found; {found.target} is a part of it"
        for whole in _wholes(module, source, found.target)
        if name is None and whole not in told
    }
    return found


def _first(ways: Iterable[Way], tried: "Tried") -> Adapter | None:
    """The adapter of the first way that has one."""
    for way in ways:
        try:
            if (adapter := way(tried)) is not None:
                return adapter
        except Exception as error:
            tried.note("file", error)
    return None


def _made_of(found: Adapter, source: str, tried: "Tried") -> dict[str, str]:
    """The ways that raised in the file's own lines and that use what was found."""
    uses = used_by(source)
    return {way: text for way, text in tried.raised.items() if found.target in uses.get(way.partition(".")[0], ())}


def _wholes(module: Any, source: str, part: str) -> list[str]:
    """The classes of a file that are made of one of its classes or functions, and go backward themselves."""
    uses, defined = used_by(source), own(module)
    return [
        name
        for name, kind in defined.items()
        if isinstance(kind, type) and part in uses.get(name, ()) and any(map(BACKWARD.search, vars(kind)))
    ]


def _what_was_found(module: Any, tried: Tried, name: str | None) -> str:
    defined = own(module)
    classes = [k for k, v in defined.items() if isinstance(v, type)]
    functions = [k for k, v in defined.items() if isinstance(v, FunctionType)]
    has = [f"{what} {', '.join(names[:8])}" for what, names in (("class", classes), ("function", functions)) if names]
    last = "; ".join(f"{way}: {text}" for way, text in list(tried.faults.items())[-3:])
    return (
        f"{f'no {name}' if name else 'nothing'} was found that can be driven: "
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
    uses = used_by(source)

    def order(kind: str) -> tuple[int, int, int]:
        # A layer over whole sequences contains its cell, and shows what is wrong with that as well.
        parts = uses.get(kind, set()) & defined.keys()
        return min(map(rank, (kind, *parts))), -len(parts), len(kind)

    for kind in sorted(defined, key=order):
        # A linear layer beside a GRU is not what is asked about.
        if name == kind or (name is None and rank(kind) < OTHER_PART):
            yield partial(_of_class, module, source, kind, defined[kind])


def _passes(kind: type, source: str) -> Iterator[tuple[str, str]]:
    """The methods that go forward and backward, the likeliest pair first; or one that answers what goes back."""
    names = [n for n in dir(kind) if callable(getattr(kind, n, None)) and (n == "__call__" or not n.startswith("__"))]
    back = [n for n in names if BACKWARD.search(n)]
    there = [n for n in names if FORWARD.search(n) and n not in back and (n != "__call__" or "__call__" in vars(kind))]
    pairs = [(f, b) for f in there for b in back]

    def order(pair: tuple[str, str]) -> tuple[bool, bool, bool, int]:
        f, b = pair
        return pair != ("forward", "backward"), stem(f) != stem(b), f == "__call__", len(f) + len(b)

    yield from sorted(pairs, key=order)[:6]
    yield from sorted(_passes_by_what_they_take(kind, names) - {*pairs}, key=order)[:6]
    yield from ((f, at) for f in there if (at := way_back(getattr(kind, f), source)) is not None)


def _passes_by_what_they_take(kind: type, names: Sequence[str]) -> set[tuple[str, str]]:
    """Pairs of methods of which the one is given an input first, and the other an upstream gradient."""
    first = {n: parameters_of(getattr(kind, n), method=True)[:1] for n in names}
    backs = [n for n, taken in first.items() if taken and UPSTREAM.match(taken[0].name)]
    theres = [n for n, taken in first.items() if taken and X.match(taken[0].name)]
    return {(f, b) for f in theres for b in backs}


def _of_class(module: Any, source: str, name: str, kind: type, tried: Tried) -> Adapter | None:
    for forward, backward in _passes(kind, source):
        base = {"target": name, "forward_name": forward, "backward_name": backward}
        is_static = isinstance(vars(kind).get(forward), staticmethod)
        if is_static or _takes_weights(getattr(kind, forward)):
            base |= {"target": forward, "owner": name}
            if found := _of_functions(module, source, base, (kind, not is_static), tried):
                return found
            continue
        for construct in constructions(kind, module):
            adapter = Adapter(module, **base, construct=construct, source=source)
            if found := _made(adapter, module, (kind, True), tried) or _set_up(adapter, module, kind, tried):
                return found
        if any(
            MODEL.match(p.name) and p.default is p.empty for p in parameters_of(getattr(kind, forward), method=True)
        ):
            # All parameters come from outside, in one thing.
            base |= {"target": forward, "owner": name}
            if found := _of_functions(module, source, base, (kind, True), tried):
                return found
    # `zero_grad` is named like a backward pass, and is none.
    for forward in (n for n in ("forward", "__call__", "step") if callable(vars(kind).get(n))):
        base = {"target": name, "forward_name": forward, "backward_name": ""}
        for construct in constructions(kind, module):
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
    tried.turn()
    try:
        made = adapter.make(SIZES)
    except Exception as error:
        tried.note(f"{adapter.target}(…)", error)
        return None
    if type(adapter) is Adapter and is_plain(made):
        adapter = Plain.of(adapter)
    found = driven(adapter, module, of, tried)
    return found and (over_steps(found, of, tried) or found)


def _set_up(adapter: Adapter, module: Any, kind: type, tried: Tried) -> Adapter | None:
    """The adapter of an object that has no parameters before one of its methods has made them."""
    try:
        made = adapter.make(SIZES)
    except Exception:
        return None
    if any(True for _ in arrays_in(made)):
        return None
    for setup in setups(made, module):
        one = copy(adapter)
        one.setup = setup
        if found := _made(one, module, (kind, True), tried):
            return found
    return None


# Functions


def _functions(module: Any, source: str, name: str | None) -> Iterator[Way]:
    functions = {k: v for k, v in own(module).items() if isinstance(v, FunctionType)}
    backwards = [n for n in functions if BACKWARD.search(n)]
    every = [(f, b) for b in backwards for f in functions if f not in backwards]
    pairs = [(f, b) for f, b in every if stem(f) == stem(b)]
    paired = {name for pair in pairs for name in pair}
    # `gru_cell` goes with `gru_cell_backward`, where nothing goes with one of them in full.
    pairs += [(f, b) for f, b in every if not {f, b} & paired and stem(stem(f)) == stem(stem(b))]

    uses = used_by(source)

    def order(pair: tuple[str, str]) -> tuple[int, bool, int]:
        # A whole sequence before one step of it, which it contains.
        forward = pair[0]
        is_step = re.search("cell|step", forward.lower()) is not None
        parts = uses.get(forward, set()) & functions.keys()
        return min(map(rank, (forward, *parts))), is_step, -len(parts)

    # Or it answers the function that goes back, or makes both.
    alone = [(n, at) for n, f in functions.items() if (at := way_back(f, source)) is not None]
    for forward, backward in sorted([*pairs, *alone], key=order):
        if name in (forward, backward) or (name is None and rank(forward) < OTHER_PART):
            base = {"target": forward, "forward_name": forward, "backward_name": backward}
            yield partial(_of_functions, module, source, base, (module, False))
    for maker, function in functions.items():
        passes = passes_made(function, source)
        if passes and name in (None, maker):
            base = dict(zip(("forward_name", "backward_name"), passes, strict=True))
            yield partial(_of_maker, module, source, {**base, "target": maker, "makes_passes": True})


def _of_maker(module: Any, source: str, base: Mapping[str, Any], tried: Tried) -> Adapter | None:
    for construct in constructions(getattr(module, base["target"]), module):
        adapter = Adapter(module, **base, construct=construct, source=source)
        try:
            made = adapter.make(SIZES)
        except Exception as error:
            tried.note(f"{adapter.target}(…)", error)
            continue
        if found := _made(adapter, module, (made, False), tried):
            return found
    return None


def _of_functions(
    module: Any, source: str, base: Mapping[str, Any], of: tuple[Any, bool], tried: Tried
) -> Adapter | None:
    tree = {definition.name: definition for definition in definitions(source)}
    forward = base["forward_name"]
    function = getattr(of[0], forward)
    if of[1]:
        function = partial(function, None)
    owner = {OWNER: Called(base["owner"], {})} if of[1] else {}
    first: Adapter | None = None
    for construct in holders(module, tree, forward, function):
        if found := _made(Adapter(module, **base, construct=construct | owner, source=source), module, of, tried):
            first = first or found
            is_guessed = any(isinstance(given, str) and given.startswith("(") for given in construct.values())
            if not is_guessed or reads_to_the_end(found, sizes_of(found)):
                return found
    return first


# Losses


def _of_losses(module: Any, source: str, name: str | None, tried: Tried) -> Adapter | None:
    any_order: Adapter | None = None
    for adapter in losses(module, source, name):
        adapter.turn = tried.turn
        try:
            if completed(adapter) and adapter.reads_every_step() and not adapter.counts_with_positions():
                if adapter.depends_on_order():
                    return adapter
                # If steps may change places, they were probably taken for rows of a batch; then the state's weight is
                # idle too.
                any_order = any_order or (None if adapter.idle else adapter)
        except Exception as error:
            tried.note(adapter.forward_name, error)
    return any_order
