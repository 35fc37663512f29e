"""A repository for each student, as GitHub Classroom and Classroom 50 clone them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gru.grading.handins.system import Handin, Reading, everything, rows_of
from gru.grading.handins.tree import Tree

_CLASSROOM50 = re.compile(r"(?P<prefix>.+)_submissions_\d{4}_\d\d_\d\d_T_\d\d_\d\d_\d\d$")


def is_classroom50(tree: Tree) -> bool:
    """Whether its table of scores is there, or the folder is called as Classroom 50 calls it."""
    if not tree.tops()[0]:
        return False
    columns = set(rows_of(tree, "scores.csv")[0]) if rows_of(tree, "scores.csv") else set()
    return {"username", "late"} <= columns or _CLASSROOM50.match(tree.name) is not None


def read_classroom50(tree: Tree, assignment: str | None) -> Reading:
    """A row for each repository, and for who is in the table of scores and has none."""
    named = _CLASSROOM50.match(tree.name)
    about = {row["username"].lower(): row for row in rows_of(tree, "scores.csv") if row.get("username")}
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


def is_github(tree: Tree) -> bool:
    """Whether the folder and those in it are called as `gh classroom clone` calls them."""
    folders, _ = tree.tops()
    slug = tree.name.removesuffix("-submissions")
    return slug != tree.name and any(folder.startswith(f"{slug}-") for folder in folders)


def read_github(tree: Tree, assignment: str | None) -> Reading:
    """A row for each repository."""
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
        handins.append(Handin(login, tree, everything(tree, folder), origin=folder, name=login, id=login))
    return Reading(handins, files)


def _common(folders: list[str]) -> str:
    """What all names begin with, up to a hyphen."""
    if len(folders) < 2:
        return ""
    first, last = min(folders), max(folders)
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: first.rfind("-", 0, length) + 1]
