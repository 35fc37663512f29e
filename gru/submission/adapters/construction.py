"""How what is driven is made: arguments of a constructor, parameters of functions, sizes that a file fixes.

Each is tried in turn, the likeliest first. Nothing here calls a forward pass.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from types import FunctionType
from typing import Any

import numpy as np

from .adapter import resolved
from .names import BACKWARD, BIAS, GUESSES, NOT_PARAMETERS, OF_INPUT, RATE, SIZE_OF, WEIGHT, role_of
from .places import arrays_in
from .source import own, parameters_of

OF_OUTPUT = (re.compile(r"y|out", re.IGNORECASE), re.compile(r"y|out|^_?[vco]$", re.IGNORECASE))
"""Weights by these names lead from the states to an output: those that do, then those that may."""

LARGEST = 512
"""Sizes that are fixed in a file and larger than this are not tried."""


def _holds_sizes(kind: type) -> bool:
    """Whether an object is made of an input and a hidden size by their names."""
    sizes = {SIZE_OF.get(p.name.lower()) for p in parameters_of(kind)}
    return {"input", "hidden"} <= sizes


def constructions(kind: Any, module: Any = None) -> Iterator[dict[str, Any]]:
    """Arguments of a constructor, or of a function that makes: sizes by their names, arrays by theirs, then guesses."""
    try:
        parameters = list(inspect.signature(kind).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    needed = [
        p
        for p in parameters
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        and (
            p.default is p.empty
            or (SIZE_OF.get(p.name.lower()) and isinstance(p.default, int) and not isinstance(p.default, bool))
        )
    ]
    weights = any(p.name.lower() not in SIZE_OF and WEIGHT.search(p.name) for p in needed)
    unknown = [
        p.name
        for p in needed
        if (weights and len(p.name) < 4 and BIAS.search(p.name))
        or (p.name.lower() not in SIZE_OF and p.name.lower() not in GUESSES and "seed" not in p.name.lower())
    ]
    known = {
        p.name: SIZE_OF.get(p.name.lower(), GUESSES.get("seed" if "seed" in p.name.lower() else p.name.lower()))
        for p in needed
        if p.name not in unknown
    }
    if "hidden" not in known.values() and "n" in known:
        known["n"] = "hidden"
    if not {"input", "hidden"} <= set(known.values()):
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
    if len(unknown) == 1 and module is not None:
        # An object that holds the sizes.
        for name, config in own(module).items():
            if isinstance(config, type) and config is not kind and _holds_sizes(config):
                yield from (known | {unknown[0]: Called(name, construct)} for construct in constructions(config))
    if module is not None and len(unknown) > 1:
        # Objects of the classes that they are called as.
        alike = {n: k for n in unknown for k in own(module) if k.lower() == n.replace("_", "").lower()}
        if alike.keys() == set(unknown):
            made = {n: next(constructions(getattr(module, k)), {}) for n, k in alike.items()}
            yield known | {n: Called(k, made[n]) for n, k in alike.items()}
    if len(unknown) == 1:
        # All sizes in one sequence.
        for all_sizes in (("input", "hidden"), ("input", "hidden", "output"), ("hidden", "input")):
            yield known | {unknown[0]: all_sizes}
    if unknown and len(unknown) <= 3:
        for sizes in product(("input", "hidden", "output"), repeat=len(unknown)):
            if len(set(sizes)) == len(sizes):
                yield known | dict(zip(unknown, sizes, strict=True))


class Called:
    """Parameters that a function of the file makes from sizes."""

    def __init__(self, function: str, arguments: Mapping[str, Any]) -> None:
        self.function, self.arguments = function, arguments

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """What the function makes."""
        return getattr(module, self.function)(**resolved(self.arguments, module, sizes))


class OfModule:
    """An array of the module itself, which its functions read."""

    def __init__(self, name: str) -> None:
        self.name = name

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """The array."""
        return getattr(module, self.name)


def drawn(shapes: Mapping[str, str]) -> dict[str, str]:
    """Arrays of these shapes, as an adapter writes them: `(input,3*hidden)`."""
    return {name: f"({shape})" for name, shape in shapes.items()}


# Shapes of parameters that are given


def shapes_of(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """The shapes that weights and biases of these names may have, one assumption for all of them at a time.

    Weights of the input and of the state apart, or of both side by side; gates apart, or stacked; each as rows or
    as columns. What leads to an output is (hidden, output) beside them.
    """
    weights = [n for n in names if WEIGHT.search(n) and not BIAS.search(n)]
    biases = [n for n in names if BIAS.search(n)]
    if not weights or len(weights) + len(biases) != len(names):
        return
    for pattern in (*OF_OUTPUT, None):
        leading = [n for n in weights if pattern and pattern.search(n[1:])]
        if (not pattern or leading) and len(leading) < len(weights):
            yield from _shapes_with(weights, biases, leading, pattern)


def _shapes_with(
    weights: Sequence[str], biases: Sequence[str], leading: Sequence[str], pattern: re.Pattern[str] | None
) -> Iterator[dict[str, str]]:
    """The shapes, where some weights lead to an output, and with them the biases by names of that pattern."""
    inner = [n for n in weights if n not in leading]
    apart = [n for n in biases if pattern and pattern.search(n[1:])]
    rest = [n for n in biases if n not in apart]
    for columns, bias in product((False, True), ("k", "1,k", "k,1") if biases else ("k",)):
        form = {"k": "{}", "1,k": "1,{}", "k,1": "{},1"}[bias]
        out = dict.fromkeys(leading, "output,hidden" if columns else "hidden,output")
        out |= {n: form.format("output") for n in apart}
        for widths, sizes in _assumptions(inner, rest):
            rows = {n: f"{widths[n]},{sizes[n]}" if columns else f"{sizes[n]},{widths[n]}" for n in inner}
            yield rows | {n: form.format(widths[n]) for n in rest} | out
        if len(inner) == 2:
            # All gates on a first axis: (3, hidden, input) and (3, hidden, hidden).
            for gates in (3, 4):
                sizes = {n: "input" if is_of_input(n, inner, False) else "hidden" for n in inner}
                rows = {n: f"{gates},hidden,{sizes[n]}" if columns else f"{gates},{sizes[n]},hidden" for n in inner}
                yield rows | {n: f"{gates},{form.format('hidden')}" for n in rest} | out


def _assumptions(weights: Sequence[str], biases: Sequence[str]) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """How wide each weight and bias is, and what each weight is given."""
    count = len(weights)
    every = (*weights, *biases)
    stacks = (1,) if count >= 5 else (3, 4, 1, 2) if count == 2 else (1, 3, 4) if count in (3, 4) else (3, 4, 1)
    for stacked in stacks:
        width = "hidden" if stacked == 1 else f"{stacked}*hidden"
        if count > 1:
            for by_u in (False, True):
                sizes = {n: "input" if is_of_input(n, weights, by_u) else "hidden" for n in weights}
                yield dict.fromkeys(every, width), sizes
        yield dict.fromkeys(every, width), dict.fromkeys(weights, "input+hidden")
        if count == 1 and not biases:
            yield dict.fromkeys(every, width), dict.fromkeys(weights, "1+input+hidden")
    if count == 4:
        # Two gates stacked, and the candidate apart.
        sizes = dict(zip(weights, ("input", "hidden") * 2, strict=True))
        if [OF_INPUT.search(n[1:]) is None for n in weights[:2]] == [True, False]:
            sizes = dict(zip(weights, ("hidden", "input") * 2, strict=True))
        widths = {n: "2*hidden" if k < 2 else "hidden" for k, n in enumerate(weights)}
        widths |= {n: "2*hidden" if k < len(biases) / 2 else "hidden" for k, n in enumerate(biases)}
        yield widths, sizes


def is_of_input(name: str, weights: Sequence[str], by_u: bool) -> bool:
    """Whether a weight is the input's: by an x in its name where others have none, else by its letter."""
    rest = [n for n in weights if OF_INPUT.search(n[1:])]
    if rest and len(rest) < len(weights):
        return name in rest
    letters = sorted({n.strip("_")[0].lower() for n in weights})
    if len(letters) < 2:
        # Two letters of one thing each, such as Waa beside Wax, or the first half.
        return weights.index(name) < len(weights) / 2
    return (name.strip("_")[0].lower() == "u") == by_u


# What functions are given


def holders(module: Any, tree: Mapping[str, ast.FunctionDef], name: str, function: Any) -> Iterator[dict[str, Any]]:
    """What a function is given beside x and the states: arrays by their names, one thing that holds them, or none."""
    defaults = {p.name: p.default for p in parameters_of(function)}
    names = [n for n, default in defaults.items() if default is inspect.Parameter.empty or _is_of(module, default)]
    given = [n for n in names if not role_of(n, names) and not RATE.match(n)]
    weights = any(WEIGHT.search(n) and n.lower() not in SIZE_OF for n in given)
    # Beside weights a small letter is one of them, such as b, and no size.
    sizes = {
        n: SIZE_OF[n.lower()] for n in given if n.lower() in SIZE_OF and not (weights and len(n) == 1 and n.islower())
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
    elif arrays := arrays_of(module):
        yield {n: OfModule(n) for n in arrays}


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
        found = []
        for node in ast.walk(function):
            match node:
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key)) if name == held:
                    found.append(key)
        return list(dict.fromkeys(found))

    own = keys(tree[name]) if name in tree else []
    return own if len(own) > 2 else max([keys(f) for f in tree.values()], key=len, default=own)


def arrays_of(module: Any) -> dict[str, Any]:
    """The arrays of a module that may be parameters."""
    return {
        name: value
        for name, value in vars(module).items()
        if type(value) is np.ndarray and value.dtype.kind == "f" and not NOT_PARAMETERS.match(name)
        and value.flags.writeable and 0 < value.ndim < 3
    }  # fmt: skip


# Sizes that a file fixes


def chosen_in(construct: Mapping[str, Any]) -> list[str]:
    """The sizes that can be chosen in a construction: all, where arrays are given whose shapes are ours."""
    values = construct.values()
    if any(isinstance(v, dict) or (isinstance(v, str) and v.startswith("(")) for v in values):
        return ["input", "hidden", "output"]
    inside = [size for v in values if isinstance(v, Called) for size in chosen_in(v.arguments)]
    inside += [size for v in values if isinstance(v, tuple) for size in v]
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
            size = SIZE_OF.get(name.lower().strip("_"))
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
