"""Moodle's export, with folders or flat, and the grading worksheet that may lie beside it."""

import re
from collections.abc import Collection

from gru.grading.handins.system import Handin, Reading, composed, everything, most_match, rows_of
from gru.grading.handins.tree import Tree

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?$", re.DOTALL)
_NUMBER = re.compile(r"\d+$")
_GRADE = re.compile(r"\d+([.,]\d+)?")


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
    sheets = {file: sheet for file in left_out if (sheet := _worksheet(tree, file, found))}
    about = {id: cells for sheet in sheets.values() for id, cells in sheet.items()}
    handins = []
    for id, (name, top, contents) in found.items():
        full, *cells = about.get(id, [""])
        if not _is_of(full, name):
            full, cells = name, [full, *cells]
        late = next(filter(None, map(_late, cells)), "")
        handins.append(Handin(f"{name}_{id}", tree, contents, origin=top, name=full, id=id, late=late))
    return Reading(handins, [path for path in left_out if path not in sheets])


def _worksheet(tree: Tree, path: str, found: Collection[str]) -> dict[str, list[str]]:
    """What Moodle's grading worksheet says of the ids in `found`, up to the grades; nothing if the file is none.

    Its columns are called as in the language of who saved it, so they are known by what is in them: the first one
    ends in the number of a hand-in, and the maximum grade is one number in all rows. The status stands before that,
    a teacher's comments behind it.
    """
    rows = [[*row.values()] for row in rows_of(tree, path)] if path.lower().endswith(".csv") else []
    rows = [row for row in rows if row and (match := _NUMBER.search(row[0])) and match[0] in found]
    columns = [{*column} for column in zip(*rows, strict=False)]
    maxima = [n for n, values in enumerate(columns) if len(values) == 1 and _GRADE.fullmatch(*values)]
    return {_NUMBER.findall(row[0])[0]: row[1 : max(maxima, default=None)] for row in rows}


def _is_of(full: str, name: str) -> bool:
    """Whether a full name is that of a folder, which has a group's name before it, and no apostrophes or colons."""
    theirs, ours = ("".join(filter(str.isalnum, composed(text))).casefold() for text in (full, name))
    return bool(theirs) and ours.endswith(theirs)


def _late(status: str) -> str:
    """The span in a status, of which the parts stand in an order of their own: `Submitted for grading - 2 hours late`.

    It has a number, as lateness alone has: a date that is granted has a year or a time as well.
    """
    first, *parts = status.split(" - ")
    part = parts[0] if parts and not re.search(r"\d", first) else ""
    return part.removesuffix(" late") if re.search(r"\d", part) and not re.search(r"\d{4}|[:：]", part) else ""
