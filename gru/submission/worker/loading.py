"""What of a submission's file is examined: its class, or what drives another API.

Standard library and NumPy only; the adapters are loaded where the file needs one, as few do. It judges nothing.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

from .running import File, Refused
from .signatures import PASSES, fewest, further, in_other_order, is_alike, lacks_a_pass, other_api

METHODS = (*PASSES, "get_params", "split_params", "merge_params")
"""The methods of a cell in the layer's API."""


@dataclass(frozen=True)
class Asked:
    """What a file is to be examined as.

    Attributes:
        path: The file's.
        api: The layer's API, as `recording.api_of` makes it, with `others` beside.
        name: The class or the function that is to be taken; None where any is.
        adapter: A teacher's adapter: its path and its source; None where there is none.
        most: How often another API is tried at most.
        a_sign: How many of these trials are made between two signs that the search goes on.
    """

    path: str
    api: dict[str, Any]
    name: str | None = None
    adapter: tuple[str, bytes] | None = None
    most: int = 0
    a_sign: int = 1

    @property
    def cell(self) -> str:
        """The name of the class that is examined as it is."""
        return self.name or str(self.api["cell"])


@dataclass(frozen=True)
class Loaded:
    """What is examined: a class with the layer's API, or a driver of another; and what there is to say of the file."""

    cell_class: Any
    driver: Any
    notes: tuple[str, ...]


def loaded(source: bytes, asked: Asked, told: Callable[[], None]) -> Loaded:
    """What is examined of a file with these bytes. Raises Refused, and whatever the file raises.

    Args:
        source: The file's contents.
        asked: What it is to be examined as.
        told: Is called now and then while it is tried how another API is driven.
    """
    file = File(source, asked.path, asked.api["cell"], asked.cell, fewest(asked.api))
    file.run()
    choice = _Choice(file, asked, told)
    cell_class, driver = choice.made()
    notes = [*file.notes, *choice.notes, *file.taken_as_meant()]
    if cell_class is not None:
        name = cell_class.__name__
        if asked.api["cell"] not in vars(file.module):
            notes.append(f"judged as {name}")
        notes += [*in_other_order(cell_class, asked.api), *further(cell_class, asked.api)]
        if len(lines := file.definitions(name)) > 1:
            where = ", ".join(map(str, lines))
            notes.append(f"{name} is defined {len(lines)} times, in lines {where}; the last counts")
    return Loaded(cell_class, driver, tuple(notes))


class _Choice:
    """The choice of what is examined, of all that a file has defined."""

    def __init__(self, file: File, asked: Asked, told: Callable[[], None]) -> None:
        self.file, self.asked, self.api, self.told = file, asked, asked.api, told
        self.turns = 0
        self.notes: list[str] = []

    def made(self) -> tuple[Any, Any]:
        """The class and None, or None and what drives another API."""
        if self.asked.adapter and (driver := self._by_adapter()) is not None:
            return None, driver
        found = vars(self.file.module).get(self.asked.cell)
        cell_class = found if issubclass(type(found), type) else None
        if self.asked.name and found is None:
            raise Refused("no_gru_cell", f"the file defines no {self.asked.name}; it defines {self._names()}")
        if cell_class is None or other_api(cell_class, self.api) is not None:
            return self._another(cell_class)
        if lacks_a_pass(cell_class):
            return self._driven_or(cell_class)
        self.file.require_all(self.asked.cell)
        return cell_class, None

    def _names(self) -> str:
        module = self.file.module
        own = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
        return ", ".join(own[:12]) or "no class and no function"

    def _driven_or(self, cell_class: Any) -> tuple[Any, Any]:
        """What drives a class that lacks a pass of the layer's API, or the class itself where nothing does.

        A class with none of the layer's methods is refused: it is not an unfinished cell.
        """
        from ..adapters import AnotherApiError

        has = [name for name, value in vars(cell_class).items() if name != "__init__" and inspect.isfunction(value)]
        is_other = has and not any(hasattr(cell_class, name) for name in (*METHODS, "__getattr__"))
        try:
            # Of a cell in another API, what is made of it comes first.
            return None, self._driver(self.asked.name if is_other else cell_class.__name__)
        except AnotherApiError as error:
            if is_other:
                text = f"{cell_class.__name__} has none of {', '.join(METHODS)}; it has {', '.join(has[:8])}; {error}"
                raise Refused("another_api", text) from None
            self.file.require_all(self.asked.cell)
            return cell_class, None

    def _driver(self, name: str | None) -> Any:
        """What drives another API, of the thing of this name or of any. Raises AnotherApiError."""
        from .. import adapters

        find = partial(adapters.found_in, self.file.module, self.file.text)
        found = find(name, self._turn)
        self.notes += [f"{way} is not judged: {fault}" for way, fault in found.passed_over.items()]
        return adapters.Driver(found, lambda flag: find(found.target, self._count))

    def _turn(self) -> None:
        """Count a trial, and tell of it: no time limit covers more than a few trials."""
        self._count()
        if self.turns % self.asked.a_sign == 1:
            self.told()

    def _count(self) -> None:
        """Count a trial: so the search has an end."""
        from ..adapters import AnotherApiError

        if self.turns >= self.asked.most:
            raise AnotherApiError(f"it was tried {self.turns} times, and no more is tried")
        self.turns += 1

    def _by_adapter(self) -> Any:
        """What drives the file as a teacher's adapter says; None where that is for a file that defines other names."""
        from .. import adapters

        assert self.asked.adapter is not None
        find = partial(adapters.taught, self.file.module, self.file.text, *self.asked.adapter)
        try:
            found = find(self._turn)
        except adapters.AdapterFaultError as fault:
            raise Refused("adapter_failed", str(fault)) from None
        except adapters.AnotherApiError as error:
            raise Refused("another_api", str(error)) from None
        return None if found is None else adapters.Driver(found, lambda flag: find(self._count))

    def _another(self, cell_class: Any) -> tuple[Any, Any]:
        """What drives a file in another API, or its one class with the layer's API and another name."""
        from .. import adapters

        alike = [] if cell_class else self._named_otherwise()
        try:
            return None, self._driver(self.asked.name)
        except adapters.AnotherApiError as error:
            text = f"; {error}" if str(error) else ""
        if len(alike) == 1:
            self.file.require_all(alike[0].__name__)
            return alike[0], None
        # Why nothing was found may be what is missing.
        self.file.require_any()
        name = self.api["cell"]
        if len(alike) > 1:
            several = ", ".join(cell.__name__ for cell in alike)
            raise Refused("no_gru_cell", f"the file defines no class {name}, and several with its methods: {several}")
        if cell_class is not None:
            raise Refused("another_api", f"{other_api(cell_class, self.api)}{text}")
        if self.asked.cell not in vars(self.file.module):
            reason = "another_api" if text and adapters.looks_like_one(self.file.module) else "no_gru_cell"
            raise Refused(reason, _no_class(self.file.module, name, self.api["others"], text))
        kind = type(vars(self.file.module)[self.asked.cell]).__name__
        raise Refused("no_gru_cell", f"{self.asked.cell} is a {kind}; expected a class{text}")

    def _named_otherwise(self) -> list[type]:
        """The classes with the layer's API under another name, without those that another one is derived from."""
        found = [
            cell
            for cell in dict.fromkeys(v for v in vars(self.file.module).values() if issubclass(type(v), type))
            if cell.__module__ == self.file.module.__name__
            and cell.__name__ not in self.api["others"]
            and is_alike(cell, self.api)
        ]
        return [cell for cell in found if not any(other is not cell and issubclass(other, cell) for other in found)]


def _no_class(module: ModuleType, name: str, others: dict[str, str], tried: str) -> str:
    """What is said of a file without the class: that it has the class of another layer, or else what was tried."""
    there = next((other for other in others if other in vars(module)), None)
    said = f"; it defines {there}, which --layer {others[there]} examines" if there else tried
    return f"the file defines no class {name}{said}"
