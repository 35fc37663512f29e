"""Gradescope's export: a folder for each submission, and a list of whose it is."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gru.grading.handins.system import Handin, Reading, everything
from gru.grading.handins.tree import ExportRefusedError, Tree

_METADATA = "submission_metadata.yml"
_SUBMISSION = re.compile(r"submission_\d+$")


def recognises(tree: Tree) -> bool:
    """Whether the list of submissions is there, or all folders are called as in it."""
    folders, _ = tree.tops()
    return _METADATA in tree.files or (bool(folders) and all(_SUBMISSION.match(folder) for folder in folders))


def read(tree: Tree, assignment: str | None) -> Reading:
    """A row for each student of each submission. Raises ExportRefusedError where the list cannot be read."""
    metadata = _metadata(tree)
    folders, files = tree.tops()
    handins = []
    for folder in sorted({*folders, *metadata}):
        about = metadata.get(folder, {})
        common = Handin(folder, tree, everything(tree, folder), origin=folder, attempt=_attempts(about))
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
