"""How what is driven is made: arguments of a constructor, parameters of functions, sizes that a file fixes.

Each is tried in turn, the likeliest first. Nothing here calls a forward pass.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from operator import attrgetter
from types import FunctionType
from typing import Any

import numpy as np

from .arguments import resolved
from .names import (
    ACTIVATION,
    BACKWARD,
    BIAS,
    DEPTHS,
    GUESSES,
    MODEL,
    NOT_PARAMETERS,
    NOT_WEIGHTS,
    OF_CONTEXT,
    OPTIMISERS,
    RATE,
    SETUP,
    SHAPE,
    SIZE_NAMES,
    WEIGHT,
    of_several,
    role_of,
    size_named,
)
from .optimiser import OPTIMISER
from .places import arrays_in
from .shapes import shapes_of
from .source import own, parameters_of

SHAPES = (("steps", "input"), ("batch", "steps", "input"), ("input",), ("batch", "input"), ("input", "steps"))
"""What all sizes of an input in one tuple may be."""

LAYERS = (["input", "hidden", "hidden"], ["hidden", "hidden"], ["input", "hidden"])
"""What the sizes of several layers may be, in one list: with that of the input, or without.

Of two layers before one: in which order the way back goes through them shows in no other way.
"""

LARGEST = 512
"""Sizes that are fixed in a file and larger than this are not tried."""


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
            size for v in chosen for size in (v if isinstance(v, tuple | list) else [v] if v in SIZE_NAMES else [])
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
    """Arguments for those that are sizes or arrays, beside others that have those sizes `inside` them."""
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
            # A layer by itself puts out its states; the hidden size of a model with an output may be fixed.
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
        makers = [m for m in _makers(module) if m is not kind]
        hold = makers if MODEL.match(name) or _is_annotated(kind, name, module) else []
        for maker in (*sizes, *(m for m in hold if m not in sizes)):
            yield from ({name: Called(maker.__name__, construct)} for construct in constructions(maker))
    if len(unknown) == 2 and MODEL.match(unknown[0]) and NOT_WEIGHTS.match(unknown[1]):
        for maker in (m for m in _makers(module) if m is not kind):
            for construct in constructions(maker):
                both = Called(maker.__name__, construct)
                yield {unknown[0]: Beside(both, 0), unknown[1]: Beside(both, 1)}
    alike = {n: k for n in unknown for k in own(module) if k.lower() == n.replace("_", "").lower()}
    if len(unknown) > 1 and alike.keys() == set(unknown):
        made = {n: next(constructions(getattr(module, k)), {}) for n, k in alike.items()}
        yield {n: Called(k, made[n]) for n, k in alike.items()}


def _is_annotated(kind: Any, name: str, module: Any) -> bool:
    """Whether an argument is said to be an object of a class of the module."""
    said = inspect.signature(kind).parameters[name].annotation
    return getattr(said, "__name__", said) in {n for n, v in own(module).items() if isinstance(v, type)}


def setups(made: Any, module: Any) -> Iterator[dict[str, dict[str, Any]]]:
    """Methods that may make the parameters of an object that has none, each with arguments for it."""
    for name in (n for n in dir(type(made)) if SETUP.match(n) and callable(getattr(made, n))):
        yield from ({name: construct} for construct in constructions(getattr(made, name), module))


class Called:
    """Parameters that a function of the file makes from sizes."""

    def __init__(self, function: str, arguments: Mapping[str, Any]) -> None:
        self.function, self.arguments = function, arguments

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """What the function makes."""
        return getattr(module, self.function)(**resolved(self.arguments, module, sizes))


class Beside:
    """Of parameters and their gradients, which a maker gives both or which are zeros, the first or the second."""

    def __init__(self, made: Called, which: int) -> None:
        self.made, self.which = made, which

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """The parameters, or the gradients."""
        found = self.made.resolve(module, sizes)
        if isinstance(found, tuple):
            return found[self.which]
        return {name: np.zeros_like(value) for name, value in found.items()} if self.which else found


class Context(dict[str, Any]):
    """What forward is given to save things in: as attributes, by keys, or by `save_for_backward`."""

    saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *things: Any) -> None:
        """Keep things in their order."""
        self.saved_tensors = things


class Saving:
    """A context of the file's own class, where it has one that is made of nothing, else one of ours."""

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """The context, with nothing in it."""
        kinds = [v for n, v in own(module).items() if isinstance(v, type) and OF_CONTEXT.match(n)]
        return kinds[0]() if kinds else Context()


class OfModule:
    """Something of the module itself, by its name or that of an attribute: an array that its functions read."""

    def __init__(self, name: str) -> None:
        self.name = name

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """What it is."""
        return attrgetter(self.name)(module)


def drawn(shapes: Mapping[str, str]) -> dict[str, str]:
    """Arrays of these shapes, as an adapter writes them: `(input,3*hidden)`."""
    return {name: f"({shape})" for name, shape in shapes.items()}


# What functions are given


def holders(module: Any, tree: Mapping[str, ast.FunctionDef], name: str, function: Any) -> Iterator[dict[str, Any]]:
    """What a function is given beside x and the states: its parameters, and a context where it saves things in one."""
    contexts = {p.name: Saving() for p in parameters_of(function) if OF_CONTEXT.match(p.name)}
    for held in _held(module, tree, name, function):
        yield contexts | held


def _held(module: Any, tree: Mapping[str, ast.FunctionDef], name: str, function: Any) -> Iterator[dict[str, Any]]:
    """The parameters that a function is given: arrays by their names, one thing that holds them, or none."""
    defaults = {p.name: p.default for p in parameters_of(function)}
    names = [n for n, default in defaults.items() if default is inspect.Parameter.empty or _is_of(module, default)]
    given = [n for n in names if not role_of(n, names) and not RATE.match(n) and not OF_CONTEXT.match(n)]
    weights = any(WEIGHT.search(n) and not size_named(n) for n in given)
    # Beside weights a small letter is one of them, such as b, and no size.
    sizes = {
        n: size
        for n in given
        if (size := size_named(n)) and not (weights and len(n) == 1 and n.islower()) and not _has_parts(tree, name, n)
    }
    given = [n for n in given if n not in sizes and n not in ("inputs", "targets", "labels", "y")]
    if len(given) == 1 and (not WEIGHT.search(given[0]) or len(given[0]) > 3):
        (held,) = given
        for maker in _makers(module):
            for construct in constructions(maker):
                yield sizes | {held: Called(maker.__name__, construct)}
        for shapes in shapes_of(_keys(tree, name, held)):
            yield sizes | {held: drawn(shapes)}
        # Or it is one array that has all weights in it.
        for shapes in shapes_of(given):
            yield sizes | drawn(shapes)
    elif given:
        for shapes in shapes_of(given):
            yield sizes | drawn(shapes)
    else:
        arrays = arrays_of(module)
        for read in (arrays, {**arrays, **objects_of(module)}):
            if read:
                yield {n: OfModule(n) for n in read}


def _is_of(module: Any, value: Any) -> bool:
    """Whether a value is an object of a class of the module: one that holds all parameters, made when it is run."""
    return bool(type(value).__module__ == module.__name__)


def _makers(module: Any) -> list[Any]:
    """The functions of a module that may make parameters, and the classes that may hold them: those without passes."""
    functions = [v for v in own(module).values() if isinstance(v, FunctionType)]
    kinds = [v for v in own(module).values() if isinstance(v, type) and not any(map(BACKWARD.search, vars(v)))]
    named = [
        f for f in functions if re.search("init|make|create|param", f.__name__) and not BACKWARD.search(f.__name__)
    ]
    return [*named, *kinds]


def _keys(tree: Mapping[str, ast.FunctionDef], name: str, held: str) -> list[str]:
    """The keys by which a function reads a dict that it is given; by which any function does, where it hands it on."""

    def keys(function: ast.AST) -> list[str]:
        called, found = {held, *_also_called(function, held)}, []
        for node in ast.walk(function):
            match node:
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key)) if name in called:
                    found.append(key)
        return list(dict.fromkeys(found))

    own = keys(tree[name]) if name in tree else []
    return own if len(own) > 2 else max([keys(f) for f in tree.values()], key=len, default=own)


def _has_parts(tree: Mapping[str, ast.FunctionDef], name: str, given: str) -> bool:
    """Whether a function reads a key or an attribute of what it is given by this name: that is no size."""
    return name in tree and any(
        isinstance(node.value, ast.Name) and node.value.id == given
        for node in ast.walk(tree[name])
        if isinstance(node, ast.Subscript | ast.Attribute)
    )


def _also_called(function: ast.AST, name: str) -> Iterator[str]:
    """The other names that a function gives to what it is given by this name: `P = parameters`."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for to, value in pairs:
                if isinstance(to, ast.Name) and isinstance(value, ast.Name) and value.id == name:
                    yield to.id


def arrays_of(module: Any) -> dict[str, Any]:
    """The arrays of a module that may be parameters."""
    return {
        name: value
        for name, value in vars(module).items()
        if type(value) is np.ndarray and value.dtype.kind == "f" and not NOT_PARAMETERS.match(name)
        and value.flags.writeable and 0 < value.ndim < 3
    }  # fmt: skip


def objects_of(module: Any) -> dict[str, Any]:
    """The objects of a module's own classes, and its dicts and lists, that hold arrays its functions may read."""
    return {
        name: value
        for name, value in vars(module).items()
        if ((_is_of(module, value) and not isinstance(value, type | FunctionType)) or isinstance(value, dict | list))
        and not name.startswith("__") and not NOT_PARAMETERS.match(name) and any(True for _ in arrays_in(value))
    }  # fmt: skip


# Sizes that a file fixes


def chosen_in(construct: Mapping[str, Any]) -> list[str]:
    """The sizes that can be chosen in a construction: all, where arrays are given whose shapes are ours."""
    values = construct.values()
    if any(isinstance(v, dict) or (isinstance(v, str) and v.startswith("(")) for v in values):
        return ["input", "hidden", "output"]
    inside = [size for v in values if isinstance(v, Called) for size in chosen_in(v.arguments)]
    inside += [size for v in values if isinstance(v, tuple | list) for size in v]
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
    for holder in (vars(module), getattr(made, "__dict__", {})):
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
    for h in hidden[:6] if "hidden" in missing else [0]:
        beside = [n for s in shapes if len(s) == 2 and h in s for n in s if n not in (h, 1)] or sorted(lengths - {h})
        inputs = sorted(set(beside), key=beside.count, reverse=True) + sorted(n - h for n in lengths if n > h)
        for d in inputs[:6] if "input" in missing else [0]:
            sizes = {"hidden": h, "input": d, "output": d}
            yield {size: sizes[size] for size in missing if size != "output" or "input" in missing}
