"""The layouts in which systems hand over what a class has handed in: whose file is whose, and what the name tells.

Each layout recognises its own names and reads them; it opens the system's own lists, never a hand-in.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gru.grading.handins.tree import ExportRefusedError, Tree, zip_within

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


def _everything(tree: Tree, folder: str) -> dict[str, str]:
    """The files below a folder by the names they have in it."""
    start = f"{folder}/"
    return {path.removeprefix(start): path for path in tree.files if path.startswith(start)}


def _majority(names: list[str], pattern: re.Pattern[str]) -> bool:
    """Whether most of the names, and at least one, are such as a system makes."""
    return 2 * sum(pattern.match(_text(name)) is not None for name in names) > len(names)


def _text(name: str) -> str:
    """The name in composed Unicode, as the patterns expect it."""
    return unicodedata.normalize("NFC", name)


def _rows(tree: Tree, path: str) -> list[dict[str, str]]:
    """The rows of one of the system's own tables by their columns in lower case; none where it is no table."""
    try:
        text = tree.read(path).decode("utf-8-sig", "replace")
        rows = list(csv.DictReader(io.StringIO(text)))
    except (OSError, ExportRefusedError, csv.Error):
        return []
    return [{str(k).strip().lower(): str(v or "").strip() for k, v in row.items() if k is not None} for row in rows]


STRANGER = "its name is not one that the system gives"


# Canvas

_CANVAS = re.compile(
    r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<id>\d+)_(?:(?P<file>\d+)_(?P<rest>.+)|(?P<page>text|link)\.html)$",
    re.IGNORECASE,
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<name>anon_(?P<id>[^_]+))_(?:(?P<file>\d+)_(?P<rest>.+)|(?P<page>text|link)\.html)$",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>\d+)(?P<ending>\.[^.]+)$")
"""How Canvas calls a file that was handed in again: `gates-1.py`."""


def _canvas_name(name: str) -> re.Match[str] | None:
    return _CANVAS_ANONYMOUS.match(_text(name)) or _CANVAS.match(_text(name))


def _is_canvas(tree: Tree) -> bool:
    _, files = tree.tops()
    return 2 * sum(_canvas_name(name) is not None for name in files) > len(files)


def _read_canvas(tree: Tree, assignment: str | None) -> Reading:
    folders, files = tree.tops()
    found: dict[str, list[tuple[re.Match[str], str]]] = {}
    handins, left_out = [], []
    for folder in folders:
        handins.append(Handin(folder, tree, _everything(tree, folder), origin=folder, notes=(STRANGER,)))
    for file in files:
        match = _canvas_name(file)
        if match is not None:
            found.setdefault(match["id"], []).append((match, file))
        elif TEACHERS.fullmatch(file):
            left_out.append(file)
        else:
            handins.append(Handin(file, tree, {file: file}, origin=file, notes=(STRANGER,)))
    for id, parts in found.items():
        match = parts[0][0]
        student = match["name"] if match["name"].endswith(id) else f"{match['name']}_{id}"
        names = {file: match["rest"] or f"{match['page']}.html" for match, file in parts}
        given, attempt = _first_names(list(names.values()))
        handins.append(
            Handin(
                student,
                tree,
                {given[name]: file for file, name in names.items()},
                origin=parts[0][1],
                name=match["name"],
                id=id,
                late="late" if any(part["late"] for part, _ in parts) else "",
                attempt=attempt,
            )
        )
    return Reading(handins, left_out)


def _first_names(names: list[str]) -> tuple[dict[str, str], int]:
    """The names without the number that Canvas puts behind those of a file handed in again, and the attempt."""
    given, attempt = {}, 1
    for name in names:
        match = _AGAIN.match(name)
        given[name] = f"{match['stem']}{match['ending']}" if match else name
    if len(set(given.values())) < len(names):
        return {name: name for name in names}, 1
    numbers = [int(match["number"]) for name in names if (match := _AGAIN.match(name)) and len(match["number"]) < 4]
    return given, attempt + max(numbers, default=0)


# Gradescope

_METADATA = "submission_metadata.yml"
_SUBMISSION = re.compile(r"submission_\d+$")


def _is_gradescope(tree: Tree) -> bool:
    folders, _ = tree.tops()
    return _METADATA in tree.files or (bool(folders) and all(_SUBMISSION.match(folder) for folder in folders))


def _read_gradescope(tree: Tree, assignment: str | None) -> Reading:
    metadata = _metadata(tree)
    folders, files = tree.tops()
    handins = []
    for folder in sorted({*folders, *metadata}):
        about = metadata.get(folder, {})
        common = Handin(folder, tree, _everything(tree, folder), origin=folder, attempt=_attempts(about))
        people = [person for person in _list(about.get(":submitters")) if isinstance(person, dict)]
        for person in people or [{}]:
            name, email, sid = (str(person.get(key) or "").strip() for key in (":name", ":email", ":sid"))
            others = [str(other.get(":name")) for other in people if other is not person]
            notes = (f"handed in together with {', '.join(others)}",) if others else ()
            if not people:
                notes = (f"{_METADATA} has no student of {folder}",)
            id = sid or email or folder.removeprefix("submission_")
            student = f"{name}_{id}" if name else email or folder
            handins.append(replace(common, student=student, name=name, id=id, notes=notes, late=_late(about)))
    return Reading(handins, [file for file in files if file != _METADATA])


def _metadata(tree: Tree) -> dict[str, dict[str, Any]]:
    """What Gradescope says of each submission; its keys are Ruby's symbols."""
    import yaml

    if _METADATA not in tree.files:
        return {}
    try:
        loaded = yaml.load(tree.read(_METADATA), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ExportRefusedError(f"{_METADATA} cannot be read: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(loaded, dict):
        raise ExportRefusedError(f"{_METADATA} cannot be read: expected a table of submissions")
    return {str(folder): about for folder, about in loaded.items() if isinstance(about, dict)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _attempts(about: Mapping[str, Any]) -> int | None:
    return len(_list(about.get(":history"))) + 1 if about else None


def _late(about: Mapping[str, Any]) -> str:
    """Gradescope tells lateness as a span of time, where it tells it."""
    said = next((str(value) for key, value in about.items() if "late" in str(key).lower() and value), "")
    return "" if re.fullmatch(r"[0:. ]*|false", said, re.IGNORECASE) else said


# Moodle

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?$", re.DOTALL)


def _is_moodle(tree: Tree) -> bool:
    folders, files = tree.tops()
    return _majority([*folders, *(file for file in files if not file.endswith(".csv"))], _MOODLE)


def _read_moodle(tree: Tree, assignment: str | None) -> Reading:
    folders, files = tree.tops()
    found: dict[str, tuple[str, str, dict[str, str]]] = {}
    left_out = []
    for top in (*folders, *files):
        match = _MOODLE.match(_text(top))
        if match is None:
            left_out.append(top)
            continue
        inside = _everything(tree, top) if top in folders else {match["rest"] or top: top}
        start = f"{match['rest']}/" if top in folders and match["rest"] else ""
        mine = found.setdefault(match["id"], (match["name"], top, {}))
        mine[2].update({start + name: path for name, path in inside.items()})
    about = {row.get("identifier", "").split()[-1]: row for file in left_out for row in _worksheet(tree, file)}
    handins = []
    for id, (name, top, contents) in found.items():
        row = about.get(id, {})
        handin = Handin(f"{name}_{id}", tree, contents, origin=top, name=row.get("full name") or name, id=id)
        handins.append(replace(handin, late=_late_in_worksheet(row.get("status", ""))))
    return Reading(handins, [path for path in left_out if not _worksheet(tree, path)])


def _worksheet(tree: Tree, path: str) -> list[dict[str, str]]:
    """The rows of Moodle's grading worksheet, if the file is one."""
    return [row for row in _rows(tree, path) if row.get("identifier")] if path.endswith(".csv") else []


def _late_in_worksheet(status: str) -> str:
    """`2 hours 5 mins` of `Submitted for grading - 2 hours 5 mins late`."""
    match = re.search(r"-\s*([^-]+?)\s+late\b", status)
    return match[1] if match else ""


# nbgrader


def _is_nbgrader(tree: Tree) -> bool:
    folders, files = tree.tops()
    if "submitted" not in folders:
        return tree.name == "submitted" and any(path.count("/") >= 2 for path in tree.files)
    beside = {"source", "release", "autograded", "feedback"} & {*folders}
    return bool(beside or {"nbgrader_config.py", "gradebook.db"} & {*files} or len(folders) == 1)


def _read_nbgrader(tree: Tree, assignment: str | None) -> Reading:
    submitted = tree.below("submitted") if "submitted" in tree.tops()[0] else tree
    students = {student: submitted.below(student) for student in submitted.tops()[0]}
    there = sorted({name for below in students.values() for name in below.tops()[0]})
    chosen = assignment or (there[0] if len(there) == 1 else None)
    if there and chosen not in there:
        what = f"no assignment {assignment!r}" if assignment else f"{len(there)} assignments"
        raise ExportRefusedError(f"it has {what}: name one of {', '.join(there)} with --assignment")
    handins = []
    for student, below in students.items():
        work = below.below(chosen) if chosen else below
        files = {path: path for path in work.files if path != "timestamp.txt"}
        origin = f"submitted/{student}/{chosen}" if chosen else f"submitted/{student}"
        handins.append(Handin(student, work, files, origin, name=student, id=student, place=f"{origin}/"))
    return Reading(handins)


# Repositories

_CLASSROOM50 = re.compile(r"(?P<prefix>.+)_submissions_\d{4}_\d\d_\d\d_T_\d\d_\d\d_\d\d$")


def _is_classroom50(tree: Tree) -> bool:
    if not tree.tops()[0]:
        return False
    columns = set(_rows(tree, "scores.csv")[0]) if _rows(tree, "scores.csv") else set()
    return {"username", "late"} <= columns or _CLASSROOM50.match(tree.name) is not None


def _read_classroom50(tree: Tree, assignment: str | None) -> Reading:
    named = _CLASSROOM50.match(tree.name)
    about = {row["username"].lower(): row for row in _rows(tree, "scores.csv") if row.get("username")}
    reading = _repositories(tree, named["prefix"] if named else None, [*about])
    handins = []
    for handin in reading.handins:
        row = about.pop(handin.id.lower(), {})
        handins.append(replace(handin, **_told_by_scores(row, handin)))
    for login, row in about.items():
        nothing = Handin(row["username"], tree, {}, origin=login, id=row["username"])
        handins.append(replace(nothing, **_told_by_scores(row, nothing)))
    return Reading(handins, [path for path in reading.left_out if path != "scores.csv"])


def _told_by_scores(row: Mapping[str, str], handin: Handin) -> dict[str, Any]:
    name = " ".join(filter(None, (row.get("first_name"), row.get("last_name"))))
    late = row.get("late", "")
    return {"name": name or handin.name, "late": "late" if late.lower() in ("true", "late", "yes", "1") else ""}


def _is_github(tree: Tree) -> bool:
    folders, _ = tree.tops()
    slug = tree.name.removesuffix("-submissions")
    return slug != tree.name and any(folder.startswith(f"{slug}-") for folder in folders)


def _read_github(tree: Tree, assignment: str | None) -> Reading:
    is_named = tree.name.endswith("-submissions")
    return _repositories(tree, tree.name.removesuffix("-submissions") if is_named else None, [])


def _repositories(tree: Tree, slug: str | None, logins: list[str]) -> Reading:
    """A repository a student: its folder is called by the assignment's slug and the student's login."""
    folders, files = tree.tops()
    prefix = f"{slug}-" if slug and any(f.lower().startswith(f"{slug}-".lower()) for f in folders) else _common(folders)
    handins = []
    for folder in folders:
        known = [login for login in logins if folder.lower() == login or folder.lower().endswith(f"-{login}")]
        login = folder[-len(max(known, key=len)) :] if known else folder
        if not known and folder.lower().startswith(prefix.lower()):
            login = folder[len(prefix) :] or folder
        handins.append(Handin(login, tree, _everything(tree, folder), origin=folder, name=login, id=login))
    return Reading(handins, files)


def _common(folders: list[str]) -> str:
    """What all names begin with, up to a hyphen."""
    if len(folders) < 2:
        return ""
    first, last = min(folders), max(folders)
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: first.rfind("-", 0, length) + 1]


# Plain


def _read_plain(tree: Tree, assignment: str | None) -> Reading:
    folders, files = tree.tops()
    handins = [Handin(folder, tree, _everything(tree, folder), origin=folder) for folder in folders]
    left_out = []
    for file in files:
        if file.lower().endswith(".zip") and not tree.files[file].is_link:
            handins.append(_of_zip(tree, file))
        elif not file.endswith(CODE) and TEACHERS.fullmatch(file):
            left_out.append(file)
        else:
            handins.append(Handin(file, tree, {file: file}, origin=file))
    return Reading(handins, left_out)


def _of_zip(tree: Tree, file: str) -> Handin:
    """A student's own zip, without the one folder that all of it may lie in."""
    try:
        mine = zip_within(tree, file)
    except (OSError, ExportRefusedError) as error:
        return Handin(file, tree, {}, origin=file, refusal=str(error))
    folders, files = mine.tops()
    start = f"{folders[0]}/" if len(folders) == 1 and not files else ""
    return Handin(file, mine, {path.removeprefix(start): path for path in mine.files}, origin=file, place=f"{file}/")


LAYOUTS: dict[str, Layout] = {
    "gradescope": Layout("an export of Gradescope", _is_gradescope, _read_gradescope),
    "nbgrader": Layout("a course of nbgrader", _is_nbgrader, _read_nbgrader),
    "moodle": Layout("an export of Moodle", _is_moodle, _read_moodle),
    "canvas": Layout("an export of Canvas", _is_canvas, _read_canvas),
    "classroom50": Layout("repositories of Classroom 50", _is_classroom50, _read_classroom50),
    "github-classroom": Layout("repositories of GitHub Classroom", _is_github, _read_github),
    "plain": Layout("a file, a folder or a zip for each student", lambda tree: True, _read_plain),
}
"""The layouts by their ids, in the order in which they are tried."""


def recognised(tree: Tree) -> tuple[str, Tree]:
    """The id of the layout of a tree, and the tree or the one folder in it that has this layout."""
    candidates = [tree]
    folders, files = tree.tops()
    if len(folders) == 1 and not files:
        candidates.append(tree.below(folders[0]))
    for id, layout in LAYOUTS.items():
        for candidate in candidates:
            if id != "plain" and layout.recognises(candidate):
                return id, candidate
    return "plain", _unwrapped(tree)


def within(tree: Tree, layout: str) -> Tree:
    """The tree, or the one folder in it, that a layout which was asked for recognises."""
    folders, files = tree.tops()
    inner = tree.below(folders[0]) if len(folders) == 1 and not files else None
    if layout == "plain":
        return _unwrapped(tree)
    known = LAYOUTS[layout].recognises
    return inner if inner is not None and not known(tree) and known(inner) else tree


PARTS = frozenset(("src", "test", "tests", "lib", "code", "docs", "data", "notebooks", "utils", "models", "scripts"))
"""What the folders of one project are called; a class of such students there is none."""


def _unwrapped(tree: Tree) -> Tree:
    """A class without the one folder that all of it lies in; a single student's folder is none.

    A class in a folder has folders in it. In a zip, files beside each other are a class too.
    """
    folders, files = tree.tops()
    if len(folders) != 1 or files:
        return tree
    inner = tree.below(folders[0])
    deeper, beside = inner.tops()
    students = sum(file.lower().endswith((*CODE, ".zip")) for file in beside)
    is_class = len(deeper) > 1 and not students and not PARTS & {folder.lower() for folder in deeper}
    if tree.is_zip:
        is_class = is_class or folders[0] == tree.name or students > 2
    return inner if is_class else tree
