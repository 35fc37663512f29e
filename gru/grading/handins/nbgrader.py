"""A course of nbgrader, of which `submitted` alone holds students."""

from gru.grading.handins.system import Handin, Reading
from gru.grading.handins.tree import ExportRefusedError, Tree


def recognises(tree: Tree) -> bool:
    """Whether it has a folder `submitted`, and what lies beside that in a course."""
    folders, files = tree.tops()
    if "submitted" not in folders:
        return tree.name == "submitted" and any(path.count("/") >= 2 for path in tree.files)
    beside = {"source", "release", "autograded", "feedback"} & {*folders}
    return bool(beside or {"nbgrader_config.py", "gradebook.db"} & {*files} or len(folders) == 1)


def read(tree: Tree, assignment: str | None) -> Reading:
    """A row for each student. Raises ExportRefusedError where it is not known which assignment is meant."""
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
