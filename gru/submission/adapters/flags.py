"""Flags of a file: arguments that switch something on or off, such as `reverse=False`, and the file with one switched.

A mistake may lie where nobody looks by default. The file is left as it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from .names import FLAG
from .source import own

MOST = 8
"""More flags of one file are not switched."""


def flags_of(module: Any) -> dict[str, bool]:
    """The flags of a file that change what is computed, with their defaults: those that have one default throughout."""
    found: dict[str, set[bool]] = {}
    for function in _functions(module):
        for name, default in _defaults(function).items():
            if type(default) is bool and FLAG.match(name):
                found.setdefault(name, set()).add(default)
    flags = [(name, default) for name, (default, *others) in found.items() if not others]
    return dict(flags[:MOST])


@contextmanager
def switched(module: Any, flag: str) -> Iterator[None]:
    """The file with the other default of a flag, wherever it has that flag."""
    takers = [function for function in _functions(module) if type(_defaults(function).get(flag)) is bool]
    for function in takers:
        _switch(function, flag)
    try:
        yield
    finally:
        for function in takers:
            _switch(function, flag)


def _functions(module: Any) -> Iterator[FunctionType]:
    """The functions of a file, and the methods of its classes."""
    for value in own(module).values():
        inside = vars(value).values() if isinstance(value, type) else [value]
        for function in inside:
            function = getattr(function, "__func__", function)
            if isinstance(function, FunctionType):
                yield function


def _positional(function: FunctionType) -> tuple[str, ...]:
    """The names of the arguments with a default that may be given by their place."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return names[len(names) - len(function.__defaults__ or ()) :]


def _defaults(function: FunctionType) -> dict[str, Any]:
    by_place = zip(_positional(function), function.__defaults__ or (), strict=True)
    return {**dict(by_place), **(function.__kwdefaults__ or {})}


def _switch(function: FunctionType, flag: str) -> None:
    by_name = function.__kwdefaults__ or {}
    if flag in by_name:
        function.__kwdefaults__ = {**by_name, flag: not by_name[flag]}
        return
    names = _positional(function)
    function.__defaults__ = tuple(
        not value if name == flag else value for name, value in zip(names, function.__defaults__ or (), strict=True)
    )
