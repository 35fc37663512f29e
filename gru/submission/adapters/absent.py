"""Packages that a file imports and that are not here: one that is never used is no obstacle.

In its place stands a module that says what is missing as soon as anything of it is used.
"""

import ast
import sys
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

    __call__ = __mro_entries__ = __getitem__ = __iter__ = __enter__ = _used


class _AbsentModule(ModuleType):
    """A module that is not here; its names can be imported."""

    __path__: list[str] = []  # noqa: RUF012
    """Makes it a package: what is inside it can be imported too."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(self.__name__.partition(".")[0])


def stand_in(package: str, source: bytes) -> bool:
    """Put something in the place of a package that a source imports by name; False where it takes all its names."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    names = {package}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package:
            if node.level or any(alias.name == "*" for alias in node.names):
                return False
            names.add(node.module or package)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.partition(".")[0] == package}
    for name in names:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            whole = ".".join(parts[:end])
            sys.modules.setdefault(whole, _AbsentModule(whole))
    return True


def is_used(package: str, source: bytes) -> bool:
    """Whether a source uses a name that it imports from a package, anywhere in it."""
    bound, read = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package:
            bound |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            mine = (alias for alias in node.names if alias.name.partition(".")[0] == package)
            bound |= {alias.asname or package for alias in mine}
        elif isinstance(node, ast.Name):
            read.add(node.id)
    return bool(bound & read)
