"""The file of a submission run as a module: what it needs and is not here, and what of a script is run, is found out.

Standard library and NumPy only. It chooses nothing of what the file defines, and calls nothing of it.
"""

import ast
import builtins
import codecs
import io
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from . import needed
from .absent import NotMade, is_used, meant, stand_in
from .counting import countable
from .guards import take_out

MOST_ABSENT = 16
"""How often a file is run again without a package, a text or a statement that it may do without."""

OUTSIDE = ".".join(["outside"] * 6)
"""The package that the folder of a submission lies in: nothing is in it, but `from ..other import f` may ask it."""

PACKAGE = f"{OUTSIDE}.submission_folder"
"""The package that a submission is a module of, so that `from .other import f` finds the file beside it."""

LONGEST_LINE = 80
"""How many characters are shown of a line that is not Python: the width of a terminal."""

STAND_IN = "hello, a text that is not here\n" * 20
"""The text that stands in for a file that is not here: few letters, and enough of them."""

GOES_BACK = re.compile(r"^\s*def \w*(back|bprop|bptt|grad|loss)", re.IGNORECASE | re.MULTILINE)
"""How a file shows that something in it may go backward."""

SCRIPT = re.compile(
    r"^(?:for|while|with|try|if)\b|^[^\s#].*(?:train|fit|learn|main|run)\w*\(", re.IGNORECASE | re.MULTILINE
)
"""How a file shows that it may train when it is run."""


class Refused(Exception):
    """A file that is no submission, for a reason of the contract."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason, self.text = reason, text


class File:
    """One file that is run.

    Args:
        source: Its contents.
        path: Where they come from.
        layers_cell: The name of the layer's class.
        cell: The name of the class that is examined: that one, or another that was asked for.
        fewest: With how many arguments the layer's class is called forward, at least.

    Attributes:
        module: What the file has made.
        notes: What there is to say of how it was run.
        absent: The packages that are not here and that it has done without so far, each with what was raised.
        failed: What the statements have raised that it has done without.
        tree: Of a file in another API, what of it is run.
    """

    def __init__(self, source: bytes, path: str, layers_cell: str, cell: str, fewest: int) -> None:
        self.source, self.path, self.layers_cell, self.cell = source, path, layers_cell, cell
        self.text = source.decode("utf-8", "replace")
        self.notes: list[str] = []
        self.absent: dict[str, ModuleNotFoundError] = {}
        self.failed: list[BaseException] = []
        self.module = ModuleType("")
        self._given: dict[str, Any] = {}
        self._is_whole = self._defines_cell = self._may_define_cell(fewest)
        self.tree: ast.Module | None = None

    def run(self) -> None:
        """Run the file in a module.

        A package that is not here is an obstacle only where the class needs it, and so is what raises; a text that is
        not here is another one.
        """
        try:
            code = countable(self._as_needed(), self.path)
        except SyntaxError as error:
            raise Refused("not_python", f"the file is not Python: {_told(error, self.source)}") from None
        except (ValueError, RecursionError) as error:
            raise Refused("not_python", f"the file is not Python: {error}") from None
        for _ in range(MOST_ABSENT):
            self.module = _module(self.path)
            vars(self.module).update(self._given)
            try:
                exec(code, vars(self.module))
                return
            except MemoryError:
                raise
            except (Exception, SystemExit) as error:
                code = self._in_spite_of(error, code)
        exec(code, vars(self.module))

    def _in_spite_of(self, error: Exception | SystemExit, code: Any) -> Any:
        """The code that is run next, once `code` has raised this. Raises it again where nothing can be done without."""
        if isinstance(error, ModuleNotFoundError):
            missing, package = _missing(error.name or "")
            if package and missing not in sys.modules and package not in self.absent:
                stand_in(missing, package, needed.lacking(ast.parse(self.source).body))
                self.absent[package] = error
                return code
            if package in self.absent and self._is_whole:
                # Something in the file has used it: a plot that is drawn, a style that is set.
                return self._of_class(f"{package} cannot be imported here")
        elif isinstance(error, FileNotFoundError):
            if self._is_whole:
                return self._of_class(f"{error.filename} is not here" if error.filename else str(error))
            if "open" not in self._given and self.tree and error.filename:
                self.notes.append(f"{error.filename} is not here; another text stands in its place")
                self._given["open"] = _open
                return code
        elif self._is_whole and self._has_class():
            return self._of_class(self._raised(error))
        return self._without(error)

    def _may_be_another_api(self) -> bool:
        return not self._defines_cell and GOES_BACK.search(self.text) is not None

    def _may_define_cell(self, fewest: int) -> bool:
        """Whether the class by the layer's name may be defined at the top of the file, and in the layer's API.

        Of a class in another API, what is made of it is run too: it may be what the file is for.
        """
        if re.search(rf"\b{self.layers_cell}\b|import \*", self.text) is None:
            return False
        try:
            return not needed.takes_fewer(ast.parse(self.source).body, self.layers_cell, fewest)
        except (SyntaxError, ValueError, RecursionError):
            return True

    def _has_class(self) -> bool:
        """Whether a class by the layer's name is written in the file."""
        return re.search(rf"^\s*class\s+{self.cell}\b", self.text, re.MULTILINE) is not None

    def _raised(self, error: BaseException) -> str:
        """Which line at the top of the file raises what."""
        return f"line {self._line(error) or '?'} raises {type(error).__name__}"

    def _line(self, error: BaseException) -> int | None:
        """The line at the top of the file that something was raised in."""
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != self.path:
            trace = trace.tb_next
        return trace.tb_lineno if trace else None

    def _without(self, error: BaseException) -> Any:
        """The code of a file in another API without the statement that raises.

        In the place of what that would make stands something that says so. Raises `error` itself where the statement is
        no assignment and no call.
        """
        line = self._line(error) or 0
        body = self.tree.body if self.tree else []
        node = next((n for n in body if n.lineno <= line <= (n.end_lineno or 0)), None)
        if self.tree is None or not isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr | ast.With | ast.For):
            raise error
        body.remove(node)
        self.failed.append(error)
        self.notes.append(f"{_lines([node])} left out: it raises {type(error).__name__}")
        names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        self._given |= {name: NotMade(f"{name} was not made: {self._raised(error)}") for name in names}
        return countable(self.tree, self.path)

    def _as_needed(self) -> Any:
        """The source; of a script, as a tree, what its class needs, or all its classes and functions do."""
        if not self._may_be_another_api():
            return self._without_training() if self._has_class() and SCRIPT.search(self.text) else self.source
        tree = ast.parse(self.source, self.path)
        body = needed.of_definitions(tree.body)
        left_out = [node for node in tree.body if node not in body and not isinstance(node, ast.Expr)]
        runs = [node for node in left_out if isinstance(node, ast.For | ast.While | ast.With)]
        if runs:
            self.notes.append(f"{_lines(runs)} not run: no class and no function needs them")
        tree.body, self.tree = body, tree
        if guarded := take_out(tree):
            where = ", ".join(map(str, guarded[:3]))
            self.notes.append(
                f"the small constant in the log of line {where} is left out: the loss is judged without it"
            )
        return tree

    def _without_training(self) -> Any:
        """The source; where it trains beside the class, as a tree, what the class needs."""
        tree = ast.parse(self.source, self.path)
        runs = needed.runs_beside(tree.body, self.cell)
        if not runs:
            return self.source
        tree.body = needed.of_class(tree.body, self.cell)
        self.notes.append(f"only what {self.cell} needs is run: {_lines(runs)} not, where training begins")
        return tree

    def _of_class(self, why: str) -> Any:
        """The source compiled, of which only what the class needs is there; `why` is told."""
        tree = ast.parse(self.source, self.path)
        tree.body = needed.of_class(tree.body, self.cell)
        self._is_whole = False
        self.notes.append(f"only what {self.cell} needs is run: {why}")
        return countable(tree, self.path)

    def definitions(self, name: str) -> list[int]:
        """The lines at the top of the file in which a class of this name begins; a notebook tells its cells itself."""
        begins = re.findall(rf"^class\s+{re.escape(name)}\b", self.text, re.MULTILINE)
        if len(begins) < 2 or self.path.endswith(".ipynb"):
            return []
        # What stands in a string begins no class.
        return [
            node.lineno for node in ast.parse(self.source).body if isinstance(node, ast.ClassDef) and node.name == name
        ]

    def require_all(self, name: str) -> None:
        """Raise what was put off, where the class of this name needs what is missing."""
        if not self.absent:
            return
        statements = needed.of_class(ast.parse(self.source).body, name)
        for package, error in self.absent.items():
            if is_used(package, statements):
                raise error

    def require_any(self) -> None:
        """Raise what was put off: of what is used, sooner than of what is not."""
        if self.absent:
            whole = ast.parse(self.source).body
            raise max(self.absent.items(), key=lambda absent: is_used(absent[0], whole))[1]
        if self.failed:
            raise self.failed[0]

    def taken_as_meant(self) -> list[str]:
        """Notes on the names of absent packages that were given their usual meaning."""
        return meant() if self.absent else []


def _told(error: SyntaxError, source: bytes) -> str:
    """The message on a source that is not Python, with the line."""
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
