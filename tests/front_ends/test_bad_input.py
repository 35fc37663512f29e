"""What nobody would give in earnest: it ends soon, with one message, and with the exit status that is documented."""

import errno
import os
import shlex
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from gru.cli import main
from tests.commands import gru
from tests.hostile.test_attacks import HERE as ATTACKS

ROOT = Path(__file__).parents[2]
RIGHT = ROOT / "examples" / "submissions" / "right.py"
DIGITS = "9" * 5000
RUBRIC = "[checks]\nequation-10 = "

RUBRICS = {
    "400 digits": f"{RUBRIC}{'9' * 400}\n",
    "5,000 digits": f"{RUBRIC}{DIGITS}\n",
    "1e308 twice": f"{RUBRIC}1e308\nequation-9 = 1e308\n",
    "infinity": f"{RUBRIC}inf\n",
    "NaN": f"{RUBRIC}nan\n",
    "brackets without end": f"{RUBRIC}{'[' * 3000}\n",
    "tables without end": f"{'a.' * 3000}b = 1\n",
    "decimals of 400 digits": f"rounding = {'9' * 400}\n{RUBRIC}1\n",
}

PREDICTIONS = ["inf 1", "3 1 --bits inf", "3 1 --bits 1000000000000000000", "3 1 --bits -1", "3 1 --bits 100000000"]
PREDICTIONS += [f"3 1 --bits {'9' * 25}", "3 1 --bits 0", "-- -1 1", "1 -- -1", f"{'9' * 2000} 1"]

OPTIONS = [
    "--problem 99999,99999,99999,1/ordinary/float64/0",
    "--problem 1,1,1,100000000/ordinary/float64/0",
    f"--problem 2,3,4,3/ordinary/float64/{'9' * 400}",
    f"--problem 0:{DIGITS}",
    f"--json {'a' * 300}.json",
    f"--report json={'a' * 300}",
    *(f"--time-limit {limit}" for limit in ("nan", "-1", "0")),
    *(f"--memory-limit {limit}" for limit in ("99999999999999999999", "191")),
    f"--seed {DIGITS}",
]


def refused(*arguments: str | Path) -> None:
    result = gru(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("Error: ") == 1


@pytest.mark.parametrize("contents", RUBRICS.values(), ids=list(RUBRICS))
def test_a_rubric_that_means_nothing_is_refused(contents: str, tmp_path: Path) -> None:
    path = tmp_path / "rubric.toml"
    path.write_text(contents)
    refused("check", RIGHT, "--rubric", path)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.npz"
    assert gru("train", "--epochs", "1", "--save", path).exit_code in (0, 1)
    return path


@pytest.mark.parametrize("numbers", PREDICTIONS, ids=lambda text: text[:30])
def test_numbers_that_no_network_subtracts_are_refused(numbers: str, model: Path) -> None:
    refused("predict", model, *shlex.split(numbers))


DAMAGE: dict[str, Callable[[bytearray, int, int], None]] = {
    "encrypted": lambda data, local, central: (data.__setitem__(local + 6, 1), data.__setitem__(central + 8, 1)),
    "another compression": lambda data, local, central: (
        data.__setitem__(local + 8, 99),
        data.__setitem__(central + 10, 99),
    ),
    "a version of the future": lambda data, local, central: data.__setitem__(central + 6, 255),
    "damaged": lambda data, local, central: data.__setitem__(slice(60, 90), bytes(30)),
}  # type: ignore[assignment]


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_a_model_that_is_damaged_is_refused(
    damage: Callable[[bytearray, int, int], None], model: Path, tmp_path: Path
) -> None:
    data = bytearray(model.read_bytes())
    damage(data, data.find(b"PK\x03\x04"), data.find(b"PK\x01\x02"))
    path = tmp_path / "damaged.npz"
    path.write_bytes(data)
    assert zipfile.is_zipfile(path)
    with warnings.catch_warnings(action="ignore"):
        refused("predict", path, "3", "1")


@pytest.mark.parametrize("options", OPTIONS, ids=lambda text: text[:40])
def test_an_option_beyond_all_measure_is_refused(options: str) -> None:
    refused("check", RIGHT, *options.split())


def test_an_explanation_of_too_many_digits_is_refused() -> None:
    refused("explain", DIGITS)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe, students = tmp_path / "pipe", tmp_path / "class"
    os.mkfifo(pipe)
    students.mkdir()
    refused("check", RIGHT, "--rubric", pipe)
    refused("check", RIGHT, "--adapter", pipe)
    refused("grade", pipe, "--out", tmp_path / "none")
    refused("predict", pipe, "3", "1")
    assert gru("check", pipe).exit_code == 3
    assert gru("train", "--cell", pipe).exit_code == 3
    (students / "alice.txt").write_text("nothing to examine")
    assert gru("grade", students, "--out", tmp_path / "out").exit_code == 0
    roster = gru("export", tmp_path / "out", "--format", "canvas", "--roster", pipe, "--assignment", "GRU")
    assert roster.exit_code == 70
    assert "it is no regular file" in roster.stderr


def test_a_file_that_tells_of_its_import_without_end_is_not_waited_for(tmp_path: Path) -> None:
    for file in (ATTACKS / "worker.py", ATTACKS / "attacks" / "text" / "calls_without_end.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    done = gru("train", "--cell", tmp_path / "calls_without_end.py")
    assert done.exit_code == 3
    assert "where ready was expected" in done.stderr


def test_closed_streams_are_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main.callback is not None
    main.callback()
    print("nobody reads it")


def test_a_failure_that_cannot_be_told_is_no_wrong_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*said: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "no space is left")

    monkeypatch.setattr(click, "echo", full)
    assert gru("check", RIGHT, "--effort", "quick", "--only", "equation-9").exit_code == 70


LIMITS = [f"ulimit -n {count}" for count in (9, 10, 11, 12, 14, 16, 20)]
LIMITS += [f"ulimit -v {kibibytes}" for kibibytes in (100_000, 210_000, 250_000, 400_000, 600_000)]


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="asks a shell for limits")
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("command", ["check {file} --effort quick", "grade {folder} --out {out} --effort quick"])
def test_a_machine_with_too_little_is_told_and_never_a_wrong_verdict(limit: str, command: str, tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "alice.py").write_bytes(RIGHT.read_bytes())
    places = {"file": RIGHT, "folder": tmp_path / "class", "out": tmp_path / "out"}
    line = f"{limit}; {sys.executable} -P -m gru {command.format(**places)}"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode in (0, 70), done.stderr
    if done.returncode:
        assert "verdict" in done.stderr + done.stdout
