"""Moodle's export, with folders or flat, and the grading worksheet that may lie beside it."""

import re
from dataclasses import replace

from gru.grading.handins.system import Handin, Reading, composed, everything, most_match, rows_of
from gru.grading.handins.tree import Tree

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?$", re.DOTALL)


def recognises(tree: Tree) -> bool:
    """Whether most of the names are such as Moodle makes."""
    folders, files = tree.tops()
    return most_match([*folders, *(file for file in files if not file.endswith(".csv"))], _MOODLE)


def read(tree: Tree, assignment: str | None) -> Reading:
    """A row for each participant, with the lateness that the worksheet tells."""
    folders, files = tree.tops()
    found: dict[str, tuple[str, str, dict[str, str]]] = {}
    left_out = []
    for top in (*folders, *files):
        match = _MOODLE.match(composed(top))
        if match is None:
            left_out.append(top)
            continue
        inside = everything(tree, top) if top in folders else {match["rest"] or top: top}
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
    return [row for row in rows_of(tree, path) if row.get("identifier")] if path.endswith(".csv") else []


def _late_in_worksheet(status: str) -> str:
    """`2 hours 5 mins` of `Submitted for grading - 2 hours 5 mins late`."""
    match = re.search(r"-\s*([^-]+?)\s+late\b", status)
    return match[1] if match else ""
