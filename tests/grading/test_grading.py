"""`gru grade` on folders as a class hands them in: every student has a row, and nothing that was judged is lost."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gru.cli.options import warn_of
from gru.examining import Settings
from gru.grading.folder import LONGEST, file_name
from gru.grading.gradebook import Gradebook, GradebookError, only_one
from gru.grading.handins import Entry, read
from gru.grading.overview import overview
from gru.grading.record import Record, failure_of
from gru.grading.rubric import EQUAL_POINTS
from gru.grading.run import outstanding, run
from gru.grading.task import Course
from gru.report.words import printable
from tests.commands import gru
from tests.waiting import GIVEN_UP, until

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "submissions"
RIGHT = (EXAMPLES / "right.py").read_text(encoding="utf-8")
WRONG = (EXAMPLES / "dzr_without_h_prev.py").read_text(encoding="utf-8")
FULL = EQUAL_POINTS.maximum

Write = Callable[[str, str], Path]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    return folder


@pytest.fixture
def write(course: Path) -> Write:
    def write(name: str, contents: str = RIGHT) -> Path:
        path = course / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents, encoding="utf-8")
        return path

    return write


def grade(course: Path, *arguments: Any, **how: bool) -> Result:
    options = ["--out", course.parent / "out", "--effort", "quick", "--time-limit", "2", *arguments]
    return gru("grade", course, *options, **how)


def gradebook(course: Path) -> dict[str, Record]:
    with Gradebook(course.parent / "out") as book:
        return {record.student: record for record in book.records()}


def scores(course: Path) -> dict[str, float | None]:
    return {student: record.score for student, record in gradebook(course).items()}


# The seed of a class


def seeds(course: Path) -> set[int]:
    return {record.seed for record in gradebook(course).values()}


@pytest.mark.full
def test_a_class_has_a_seed_of_its_own_that_is_kept(course: Path, write: Write) -> None:
    write("alice.py")
    grade(course)
    (drawn,) = seeds(course)
    assert drawn != 0
    write("bob.py", WRONG)
    done = grade(course, "--resume")
    assert seeds(course) == {drawn}
    assert "2 students" in done.stdout


@pytest.mark.full
def test_a_seed_that_is_given_is_kept_too(course: Path, write: Write) -> None:
    write("alice.py")
    grade(course, "--seed", 0)
    assert seeds(course) == {0}
    write("bob.py", WRONG)
    grade(course, "--resume")
    assert seeds(course) == {0}


# What is written


@pytest.mark.full
def test_feedback_that_is_missing_is_written_again(course: Path, write: Write) -> None:
    write("alice.py")
    write("bob.py", WRONG)
    grade(course)
    feedback = course.parent / "out" / "feedback" / "bob.txt"
    text = feedback.read_text(encoding="utf-8")
    feedback.unlink()
    assert grade(course, "--resume").exit_code == 0
    assert feedback.read_text(encoding="utf-8") == text


# A class


def test_every_student_has_a_row_with_the_true_reason(course: Path, write: Write) -> None:
    write("alice.py")
    write("bob.py", WRONG)
    write("carol/gru_cell.py")
    write("dan.py", "while True:\n    pass\n")
    write("erin.py", "def f(:\n")
    write("frank/notes.txt", "no Python")
    write("grace.py", "import os\nos._exit(0)\n")
    done = grade(course)
    assert done.exit_code == 0, done.output
    rows = {s: (r.verdict, r.reason, r.score) for s, r in gradebook(course).items()}
    assert rows == {
        "alice": ("right", None, FULL),
        "bob": ("wrong", None, FULL - 1),
        "carol": ("right", None, FULL),
        "dan": ("not_examined", "timed_out", 0),
        "erin": ("not_examined", "not_python", 0),
        "frank": ("not_examined", "no_code", 0),
        "grace": ("not_examined", "crashed", 0),
    }
    assert "7 students: 2 right, 1 wrong, 4 not examined" in done.stdout
    assert "1  equation (10): the factor h_prev is missing" in done.stdout
    assert "alice, carol" in done.stdout
    out = course.parent / "out"
    assert (out / "overview.txt").read_text(encoding="utf-8") == done.stdout
    assert {path.stem for path in (out / "feedback").iterdir()} == set(rows)
    assert "the factor h_prev is missing" in (out / "feedback" / "bob.txt").read_text(encoding="utf-8")


def test_a_submission_in_a_flat_folder_does_not_see_the_others(course: Path, write: Write) -> None:
    write("alice.py")
    write("bob.py", "from alice import GRUCell\n")
    write("carol/helper.py")
    write("carol/gru_cell.py", "from helper import GRUCell\n")
    grade(course)
    found = gradebook(course)
    assert found["carol"].verdict == "right"
    if "landlock" in found["bob"].isolation:
        assert found["bob"].reason == "import_failed"
        assert "alice" in found["bob"].text


def test_a_link_to_another_submission_is_none(course: Path, write: Write) -> None:
    target = write("alice.py")
    (course / "bob.py").symlink_to(target)
    grade(course)
    assert gradebook(course)["bob"].text == "bob.py: it is a symbolic link; expected the file itself"


@pytest.mark.one_in(11)
@pytest.mark.parametrize(
    "name",
    ["-x", "a b", "it's", 'say "hi"', "line\nbreak", "\x1b[2J\u202ex", "门控", "=1+1", "[red]x", "tab\t", "a" * 250],
)
def test_any_name_of_a_student_will_do(name: str, course: Path, write: Write) -> None:
    write(f"{name}.py")
    done = grade(course)
    assert done.exit_code == 0, done.output
    assert scores(course) == {printable(name): FULL}
    files = {path.name for path in (course.parent / "out" / "feedback").iterdir()}
    assert {Path(file).suffix for file in files} == {".txt", ".html"}
    assert all(file.isprintable() and not file.startswith(("-", ".")) for file in files)
    for form in ("csv", "junit", "json", "gradescope"):
        to = course.parent / f"to-{form}"
        assert gru("export", course.parent / "out", "--format", form, "--to", to).exit_code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.full
def test_a_name_that_is_no_text_becomes_escapes(course: Path) -> None:
    course.joinpath(os.fsdecode(b"caf\xe9.py")).write_text(RIGHT, encoding="utf-8")
    assert grade(course).exit_code == 0
    assert scores(course) == {"caf\\xe9": FULL}


@pytest.mark.full
def test_two_students_of_one_name_keep_their_endings(course: Path, write: Write) -> None:
    write("alice.py")
    write("alice/gru_cell.py", WRONG)
    grade(course)
    assert scores(course) == {"alice.py": FULL, "alice": FULL - 1}


@pytest.mark.full
def test_a_pattern_names_the_submissions(course: Path, write: Write) -> None:
    write("alice/week5/cell.py")
    write("alice/week4/cell.py", WRONG)
    write("bob/week5/cell.py", WRONG)
    assert grade(course, "--pattern", "*/week5/cell.py").exit_code == 0
    assert scores(course) == {"alice": FULL, "bob": FULL - 1}
    found = read(course, pattern="*/*/cell.py")
    assert [entry.student for entry in found.entries] == ["alice/week4/cell.py", "alice/week5/cell.py", "bob"]


def test_one_student_only(course: Path, write: Write) -> None:
    write("alice.py")
    write("bob.py")
    assert grade(course, "--only", "bob").exit_code == 0
    assert scores(course) == {"bob": FULL}


def test_a_file_that_vanishes_under_way_is_a_row(course: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("alice.py")
    found = read(course)
    path.unlink()
    monkeypatch.setattr("gru.grading.handins.read", lambda *_, **__: found)
    assert grade(course).exit_code == 0
    assert gradebook(course)["alice"].reason == "no_such_file"


@pytest.mark.full
def test_secret_problems_differ_between_students_and_stay_the_same(course: Path, write: Write) -> None:
    write("alice.py")
    write("bob.py", WRONG)
    grade(course, "--secret-seed")
    first = gradebook(course)
    assert first["alice"].seed != first["bob"].seed
    (course / "carol.py").write_text(RIGHT, encoding="utf-8")
    grade(course, "--secret-seed", "--resume")
    assert gradebook(course)["alice"] == first["alice"]
    assert gradebook(course)["carol"].seed not in {record.seed for record in first.values()}


# A fault of ours


def test_a_failure_of_ours_is_a_row_and_no_zero(course: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("of ours")

    write("alice.py")
    write("bob.py")
    monkeypatch.setattr("gru.examiner.examine", fail)
    done = grade(course, is_to_fail=True)
    assert done.exit_code == 70
    assert "this is no verdict, and --resume tries again" in done.stderr
    assert scores(course) == {"alice": None, "bob": None}
    monkeypatch.undo()
    assert grade(course, "--resume").exit_code == 0
    assert scores(course) == {"alice": FULL, "bob": FULL}


# The command line


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--rubric", "nowhere.toml"], "cannot read nowhere.toml"),
        (["--only", "nobody"], "no student has the id 'nobody'"),
        (["--jobs", "0"], "0 is not in the range"),
        (["--convention", "mine"], "no convention has the id 'mine'"),
        (["--pattern", "/etc/*"], "cannot read"),
        (["--pattern", "*.txt"], "there are no submissions"),
    ],
)
def test_a_wrong_command_line_is_told_before_any_work(
    arguments: list[str], text: str, course: Path, write: Write
) -> None:
    write("alice.py")
    done = grade(course, *arguments)
    assert done.exit_code == 2
    assert text in done.stderr
    assert not (course.parent / "out").exists()


def test_an_invalid_rubric_is_refused_with_line_and_key(course: Path, write: Write, tmp_path: Path) -> None:
    write("alice.py")
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("[checks]\nequation-99 = 1\n", encoding="utf-8")
    done = grade(course, "--rubric", rubric)
    assert done.exit_code == 2
    assert "line 2: checks.equation-99" in done.stderr.replace("\n", " ")


def test_a_gradebook_that_is_there_is_not_begun_anew(course: Path, write: Write) -> None:
    write("alice.py")
    assert grade(course).exit_code == 0
    done = grade(course)
    assert done.exit_code == 2
    assert "--resume goes on with it" in done.stderr.replace("\n", " ")


def test_what_the_kernel_does_not_give_is_told(course: Path, write: Write) -> None:
    write("alice.py")
    warn_of.cache_clear()
    assert grade(course, "--isolation", "process").exit_code == 0
    assert gradebook(course)["alice"].isolation == "process"


# Going on


def judged_anew(course: Path, *arguments: Any) -> set[str]:
    before = {student: record.key for student, record in gradebook(course).items()}
    assert grade(course, "--resume", *arguments).exit_code == 0
    after = gradebook(course)
    return {student for student in after if after[student].key != before.get(student)}


@pytest.mark.full
def test_only_what_has_changed_is_judged_anew(course: Path, write: Write, tmp_path: Path) -> None:
    write("alice.py")
    write("bob/gru_cell.py")
    write("carol.py", "")
    grade(course)
    assert judged_anew(course) == set()
    write("bob/helper.py", "x = 1")
    assert judged_anew(course) == {"bob"}
    write("alice.py", WRONG)
    assert judged_anew(course) == {"alice"}
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("[checks]\nequation-10 = 5\n", encoding="utf-8")
    assert judged_anew(course, "--rubric", rubric) == {"alice", "bob", "carol"}
    assert scores(course) == {"alice": 0, "bob": 5, "carol": 0}
    assert judged_anew(course, "--rubric", rubric, "--seed", "1") == {"alice", "bob", "carol"}


def content(course: Path) -> dict[str, Any]:
    """What a gradebook says, but for how long it took."""
    return {s: {**r.as_data(), "seconds": 0, "feedback": "", "page": ""} for s, r in gradebook(course).items()}


COMMAND = (sys.executable, "-m", "gru", "grade")


@pytest.mark.full
def test_a_run_that_is_killed_at_any_moment_goes_on(course: Path, write: Write) -> None:
    """Twenty times SIGKILL at a random moment; the gradebook is then that of a run that nobody has disturbed."""
    for name in ("alice", "bob", "carol", "dan", "erin", "frank"):
        write(f"{name}.py", WRONG if name < "c" else RIGHT)
    rng = random.Random(0)
    out = course.parent / "out"
    kept: dict[str, Any] = {}
    command = [*COMMAND, str(course), "--out", str(out), "--effort", "quick", "--jobs", "1", "--seed", "0", "--resume"]
    for attempt in range(20):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(rng.uniform(0.1, 0.9))
            process.send_signal(signal.SIGKILL)
        if (out / "gradebook.sqlite").exists():
            now = {s: r.as_data() for s, r in gradebook(course).items()}
            assert kept.items() <= now.items(), f"attempt {attempt} lost or judged twice"
            kept = now
    assert grade(course, "--seed", "0", "--resume").exit_code == 0
    disturbed = content(course)
    shutil.rmtree(out)
    assert grade(course, "--seed", "0").exit_code == 0
    # The time limit is part of what the others were judged by.
    undisturbed = content(course)
    assert {s: {**r, "key": ""} for s, r in disturbed.items()} == {s: {**r, "key": ""} for s, r in undisturbed.items()}


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_an_interruption_keeps_what_was_judged(course: Path, write: Write) -> None:
    write("alice.py")
    write("bob.py", "import time\ntime.sleep(10**6)\n")
    # A program that was started with SIGINT ignored, as in the background of a script, goes on ignoring it.
    attentive = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from gru.cli import main; main()"
    )
    out = course.parent / "out"
    command = [sys.executable, "-c", attentive, "grade", course, "--out", out, "--jobs", "1", "--time-limit", "6"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: (out / "gradebook.sqlite").exists() and "alice" in gradebook(course))
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=GIVEN_UP)
    assert process.returncode == 130
    assert "--resume goes on" in stderr
    assert "Traceback" not in stderr
    assert scores(course) == {"alice": FULL}
    assert "1 student:" in stdout


def test_two_runs_at_once_do_not_meet(course: Path, write: Write) -> None:
    write("alice.py")
    out = course.parent / "out"
    out.mkdir()
    with only_one(out):
        done = grade(course)
    assert done.exit_code == 70
    assert "another run is grading into" in done.stderr
    assert grade(course).exit_code == 0


def test_a_gradebook_is_used_by_threads(tmp_path: Path) -> None:
    with Gradebook(tmp_path, create=True) as book:
        records = [failure_of(f"s{n}", f"s{n}.py", EQUAL_POINTS, "key", "") for n in range(40)]
        threads = [threading.Thread(target=book.put, args=(record,)) for record in records]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(book.records()) == 40


# Folders and disks that will not do


@pytest.mark.full
def test_five_thousand_files(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5000):
        (course / f"s{number:04}.py").write_text(f"# {number}\n", encoding="utf-8")
    monkeypatch.setattr(
        "gru.grading.run.grade",
        lambda task, _, rubric, stop, starter: failure_of(task.entry.student, task.entry.origin, rubric, task.key, ""),
    )
    group = Course(EQUAL_POINTS)
    with Gradebook(course, create=True) as book:
        found = read(course).entries
        run(group, outstanding(group, found, book), book, jobs=2)
        records = book.records()
    assert [record.student for record in records] == [f"s{number:04}" for number in range(5000)]
    assert len(overview(records)) > 5000


def test_out_that_cannot_be_written_is_told(course: Path, write: Write) -> None:
    write("alice.py")
    (course.parent / "out").write_text("a file")
    done = grade(course)
    assert done.exit_code != 0


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_told(course: Path, write: Write) -> None:
    write("alice.py")
    out = course.parent / "out"
    out.mkdir(mode=0o500)
    done = grade(course)
    assert done.exit_code == 70


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as a full disk would")
@pytest.mark.full
def test_a_full_disk_keeps_what_was_judged(course: Path, write: Write) -> None:
    for number in range(12):
        write(f"s{number:02}.py", RIGHT)
    program = (
        "import resource, sys\n"
        "from gru.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        f"sys.argv = ['gru', 'grade', {str(course)!r}, '--out', {str(course.parent / 'out')!r}, '--effort', 'quick']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 70, done.stderr
    assert "what was judged before is in the gradebook; --resume goes on" in done.stderr
    assert "Traceback" not in done.stderr
    before = scores(course)
    assert 0 < len(before) < 12
    assert grade(course, "--resume").exit_code == 0
    assert scores(course) == {f"s{number:02}": FULL for number in range(12)}


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_gradebook_that_is_none_is_told(damage: bytes, course: Path, write: Write) -> None:
    write("alice.py")
    out = course.parent / "out"
    out.mkdir()
    (out / "gradebook.sqlite").write_bytes(damage)
    done = grade(course)
    assert done.exit_code == (70 if damage else 0)


def test_a_gradebook_of_another_version_is_refused(tmp_path: Path) -> None:
    with Gradebook(tmp_path, create=True):
        pass
    connection = sqlite3.connect(tmp_path / "gradebook.sqlite")
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(GradebookError, match="version 7"):
        Gradebook(tmp_path)


@pytest.mark.parametrize("student", ["a" * 300, "a/b", "a\0b", ".hidden", "门" * 100, "plain"])
def test_a_file_for_a_student_is_one(student: str, tmp_path: Path) -> None:
    name = file_name(student, ".txt")
    (tmp_path / name).write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (name == "plain.txt") == (student == "plain")
    assert len(name.encode()) < LONGEST + 20


def test_an_empty_class_has_an_overview() -> None:
    assert "no students" in overview([])


def test_the_secret_gives_each_content_a_seed_of_its_own() -> None:
    seeds = {Course(EQUAL_POINTS, secret=secret).seed_of(content) for secret in ("a", "b") for content in ("x", "y")}
    assert len(seeds) == 4
    assert Course(EQUAL_POINTS, Settings(seed=3)).seed_of("x") == 3


def test_entries_are_sorted_and_hidden_ones_left_out(course: Path, write: Write) -> None:
    for name in ("b.py", "a.py", ".c.py", "__pycache__/d.py", "README.md"):
        write(name)
    export = read(course)
    assert export.entries == (
        Entry("a", "a.py", ("a.py",), origin="a.py"),
        Entry("b", "b.py", ("b.py",), origin="b.py"),
    )
    assert export.left_out == ("README.md",)


@pytest.mark.full
def test_what_is_wrong_in_any_respect_has_not_all_the_points(course: Path, write: Write) -> None:
    """By default: the examples are each wrong in another one, `state`, `merge` and `interface` among them."""
    for path in EXAMPLES.glob("*.py"):
        write(path.name, path.read_text(encoding="utf-8"))
    grade(course)
    found = gradebook(course)
    assert {student for student, record in found.items() if record.score == record.maximum} == {"right"}
    assert found["right"].maximum == 25


@pytest.mark.full
def test_a_cell_that_computes_nothing_has_no_points(course: Path, write: Write) -> None:
    write("alice.py", ZEROS)
    grade(course)
    assert scores(course) == {"alice": 0}


ZEROS = """
import numpy as np


class GRUCell:
    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size

    def split_params(self, stacked, size):
        return stacked[:size], stacked[size : 2 * size], stacked[2 * size :]

    def forward(self, x, h_p, W, U):
        self.x, self.W, self.U = x, W, U
        self.h = self.z = self.r = self.n = np.zeros_like(h_p)

    def backward(self, h_p, in_grad):
        self.dzz = self.dzn = self.dzr = self.dh = np.zeros_like(h_p)
        self.dwn = self.dwr = self.dwz = np.zeros((self.hidden_size, self.hidden_size))
        self.dun = self.dur = self.duz = np.zeros((self.input_size, self.hidden_size))
        self.dW, self.dU, self.dx = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.x)
"""
