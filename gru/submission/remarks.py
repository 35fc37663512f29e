"""What is unusual in a submission's source and matters for trust. It reads the syntax tree, and runs nothing. A remark
is for the teacher. It is no evidence: an honest cell may sleep, and an attack may look like any other file. So no
verdict depends on it, and no learner is told of it.
"""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock

from gru.files import NOTEBOOK
from gru.submission.contract import SubmissionFailure
from gru.submission.notebook import NotebookSupportError, module_of
from gru.submission.text import clean_text

SENTENCES = {
    "modules": "looks at or changes the modules that are loaded",
    "objects": "searches the objects of the interpreter",
    "source": "reads the source or the signature of what runs it",
    "frames": "reaches the frames of what calls it",
    "memory": "reaches memory past Python",
    "proc": "names the files of processes",
    "processes": "starts threads or processes, or talks to others",
    "code": "runs text as code",
    "literal": "holds a long text",
    "table": "holds a table of numbers",
    "dunder": "goes behind the usual ways of an object or an array",
    "patch": "changes what it has imported",
    "complex": "computes in complex numbers, by which a derivative can be measured",
    "environment": "reads or changes the environment",
    "import": "imports by name at run time",
    "sleep": "waits by the clock",
    "long": "was not looked at, for its length",
}
"""What a remark says, by its slug, after the words that it is about."""

MODULES = {
    **dict.fromkeys(("gc",), "objects"),
    **dict.fromkeys(("inspect", "dis"), "source"),
    **dict.fromkeys(("ctypes", "_ctypes", "cffi", "mmap"), "memory"),
    **dict.fromkeys(("threading", "_thread", "multiprocessing", "concurrent", "asyncio"), "processes"),
    **dict.fromkeys(("subprocess", "socket", "signal"), "processes"),
    **dict.fromkeys(("importlib", "imp", "runpy"), "import"),
    **dict.fromkeys(("builtins", "sys.modules", "sys.meta_path", "sys.path_hooks"), "modules"),
    **dict.fromkeys(("sys._getframe", "sys._current_frames", "sys.settrace", "sys.setprofile"), "frames"),
    **dict.fromkeys(("os.environ", "os.environb", "os.getenv", "os.putenv"), "environment"),
    **dict.fromkeys(("os.fork", "os.system", "os.popen", "os.kill", "os._exit"), "processes"),
    **dict.fromkeys(("os.read", "os.write", "os.dup", "os.dup2", "os.close", "os.closerange"), "processes"),
    **dict.fromkeys(("time.sleep",), "sleep"),
    **dict.fromkeys(("numpy.ctypeslib",), "memory"),
}
"""Modules, and names in modules, that are remarked upon wherever they are used, with the slug."""

NAMES = {
    **dict.fromkeys(("_getframe", "f_back", "f_globals", "f_locals", "f_code", "f_builtins", "tb_frame"), "frames"),
    **dict.fromkeys(("tb_next", "gi_frame", "cr_frame", "ag_frame", "__traceback__"), "frames"),
    **dict.fromkeys(("__subclasses__", "__globals__", "__builtins__", "__code__", "__closure__"), "dunder"),
    **dict.fromkeys(("__array_ufunc__", "__array_function__", "__array_interface__", "__array_wrap__"), "dunder"),
    **dict.fromkeys(("__array_finalize__", "__getattribute__"), "dunder"),
    **dict.fromkeys(("complex", "complex64", "complex128", "imag"), "complex"),
}
"""Names that are remarked upon as an attribute, a method, a variable, or a text by itself."""

CALLS = {"eval": "code", "exec": "code", "compile": "code", "__import__": "import"}
"""Builtins that are remarked upon where they are called."""

LONGEST_TEXT = 1000
"""Characters of a text that is no docstring: a cell needs none as long as a page."""

MOST_NUMBERS = 50
"""Numbers in one literal: more than the inputs of a small example, fewer than the gradients of a battery."""

LONGEST = 500_000
"""Bytes of all files that are looked at: parsing takes a hundred times as much memory."""

MOST = 20
"""Remarks on one submission that are kept."""

_WARNINGS = Lock()
"""Held while Python's warnings about a stranger's text are switched off, as they are for all threads at once."""


@dataclass(frozen=True)
class Remark:
    """What one place of a source has: the kind, the line, the words that stand there.

    `file` is empty for the file that was examined; `cell` is the cell of a notebook, and 0 elsewhere.
    """

    slug: str
    line: int
    words: str
    file: str = ""
    cell: int = 0

    @property
    def sentence(self) -> str:
        """The remark as it is told."""
        places = (self.file, f"cell {self.cell}" if self.cell else "", f"line {self.line}" if self.line else "")
        place = ", ".join(filter(None, places))
        return f"{place}: {self.words} {SENTENCES.get(self.slug, self.slug)}".removeprefix(": ")


def remarks_of(main: str | None, contents: Mapping[str, bytes]) -> tuple[Remark, ...]:
    """The remarks on a submission, one for each kind and words of a file, at the first line that has them.

    Args:
        main: The name of the file that is examined.
        contents: The bytes of every file by its name; those of Python and the examined notebook are looked at.

    Returns:
        At most `MOST`, the examined file's first. A file that does not parse has none.
    """
    names = sorted((n for n in contents if n == main or n.endswith(".py")), key=lambda name: (name != main, name))
    found: list[Remark] = []
    left = LONGEST
    for name in names:
        file = "" if name == main else clean_text(name, 80)
        left -= len(contents[name])
        if left < 0:
            found.append(Remark("long", 0, "its source" if name == main else "a file", file))
            break
        found += _of_file(name, contents[name], file)
    return tuple(found[:MOST])


def _of_file(name: str, data: bytes, file: str) -> list[Remark]:
    if not name.lower().endswith(NOTEBOOK):
        return [Remark(slug, line, words, file) for slug, line, words in _found(data)]
    try:
        module = module_of(data)
    except (SubmissionFailure, NotebookSupportError, RecursionError, MemoryError, ValueError, SyntaxError):
        return []
    found = [(slug, module.place(line) or (0, line), words) for slug, line, words in _found(module.source.encode())]
    return [Remark(slug, line, words, file, cell) for slug, (cell, line), words in found]


def _found(source: bytes) -> list[tuple[str, int, str]]:
    """Kind, line and words, each kind and words once; nothing where the source does not parse."""
    try:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    imported = _imported(tree)
    first: dict[tuple[str, str], int] = {}
    for node in _walked(tree):
        for slug, words in _of_node(node, imported):
            key = slug, clean_text(words, 60)
            first[key] = min(first.get(key, node.lineno), node.lineno)
    return sorted(((slug, line, words) for (slug, words), line in first.items()), key=lambda found: found[1])


def _walked(tree: ast.Module) -> Iterator[ast.stmt | ast.expr]:
    """Every statement and expression but docstrings; of a table of numbers only the whole."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.stmt | ast.expr):
            yield node
        if not (isinstance(node, _TABLES) and _is_table(node)):
            waiting += ast.iter_child_nodes(node)


_TABLES = (ast.List, ast.Tuple, ast.Set, ast.Dict)


def _is_table(node: ast.expr) -> bool:
    return isinstance(node, _TABLES) and _numbers(node) > MOST_NUMBERS


def _numbers(node: ast.expr) -> int:
    constants = (part for part in ast.walk(node) if isinstance(part, ast.Constant))
    return sum(type(part.value) in (int, float, complex) for part in constants)


def _imported(tree: ast.Module) -> dict[str, str]:
    """What each name that an import binds stands for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module or ''}.{alias.name}" for alias in node.names}
    return names


def _of_node(node: ast.stmt | ast.expr, imported: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Kind and words of what one node has."""
    match node:
        case ast.Import():
            yield from _listed(*(alias.name for alias in node.names))
        case ast.ImportFrom():
            yield from _listed(*(f"{node.module or ''}.{alias.name}" for alias in node.names))
        case ast.Attribute():
            yield from _of_attribute(node, imported)
        case ast.Name(id=name) | ast.FunctionDef(name=name) if name in NAMES:
            yield NAMES[name], name
        case ast.Constant(value=str() | bytes() as text):
            yield from _of_text(text)
        case ast.Constant(value=complex() as number):
            yield "complex", str(number)
        case ast.Call():
            yield from _of_call(node, imported)
        case ast.List() | ast.Tuple() | ast.Set() | ast.Dict() if _is_table(node):
            yield "table", f"a literal of {_numbers(node)} numbers"


def _listed(*names: str) -> Iterator[tuple[str, str]]:
    """The longest beginning of each dotted name that is in MODULES."""
    for name in names:
        parts = name.split(".")
        beginnings = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
        known = next((beginning for beginning in beginnings if beginning in MODULES), None)
        if known:
            yield MODULES[known], known


def _of_attribute(node: ast.Attribute, imported: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    name = _dotted(node, imported)
    listed = list(_listed(name)) if name else []
    yield from listed
    if node.attr in NAMES and not listed:
        yield NAMES[node.attr], node.attr
    is_set = not isinstance(node.ctx, ast.Load)
    if is_set and node.attr == "__class__":
        yield "dunder", "an assignment to __class__"
    if name and (is_set or node.attr == "__dict__"):
        yield "patch", name


def _dotted(node: ast.expr, imported: Mapping[str, str]) -> str:
    """The name of something imported, in full; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in imported:
        return ""
    return ".".join([imported[node.id], *reversed(parts)])


def _of_text(text: str | bytes) -> Iterator[tuple[str, str]]:
    if isinstance(text, str) and text in NAMES:
        yield NAMES[text], text
    start = text[:6] if isinstance(text, str) else text[:6].decode("latin-1")
    if start in ("/proc", "/proc/"):
        yield "proc", "/proc"
    if len(text) > LONGEST_TEXT:
        yield "literal", f"a literal of {len(text)} characters"


def _of_call(node: ast.Call, imported: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if not isinstance(node.func, ast.Name):
        return
    name = node.func.id
    if name in CALLS and name not in imported:
        yield CALLS[name], name
    about = _dotted(node.args[0], imported) if node.args else ""
    if about and name in ("setattr", "delattr", "vars"):
        yield "patch", f"{name}({about})"
