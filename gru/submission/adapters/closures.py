"""Passes that are closures: a forward pass that answers the function which goes back, and a function that makes both.

It calls nothing, and only reads what functions hold.
"""

import ast
from collections.abc import Iterator
from typing import Any

from .arguments import OF_ANSWER
from .names import BACKWARD, FORWARD
from .source import definition_of, names_returned


def way_back(function: Any, source: str) -> str | None:
    """The place of the function, among those that a forward pass defines, that it answers: `answered[1]`."""
    inner = _inner(function, source)
    places = [at for at, name in names_returned(function, source).items() if name in inner]
    return OF_ANSWER + places[0][len("returned") :] if len(places) == 1 else None


def passes_made(function: Any, source: str) -> tuple[str, str] | None:
    """The names of the passes that a function defines and answers, where it answers one of each direction."""
    inner = _inner(function, source)
    answered = [name for name in names_returned(function, source).values() if name in inner]
    back = [name for name in answered if BACKWARD.search(name)]
    there = [name for name in answered if FORWARD.search(name) and name not in back]
    return (there[0], back[0]) if len(there) == len(back) == 1 else None


def _inner(function: Any, source: str) -> set[str]:
    """The names of the functions that are defined inside one."""
    definition = definition_of(function, source)
    if definition is None:
        return set()
    return {node.name for node in ast.walk(definition) if isinstance(node, ast.FunctionDef)} - {definition.name}


class Closures:
    """The functions of one maker as an object: its methods are they, its attributes the variables that they share."""

    def __init__(self, made: Any) -> None:
        for function in _functions_in(made):
            held = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
            for name, cell in held:
                self.__dict__.setdefault(name, cell.cell_contents)
            self.__dict__[function.__name__] = function


def _functions_in(made: Any) -> Iterator[Any]:
    values = (
        made.values() if isinstance(made, dict) else made if isinstance(made, list | tuple) else vars(made).values()
    )
    yield from (value for value in values if type(value).__name__ == "function")
