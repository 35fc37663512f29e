"""The file of a submission as a module, and what of it is examined: its class, or what drives another API.

Standard library and NumPy only: the worker loads this file by its path, after the lockdown is prepared and before
it is in force. It judges nothing.
"""

import ast
import builtins
import codecs
import inspect
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

MOST_ABSENT = 8
"""How many packages that are not here a file may import without needing them."""

OUTSIDE = ".".join(["outside"] * 6)
"""The package that the folder of a submission lies in: nothing is in it, but `from ..other import f` may ask it."""

PACKAGE = f"{OUTSIDE}.submission_folder"
"""The package that a submission is a module of, so that `from .other import f` finds the file beside it."""

LONGEST_LINE = 80
"""How many characters are shown of a line that is not Python: the width of a terminal."""

STAND_IN = "hello, a text that is not here\n" * 20
"""What is read in the place of a text that is not here: few letters, and enough of them."""

GOES_BACK = re.compile(r"^\s*def \w*(back|bprop|bptt|grad|loss)", re.IGNORECASE | re.MULTILINE)
"""How a file shows that something in it may go backward."""

SCRIPT = re.compile(
    r"^(?:for|while|with|try|if)\b|^[^\s#].*(?:train|fit|learn|main|run)\w*\(", re.IGNORECASE | re.MULTILINE
)
"""How a file shows that it may train when it is run."""

METHODS = ("forward", "backward", "get_params", "split_params", "merge_params")
"""Those of a cell in the layer's API."""

SIZES = ["input_size", "hidden_size"]
"""What a cell in the layer's API is made of."""

Load = Callable[[str], Any]
"""Loads one of the modules that few submissions need, by its name."""


class Refused(Exception):
    """A file that is no submission, for a reason of the contract."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason, self.text = reason, text


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


def loaded(source: bytes, asked: Asked, compiled: Callable[..., Any], load: Load, told: Callable[[], None]) -> Loaded:
    """What is examined of a file with these bytes. Raises Refused, and whatever the file raises.

    Args:
        source: The file's contents.
        asked: What it is to be examined as.
        compiled: Compiles a source or a tree, as `counting.countable` does.
        load: Loads `_adapters`, `_needed` and `_guards`.
        told: Is called now and then while it is tried how another API is driven.
    """
    file = _File(source, asked, compiled, load, told)
    file.execute()
    cell_class, driver = file.chosen()
    other = cell_class is not None and asked.api["cell"] not in vars(file.module)
    meant = load("_adapters").meant() if file.absent else []
    notes = [*file.notes, *meant, *([f"judged as {cell_class.__name__}"] if other else [])]
    notes += [] if cell_class is None else [*_in_other_order(cell_class, asked.api), *_further(cell_class, asked.api)]
    if cell_class is not None and len(lines := file.definitions(cell_class.__name__)) > 1:
        where = ", ".join(map(str, lines))
        notes.append(f"{cell_class.__name__} is defined {len(lines)} times, in lines {where}; the last counts")
    return Loaded(cell_class, driver, tuple(notes))


class _File:
    """One file on its way to be examined."""

    def __init__(
        self, source: bytes, asked: Asked, compiled: Callable[..., Any], load: Load, told: Callable[[], None]
    ) -> None:
        self.source, self.asked, self.api = source, asked, asked.api
        self.compiled, self.load, self.told, self.turns = compiled, load, told, 0
        self.text = source.decode("utf-8", "replace")
        self.notes: list[str] = []
        self.absent: dict[str, ModuleNotFoundError] = {}
        self.module = ModuleType("")

    # Running it

    def execute(self) -> None:
        """Run the file in a module.

        A package that is not here is an obstacle only where the class needs it, and so is what raises; a text that is
        not here is another one.
        """
        try:
            code = self.compiled(self._as_needed(), self.asked.path)
        except SyntaxError as error:
            raise Refused("not_python", f"the file is not Python: {_told(error, self.source)}") from None
        except (ValueError, RecursionError) as error:
            raise Refused("not_python", f"the file is not Python: {error}") from None
        opened: dict[str, Any] = {}
        is_whole = self._defines_cell()
        for _ in range(MOST_ABSENT):
            self.module = _module(self.asked.path)
            vars(self.module).update(opened)
            try:
                exec(code, vars(self.module))
                return
            except ModuleNotFoundError as error:
                missing, package = _missing(error.name or "")
                if package in self.absent and is_whole:
                    # Something in the file has used it: a plot that is drawn, a style that is set.
                    code, is_whole = self._of_class(f"{package} cannot be imported here"), False
                elif not package or missing in sys.modules:
                    raise
                else:
                    lacking = self.load("_needed").lacking(ast.parse(self.source).body)
                    self.load("_adapters").stand_in(missing, package, lacking)
                    self.absent.setdefault(package, error)
            except FileNotFoundError as error:
                if is_whole:
                    code, is_whole = (
                        self._of_class(f"{error.filename} is not here" if error.filename else str(error)),
                        False,
                    )
                    continue
                if opened or not self._may_be_another_api():
                    raise
                self.notes.append(f"{error.filename} is not here; another text stands in its place")
                opened = {"open": _open}
            except (Exception, SystemExit) as error:
                if not is_whole or not self._has_class() or isinstance(error, MemoryError):
                    raise
                code, is_whole = self._of_class(self._raised(error)), False
        exec(code, vars(self.module))

    def _may_be_another_api(self) -> bool:
        return not self._defines_cell() and GOES_BACK.search(self.text) is not None

    def _defines_cell(self) -> bool:
        """Whether the class by the layer's name may be defined at the top of the file."""
        return re.search(rf"\b{self.api['cell']}\b|import \*", self.text) is not None

    def _has_class(self) -> bool:
        """Whether a class by the layer's name is written in the file."""
        return re.search(rf"^\s*class\s+{self.asked.cell}\b", self.text, re.MULTILINE) is not None

    def _raised(self, error: BaseException) -> str:
        """Which line at the top of the file raises what."""
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != self.asked.path:
            trace = trace.tb_next
        return f"line {trace.tb_lineno if trace else '?'} raises {type(error).__name__}"

    def _as_needed(self) -> Any:
        """The source; of a script, as a tree, what its class needs, or all its classes and functions do."""
        if not self._may_be_another_api():
            return self._without_training() if self._has_class() and SCRIPT.search(self.text) else self.source
        tree = ast.parse(self.source, self.asked.path)
        body = self.load("_needed").of_definitions(tree.body)
        left_out = [node for node in tree.body if node not in body and not isinstance(node, ast.Expr)]
        runs = [node for node in left_out if isinstance(node, ast.For | ast.While | ast.With)]
        if runs:
            self.notes.append(f"{_lines(runs)} not run: no class and no function needs them")
        tree.body = body
        if guarded := self.load("_guards").take_out(tree):
            where = ", ".join(map(str, guarded[:3]))
            self.notes.append(
                f"the small constant in the log of line {where} is left out: the loss is judged without it"
            )
        return tree

    def _without_training(self) -> Any:
        """The source; where it trains beside the class, as a tree, what the class needs."""
        tree = ast.parse(self.source, self.asked.path)
        runs = self.load("_needed").runs_beside(tree.body, self.asked.cell)
        if not runs:
            return self.source
        tree.body = self.load("_needed").of_class(tree.body, self.asked.cell)
        self.notes.append(f"only what {self.asked.cell} needs is run: {_lines(runs)} not, where training begins")
        return tree

    def _of_class(self, why: str) -> Any:
        """The source compiled, of which only what the class needs is there; `why` is told."""
        tree = ast.parse(self.source, self.asked.path)
        tree.body = self.load("_needed").of_class(tree.body, self.asked.cell)
        self.notes.append(f"only what {self.asked.cell} needs is run: {why}")
        return self.compiled(tree, self.asked.path)

    def definitions(self, name: str) -> list[int]:
        """The lines at the top of the file in which a class of this name begins; a notebook tells its cells itself."""
        begins = re.findall(rf"^class\s+{re.escape(name)}\b", self.text, re.MULTILINE)
        if len(begins) < 2 or self.asked.path.endswith(".ipynb"):
            return []
        # What stands in a string begins no class.
        return [
            node.lineno for node in ast.parse(self.source).body if isinstance(node, ast.ClassDef) and node.name == name
        ]

    # Choosing what is examined

    def chosen(self) -> tuple[Any, Any]:
        """The class and None, or None and what drives another API."""
        if self.asked.adapter and (driver := self._by_adapter()) is not None:
            return None, driver
        found = vars(self.module).get(self.asked.cell)
        cell_class = found if issubclass(type(found), type) else None
        if self.asked.name and found is None:
            raise Refused("no_gru_cell", f"the file defines no {self.asked.name}; it defines {self._names()}")
        if cell_class is None or other_api(cell_class, self.api) is not None:
            return self._another(cell_class)
        if _lacks_a_pass(cell_class):
            return self._driven_or(cell_class)
        self._require_all(self.asked.cell)
        return cell_class, None

    def _names(self) -> str:
        own = [n for n, v in vars(self.module).items() if getattr(v, "__module__", None) == self.module.__name__]
        return ", ".join(own[:12]) or "no class and no function"

    def _require_all(self, name: str) -> None:
        """Raise what was put off, where the class of this name needs what is missing."""
        if not self.absent:
            return
        needed = self.load("_needed").of_class(ast.parse(self.source).body, name)
        for package, error in self.absent.items():
            if self.load("_adapters").is_used(package, needed):
                raise error

    def _driven_or(self, cell_class: Any) -> tuple[Any, Any]:
        """What drives a class that lacks a pass of the layer's API, or the class itself where nothing does.

        A class with other methods alone is none in the layer's API that is not finished.
        """
        try:
            return None, self._driver(cell_class.__name__)
        except self.load("_adapters").AnotherApiError as error:
            has = [name for name, value in vars(cell_class).items() if name != "__init__" and inspect.isfunction(value)]
            if has and not any(hasattr(cell_class, name) for name in (*METHODS, "__getattr__")):
                text = f"{cell_class.__name__} has none of {', '.join(METHODS)}; it has {', '.join(has[:8])}; {error}"
                raise Refused("another_api", text) from None
            self._require_all(self.asked.cell)
            return cell_class, None

    def _driver(self, name: str | None) -> Any:
        """What drives another API, of the thing of this name or of any. Raises AnotherApiError."""
        adapters = self.load("_adapters")
        found = adapters.found_in(self.module, self.text, name, self._turn)
        self.notes += [f"{way} is not judged: it raised {fault}" for way, fault in found.passed_over.items()]
        return adapters.Driver(found)

    def _turn(self) -> None:
        """Count a trial: so the search ends by itself, and the clock is for a few trials alone."""
        if self.turns >= self.asked.most:
            raise self.load("_adapters").AnotherApiError(f"it was tried {self.turns} times, and no more is tried")
        if self.turns % self.asked.a_sign == 0:
            self.told()
        self.turns += 1

    def _by_adapter(self) -> Any:
        """What drives the file as a teacher's adapter says; None where that is for a file that defines other names."""
        adapters = self.load("_adapters")
        assert self.asked.adapter is not None
        path, source = self.asked.adapter
        try:
            found = adapters.taught(self.module, self.text, path, source, self._turn)
        except adapters.AdapterFaultError as fault:
            raise Refused("adapter_failed", str(fault)) from None
        except adapters.AnotherApiError as error:
            raise Refused("another_api", str(error)) from None
        return None if found is None else adapters.Driver(found)

    def _another(self, cell_class: Any) -> tuple[Any, Any]:
        """What drives a file in another API, or its one class with the layer's API and another name."""
        text = ""
        adapters = self.load("_adapters")
        alike = [] if cell_class else self._named_otherwise()
        try:
            return None, self._driver(self.asked.name)
        except adapters.AnotherApiError as error:
            text = f"; {error}" if str(error) else ""
        if len(alike) == 1:
            self._require_all(alike[0].__name__)
            return alike[0], None
        if self.absent:
            # Why nothing was found may be what is missing: what is used, sooner than what is not.
            whole = ast.parse(self.source).body
            raise max(self.absent.items(), key=lambda absent: adapters.is_used(absent[0], whole))[1]
        name = self.api["cell"]
        if len(alike) > 1:
            several = ", ".join(cell.__name__ for cell in alike)
            raise Refused("no_gru_cell", f"the file defines no class {name}, and several with its methods: {several}")
        if cell_class is not None:
            raise Refused("another_api", f"{other_api(cell_class, self.api)}{text}")
        if self.asked.cell not in vars(self.module):
            reason = "another_api" if text and adapters.looks_like_one(self.module) else "no_gru_cell"
            raise Refused(reason, _no_class(self.module, name, self.api["others"], text))
        kind = type(vars(self.module)[self.asked.cell]).__name__
        raise Refused("no_gru_cell", f"{self.asked.cell} is a {kind}; expected a class{text}")

    def _named_otherwise(self) -> list[type]:
        """The classes with the layer's API under another name; not those that others of them refine."""
        found = [
            cell
            for cell in dict.fromkeys(v for v in vars(self.module).values() if issubclass(type(v), type))
            if cell.__module__ == self.module.__name__
            and cell.__name__ not in self.api["others"]
            and _is_alike(cell, self.api)
        ]
        return [cell for cell in found if not any(other is not cell and issubclass(other, cell) for other in found)]


def _is_alike(cell_class: type, api: dict[str, Any]) -> bool:
    """Whether a class is made of two sizes, and its methods take the layer's arguments one by one."""
    try:
        made = inspect.signature(cell_class.__init__)  # type: ignore[misc]
        methods = [inspect.signature(getattr(cell_class, name)) for name in ("forward", "backward")]
    except (AttributeError, TypeError, ValueError):
        return False
    if any(p.kind is p.VAR_POSITIONAL for method in methods for p in method.parameters.values()):
        return False
    # A layer over whole sequences may take as many; a cell's backward begins with the old states, as forward has them.
    forward, backward = (list(method.parameters)[1:] for method in methods)
    count = len(api["states"])
    return forward[1 : 1 + count] == backward[:count] and _binds(made, SIZES) and other_api(cell_class, api) is None


def _lacks_a_pass(cell_class: Any) -> bool:
    """Whether a class has no method for one of the passes, by the layer's name for it."""
    return not all(callable(getattr(cell_class, name, None)) for name in ("forward", "backward"))


def other_api(cell_class: Any, api: dict[str, Any]) -> str | None:
    """What is said of a class whose methods cannot take the arguments they are given; None where they can."""
    for name in ("forward", "backward"):
        arguments = api[name]
        method = getattr(cell_class, name, None)
        try:
            signature = inspect.signature(method)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            # What has no signature is found out by calling it.
            continue
        if not any(_binds(signature, arguments[:count]) for count in _counts(arguments, api["optional"])):
            taken = list(signature.parameters)
            takes, cell, asked = ", ".join(taken[1:]), api["cell"], ", ".join(arguments)
            if taken and taken[0] != "self" and len(taken) == len(arguments):
                return f"{cell}.{name}({', '.join(taken)}) lacks self: write def {name}(self, {asked})"
            return f"{cell} has another API: it has {name}({takes}), and the chapter's has {name}({asked})"
    return None


def _in_other_order(cell_class: Any, api: dict[str, Any]) -> Iterator[str]:
    """What is said of methods that have the names of the layer's arguments in another order than they are given."""
    for name, given in (("__init__", SIZES), ("forward", api["forward"]), ("backward", api["backward"])):
        try:
            taken = list(inspect.signature(getattr(cell_class, name)).parameters)[1:]
        except (AttributeError, TypeError, ValueError):
            continue
        if any(place != given.index(argument) for place, argument in enumerate(taken) if argument in given):
            yield f"{name} takes {', '.join(taken[:8])}, and is called with {', '.join(given)}, in this order"


def _further(cell_class: Any, api: dict[str, Any]) -> Iterator[str]:
    """What is said of a parameter that forward takes and the form that is asked for has not, such as a bias."""
    try:
        taken = list(inspect.signature(cell_class.forward).parameters)[1 + len(api["forward"]) :]
    except (AttributeError, TypeError, ValueError):
        return
    for name, form in api["further"].items():
        if name in taken:
            yield f"forward takes {name} too, and is called without: nothing is said of it; --form {form} examines it"


def _counts(arguments: list[str], optional: list[str]) -> Iterator[int]:
    """With how many of its arguments a method may be called: all, or without the last ones that are optional."""
    count = len(arguments)
    yield count
    while count and arguments[count - 1] in optional:
        count -= 1
        yield count


def _told(error: SyntaxError, source: bytes) -> str:
    """What is wrong with a source, with its line."""
    if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "it is saved as UTF-16; save it as UTF-8"
    if b"\0" in source:
        return "it has bytes of zero, which no text has"
    line = (error.text or "").strip()[:LONGEST_LINE]
    return f"{error.msg}{f' (line {error.lineno})' if error.lineno else ''}{f' in `{line}`' if line else ''}"


def _lines(statements: Sequence[ast.stmt]) -> str:
    """The lines of statements, the first three of them, as the beginning of a sentence."""
    spans = [(node.lineno, node.end_lineno) for node in statements[:3]]
    named = ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in spans)
    return f"line {named} is" if named.isdecimal() else f"lines {named} are"


def _binds(signature: inspect.Signature, arguments: list[str]) -> bool:
    try:
        signature.bind(None, *arguments)
    except TypeError:
        return False
    return True


def _no_class(module: ModuleType, name: str, others: dict[str, str], tried: str) -> str:
    """What is said of a file without the class: that it has the class of another layer, or else what was tried."""
    there = next((other for other in others if other in vars(module)), None)
    said = f"; it defines {there}, which --layer {others[there]} examines" if there else tried
    return f"the file defines no class {name}{said}"


def _open(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
    """A file that is opened; where it is not here and would be read, a text in its place."""
    try:
        return builtins.open(file, mode, *arguments, **named)  # noqa: PTH123
    except FileNotFoundError:
        if "r" not in mode:
            raise
        return io.BytesIO(STAND_IN.encode()) if "b" in mode else io.StringIO(STAND_IN)


def _missing(name: str) -> tuple[str, str]:
    """The package that is not here, of the name of a module that is not: as Python calls it, and as the file does."""
    own = re.match(r"(outside\.)+(submission_folder\.)?", name)
    inside = name[own.end() :] if own else name
    package = inside.partition(".")[0]
    return (name[: own.end()] if own else "") + package, package


def _module(path: str) -> ModuleType:
    """An empty module for the file, in a package that is its folder; the folder is importable too."""
    folder = str(Path(path).parent)
    levels = OUTSIDE.split(".")
    packages = {name: ModuleType(name) for k in range(len(levels)) if (name := ".".join(levels[: k + 1]))}
    packages[PACKAGE] = ModuleType(PACKAGE)
    for name, package in packages.items():
        package.__path__ = [folder] if name == PACKAGE else []
    spec = ModuleSpec(f"{PACKAGE}.{Path(path).stem.replace('.', '_')}", None, origin=path)
    module = module_from_spec(spec)
    module.__file__ = path
    sys.modules |= {**packages, spec.name: module}
    if folder not in sys.path[:1]:
        sys.path.insert(0, folder)
    return module
