"""What functions are given beside x and the states: all their parameters, or the one thing that holds them.

Each is tried in turn, the likeliest first. Nothing here calls a forward pass.
"""

import ast
import inspect
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from .construction import constructions, makers
from .made import Called, OfModule, Saving, drawn
from .names import NOT_PARAMETERS, OF_CONTEXT, RATE, WEIGHT, role_of, size_named
from .places import arrays_in
from .shapes import shapes_of
from .source import parameters_of


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
        for maker in makers(module):
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


def _is_of(module: Any, value: Any) -> bool:
    """Whether a value is an object of a class of the module: one that holds all parameters, made when it is run."""
    return bool(type(value).__module__ == module.__name__)
