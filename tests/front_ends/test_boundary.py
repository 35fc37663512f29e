"""Nothing of a submission's folder is run, read or collected by the pytest that examines it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gru.verification import boundary

ROOT = Path(__file__).parents[2]
SLIP = (ROOT / "examples" / "submissions" / "dzr_without_h_prev.py").read_text(encoding="utf-8")

MODULES = ("conftest", "sitecustomize", "usercustomize", "test_planted", "numpy", "click", "hypothesis", "gru_cell_too")
"""What pytest, Python or the plugin would import if they looked where the submission is."""

SETTINGS = {
    "pytest.ini": "[pytest]\naddopts = --collect-only\npython_files = *.py\ntestpaths = .\n",
    "tox.ini": "[pytest]\naddopts = --collect-only\npython_files = *.py\n",
    "setup.cfg": "[tool:pytest]\naddopts = --collect-only\npython_files = *.py\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--collect-only'\npython_files = '*.py'\n",
}

EVERYWHERE = ["repository", "beside", "folder", "below"]
"""Where pytest is started: in a repository that holds the submission, one that does not, its folder, one within."""


class Planted:
    """Two repositories, and in one of them a submission with files around it that leave a trace when they are run."""

    def __init__(self, folder: Path) -> None:
        self.trace = folder / "trace"
        self.repository, self.beside = folder / "repository", folder / "beside"
        for repository in (self.repository, self.beside):
            repository.mkdir()
            (repository / "test_own.py").write_text("def test_own(): pass\n", encoding="utf-8")
        self.folder = self.repository / "class" / "carol"
        self.course = self.folder.parent
        self.below = self.folder / "notes"
        self.below.mkdir(parents=True)
        self.submission = self.folder / "gru_cell.py"
        self.submission.write_text(SLIP, encoding="utf-8")
        for place in (self.folder, self.folder.parent):
            for module in MODULES:
                (place / f"{module}.py").write_text(self._leaves_a_trace(), encoding="utf-8")
            (place / "planted.pth").write_text("import conftest\n", encoding="utf-8")

    def _leaves_a_trace(self) -> str:
        trace = f"open({str(self.trace)!r}, 'a').write(__file__ + '\\n')\n"
        return f"{trace}def pytest_collection_modifyitems(items): items.clear()\ndef test_planted(): assert False\n"

    def settings(self, name: str, text: str) -> None:
        for place in (self.folder, self.folder.parent):
            (place / name).write_text(text, encoding="utf-8")

    def run(self, start: str, *options: str, how: str = "=") -> subprocess.CompletedProcess[str]:
        """What pytest says, started in a folder, of the submission named by its relative path."""
        started_in = getattr(self, start)
        file = Path(
            *[".."] * len(started_in.relative_to(self.trace.parent).parts),
            *self.submission.relative_to(self.trace.parent).parts,
        )
        named = [f"--submission={file}"] if how == "=" else ["--submission", str(file)]
        code = "import sys, pytest; del sys.path[0]; sys.exit(pytest.main())"
        return subprocess.run(
            [sys.executable, "-c", code, "-p", "gru.pytest_plugin", *named, "-q", "--tb=no", *options],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            cwd=started_in,
            env={"PATH": "", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )

    def traces(self) -> str:
        return self.trace.read_text(encoding="utf-8") if self.trace.exists() else ""


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted(tmp_path)


EDITABLE = """
import sys, pytest
from importlib.util import spec_from_file_location

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return spec_from_file_location(name, {root!r} + "/gru/__init__.py") if name == "gru" else None

sys.path[:] = [{site!r}, *(entry for entry in sys.path[1:] if entry != {root!r})]
sys.meta_path.append(Finder)
sys.exit(pytest.main())
"""
"""pytest where the package is installed as `pip install -e` does it: found by a finder, and by no path."""


@pytest.mark.full
def test_a_second_start_is_no_warning_where_the_package_is_installed(tmp_path: Path) -> None:
    """An installed plugin is loaded before a repository's own settings are read, and there warnings are errors."""
    site, own, theirs = tmp_path / "site", tmp_path / "own", tmp_path / "theirs"
    about = site / "installed-1.0.dist-info"
    for folder in (about, own, theirs):
        folder.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[pytest11]\ngru.pytest_plugin = gru.pytest_plugin\n", encoding="utf-8")
    settings = "[pytest]\naddopts = -p gru.pytest_plugin\nfilterwarnings = error\n"
    (own / "tox.ini").write_text(settings, encoding="utf-8")
    (theirs / "cell.py").write_text(SLIP, encoding="utf-8")
    asked = ("--submission", str(theirs / "cell.py"), "-p", "no:cacheprovider", "--collect-only", "-q", *TESTS)
    done = subprocess.run(
        [sys.executable, "-c", EDITABLE.format(site=str(site), root=str(ROOT)), *asked],
        cwd=own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[10-dzr]" in done.stdout


TESTS = ("--pyargs", boundary.TESTS, "-k", "10-dzr or 9-dzn")


def check_verdict(planted: Planted, start: str, how: str) -> None:
    done = planted.run(start, *TESTS, how=how)
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert planted.traces() == ""


@pytest.mark.full
def test_started_in_the_folder_of_a_submission_nothing_of_it_is_read(planted: Planted) -> None:
    planted.settings("pytest.ini", SETTINGS["pytest.ini"])
    check_verdict(planted, "folder", " ")


@pytest.mark.full
@pytest.mark.parametrize("how", ["=", " "])
@pytest.mark.parametrize("start", EVERYWHERE)
def test_nothing_around_a_submission_is_read(start: str, how: str, planted: Planted) -> None:
    planted.settings("pytest.ini", SETTINGS["pytest.ini"])
    check_verdict(planted, start, how)


@pytest.mark.full
@pytest.mark.parametrize("settings", [None, *SETTINGS])
def test_no_settings_around_a_submission_are_read(settings: str | None, planted: Planted) -> None:
    if settings:
        planted.settings(settings, SETTINGS[settings])
    check_verdict(planted, "repository", " ")


@pytest.mark.full
def test_what_lies_around_a_submission_is_not_collected(planted: Planted) -> None:
    """Neither where all of a repository is; the test about a cell in it is the repository's own."""
    source = "def test_cell(require_right): require_right('equation-9')\n"
    (planted.repository / "test_own.py").write_text(source, encoding="utf-8")
    done = planted.run("repository")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert planted.traces() == ""


@pytest.mark.full
@pytest.mark.parametrize("start", ["repository", "folder"])
def test_tests_that_lie_with_a_submission_are_refused(start: str, planted: Planted) -> None:
    test = "test_planted.py" if start == "folder" else "class/carol/test_planted.py"
    done = planted.run(start, test)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{test} lies in the folder of the submission" in done.stderr
    assert planted.traces() == ""


def test_started_in_the_folder_of_a_class_nothing_of_a_neighbour_is_read(planted: Planted) -> None:
    shutil.copytree(planted.folder, planted.folder.with_name("test_dan"))
    for file in planted.folder.parent.glob("*.p*"):
        file.unlink()
    done = planted.run("course", "--collect-only")
    assert "test_submission.py" in done.stdout, done.stdout + done.stderr
    assert planted.traces() == ""


@pytest.mark.full
def test_settings_that_may_have_run_code_end_the_run(planted: Planted) -> None:
    planted.settings("pytest.ini", "[pytest]\naddopts = --debug=trace\n")
    done = planted.run("repository", *TESTS, how=" ")
    assert not (planted.repository / "trace").exists()
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "which lies with the submission and can run code in this process" in done.stderr
    assert "write --submission=FILE, with =" in done.stderr


@pytest.mark.parametrize(
    ("settings", "may"),
    [
        ({"addopts": ["-q", "-rA", "-m", "not slow", "--tb=short", "--strict-markers"]}, False),
        ({"filterwarnings": ["error", "ignore:a.b:DeprecationWarning", "ignore::UserWarning:a.b"]}, False),
        ({"addopts": ["-p", "this"]}, True),
        ({"addopts": ["-qpthis"]}, True),
        ({"addopts": ["--debug=grades.csv"]}, True),
        ({"addopts": ["-W", "error::this.X"]}, True),
        ({"addopts": ["--cov-config=theirs"]}, True),
        ({"filterwarnings": ["error", "error::this.X"]}, True),
        ({"pythonpath": ["."]}, True),
    ],
)
def test_which_settings_may_run_code(settings: dict[str, list[str]], may: bool) -> None:
    assert boundary.may_run_code(lambda name: settings.get(name, [])) == may


@pytest.mark.full
def test_where_no_test_is_about_a_cell_it_is_said_which_are(planted: Planted) -> None:
    done = planted.run("beside")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "none of the tests here is about a cell; --pyargs gru.verification has those that are" in done.stderr


def test_a_run_that_asks_for_nothing_loads_options_and_nothing_else(tmp_path: Path) -> None:
    """Neither NumPy nor Hypothesis; the constants of the options are all that the plugin needs."""
    (tmp_path / "test_plain.py").write_text("def test_plain(): pass\n", encoding="utf-8")
    code = "import sys, pytest; pytest.main(); print(*(name for name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code, "-p", "gru.pytest_plugin", "-p", "no:hypothesispytest", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={"PATH": "", "PYTHONPATH": str(ROOT)},
        check=True,
    )
    output, loaded = done.stdout.rstrip().rsplit("\n", 1)
    ours = {name for name in loaded.split() if name.partition(".")[0] in ("gru", "numpy", "hypothesis")}
    assert ours == {"gru", "gru.pytest_plugin", "gru.submission", "gru.submission.limits", "gru.seed"}
    assert "1 passed" in output
    assert "submission" not in output


# What is whose


def folders(tmp_path: Path, *names: str) -> list[Path]:
    for name in names:
        (tmp_path / name).mkdir(parents=True)
    return [tmp_path / name for name in names]


def test_what_pytest_is_asked_to_look_at_is_the_graders(tmp_path: Path) -> None:
    repository, tests, carol = folders(tmp_path, "repository", "repository/tests", "repository/class/carol")
    submission = carol / "gru_cell.py"
    assert boundary.foreign(submission, [repository]) == carol.parent
    assert boundary.foreign(submission, [tests, carol.parent]) == carol
    assert boundary.foreign(submission, [carol.parent / "bob"]) == carol
    assert boundary.foreign(repository / "my_gru.py", [tests / "test_cell.py"]) != tests.parent


def test_the_folder_of_a_submission_is_never_the_graders(tmp_path: Path) -> None:
    (carol,) = folders(tmp_path, "class/carol")
    theirs = boundary.foreign(carol / "gru_cell.py", [carol, carol / "tests"])
    assert boundary.is_within(carol.parent, theirs)


def test_the_folders_around_this_package_are_the_graders() -> None:
    file = ROOT / "my_gru.py"
    assert boundary.foreign(file, [ROOT]) == file


def test_a_folder_without_tests_of_its_own_is_of_a_class(tmp_path: Path) -> None:
    course, carol = folders(tmp_path, "class", "class/carol")
    assert boundary.is_of_a_class(course, carol / "gru_cell.py")
    assert not boundary.is_of_a_class(carol, course / "gru_cell.py")
    (course / "test_cell.py").touch()
    assert not boundary.is_of_a_class(course, carol / "gru_cell.py")


@pytest.mark.parametrize(
    ("given", "clear"),
    [
        (["--submission", "a.py", "-q"], ["--submission=a.py", "-q"]),
        (["--submission=a.py", "-q"], None),
        (["-q", "--submission"], ["-q", "--submission="]),
    ],
)
def test_a_word_after_a_space_is_joined(given: list[str], clear: list[str] | None, tmp_path: Path) -> None:
    repository, carol = folders(tmp_path, "repository", "carol")
    (repository / "conftest.py").touch()
    assert boundary.arguments(given, carol / "a.py", repository) == (clear and [*boundary.QUIET, *clear])


def test_started_in_the_folder_the_settings_are_ours_and_it_ends(tmp_path: Path) -> None:
    clear = boundary.arguments(["--submission=a.py"], tmp_path / "a.py", tmp_path)
    assert clear == [
        *(*boundary.QUIET, "--submission=a.py", "-c", str(boundary.SETTINGS), "--noconftest"),
        *("--pyargs", boundary.TESTS),
    ]
    assert boundary.arguments(clear, tmp_path / "a.py", tmp_path) is None
    assert boundary.SETTINGS.exists()
