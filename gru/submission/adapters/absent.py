"""Modules that a file imports and that are not here: one that the class does not need is no obstacle.

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


class Absent:
    """A name of a package that is not here; using it in any way says so."""

    def __init__(self, package: str) -> None:
        self.__dict__["package"] = package

    def _used(self, *arguments: Any, **named: Any) -> NoReturn:
        package = self.__dict__["package"]
        raise ModuleNotFoundError(f"No module named {package!r}, and it is used here", name=package)

    def __getattr__(self, name: str) -> Any:
        self._used()

    __call__ = __mro_entries__ = __getitem__ = __setitem__ = __iter__ = __enter__ = __setattr__ = _used


def sigmoid(x: Any) -> Any:
    """The logistic function, 1 / (1 + e⁻ˣ), of real or complex numbers."""
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    """eˣ / Σ eˣ over the only axis that has more than one entry.

    Raises ModuleNotFoundError where two have: over which of them the sum goes, the file that is not here said.
    """
    x = np.asarray(x)
    if sum(length > 1 for length in x.shape) > 1:
        Absent(next(package for package, names in _finder.meant.items() if "softmax" in names))._used()
    exponentials = np.exp(x - x.max())
    return exponentials / exponentials.sum()


def as_written(*given: Any, **options: Any) -> Any:
    """What a decorator that compiles gives, with or without options: the function itself."""
    return given[0] if given and callable(given[0]) else lambda function: function


MEANT = {"sigmoid": sigmoid, "softmax": softmax, "tanh": np.tanh, "np": np}
"""What is meant by a name of a helper file, whichever that is."""

MEANT_OF = {"numba": {"jit": as_written, "njit": as_written, "prange": range}}
"""What is meant by a name of a package that changes how fast a function is, and not what it computes."""


class _AbsentModule(ModuleType):
    """A module that is not here. Of all its names, those are imported that the file lacks."""

    def __getattr__(self, name: str) -> Any:
        package = self.__name__.partition(".")[0]
        if name == "__all__":
            return sorted(_finder.packages[package])
        if name.startswith("__"):
            raise AttributeError(name)
        meant = MEANT_OF.get(package) or ({} if package in TENSORS else MEANT)
        if name in meant:
            if not any(name in names for names in _finder.meant.values()):
                _finder.meant.setdefault(package, set()).add(name)
            return meant[name]
        return Absent(package)


class _Finder:
    """Finds a module that is not here wherever the file and its helpers import it.

    `packages` has for each the names that the file lacks; `meant` has those that were given a meaning.
    """

    def __init__(self) -> None:
        self.packages: dict[str, frozenset[str]] = {}
        self.meant: dict[str, set[str]] = {}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec of a package that is not here, or of a module in it; None for any other."""
        if name.partition(".")[0] not in self.packages:
            return None
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """What stands in its place."""
        return _AbsentModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: there is no code."""


_finder = _Finder()


def stand_in(package: str, lacking: frozenset[str]) -> None:
    """Put something in the place of a package; all names of it are those that are `lacking` in the file."""
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)
    _finder.packages[package] = lacking


def meant() -> list[str]:
    """What was taken for what is usually meant by it, as notes."""
    return [
        f"{package} is not here; its {', '.join(sorted(names))} {'is' if len(names) == 1 else 'are'} taken for what is "
        f"usually meant"
        for package, names in _finder.meant.items()
    ]


def is_used(package: str, statements: list[ast.stmt]) -> bool:
    """Whether what has no meaning of its own is read by statements that import it from a package."""
    bound, read = set(), set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package:
            means = MEANT_OF.get(package, MEANT)
            bound |= {alias.asname or alias.name for alias in node.names if alias.name not in means}
        elif isinstance(node, ast.Import):
            mine = (alias for alias in node.names if alias.name.partition(".")[0] == package)
            bound |= {alias.asname or package for alias in mine}
        elif isinstance(node, ast.Name):
            read.add(node.id)
    if "*" in bound:
        bound |= _finder.packages.get(package, frozenset()) - set(MEANT)
    return bool(bound & read)
