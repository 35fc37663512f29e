"""Which file of a hand-in is examined: the one that defines the class. It reads their text, and parses none of it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

USUAL = "gru_cell.py"
"""What the chapter calls the file."""

MOST_READ = 200
"""How many files of a hand-in are looked into for the class."""

_START = rb'(?:^|(?<=")|(?<=\\n))'
"""Where a line begins: in Python, and within the strings of a notebook."""

_DEFINES = re.compile(_START + rb"class\s+GRUCell\b", re.MULTILINE)
_BINDS = re.compile(_START + rb"(?:GRUCell\s*=|from\s.*\bimport\b.*\bGRUCell\b)", re.MULTILINE)
_ANOTHER = re.compile(_START + rb"class\s+(\w*gru\w*)", re.MULTILINE | re.IGNORECASE)
_BACKWARD = re.compile(rb"def\s+\w*backward", re.IGNORECASE)
_ASIDE = re.compile(r"(?:^|/)(?:tests?/|test_|conftest\.py|setup\.py|__init__\.py)|_test\.py$", re.IGNORECASE)
"""What a course gives out with an exercise, and no student writes a cell into."""

_COPY = re.compile(r"-checkpoint\.\w+$", re.IGNORECASE)
"""What Jupyter saves beside a file, and is older than it."""


@dataclass(frozen=True)
class Choice:
    """The file that is examined, None where there is none; `text` says why not, `notes` what else to know."""

    file: str | None
    text: str = ""
    notes: tuple[str, ...] = ()


def choose(files: Sequence[str], read: Callable[[str], bytes]) -> Choice:
    """The one of `files`, paths that end in `.py` or `.ipynb`, that defines the class."""
    if len(files) == 1 and not _ASIDE.search(files[0]):
        return Choice(files[0])
    texts = {file: _text(file, read) for file in sorted(files, key=_order)[:MOST_READ]}
    ranks = {file: rank for file, text in texts.items() if (rank := _rank(file, text)) is not None}
    if not ranks:
        what = "it defines no" if len(files) == 1 else f"none of its {len(files)} files defines a"
        return Choice(None, f"{what} class GRUCell: {listed(sorted(files))}")
    best = min(ranks.values())
    taken, *others = (file for file in texts if ranks.get(file) == best)
    others = [file for file in others if texts[file] != texts[taken]]
    notes = (
        [f"{taken} is examined; {listed(others)} {'has' if len(others) == 1 else 'have'} such a class too"]
        if others
        else []
    )
    if best:
        named = _ANOTHER.search(texts[taken])
        what = f"a class {named[1].decode('ascii', 'replace')}" if named else "a backward pass"
        notes.append(f"no file defines a class GRUCell; {taken} is examined, which has {what}")
    return Choice(taken, notes=tuple(notes))


def _order(file: str) -> tuple[bool, bool, bool, bool, bool, int, str]:
    """Of several that would do: no copy, the usual name, no test, named for a GRU, Python, near the top."""
    name = file.rpartition("/")[2]
    return (
        _COPY.search(name) is not None,
        name != USUAL,
        _ASIDE.search(file) is not None,
        "gru" not in name.lower(),
        not name.endswith(".py"),
        file.count("/"),
        file,
    )


def _rank(file: str, text: bytes) -> int | None:
    """How well a file will do, 0 the best; None where it will not."""
    if _DEFINES.search(text) or (file.endswith(USUAL) and _BINDS.search(text)):
        return 0
    if _ASIDE.search(file) or not _BACKWARD.search(text):
        return None
    return 1 if _ANOTHER.search(text) else 2


def _text(file: str, read: Callable[[str], bytes]) -> bytes:
    try:
        return read(file)
    except (OSError, ValueError):
        return b""


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names with commas between, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
