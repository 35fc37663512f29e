"""The submissions in a class's folder: a file or a folder a student. It opens none of them."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gru.report.result import sha256_of

USUAL = "gru_cell.py"
"""The file that counts in a student's folder with several."""

LONGEST = 200
"""Bytes of a student's name that are taken for a file's; the most that file systems take is 255."""

IGNORED = ("__pycache__", "node_modules")


@dataclass(frozen=True)
class Entry:
    """One student: `file` is what is to be examined, None where the folder has nothing that could be.

    `alone` says that the file lies among other students', and is to see none of them.
    """

    student: str
    file: Path | None
    alone: bool
    text: str = ""

    def files(self) -> list[Path]:
        """What there is of Python for the submission to see: its own file, or all in its folder.

        No links: what they lead to is somebody else's, and Landlock would not let the submission read it.
        """
        if self.file is None:
            return []
        found = [self.file] if self.alone else sorted(self.file.parent.rglob("*.py"))
        return [path for path in found if path.is_file() and not path.is_symlink()]


def entries(folder: Path, pattern: str | None = None) -> list[Entry]:
    """The students in a folder, in the order of their names.

    By default each Python file is one, and each folder; with a `pattern`, each file that it
    matches, and the student is the first part of its path. Two students of one name keep their
    endings. Raises OSError where the folder cannot be read, and ValueError on a pattern that is none.
    """
    found = sorted(_matching(folder, pattern) if pattern else _usual(folder), key=lambda entry: entry.student)
    return [replace(entry, student=name) for entry, name in zip(found, _names(found), strict=True)]


def _names(found: list[Entry]) -> Iterator[str]:
    """What each student is called: the first of three names that no other one has."""
    choices = [(_plain(e.student), _text(e.student.partition("/")[0]), _text(e.student)) for e in found]
    counts = [Counter(names) for names in zip(*choices, strict=True)]
    for names in choices:
        yield next((name for name, count in zip(names, counts, strict=True) if count[name] == 1), names[-1])


def _plain(name: str) -> str:
    return _text(name.partition("/")[0].removesuffix(".py"))


def _text(name: str) -> str:
    """The name as text that can be written anywhere; bytes that are none become escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _usual(folder: Path) -> Iterator[Entry]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in IGNORED:
            continue
        if path.is_dir() and not path.is_symlink():
            yield _of_folder(path)
        elif path.suffix == ".py":
            yield _of_file(path.name, path, alone=True)


def _of_folder(folder: Path) -> Entry:
    files = sorted(folder.glob("*.py"))
    usual = folder / USUAL
    if usual in files or len(files) == 1:
        return _of_file(folder.name, usual if usual in files else files[0], alone=False)
    text = f"the folder has {len(files)} Python files and no {USUAL}" if files else "the folder has no Python file"
    return Entry(folder.name, None, alone=False, text=text)


def _of_file(student: str, file: Path, *, alone: bool) -> Entry:
    if file.is_symlink():
        return Entry(student, None, alone, text="it is a symbolic link; expected the file itself")
    return Entry(student, file, alone)


def _matching(folder: Path, pattern: str) -> Iterator[Entry]:
    for path in folder.glob(pattern):
        relative = path.relative_to(folder)
        if path.is_file():
            yield _of_file(relative.as_posix(), path, alone=len(relative.parts) == 1)


def digest(entry: Entry) -> str:
    """What changes when anything changes that the submission can see."""
    total = hashlib.sha256()
    for file in entry.files():
        assert entry.file is not None
        total.update(os.fsencode(file.relative_to(entry.file.parent)) + b"\0")
        total.update(str(sha256_of(file)).encode())
    return total.hexdigest()


def file_name(student: str, ending: str) -> str:
    """A file's name for something of a student: the student's own, so far as it can be one."""
    name = re.sub(r"[/\\\x00]", "_", student)
    if name != student or len(name.encode()) > LONGEST or name.startswith("."):
        mark = hashlib.sha256(student.encode()).hexdigest()[:8]
        name = f"{name.encode()[:LONGEST].decode(errors='ignore').lstrip('.')}-{mark}"
    return f"{name}{ending}"
