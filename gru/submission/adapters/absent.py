"""Packages that a file imports and that are not here: one that the class does not need is no obstacle.

In its place stands a module that says what is missing as soon as anything of it is used.
"""

import ast
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn


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


class _AbsentModule(ModuleType):
    """A module that is not here; its names can be imported one by one, and not all at once."""

    def __getattr__(self, name: str) -> Any:
        package = Absent(self.__name__.partition(".")[0])
        if name == "__all__":
            return package.all
        if name.startswith("__"):
            raise AttributeError(name)
        return package


class _Finder:
    """Finds a module that is not here wherever the file and its helpers import it."""

    def __init__(self) -> None:
        self.packages: set[str] = set()

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


def stand_in(package: str) -> None:
    """Put something in the place of a package."""
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)
    _finder.packages.add(package)


def is_used(package: str, statements: list[ast.stmt]) -> bool:
    """Whether a name that statements import from a package, anywhere in them, is read by one of them."""
    bound, read = set(), set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package:
            bound |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            mine = (alias for alias in node.names if alias.name.partition(".")[0] == package)
            bound |= {alias.asname or package for alias in mine}
        elif isinstance(node, ast.Name):
            read.add(node.id)
    return bool(bound & read)
