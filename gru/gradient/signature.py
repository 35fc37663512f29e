"""How the caller's functions want to be called, read from their signatures alone: no function is called to find out."""

import functools
import inspect
from collections.abc import Callable
from typing import Any


def accepts(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with so many arguments; True where its signature cannot be had."""
    parameters = _parameters(function)
    if parameters is None:
        return True
    try:
        inspect.Signature(parameters).bind(*range(count))
    except TypeError:
        return False
    return True


def names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the function's parameters, or numbers where they cannot be had."""
    positional = _positional(function)
    return [positional[k] if k < len(positional) else f"argument {k}" for k in range(count)]


def as_arguments(function: Callable[..., Any], given: Any) -> tuple[Any, ...]:
    """The arguments to call a function with: each of a tuple or list, each of a dict by their names, or one by itself.

    A list or a dict may also be the function's only argument: its signature tells.
    """
    if isinstance(given, dict) and not accepts(function, 1):
        first = _positional(function)[: len(given)]
        return tuple(given[name] for name in first) if set(first) == set(given) else (given,)
    if not isinstance(given, tuple | list) or (not accepts(function, len(given)) and accepts(function, 1)):
        return (given,)
    return tuple(given)


def apart(function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A function that returns its value and its gradient, as two functions. The gradient may be several results."""

    @functools.wraps(function)
    def value(*arguments: Any) -> Any:
        return _both(function(*arguments))[0]

    @functools.wraps(function)
    def gradient(*arguments: Any) -> Any:
        _, *parts = _both(function(*arguments))
        return parts[0] if len(parts) == 1 else parts

    return value, gradient


def _both(result: Any) -> Any:
    if not isinstance(result, tuple | list) or len(result) < 2:
        raise ValueError("with gradient=True the function must return (value, gradient)")
    return result


def takes_cotangent_last(backward: Callable[..., Any], forward: Callable[..., Any], count: int) -> bool:
    """Whether a backward pass names the `count` arguments of its forward pass before all else."""
    own, needed = _positional(backward), _positional(forward)[:count]
    return bool(needed) and len(own) > len(needed) and own[: len(needed)] == needed


def _positional(function: Callable[..., Any]) -> list[str]:
    parameters = _parameters(function) or []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
