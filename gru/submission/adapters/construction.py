"""How what is driven is made: the arguments of a constructor, and of a method that makes the parameters later.

Each is tried in turn, the likeliest first. Nothing here calls a forward pass.
"""

import inspect
import re
from collections.abc import Iterator, Sequence
from itertools import product
from types import FunctionType
from typing import Any

import numpy as np

from .made import Alphabet, Beside, Called, OfModule, Settings, drawn
from .names import (
    ACTIVATION,
    ALPHABETS,
    BACKWARD,
    BIAS,
    DEPTHS,
    GUESSES,
    MODEL,
    NOT_WEIGHTS,
    OPTIMISERS,
    SETUP,
    SHAPE,
    SIZE_NAMES,
    WEIGHT,
    of_several,
    size_named,
)
from .optimiser import OPTIMISER
from .shapes import shapes_of
from .source import own, parameters_of

SHAPES = (("steps", "input"), ("batch", "steps", "input"), ("input",), ("batch", "input"), ("input", "steps"))
"""The meanings that are tried for one tuple with all sizes of an input."""

LAYERS = (["input", "hidden", "hidden"], ["hidden", "hidden"], ["input", "hidden"])
"""The meanings that are tried for one list with the sizes of several layers, with that of the input or without.

Two layers come before one: only with two does it show in which order backward goes through them.
"""


def _holds_sizes(kind: type) -> bool:
    """Whether an object is made of an input and a hidden size by their names."""
    sizes = {size_named(p.name) for p in parameters_of(kind)}
    return {"input", "hidden"} <= sizes


def constructions(kind: Any, module: Any = None) -> Iterator[dict[str, Any]]:
    """Arguments of a constructor, or of a function that makes: sizes by their names, arrays by theirs, then guesses."""
    try:
        parameters = [p for p in inspect.signature(kind).parameters.values() if p.name != "self"]
    except (TypeError, ValueError):
        parameters = []
    special = {p.name: ways for p in parameters if (ways := list(_special(p, module)))}
    needed = [p for p in parameters if p.name not in special and _is_needed(p)]
    for chosen in product(*special.values()):
        found = dict(zip(special, chosen, strict=True))
        inside = {
            size
            for v in chosen
            for size in (
                v
                if isinstance(v, tuple | list)
                else [v.size]
                if isinstance(v, Alphabet)
                else [v]
                if v in SIZE_NAMES
                else []
            )
        }
        for construct in _constructions(kind, needed, module, inside):
            yield found | construct


def _is_needed(p: inspect.Parameter) -> bool:
    if p.kind not in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
        return False
    is_size = size_named(p.name) and isinstance(p.default, int) and not isinstance(p.default, bool)
    return p.default is p.empty or bool(is_size)


def _special(p: inspect.Parameter, module: Any) -> Iterator[Any]:
    """The values that an argument may have that is no size and no array: a shape, an activation, an optimiser."""
    if p.kind not in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
        return
    if (
        p.default is p.empty
        and of_several(p.name)
        and "int" not in (p.annotation, getattr(p.annotation, "__name__", ""))
    ):
        yield from filter(None, (size_named(p.name),))
        yield from LAYERS
        return
    if DEPTHS.match(p.name) and p.default in (p.empty, 1) and p.default is not True:
        yield from (2, 1)
        return
    is_open = p.default in (p.empty, None) or isinstance(p.default, tuple)
    if is_open and (SHAPE.search(p.name) or "tuple" in str(p.annotation).lower()):
        yield from SHAPES
        if p.default is p.empty and SHAPE.search(p.name) and "tuple" not in str(p.annotation).lower():
            yield "input"
    elif p.default is p.empty and (kinds := [kind for kind, pattern in ALPHABETS.items() if pattern.match(p.name)]):
        yield from filter(None, (size_named(p.name),))
        yield Alphabet(kinds[0])
    elif p.default is p.empty and OPTIMISERS.match(p.name):
        yield OPTIMISER
    elif p.default is p.empty and ACTIVATION.search(p.name) and module is not None:
        yield "tanh"
        yield from _activations(module)


def _activations(module: Any) -> Iterator[Any]:
    """What a file may mean by an activation: what it defines itself by that name, or NumPy's function."""
    for name, value in own(module).items():
        if re.search("tanh", name, re.IGNORECASE) and not re.search("deriv|grad|prime|back|^d", name, re.IGNORECASE):
            yield from (OfModule(name), Called(name, {})) if isinstance(value, type) else (OfModule(name),)
        elif isinstance(value, type):
            yield from (OfModule(f"{name}.{n}") for n in vars(value) if n.lower() in ("tanh", "_tanh"))
    yield np.tanh


def _constructions(
    kind: Any, needed: Sequence[inspect.Parameter], module: Any, inside: set[str]
) -> Iterator[dict[str, Any]]:
    """Arguments for the parameters that are sizes or arrays; other arguments already hold the sizes `inside`."""
    weights = any(not size_named(p.name) and WEIGHT.search(p.name) for p in needed)
    unknown = [
        p.name
        for p in needed
        if (weights and BIAS.match(p.name) and p.default is p.empty)
        or (not size_named(p.name) and p.name.lower() not in GUESSES and "seed" not in p.name.lower())
    ]
    known = {
        p.name: size_named(p.name) or GUESSES.get("seed" if "seed" in p.name.lower() else p.name.lower())
        for p in needed
        if p.name not in unknown
    }
    if "hidden" not in known.values() and "n" in known:
        known["n"] = "hidden"
    if not {"input", "hidden"} <= {*known.values(), *inside}:
        # One letter may be any size, and that of a batch is asked for by few.
        unknown += [n for n, size in known.items() if len(n) == 1 and size in ("batch", "steps", "output")]
        known = {n: size for n, size in known.items() if n not in unknown}
    if not unknown:
        if "output" in known.values() and "hidden" not in known.values():
            # The output of a layer by itself is its state; a model with a separate output may fix its hidden size.
            yield {k: "hidden" if v == "output" else v for k, v in known.items()}
        yield known
    for shapes in shapes_of(unknown):
        yield known | drawn(shapes)
    if module is not None:
        yield from (known | objects for objects in _of_objects(kind, unknown, module))
    if len(unknown) == 1:
        # All sizes in one sequence.
        for all_sizes in (("input", "hidden"), ("input", "hidden", "output"), ("hidden", "input")):
            yield known | {unknown[0]: all_sizes}
    if unknown and len(unknown) <= 3:
        # A size that no other argument gives comes before one that is given.
        every = sorted(("input", "hidden", "output"), key=lambda size: size in known.values())
        for sizes in product(every, repeat=len(unknown)):
            if len(set(sizes)) == len(sizes):
                yield known | dict(zip(unknown, sizes, strict=True))


def _of_objects(kind: Any, unknown: Sequence[str], module: Any) -> Iterator[dict[str, Any]]:
    """Arguments that are objects of the module: of the sizes, of all parameters, or of the class each is called as."""
    if len(unknown) == 1:
        (name,) = unknown
        sizes = [v for v in own(module).values() if isinstance(v, type) and v is not kind and _holds_sizes(v)]
        others = [m for m in makers(module) if m is not kind]
        hold = others if MODEL.match(name) or _is_annotated(kind, name, module) else []
        for maker in (*sizes, *(m for m in hold if m not in sizes)):
            yield from ({name: Called(maker.__name__, construct)} for construct in constructions(maker))
        yield from ({name: settings} for settings in _settings(kind))
    if len(unknown) == 2 and MODEL.match(unknown[0]) and NOT_WEIGHTS.match(unknown[1]):
        for maker in (m for m in makers(module) if m is not kind):
            for construct in constructions(maker):
                both = Called(maker.__name__, construct)
                yield {unknown[0]: Beside(both, 0), unknown[1]: Beside(both, 1)}
    alike = {n: k for n in unknown for k in own(module) if k.lower() == n.replace("_", "").lower()}
    if len(unknown) > 1 and alike.keys() == set(unknown):
        made = {n: next(constructions(getattr(module, k)), {}) for n, k in alike.items()}
        yield {n: Called(k, made[n]) for n, k in alike.items()}


def _settings(kind: Any) -> Iterator[Settings]:
    """All sizes in one thing, as a constructor reads them by their keys or attributes: `config["hidden_size"]`."""
    code = getattr(vars(kind).get("__init__") if isinstance(kind, type) else kind, "__code__", None)
    read = (
        [name for name in (*code.co_consts, *code.co_names) if isinstance(name, str) and len(name) > 1] if code else []
    )
    found = {name: size_named(name) or GUESSES.get(name.lower()) for name in read}
    found = {name: value for name, value in found.items() if value is not None}
    if {"input", "hidden"} <= {value for value in found.values() if isinstance(value, str)}:
        yield Settings(found)


def _is_annotated(kind: Any, name: str, module: Any) -> bool:
    """Whether an argument is said to be an object of a class of the module."""
    said = inspect.signature(kind).parameters[name].annotation
    return getattr(said, "__name__", said) in {n for n, v in own(module).items() if isinstance(v, type)}


def setups(made: Any, module: Any) -> Iterator[dict[str, dict[str, Any]]]:
    """Methods that may make the parameters of an object that has none, each with arguments for it."""
    for name in (n for n in dir(type(made)) if SETUP.match(n) and callable(getattr(made, n))):
        yield from ({name: construct} for construct in constructions(getattr(made, name), module))


def makers(module: Any) -> list[Any]:
    """The functions of a module that may make parameters, and the classes that may hold them: those without passes."""
    functions = [v for v in own(module).values() if isinstance(v, FunctionType)]
    kinds = [v for v in own(module).values() if isinstance(v, type) and not any(map(BACKWARD.search, vars(v)))]
    named = [
        f for f in functions if re.search("init|make|create|param", f.__name__) and not BACKWARD.search(f.__name__)
    ]
    return [*named, *kinds]
