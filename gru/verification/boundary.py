"""What pytest may read beside a submission: nothing in its folder, nor above it but what pytest was asked to look at.

pytest looks for its settings before it has loaded any plugin. A word after `--submission` is a path of tests to it
then, and the folder in which it is started is its own. Where that made it look at what belongs to a submission, it is
started again with arguments that cannot be misread. Needs the standard library only.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

OPTION = "--submission"

TESTS = "gru.verification"

SETTINGS = Path(__file__).with_name("pytest.ini")
"""The settings where pytest is started in the folder of a submission."""

OF_TESTS = (
    "conftest.py",
    "pytest.ini",
    ".pytest.ini",
    "tox.ini",
    "setup.cfg",
    "pyproject.toml",
    "test_*.py",
    "*_test.py",
)
"""Files that a folder with tests of its own has; `test` and `tests` are folders that it has."""

HARMLESS = re.compile(
    r"-[qvslxkm]+|-r\w*|--(co|collect-only|quiet|verbose|exitfirst|showlocals|strict|strict-markers|strict-config"
    r"|(tb|color|capture|durations|maxfail|import-mode)(=\w+)?)"
)
"""Options that import, read and write nothing; with any other, settings may do so before they are seen."""

QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""What keeps pytest from a warning on its second start: the plugin is loaded already, and has nothing to rewrite."""

_PACKAGE = Path(__file__).parents[1]
"""What judges; whoever runs it trusts the folders around it."""


def is_within(path: Path, folder: Path) -> bool:
    """Whether a path lies in a folder, or is it; links are followed."""
    return path.resolve().is_relative_to(folder.resolve())


def foreign(submission: Path, asked: Iterable[Path]) -> Path:
    """The largest folder around a submission that holds nothing of the grader's; at least the file itself.

    Args:
        submission: the file, absolute.
        asked: what pytest was asked to look at: the folder in which it was started, and the paths of tests. What lies
            in the folder of the submission is not the grader's, unless this package does too.
    """
    own = [_PACKAGE, *(path for path in asked if not is_within(path, submission.parent))]
    around = {folder for path in own for folder in (path.resolve(), *path.resolve().parents)}
    file = submission.resolve()
    return [file, *(folder for folder in file.parents if folder not in around)][-1]


def is_of_a_class(folder: Path, submission: Path) -> bool:
    """Whether a folder around a submission has no tests of its own: what pytest finds in it are other submissions."""
    if not is_within(submission, folder) or any((folder / name).is_dir() for name in ("test", "tests")):
        return False
    return not any(path for pattern in OF_TESTS for path in folder.glob(pattern))


def arguments(given: Sequence[str], submission: Path, started_in: Path, asked: Sequence[Path] = ()) -> list[str] | None:
    """The arguments that pytest cannot misread in place of those that it was given; None where these are such.

    Args:
        given: what it was given.
        submission: the file, absolute.
        started_in: the folder in which it was started.
        asked: the paths of tests that it was given.
    """
    if str(SETTINGS) in given:
        return None
    words = iter(given)
    clear = [f"{OPTION}={next(words, '')}" if word == OPTION else word for word in words]
    with_submissions = not asked and is_of_a_class(started_in, submission)
    if with_submissions or is_within(started_in, foreign(submission, [started_in])):
        clear += ["-c", str(SETTINGS), "--noconftest"]
        clear += [] if TESTS in given else ["--pyargs", TESTS]
    return [*QUIET, *clear] if clear != list(given) else None


def may_run_code(setting: Callable[[str], Sequence[object]]) -> bool:
    """Whether settings may have run code or written files before a plugin could know of them; `setting` reads one."""
    options = [str(word) for word in setting("addopts") if str(word).startswith("-")]
    categories = [str(rule).partition("#")[0].split(":")[2:3] for rule in setting("filterwarnings")]
    return (
        bool(setting("pythonpath"))
        or not all(HARMLESS.fullmatch(option) for option in options)
        # The module of a category is imported.
        or any("." in name for names in categories for name in names)
    )


def forget(folder: Path) -> None:
    """Import nothing from a folder from here on, unless this package is in it."""
    if not is_within(_PACKAGE, folder):
        # An empty entry of `sys.path` is the current folder.
        sys.path[:] = [entry for entry in sys.path if not is_within(Path(entry or "."), folder)]
