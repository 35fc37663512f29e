"""A row for each student: of the files that were handed in, which is examined, and what it may see.

Nothing of a hand-in is run, parsed or unpacked here; what cannot be examined has its reason.
"""

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from gru.grading.handins.choice import choose, listed
from gru.grading.handins.layouts import LAYOUTS, recognised, within
from gru.grading.handins.system import CODE, Handin, Reading
from gru.grading.handins.tree import (
    LARGEST_HANDIN,
    MOST_FILES,
    ExportRefusedError,
    Tree,
    clash,
    in_words,
    is_junk,
    is_within,
    tree_of,
    zip_within,
)
from gru.report.words import printable
from gru.submission.limits import LARGEST_FILE

Reason = Literal["no_code", "no_gru_cell", "refused"]

LONGEST_NAME = 200
"""Characters of a student's name."""

LONGEST_PART, LONGEST_PATH = 255, 800
"""Bytes of a file's name, and of it with its folders: macOS takes 1,024 of both and the place where they are put."""


_ADDED = re.compile(r"(.+\.(?:py|ipynb))\.(?:txt|json)$", re.IGNORECASE)
"""How a file of code is called once a browser has saved it as a text: `gru.py.txt`."""


@dataclass(frozen=True)
class Entry:
    """One student: `main` is the file that is examined, None where there is none, for `reason` and as `text` says.

    `files` are the names of all files that the submission may see, `origin` is where `main` lies in the
    export. `name`, `id`, `late` and `attempt` are as the school's system tells them. `source` is where the
    bytes come from, and stays on this machine.
    """

    student: str
    main: str | None
    files: tuple[str, ...] = ()
    origin: str = ""
    reason: Reason | None = None
    text: str = ""
    name: str = ""
    id: str = ""
    late: str = ""
    attempt: int | None = None
    notes: tuple[str, ...] = ()
    source: Handin | None = field(default=None, repr=False, compare=False)

    def opened(self) -> tuple["Entry", dict[str, bytes]]:
        """The entry, and the bytes of its files by their names; those that cannot be read are not among them.

        Where it is the one to be examined, the entry is refused for the reason; where that is gone, it stays as it is.
        """
        found: dict[str, bytes] = {}
        refused = self
        if self.source is None:
            return refused, found
        for name in self.files:
            try:
                found[name] = self.source.tree.read(self.source.files[name])
            except FileNotFoundError:
                continue
            except (OSError, ExportRefusedError) as error:
                if name == self.main:
                    why = getattr(error, "strerror", None) or str(error)
                    refused = replace(self, main=None, reason="refused", text=_text(f"{name} cannot be read: {why}"))
        return refused, found


@dataclass(frozen=True)
class Export:
    """A class's hand-ins in the order of the students: in which layout, and which files are nobody's."""

    layout: str
    entries: tuple[Entry, ...]
    left_out: tuple[str, ...] = ()


def read(
    export: Path, layout: str | None = None, *, pattern: str | None = None, assignment: str | None = None
) -> Export:
    """The hand-ins in a folder or a zip, in the layout of this id or the one that is recognised.

    With a `pattern`, each file that it matches is a hand-in, and the student is the first part of
    its path. `assignment` chooses one of several in a course of nbgrader. Raises OSError, and
    ExportRefusedError, a ValueError, where the export as a whole is not read.
    """
    tree = tree_of(export)
    if pattern:
        return _export("pattern", Reading(list(_matching(tree, pattern))))
    if layout is None:
        layout, tree = recognised(tree)
    else:
        tree = within(tree, layout)
    return _export(layout, LAYOUTS[layout].read(tree, assignment))


def of_folder(folder: Path) -> Entry:
    """The one hand-in that a folder is. Raises OSError, and ExportRefusedError."""
    tree = tree_of(folder)
    return _entry(Handin(tree.name, tree, {path: path for path in tree.files}, origin=tree.name))


def _export(layout: str, reading: Reading) -> Export:
    handins = [
        replace(handin, student=name) for handin, name in zip(reading.handins, _names(reading.handins), strict=True)
    ]
    entries = sorted(map(_entry, handins), key=lambda entry: entry.student)
    return Export(layout, tuple(entries), tuple(map(_text, reading.left_out)))


def _names(handins: list[Handin]) -> Iterator[str]:
    """What each student is called: the first of three names that no other one has."""
    choices = [(_plain(h.student), _text(h.student), _text(f"{h.student} {h.origin}")) for h in handins]
    counts = [Counter(names) for names in zip(*choices, strict=True)]
    for n, names in enumerate(choices):
        yield next(
            (name for name, count in zip(names, counts, strict=True) if count[name] == 1), f"{names[-1]} {n + 1}"
        )


def _plain(student: str) -> str:
    """A student's name without the ending of a file, or what a pattern matched below the first folder."""
    name = student.partition("/")[0]
    added = _ADDED.match(name)
    name = added[1] if added else name
    ending = next((ending for ending in (*CODE, ".zip") if name.lower().endswith(ending)), "")
    return _text(name[: len(name) - len(ending)] or name)


def _text(name: str) -> str:
    """The name as text that can be written anywhere, in composed Unicode.

    Bytes that are no text, and characters that steer a terminal or end a line, become escapes.
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return printable(unicodedata.normalize("NFC", text))


def _entry(handin: Handin) -> Entry:
    handin = replace(handin, files={name: path for name, path in handin.files.items() if not is_junk(name)})
    handin = _unzipped(replace(handin, files=_named_as_code(handin.files)))
    entry = Entry(
        handin.student,
        None,
        origin=_text(handin.origin),
        name=_text(handin.name)[:LONGEST_NAME],
        id=_text(handin.id)[:LONGEST_NAME],
        late=_text(handin.late)[:LONGEST_NAME],
        attempt=handin.attempt,
        notes=handin.notes,
        source=handin,
    )
    refusal = handin.refusal or _refusal(handin)
    if refusal:
        return replace(entry, reason="refused", text=refusal)
    return _chosen(entry, handin)


def _named_as_code(files: Mapping[str, str]) -> dict[str, str]:
    """The files by the names that they had before a browser or a mail program put an ending behind them."""
    found: dict[str, str] = {}
    for name, path in files.items():
        match = _ADDED.match(name)
        found[match[1] if match and match[1] not in {*files, *found} else name] = path
    return found


def _unzipped(handin: Handin) -> Handin:
    """The hand-in; where all its code is in one zip, the files of that, without the one folder they may all lie in."""
    zipped = [name for name in handin.files if name.lower().endswith(".zip")]
    has_code = any(name.lower().endswith(CODE) for name in handin.files)
    if has_code or len(zipped) != 1 or handin.tree.files[handin.files[zipped[0]]].is_link:
        return handin
    path = handin.files[zipped[0]]
    try:
        inside = zip_within(handin.tree, path)
    except (OSError, ExportRefusedError) as error:
        return replace(handin, refusal=f"{zipped[0]}: {error}")
    folders, files = inside.tops()
    start = f"{folders[0]}/" if len(folders) == 1 and not files else ""
    names = {path.removeprefix(start): path for path in inside.files}
    return replace(handin, tree=inside, files=_named_as_code(names), place=f"{handin.place}{path}/", main="")


def _chosen(entry: Entry, handin: Handin) -> Entry:
    """The entry with the file that is examined, and the files that it may see."""
    sizes = {name: handin.tree.files[path] for name, path in handin.files.items()}
    code = [name for name, file in sizes.items() if name.lower().endswith(CODE)]
    fit = [name for name in code if not sizes[name].is_link and sizes[name].size <= LARGEST_FILE]
    if not fit:
        return _without_code(entry, handin, code)
    read = handin.tree.read
    choice = choose([handin.main] if handin.main else fit, lambda name: read(handin.files[name]))
    unseen = [name for name, file in sizes.items() if file.is_link or file.size > LARGEST_FILE]
    notes = [*entry.notes, *choice.notes, *(f"{name} is left out: {_why_not(handin, name)}" for name in unseen[:5])]
    if choice.file is None:
        others = sorted(set(sizes) - set(code))
        beside = f"; beside it {listed(others)}" if others else ""
        return replace(entry, reason="no_gru_cell", text=_text(choice.text + beside), notes=tuple(map(_text, notes)))
    return replace(
        entry,
        main=choice.file,
        files=tuple(sorted(set(sizes) - set(unseen))),
        origin=_text(handin.place + handin.files[choice.file]),
        notes=tuple(map(_text, notes)),
    )


def _without_code(entry: Entry, handin: Handin, code: list[str]) -> Entry:
    """The entry with the reason why there is nothing to examine."""
    if code:
        return replace(entry, reason="refused", text=_text(f"{code[0]}: {_why_not(handin, code[0])}"))
    expected = f"expected a file that ends in {' or '.join(CODE)}"
    there = sorted(map(_text, handin.files))
    zipped = [name for name in there if name.lower().endswith(".zip")]
    what = f"it has {listed(there)}" if there else "nothing was handed in"
    closed = f"; {'of several zips none is' if len(zipped) > 1 else 'a zip in a zip is not'} opened" if zipped else ""
    return replace(entry, reason="no_code", text=f"{what}{closed}; {expected}")


def _why_not(handin: Handin, name: str) -> str:
    file = handin.tree.files[handin.files[name]]
    if file.is_link:
        return "it is a symbolic link; expected the file itself"
    return f"it is {in_words(file.size)}; at most {in_words(LARGEST_FILE)} are read"


def _refusal(handin: Handin) -> str:
    """Why nothing of a hand-in is read; empty where it is."""
    names = list(handin.files)
    below = {path.rpartition("/")[0] for path in handin.files.values()}
    if len(names) > MOST_FILES or below & handin.tree.overfull:
        return f"it has {len(names):,} files; at most {MOST_FILES:,} are read"
    if outside := next((name for name in names if not is_within(name)), None):
        return f"it has a file {outside!r}, which leads out of its folder"
    if long := next((name for name in names if _is_too_long(name)), None):
        most = f"at most {LONGEST_PART} bytes, and {LONGEST_PATH} with its folders"
        return f"it has a file {long[:60]!r}…, whose name is too long: {most}"
    folders = {str(folder) for name in names for folder in PurePosixPath(name).parents}
    if both := next((name for name in names if name in folders), None):
        return f"it has {both} both as a file and as a folder"
    if same := clash(names):
        return f"it has both {same[0]} and {same[1]}, which are one file on many systems"
    sizes = (handin.tree.files[path].size for path in handin.files.values())
    total = sum(size for size in sizes if size <= LARGEST_FILE)
    if total > LARGEST_HANDIN:
        return f"its files are {in_words(total)} together; at most {in_words(LARGEST_HANDIN)} are read"
    return ""


def _is_too_long(name: str) -> bool:
    return len(os.fsencode(name)) > LONGEST_PATH or any(len(os.fsencode(p)) > LONGEST_PART for p in name.split("/"))


def _matching(tree: Tree, pattern: str) -> Iterator[Handin]:
    """The files that a pattern matches: each sees its own folder, or itself only where others lie beside it."""
    if pattern.startswith("/"):
        raise ExportRefusedError(f"the pattern {pattern} is absolute; expected one of paths in the export")
    found = {path for path in tree.files if _matches(tuple(path.split("/")), tuple(pattern.split("/")))}
    for path in sorted(found):
        folder, _, name = path.rpartition("/")
        is_alone = not folder or any(other != path and other.rpartition("/")[0] == folder for other in found)
        start = f"{folder}/"
        beside = (
            {} if is_alone else {p.removeprefix(start): p for p in tree.files if p.startswith(start) and p not in found}
        )
        yield Handin(path, tree, {**beside, name: path}, origin=path, main=name)


def _matches(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        return _matches(path, pattern[1:]) or _matches(path[1:], pattern)
    return PurePosixPath(path[0]).match(pattern[0]) and _matches(path[1:], pattern[1:])


def digest(entry: Entry, contents: Mapping[str, bytes]) -> str:
    """What changes when anything changes that the submission can see."""
    total = hashlib.sha256(os.fsencode(entry.main or "") + b"\0")
    for name, data in sorted(contents.items()):
        total.update(os.fsencode(name) + b"\0" + hashlib.sha256(data).digest())
    return total.hexdigest()
