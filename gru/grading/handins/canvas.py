"""Canvas's export: all files in one folder, and in the name of each the student, the lateness and two numbers."""

import re
from collections import Counter
from collections.abc import Collection, Mapping

from gru.grading.handins.system import STRANGER, TEACHERS, Handin, Reading, composed, everything
from gru.grading.handins.tree import Tree

_CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>\d+)_(?:(?P<file>\d+)_(?P<rest>.+)|(?P<page>text|link)\.html)$",
    re.IGNORECASE,
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<name>anon_(?P<id>[^_]+))_(?:(?P<file>\d+)_(?P<rest>.+)|(?P<page>text|link)\.html)$",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>\d+)(?P<ending>\.[^.]+)$")
"""How Canvas calls a file that was handed in again: `gates-1.py`."""

MOST_ATTEMPTS = 1000
"""A larger number is a date, or another of the student's own."""


def _canvas_name(name: str) -> re.Match[str] | None:
    return _CANVAS_ANONYMOUS.match(composed(name)) or _CANVAS.match(composed(name))


def recognises(tree: Tree) -> bool:
    """Whether most of the files have names that Canvas makes."""
    _, files = tree.tops()
    return 2 * sum(_canvas_name(name) is not None for name in files) > len(files)


def read(tree: Tree, assignment: str | None) -> Reading:
    """A row for each user id, with all files of the student by their own names."""
    folders, files = tree.tops()
    found: dict[str, list[tuple[re.Match[str], str]]] = {}
    handins, left_out = [], []
    for folder in folders:
        handins.append(Handin(folder, tree, everything(tree, folder), origin=folder, notes=(STRANGER,)))
    for file in files:
        match = _canvas_name(file)
        if match is not None:
            found.setdefault(match["id"], []).append((match, file))
        elif TEACHERS.fullmatch(file):
            left_out.append(file)
        else:
            handins.append(Handin(file, tree, {file: file}, origin=file, notes=(STRANGER,)))
    there = {part["rest"] for parts in found.values() for part, _ in parts if part["rest"]}
    for id, unordered in found.items():
        # Canvas numbers files in the order in which they are handed in.
        parts = sorted(unordered, key=lambda part: int(part[0]["file"] or 0))
        match = parts[0][0]
        student = match["name"] if match["name"].endswith(id) else f"{match['name']}_{id}"
        names = {file: match["rest"] or f"{match['page']}.html" for match, file in parts}
        given = _first_names(list(names.values()))
        twice = [name for name, count in Counter(names.values()).items() if count > 1]
        handins.append(
            Handin(
                student,
                tree,
                {given[name]: file for file, name in names.items()},
                origin=parts[0][1],
                name=match["name"],
                id=id,
                late="late" if any(part["late"] for part, _ in parts) else "",
                attempt=_attempt(given, there),
                notes=tuple(f"it has {name} twice; that of the larger number is taken" for name in twice),
            )
        )
    return Reading(handins, left_out)


def _first_names(names: list[str]) -> dict[str, str]:
    """The names without the number that Canvas puts behind those of a file handed in again.

    Where that number is the student's own, no import has it either: a hyphen is in the name of no module.
    """
    matches = {name: _AGAIN.match(name) for name in names}
    given = {name: f"{match['stem']}{match['ending']}" if match else name for name, match in matches.items()}
    return given if len(set(given.values())) == len(names) else {name: name for name in names}


def _attempt(given: Mapping[str, str], names: Collection[str]) -> int | None:
    """The attempt that the files' numbers tell; None where each number may be the student's own.

    It is Canvas's where somebody in the class has handed in a file of that name without a number.
    """
    numbers = {name: int(match["number"]) for name in given if (match := _AGAIN.match(name))}
    sure = [number for name, number in numbers.items() if given[name] in names and number < MOST_ATTEMPTS]
    return 1 + max(sure) if sure else None if numbers else 1
