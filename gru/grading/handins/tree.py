"""The files of an export, in a folder or in a zip: their paths and sizes, and the bytes of one when they are asked for.

A zip is never unpacked as a whole. What no honest export has is refused, and nobody's files are left out.
"""

import io
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from gru.submission.limits import LARGEST_FILE

LARGEST_HANDIN = 64 * 2**20
"""Bytes of all files of one hand-in together."""

MOST_FILES = 2000
"""Files of one hand-in: a repository with a course's own tests and data has hundreds."""

MOST_IN_A_FOLDER = 20_000
"""Files that lie side by side: twice the largest class that hands in one file each."""

MOST_IN_ALL = 10 * MOST_IN_A_FOLDER

JUNK = frozenset(("__MACOSX", "__pycache__", "node_modules", "site-packages", "Thumbs.db", "desktop.ini", "venv"))
"""What systems and tools leave behind; with every name that begins with a dot, it is nobody's."""

_ENCRYPTED = 0x1

_DRIVE = re.compile("[A-Za-z]:")
"""How a path begins that is absolute on Windows: `C:/gru.py`."""


class ExportRefusedError(ValueError):
    """An export, or one hand-in, that is not read, and why."""


@dataclass(frozen=True)
class File:
    """A file of a tree: its size in bytes when unpacked, and whether it is a link in place of one."""

    size: int
    is_link: bool = False


@dataclass(frozen=True)
class Tree:
    """The files below a folder, or in a zip, by their paths with `/`; junk is left out.

    `name` is what the folder or the zip is called, `folders` those that have nothing in them too, and
    `overfull` the folders of which not all files are listed.
    """

    name: str
    files: Mapping[str, File]
    folders: frozenset[str]
    read: Callable[[str], bytes] = field(repr=False)
    overfull: frozenset[str] = frozenset()
    is_zip: bool = False

    def below(self, folder: str) -> "Tree":
        """The tree of a folder in this one."""
        start = f"{folder}/"

        def inside(paths: frozenset[str]) -> frozenset[str]:
            return frozenset(path.removeprefix(start) for path in paths if path.startswith(start))

        return Tree(
            name=folder.rpartition("/")[2],
            files={path.removeprefix(start): file for path, file in self.files.items() if path.startswith(start)},
            folders=inside(self.folders),
            read=lambda path: self.read(start + path),
            overfull=inside(self.overfull) | (frozenset(("",)) if folder in self.overfull else frozenset()),
            is_zip=self.is_zip,
        )

    def tops(self) -> tuple[list[str], list[str]]:
        """The folders and the files that lie at the top, in the order of their names."""
        folders = {path.partition("/")[0] for path in self.folders}
        return sorted(folders), sorted(path for path in self.files if "/" not in path)


def is_junk(path: str) -> bool:
    """Whether any part of the path is nobody's."""
    return any(part in JUNK or part.startswith(".") or part.endswith(".pyc") for part in path.split("/"))


def is_within(path: str) -> bool:
    """Whether a path of an archive stays in it: no absolute one, no drive, none with `..`."""
    parts = path.split("/")
    # Elsewhere than on Windows a colon stands in names as any other character does.
    on_drive = ":" in parts[0] if os.name == "nt" else _DRIVE.fullmatch(parts[0]) is not None
    return bool(path.strip("/")) and not path.startswith("/") and ".." not in parts and not on_drive


def tree_of(export: Path) -> Tree:
    """The tree of a folder or a zip. Raises OSError, and ExportRefusedError where it is neither, or not read."""
    if export.is_dir():
        return _of_folder(export)
    # Reading a pipe would wait for somebody who writes into it.
    if (export.exists() and not export.is_file()) or not zipfile.is_zipfile(export):
        raise ExportRefusedError("it is no folder and no zip; expected what the system has handed over")
    return zip_tree(export.stem, _opened_once(export))


def _opened_once(path: Path) -> Callable[[], AbstractContextManager[zipfile.ZipFile]]:
    """What opens an archive, once in each process: processes that share a file move one another's place in it."""
    held: dict[int, zipfile.ZipFile] = {}

    def opened() -> AbstractContextManager[zipfile.ZipFile]:
        process = os.getpid()
        if process not in held:
            held[process] = zipfile.ZipFile(path)
        return nullcontext(held[process])

    return opened


def _of_folder(top: Path) -> Tree:
    files: dict[str, File] = {}
    folders: set[str] = set()
    overfull: set[str] = set()
    for folder, path, entries in _walk(top):
        if folder:
            folders.add(folder)
        if len(entries) > MOST_IN_A_FOLDER:
            overfull.add(folder)
            del entries[MOST_IN_A_FOLDER:]
        for entry in entries:
            is_link = entry.is_symlink()
            if is_link or entry.is_file(follow_symlinks=False):
                size = entry.stat(follow_symlinks=False).st_size
                files[f"{folder}/{entry.name}".lstrip("/")] = File(size, is_link)
        if len(files) > MOST_IN_ALL:
            raise ExportRefusedError(f"it has more than {MOST_IN_ALL:,} files; {path} is among the last that were read")
    return _whole(
        Tree(top.resolve().name, files, frozenset(folders), lambda path: _read(top / path), frozenset(overfull))
    )


def _walk(top: Path) -> Iterator[tuple[str, Path, list[os.DirEntry[str]]]]:
    waiting = [("", top)]
    while waiting:
        folder, path = waiting.pop()
        try:
            with os.scandir(path) as scanned:
                entries = [entry for entry in scanned if not is_junk(entry.name)]
        except OSError:
            if not folder:
                raise
            # Somebody's folder that may not be read has a row of its own, with nothing in it.
            entries = []
        below = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        yield folder, path, [entry for entry in entries if entry not in below]
        waiting += [(f"{folder}/{entry.name}".lstrip("/"), Path(entry.path)) for entry in below]


def _read(path: Path) -> bytes:
    """The bytes of a regular file, never through a link, and never more than are allowed."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no regular file")
        return _capped(stream.read(LARGEST_FILE + 1), path.name)


def _capped(data: bytes, name: str) -> bytes:
    if len(data) > LARGEST_FILE:
        raise ExportRefusedError(f"{name} is larger than {in_words(LARGEST_FILE)}")
    return data


def zip_tree(name: str, opened: Callable[[], AbstractContextManager[zipfile.ZipFile]]) -> Tree:
    """The tree of the archive that `opened` opens. Raises OSError, and ExportRefusedError."""
    with _failures(), opened() as archive:
        members = _members(archive)

    def read(path: str) -> bytes:
        with _failures(), opened() as archive, archive.open(members[path]) as stream:
            return _capped(stream.read(LARGEST_FILE + 1), path)

    files = {path: File(info.file_size, _is_link(info)) for path, info in members.items() if not info.is_dir()}
    folders = {str(parent) for path in members for parent in PurePosixPath(path).parents} - {"."}
    folders |= {path for path, info in members.items() if info.is_dir()}
    beside = Counter(path.rpartition("/")[0] for path in files)
    overfull = frozenset(folder for folder, count in beside.items() if count > MOST_IN_A_FOLDER)
    return _whole(Tree(name, files, frozenset(folders), read, overfull, is_zip=True))


def zip_within(tree: Tree, path: str) -> Tree:
    """The tree of a zip that is a file of another tree. Raises OSError, and ExportRefusedError."""
    return zip_tree(PurePosixPath(path).stem, lambda: zipfile.ZipFile(io.BytesIO(tree.read(path))))


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members by their paths, of which none leads out of the archive and none is there twice."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        if not is_within(name):
            raise ExportRefusedError(f"it has a file {name[:200]!r}, which leads out of the archive")
        path = str(PurePosixPath(name))
        if is_junk(path):
            continue
        if info.flag_bits & _ENCRYPTED:
            raise ExportRefusedError(f"{path} in it is encrypted")
        if path in found and not info.is_dir():
            raise ExportRefusedError(f"it has {path} twice")
        found[path] = info
    return found


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _whole(tree: Tree) -> Tree:
    if "" in tree.overfull or len(tree.files) > MOST_IN_ALL:
        raise ExportRefusedError(
            f"it has {len(tree.files):,} files or more; at most {MOST_IN_A_FOLDER:,} may lie side by side"
        )
    return tree


@contextmanager
def _failures() -> Iterator[None]:
    """What zipfile raises on an archive that is damaged, or that it cannot read."""
    try:
        yield
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ExportRefusedError(f"the zip cannot be read: {error}") from None
    except Exception as error:
        # The decompressors have exceptions of their own: zlib.error, lzma.LZMAError, struct.error.
        if isinstance(error, OSError | ExportRefusedError):
            raise
        raise ExportRefusedError(f"the zip cannot be read: {type(error).__name__}: {error}") from None


def clash(paths: list[str]) -> tuple[str, str] | None:
    """Two paths that are one where upper and lower case, or forms of Unicode, are not told apart."""
    seen: dict[str, str] = {}
    for path in paths:
        folded = unicodedata.normalize("NFC", path).casefold()
        if folded in seen:
            return seen[folded], path
        seen[folded] = path
    return None


def in_words(size: int) -> str:
    """A size as it is told: `16 MiB`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{size:.3g} {unit}"
        size /= 1024  # type: ignore[assignment]
    raise AssertionError
