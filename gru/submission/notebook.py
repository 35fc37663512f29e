"""A notebook as a module: its code cells in order, what the class needs of them, and which line was which.

It reads JSON and syntax trees, on the examining side, and runs nothing.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gru.files import NOTEBOOK
from gru.layers.registry import form_named
from gru.submission.contract import SubmissionFailure
from gru.submission.recording import api_of
from gru.submission.text import clean_text
from gru.submission.worker.needed import WANTED, Statement, needed, takes_fewer
from gru.submission.worker.signatures import fewest

FORMAT = 4
"""The format of notebooks that is read; older ones are converted to it."""

PYTHON_CELLS = frozenset(("capture", "prun", "time", "timeit"))
"""The cell magics below which a cell is still Python."""

_MAGIC = re.compile(r"(\s*)(?:[%!?]|\w[\w, ]*=\s*[%!]).*|(\s*)[\w.]+\?+\s*$")


class NotebookSupportError(Exception):
    """Notebooks cannot be read here: what they are read with is not installed."""


@dataclass(frozen=True)
class Module:
    """What is run of a notebook: its source, the cell and the line that each line comes from, what else to know."""

    source: str
    places: tuple[tuple[int, int], ...]
    notes: tuple[str, ...] = ()

    def place(self, line: int) -> tuple[int, int] | None:
        """The cell and the line in it, both counted from 1, of a line of the module."""
        return self.places[line - 1] if 0 < line <= len(self.places) else None


def require() -> None:
    """Raise NotebookSupportError where notebooks cannot be read."""
    try:
        import nbformat  # noqa: F401
    except ImportError:
        raise NotebookSupportError(f"reading {NOTEBOOK} needs nbformat: pip install nbformat") from None


def module_of(data: bytes) -> Module:
    """The module in the bytes of a notebook. Raises SubmissionFailure where there is none, and NotebookSupportError.

    Cells are the code cells counted from the top, as Jupyter numbers them when all are run.
    """
    require()
    sources, notes = _code_cells(data)
    statements: list[Statement] = []
    for cell, source in enumerate(sources, 1):
        try:
            statements += _statements(cell, source)
        except _LeftOut as why:
            notes.append(f"cell {cell} is left out: {why}")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            what = _told(error)
            if _defines(source):
                raise _failure(f"cell {cell}{what}") from None
            notes.append(f"cell {cell} is left out{what}")
    try:
        # Of a class in another API, what is made of it is kept too.
        is_other = takes_fewer([s.node for s in statements], WANTED, fewest(api_of(form_named())))
        kept = needed(statements, "" if is_other else WANTED)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _failure(f"the notebook{_told(error)}") from None
    cells = [s.cell for s in statements if s.is_definition and WANTED in s.binds]
    if len(cells) > 1:
        where = f"cells {', '.join(map(str, cells))}" if len(set(cells)) > 1 else f"cell {cells[0]}"
        notes.append(f"{WANTED} is defined {len(cells)} times, in {where}; the last counts")
    return _joined(kept, notes)


def _failure(text: str) -> SubmissionFailure:
    return SubmissionFailure("not_python", clean_text(text))


def _told(error: BaseException) -> str:
    """What is wrong with a cell's Python, behind the name of the cell."""
    if isinstance(error, SyntaxError):
        return (f", line {error.lineno}" if error.lineno else "") + f": {error.msg}"
    return f": it is not Python: {error}" if str(error) else ": it is nested too deeply"


def _defines(source: str) -> bool:
    return re.search(rf"^class\s+{WANTED}\b", source, re.MULTILINE) is not None


# The cells


def _code_cells(data: bytes) -> tuple[list[str], list[str]]:
    """The sources of the code cells, and what is to be said of the file."""
    from nbformat import NBFormatError, converter, reader

    try:
        notebook: Any = reader.reads(data.decode("utf-8-sig"))
        version, _ = reader.get_version(notebook)
        cells = converter.convert(notebook, FORMAT)["cells"]
        code = [_source(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (reader.NotJSONError, UnicodeDecodeError, RecursionError):
        raise _failure("the notebook is broken: it is not JSON; expected a file as Jupyter saves it") from None
    except NBFormatError as error:
        raise _failure(f"the notebook is of another format: {error}") from None
    except Exception as error:
        # nbformat has no one exception for a file that lacks what a notebook has.
        raise _failure(f"the notebook is broken: {type(error).__name__}: {str(error).partition(chr(10))[0]}") from None
    if not any(source.strip() for source in code):
        raise _failure("the notebook has no code")
    return code, [] if version == FORMAT else [f"the notebook is of format {version}; it was read as format {FORMAT}"]


def _source(source: Any) -> str:
    """A cell's text, which is kept as one string or as lines."""
    text = source if isinstance(source, str) else "".join(source)
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _LeftOut(Exception):
    """A cell that is no Python, and what it is."""


def _statements(cell: int, source: str) -> Iterator[Statement]:
    """The statements at the top of a cell. Raises _LeftOut, and what ast raises."""
    first = source.lstrip()
    if first.startswith("%%") and (name := (first[2:].split() or [""])[0]) not in PYTHON_CELLS:
        raise _LeftOut(f"it is for %%{name}")
    try:
        tree = ast.parse(source)
    except SyntaxError:
        source = "\n".join(map(_without_magic, source.split("\n")))
        tree = ast.parse(source)
    lines = source.split("\n")
    for node in tree.body:
        first_line = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
        yield Statement(cell, first_line, tuple(_segment(lines, node, first_line)), node)


def _without_magic(line: str) -> str:
    """The line; one of IPython's becomes a statement that does nothing, so that what is around it stays whole."""
    match = _MAGIC.match(line)
    return f"{match[1] or match[2] or ''}pass" if match else line


def _segment(lines: Sequence[str], node: ast.stmt, first_line: int) -> list[str]:
    """The lines of a statement, without others that a semicolon puts on them."""
    last_line = node.end_lineno or node.lineno
    segment = list(lines[first_line - 1 : last_line])
    segment[-1] = segment[-1].encode()[: node.end_col_offset].decode()
    if first_line == node.lineno:
        segment[0] = segment[0].encode()[node.col_offset :].decode()
    return segment


def _joined(statements: Sequence[Statement], notes: list[str]) -> Module:
    """The statements as one module, those from `__future__` first."""
    ordered = sorted(statements, key=lambda statement: not statement.is_future)
    source = "".join(f"{line}\n" for statement in ordered for line in statement.lines)
    places = tuple((s.cell, s.line + n) for s in ordered for n in range(len(s.lines)))
    return Module(source, places, tuple(clean_text(note) for note in notes))
