"""Nothing of ours imports from the folder in which it is started, which may be a stranger's."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from gru.examining import Settings
from gru.grading.handins import Entry
from gru.grading.rubric import EQUAL_POINTS
from gru.grading.task import Course

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "submissions"

SHADOWED = sorted(sys.stdlib_module_names | {"click", "rich", "numpy", "pyseccomp"})


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a right cell, and a module of every name that leaves a trace when it is imported."""
    folder = tmp_path_factory.mktemp("stranger")
    for name in SHADOWED:
        source = f"open({str(folder / 'trace')!r}, 'a').write({name!r} + ' ')\nraise ImportError({name!r})\n"
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    (folder / "alice").mkdir()
    (folder / "alice" / "gru_cell.py").write_bytes((EXAMPLES / "right.py").read_bytes())
    (folder / "empty.py").touch()
    # Python itself looks for some of its own modules there, before it runs a line of ours.
    while names := [name for how in (("-m", "empty"), ("-c", "pass")) for name in traces_of(folder, *how)]:
        for name in {*names}:
            (folder / f"{name}.py").unlink()
    return folder


def traces(folder: Path) -> list[str]:
    """The modules that were imported from the folder since it was last asked."""
    trace = folder / "trace"
    found = trace.read_text(encoding="utf-8").split() if trace.exists() else []
    trace.unlink(missing_ok=True)
    return found


def traces_of(folder: Path, *arguments: str) -> list[str]:
    """What Python imports from the folder for these arguments."""
    python(folder, *arguments)
    return traces(folder)


def python(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What Python does, started in a folder, with this package where installed ones are."""
    paths = os.pathsep.join([str(ROOT), *(entry for entry in sys.path if entry.endswith("site-packages"))])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=kept | {"PYTHONPATH": paths},
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )


def run(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    """What Python prints, once nothing was imported from the folder."""
    done = python(folder, *arguments, stdin=stdin)
    assert traces(folder) == []
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.full
def test_the_module_imports_nothing_from_the_current_folder(stranger: Path) -> None:
    assert "right: every derivative" in run(stranger, "-m", "gru", "check", "alice/gru_cell.py", "--effort", "quick")


@pytest.mark.full
def test_a_class_is_graded_in_a_folder_of_a_stranger(stranger: Path, tmp_path: Path) -> None:
    command = ("grade", ".", "--pattern", "*/gru_cell.py", "--out", str(tmp_path / "out"), "--effort", "quick")
    assert "points:" in run(stranger, "-m", "gru", *command)


@pytest.mark.full
def test_a_worker_of_a_cluster_imports_nothing_from_its_folder(stranger: Path) -> None:
    """It is sent what dask sends: the name of a function, and bytes."""
    course, entry = Course(EQUAL_POINTS, Settings(effort="quick")), Entry("alice", "gru_cell.py", ("gru_cell.py",))
    contents = {"gru_cell.py": (stranger / "alice" / "gru_cell.py").read_bytes()}
    work = pickle.dumps((course.task(entry, contents), contents, course.rubric))
    code = "import sys\nfrom gru.grading.abroad import grade_abroad\nprint(grade_abroad(sys.stdin.buffer.read()))"
    assert "'verdict': 'right'" in run(stranger, "-c", code, stdin=work)
