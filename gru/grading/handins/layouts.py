"""The layouts in which systems hand over what a class has handed in, and which of them an export has.

It knows no system's names: each has a module of its own.
"""

from collections.abc import Iterator

from gru.grading.handins import canvas, gradescope, moodle, nbgrader, plain, repositories
from gru.grading.handins.system import Layout
from gru.grading.handins.tree import Tree

LAYOUTS: dict[str, Layout] = {
    "gradescope": Layout("an export of Gradescope", gradescope.recognises, gradescope.read),
    "nbgrader": Layout("a course of nbgrader", nbgrader.recognises, nbgrader.read),
    "moodle": Layout("an export of Moodle", moodle.recognises, moodle.read),
    "canvas": Layout("an export of Canvas", canvas.recognises, canvas.read),
    "classroom50": Layout("repositories of Classroom 50", repositories.is_classroom50, repositories.read_classroom50),
    "github-classroom": Layout("repositories of GitHub Classroom", repositories.is_github, repositories.read_github),
    "plain": Layout("a file, a folder or a zip for each student", lambda tree: True, plain.read),
}
"""The layouts by their ids, in the order in which they are tried."""

DEEPEST = 3
"""How many folders may lie around a class, such as those of the course, the homework and the download."""


def recognised(tree: Tree) -> tuple[str, Tree]:
    """The id of the layout of a tree, and the tree or the one folder in it that has this layout."""
    candidates = list(_nested(tree))
    for id, layout in LAYOUTS.items():
        for candidate in candidates:
            if id != "plain" and layout.recognises(candidate):
                return id, candidate
    return "plain", plain.unwrapped(tree)


def within(tree: Tree, layout: str) -> Tree:
    """The tree, or the one folder in it, that a layout which was asked for recognises."""
    if layout == "plain":
        return plain.unwrapped(tree)
    return next((inner for inner in _nested(tree) if LAYOUTS[layout].recognises(inner)), tree)


def _nested(tree: Tree) -> Iterator[Tree]:
    """The tree, and below it each folder that is all there is, so far as people wrap a class."""
    yield tree
    for _ in range(DEEPEST):
        folders, files = tree.tops()
        if len(folders) != 1 or files:
            return
        tree = tree.below(folders[0])
        yield tree
