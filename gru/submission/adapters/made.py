"""Arguments that the file itself makes when it is run: by calling one of its functions, or as something that it holds.

Each knows how to `resolve` itself in a module, at sizes by name. Nothing here calls a pass.
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from .arguments import resolved
from .names import OF_CONTEXT
from .source import own

OF_MODULE = "module."
"""Before the name of something in the file, where an adapter says it in words."""

SAVING, TANH = "context", "np.tanh"
"""The words for a context, and for NumPy's function."""


class Called:
    """Parameters that a function of the file makes from sizes."""

    def __init__(self, function: str, arguments: Mapping[str, Any]) -> None:
        self.function, self.arguments = function, arguments

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """What the function makes."""
        return getattr(module, self.function)(**resolved(self.arguments, module, sizes))


class Settings:
    """All sizes and settings in one thing, which is read by keys or by attributes."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.arguments = arguments

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """Its values at these sizes."""
        return Read(resolved(self.arguments, module, sizes))


class Read(dict[str, Any]):
    """What is read by keys or by attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Beside:
    """The parameters or their gradients, where a maker answers both; gradients that it does not make are zeros."""

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


class Alphabet:
    """An alphabet that is as long as the input, as one of the kinds of `names.ALPHABETS`."""

    size = "input"

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """Letters, or a dict with the position of each, or the other way round."""
        letters = [chr(ord("a") + i) for i in range(sizes[self.size])]
        if self.kind == "letters":
            return letters
        positions = {letter: i for i, letter in enumerate(letters)}
        return positions if self.kind == "positions" else dict(enumerate(letters))


class OfModule:
    """Something of the module itself, by its name or that of an attribute: an array that its functions read."""

    def __init__(self, name: str) -> None:
        self.name = name

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """What it is."""
        return attrgetter(self.name)(module)


def in_words(value: Any) -> Any:
    """An argument as an adapter says it: texts, numbers, lists and dicts, a tuple under the key `tuple`.

    `module.tanh` is something of the file, `{"module.init": {…}}` what a function of it makes of these arguments, with
    `part` one of the two that it makes, `{"settings": {…}}` all settings in one thing, and `{"alphabet": …}` one of the
    kinds of `names.ALPHABETS`.
    """
    match value:
        case OfModule():
            return OF_MODULE + value.name
        case Called():
            return {OF_MODULE + value.function: in_words(value.arguments)}
        case Beside():
            return {**in_words(value.made), "part": value.which}
        case Settings():
            return {"settings": in_words(value.arguments)}
        case Alphabet():
            return {"alphabet": value.kind}
        case Saving():
            return SAVING
        case tuple():
            return {"tuple": [in_words(item) for item in value]}
        case list():
            return [in_words(item) for item in value]
        case Mapping():
            return {str(key): in_words(item) for key, item in value.items()}
    return TANH if value is np.tanh else value


def from_words(value: Any) -> Any:
    """The argument that these words of an adapter say."""
    match value:
        case str() if value.startswith(OF_MODULE):
            return OfModule(value.removeprefix(OF_MODULE))
        case str():
            return {SAVING: Saving(), TANH: np.tanh}.get(value, value)
        case list() | tuple():
            return type(value)(map(from_words, value))
        case {"alphabet": kind}:
            return Alphabet(kind)
        case {"settings": arguments}:
            return Settings(from_words(arguments))
        case Mapping():
            maker = next((key for key in value if str(key).startswith(OF_MODULE)), None)
            if maker is None:
                return {key: from_words(item) for key, item in value.items()}
            made = Called(maker.removeprefix(OF_MODULE), from_words(value[maker]))
            return Beside(made, value["part"]) if "part" in value else made
    return value


def drawn(shapes: Mapping[str, str]) -> dict[str, str]:
    """Arrays of these shapes, as an adapter writes them: `(input,3*hidden)`."""
    return {name: f"({shape})" for name, shape in shapes.items()}
