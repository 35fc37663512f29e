"""Modules that a file imports and that are not here. One that the class does not need is no obstacle.

In its place stands a module that says what is missing as soon as anything of it is used. Only the functions that every
course means alike, such as `sigmoid` of a helper file that was not handed in, are there, and that is told.
"""

import ast
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

TENSORS = frozenset({"torch", "tensorflow", "keras", "jax", "theano", "mxnet", "cupy", "paddle", "chainer", "tinygrad"})
"""Libraries whose functions are for arrays of their own."""


class Base:
    """Stands in the place of a base class that is not here: it takes any arguments, and does nothing."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        pass


class Absent:
    """A name of a package that is not here; using it in any way says so."""

    def __init__(self, package: str, name: str = "") -> None:
        self.__dict__.update(package=package, name=name)

    def _used(self, *arguments: Any, **named: Any) -> NoReturn:
        package = self.__dict__["package"]
        raise ModuleNotFoundError(f"No module named {package!r}, and it is used here", name=package)

    def __getattr__(self, name: str) -> Any:
        self._used()

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        """An empty class in its place as a base: the file's class is judged by its own passes."""
        _finder.bases.setdefault(self.__dict__["package"], set()).add(self.__dict__["name"])
        return (Base,)

    __call__ = __getitem__ = __setitem__ = __iter__ = __enter__ = __setattr__ = _used


class NotMade(Absent):
    """What a statement of the file would have made, and raised; using it in any way says so."""

    def _used(self, *arguments: Any, **named: Any) -> NoReturn:
        raise NameError(self.__dict__["package"])

    __mro_entries__ = __call__ = __getitem__ = __setitem__ = __iter__ = __enter__ = __setattr__ = _used


def sigmoid(x: Any) -> Any:
    """The logistic function, 1 / (1 + e⁻ˣ), of real or complex numbers."""
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    """eˣ / Σ eˣ over the only axis that has more than one entry.

    Raises ModuleNotFoundError where two axes have: only the missing file says which one is summed over.
    """
    x = np.asarray(x)
    if sum(length > 1 for length in x.shape) > 1:
        Absent(next(package for package, names in _finder.meant.items() if "softmax" in names))._used()
    exponentials = np.exp(x - x.max())
    return exponentials / exponentials.sum()


def as_written(*given: Any, **options: Any) -> Any:
    """Stands for a decorator that compiles, with or without options: it gives the function itself."""
    return given[0] if given and callable(given[0]) else lambda function: function


class Activation:
    """An activation as courses have it: an object that is called, keeps what it answered, and knows its derivative."""

    def __init__(self, value: Any, slope: Any) -> None:
        self._value, self._slope = value, slope
        self.state: Any = None

    def forward(self, x: Any) -> Any:
        """What it answers."""
        self.state = self.A = self._value(x)
        return self.state

    __call__ = forward

    def derivative(self, state: Any = None) -> Any:
        """Its derivative where it answered `state`; where it answered last, without one."""
        return self._slope(self.state if state is None else state)

    def backward(self, delta: Any = 1.0, state: Any = None) -> Any:
        """Its derivative times the gradient from above."""
        return delta * self.derivative(state)


def _of_either(value: Any, slope: Any) -> Any:
    """What a name with a capital is: the class of an activation, or the function itself where it is given numbers."""
    return lambda *given: value(*given) if given else Activation(value, slope)


MEANT: dict[str, Any] = {
    "sigmoid": sigmoid,
    "Sigmoid": _of_either(sigmoid, lambda y: y * (1 - y)),
    "softmax": softmax,
    "tanh": np.tanh,
    "Tanh": _of_either(np.tanh, lambda y: 1 - y * y),
    "np": np,
}
"""What a name means in any helper file."""

MEANT_OF: dict[str, dict[str, Any]] = {"numba": {"jit": as_written, "njit": as_written, "prange": range}}
"""What a name means in packages that change how fast a function is, and not what it computes."""


def _meanings_in(package: str) -> dict[str, Any]:
    """The names of a package that have a meaning of their own, whether it is here or not."""
    if package in TENSORS:
        return {}
    return MEANT_OF.get(package, MEANT)


class _AbsentModule(ModuleType):
    """A module that is not here. `import *` takes from it the names that the file lacks."""

    def __getattr__(self, name: str) -> Any:
        package, lacking = _finder.packages[str(_finder.holder(self.__name__))]
        if name == "__all__":
            return sorted(lacking)
        if name.startswith("__"):
            raise AttributeError(name)
        meanings = _meanings_in(package)
        if name in meanings:
            if not any(name in names for names in _finder.meant.values()):
                _finder.meant.setdefault(package, set()).add(name)
            return meanings[name]
        return Absent(package, name)


class _Finder:
    """Finds a module that is not here wherever the file and its helpers import it.

    `packages` has for each how it is told and the names that the file lacks; `meant` has those that were given a
    meaning, and `bases` those that classes are derived from.
    """

    def __init__(self) -> None:
        self.packages: dict[str, tuple[str, frozenset[str]]] = {}
        self.meant: dict[str, set[str]] = {}
        self.bases: dict[str, set[str]] = {}

    def holder(self, name: str) -> str | None:
        """The one of its packages that a module is, or lies in."""
        return next((package for package in self.packages if f"{name}.".startswith(f"{package}.")), None)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec of a package that is not here, or of a module in it; None for any other."""
        if self.holder(name) is None:
            return None
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """What stands in its place."""
        return _AbsentModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: there is no code."""


_finder = _Finder()


def stand_in(package: str, told: str, lacking: frozenset[str]) -> None:
    """Put something in the place of a package, `told` by a name; all names of it are those `lacking` in the file."""
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)
    _finder.packages[package] = told, lacking


def meant() -> list[str]:
    """Notes on the names that were given their usual meaning."""
    return [
        f"{package} is not here; its {', '.join(sorted(names))} {'is' if len(names) == 1 else 'are'} taken for {what}"
        for given, what in ((_finder.meant, "what is usually meant"), (_finder.bases, "a class that does nothing"))
        for package, names in given.items()
    ]


def is_used(package: str, statements: list[ast.stmt]) -> bool:
    """Whether what has no meaning of its own is read by statements that import it from a package."""
    bound, read = set(), set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package:
            meanings = _meanings_in(package)
            bound |= {alias.asname or alias.name for alias in node.names if alias.name not in meanings}
        elif isinstance(node, ast.Import):
            mine = (alias for alias in node.names if alias.name.partition(".")[0] == package)
            bound |= {alias.asname or package for alias in mine}
        elif isinstance(node, ast.Name):
            read.add(node.id)
    if "*" in bound:
        lacking = {name for told, names in _finder.packages.values() if told == package for name in names}
        bound |= lacking - _meanings_in(package).keys()
    return bool(bound & read)
