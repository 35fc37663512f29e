"""A file, a folder or a zip for each student, as people collect them by hand."""

from collections.abc import Collection

from gru.grading.folder import FILE
from gru.grading.handins.system import CODE, TEACHERS, Handin, Reading, everything
from gru.grading.handins.tree import Tree


def read(tree: Tree, assignment: str | None) -> Reading:
    """A row for each file, folder or zip that is no teacher's."""
    folders, files = tree.tops()
    left_out = [folder for folder in folders if _is_graded(everything(tree, folder))]
    students = [folder for folder in folders if folder not in left_out]
    handins = [Handin(folder, tree, everything(tree, folder), origin=folder) for folder in students]
    for file in files:
        if not file.endswith(CODE) and TEACHERS.fullmatch(file):
            left_out.append(file)
        else:
            handins.append(Handin(file, tree, {file: file}, origin=file))
    return Reading(handins, left_out)


def _is_graded(names: Collection[str]) -> bool:
    """Whether these are what `gru grade` has written; with code among them they are a student's."""
    return FILE in names and not any(name.lower().endswith(CODE) for name in names)


PARTS = frozenset(("src", "test", "tests", "lib", "code", "docs", "data", "notebooks", "utils", "models", "scripts"))
"""What the folders of one project are called; a class of such students there is none."""


def unwrapped(tree: Tree) -> Tree:
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
