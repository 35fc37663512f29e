"""What a class takes, read from the signatures of its methods: whether its cells can be called in the layer's way.

Standard library only. It calls nothing of a submission.
"""

from collections.abc import Iterator, Mapping
from inspect import Signature, signature
from typing import Any

SIZES = ["input_size", "hidden_size"]
"""The arguments that a cell in the layer's API is made with."""

PASSES = ("forward", "backward")
"""The passes of a cell in the layer's API."""


def other_api(cell_class: Any, api: dict[str, Any]) -> str | None:
    """The message on a class whose methods cannot take the arguments they are given; None where they can."""
    for name in PASSES:
        arguments = api[name]
        method = getattr(cell_class, name, None)
        try:
            read = signature(method)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            # What has no signature is found out by calling it.
            continue
        if not any(_binds(read, 1 + count) for count in _counts(arguments, api["optional"])):
            names = list(read.parameters)
            takes, cell, asked = ", ".join(names[1:]), api["cell"], ", ".join(arguments)
            if names and names[0] != "self" and len(names) == len(arguments):
                return f"{cell}.{name}({', '.join(names)}) lacks self: write def {name}(self, {asked})"
            return f"{cell} has another API: it has {name}({takes}), and the chapter's has {name}({asked})"
    return None


def taken(cell: Any, where: str, api: Mapping[str, Any]) -> int:
    """How many of its arguments a method is called with: all, or those that it takes where the rest are optional."""
    names = api[where]
    *counts, fewest = _counts(names, api["optional"])
    if not counts:
        # There is one way to call it, whatever it takes.
        return fewest
    return next((count for count in (*counts, fewest) if _takes(cell, where, count)), len(names))


def _takes(cell: Any, where: str, count: int) -> bool:
    """Whether a method takes so many arguments, so far as that can be read from it; else it is said to."""
    try:
        return _binds(signature(getattr(cell, where)), count)
    except TypeError:
        return False
    except BaseException:
        return True


def is_alike(cell_class: type, api: dict[str, Any]) -> bool:
    """Whether a class is made of two sizes, and its methods take the layer's arguments one by one."""
    try:
        made = signature(cell_class.__init__)  # type: ignore[misc]
        methods = [signature(getattr(cell_class, name)) for name in PASSES]
    except (AttributeError, TypeError, ValueError):
        return False
    if any(p.kind is p.VAR_POSITIONAL for method in methods for p in method.parameters.values()):
        return False
    # A layer over whole sequences may take as many; a cell's backward begins with the old states, as forward has them.
    forward, backward = (list(method.parameters)[1:] for method in methods)
    count = len(api["states"])
    takes_states_alike = forward[1 : 1 + count] == backward[:count]
    return takes_states_alike and _binds(made, 1 + len(SIZES)) and other_api(cell_class, api) is None


def lacks_a_pass(cell_class: Any) -> bool:
    """Whether a class has no method for one of the passes, by the layer's name for it."""
    return not all(callable(getattr(cell_class, name, None)) for name in PASSES)


def in_other_order(cell_class: Any, api: dict[str, Any]) -> Iterator[str]:
    """Notes on methods that name the layer's arguments in another order than they are given."""
    for name, given in (("__init__", SIZES), ("forward", api["forward"]), ("backward", api["backward"])):
        try:
            taken = list(signature(getattr(cell_class, name)).parameters)[1:]
        except (AttributeError, TypeError, ValueError):
            continue
        if any(place != given.index(argument) for place, argument in enumerate(taken) if argument in given):
            yield f"{name} takes {', '.join(taken[:8])}, and is called with {', '.join(given)}, in this order"


def further(cell_class: Any, api: dict[str, Any]) -> Iterator[str]:
    """Notes on a parameter, such as a bias, that forward takes and the form that is asked for has not."""
    try:
        taken = list(signature(cell_class.forward).parameters)[1 + len(api["forward"]) :]
    except (AttributeError, TypeError, ValueError):
        return
    for name, form in api["further"].items():
        if name in taken:
            yield f"forward takes {name} too, and is called without: nothing is said of it; --form {form} examines it"


def fewest(api: Mapping[str, Any]) -> int:
    """With how many arguments a cell in the layer's API is called forward, at least."""
    return min(_counts(api["forward"], api["optional"]))


def _counts(arguments: list[str], optional: list[str]) -> Iterator[int]:
    """With how many of its arguments a method may be called: all, or without the last ones that are optional."""
    count = len(arguments)
    yield count
    while count and arguments[count - 1] in optional:
        count -= 1
        yield count


def _binds(read: Signature, count: int) -> bool:
    """Whether so many arguments can be given by their places."""
    try:
        read.bind(*range(count))
    except TypeError:
        return False
    return True
