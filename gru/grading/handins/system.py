"""What a layout is, and what the modules of the systems share: names, tables, and the hand-ins that they make.

It opens a system's own lists, never a hand-in.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gru.grading.handins.tree import ExportRefusedError, Tree

CODE = (".py", ".ipynb")
"""The endings of what can be examined."""

TEACHERS = re.compile(
    r"(readme|licen[cs]e|conftest|setup|makefile|rubric|roster|gradebook|scores|grades)\b.*|.*\.(csv|toml|cfg|ini|ya?ml|xlsx|sqlite|json|db|lock)",
    re.IGNORECASE,
)
"""What lies beside the hand-ins of a plain folder and is no student's."""


@dataclass(frozen=True)
class Handin:
    """What one student has handed in, before anything of it is opened.

    `student` is unlike every other's; `name`, `id`, `late` and `attempt` are as the system tells them.
    `files` are the paths in `tree` by the names that the submission sees, `origin` is where they lie in the
    export, and `place` where the tree does. `main` is the file to be examined, where that is known already,
    `refusal` why nothing is read.
    """

    student: str
    tree: Tree
    files: Mapping[str, str]
    origin: str
    name: str = ""
    id: str = ""
    late: str = ""
    attempt: int | None = None
    notes: tuple[str, ...] = ()
    place: str = ""
    main: str = ""
    refusal: str = ""


@dataclass
class Reading:
    """An export being read: the hand-ins, and the files beside them that are nobody's."""

    handins: list[Handin]
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Layout:
    """A layout: what it is called in a sentence, whether a tree has it, and its hand-ins.

    `read` is given an assignment's name, where the teacher has named one.
    """

    title: str
    recognises: Callable[[Tree], bool]
    read: Callable[[Tree, str | None], Reading]


def everything(tree: Tree, folder: str) -> dict[str, str]:
    """The files below a folder by the names they have in it."""
    start = f"{folder}/"
    return {path.removeprefix(start): path for path in tree.files if path.startswith(start)}


def most_match(names: list[str], pattern: re.Pattern[str]) -> bool:
    """Whether most of the names, and at least one, are such as a system makes."""
    return 2 * sum(pattern.match(composed(name)) is not None for name in names) > len(names)


def composed(name: str) -> str:
    """The name in composed Unicode, as the patterns expect it."""
    return unicodedata.normalize("NFC", name)


def rows_of(tree: Tree, path: str) -> list[dict[str, str]]:
    """The rows of one of the system's own tables by their columns in lower case; none where it is no table."""
    try:
        text = tree.read(path).decode("utf-8-sig", "replace")
        head = text.partition("\n")[0]
        rows = list(csv.DictReader(io.StringIO(text), delimiter=max(",;", key=head.count)))
    except (OSError, ExportRefusedError, csv.Error):
        return []
    return [{str(k).strip().lower(): str(v or "").strip() for k, v in row.items() if k is not None} for row in rows]


STRANGER = "its name is not one that the system gives"
