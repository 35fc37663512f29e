"""What is read of a file beside running it: what it defines, its functions' arguments, the names in a `return`."""

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any


def own(module: Any) -> dict[str, Any]:
    """What the file itself defines, helper modules left out."""
    names = {k: v for k, v in vars(module).items() if not k.startswith("__")}
    return {k: v for k, v in names.items() if getattr(v, "__module__", None) == module.__name__}


def parameters_of(function: Any, *, method: bool = False) -> list[inspect.Parameter]:
    """The arguments of a function by place; of a method without the object itself."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][1 if method else 0 :]


@cache
def definitions(source: str) -> tuple[ast.FunctionDef, ...]:
    """Every function in a source, methods among them."""
    try:
        return tuple(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
    except (SyntaxError, ValueError, RecursionError):
        return ()


@cache
def used_by(source: str) -> Mapping[str, set[str]]:
    """For each class and function at the top of a file the others that it names, directly or through those."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return {}
    defined = {node.name: node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    uses = {
        name: {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & defined.keys() - {name}
        for name, node in defined.items()
    }
    for _ in defined:
        for names in uses.values():
            names |= {further for name in names for further in uses[name]}
    return {name: names - {name} for name, names in uses.items()}


def names_returned(function: Any, source: str) -> dict[str, str]:
    """What a function calls its results, by their places: `returned[0]`, `returned[2][1]`, `returned` for one alone.

    The last `return` of the function counts. A list or tuple that was given a name is looked into.
    """
    names: dict[str, str] = {}
    definition = definition_of(function, source)
    if definition is None:
        return names
    inner = {node for part in ast.walk(definition) if part is not definition and isinstance(part, ast.FunctionDef)
             for node in ast.walk(part)}  # fmt: skip
    nodes = [node for node in ast.walk(definition) if node not in inner]
    made = {
        node.targets[0].id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            names = {}
            _name("returned", node.value, made, names)
    return names


def definition_of(function: Any, source: str) -> ast.FunctionDef | None:
    """Where a source defines a function; None where it does not."""
    first = getattr(getattr(function, "__code__", None), "co_firstlineno", 0)
    for definition in definitions(source):
        if first in (definition.lineno, *(d.lineno for d in definition.decorator_list)):
            return definition
    return None


def _name(place: str, value: ast.expr, made: Mapping[str, ast.expr], names: dict[str, str], depth: int = 3) -> None:
    """Write down the name of the value that is returned at a place, and the names of the values inside it."""
    if isinstance(value, ast.Name):
        names[place] = value.id
        value = made.get(value.id, value)
    elif isinstance(value, ast.Attribute):
        names[place] = value.attr
    if isinstance(value, ast.Tuple | ast.List) and depth:
        for position, item in enumerate(value.elts):
            _name(f"{place}[{position}]", item, made, names, depth - 1)
