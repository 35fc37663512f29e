"""Workers that are forked from one that is started ahead: alike in all that counts, and out of each other's reach."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gru.examiner import Examination, examine
from gru.submission.confinement import FULL, confinement
from gru.submission.contract import SubmissionFailure
from gru.submission.process import SubmissionProcess
from gru.submission.starter import AVAILABLE, Starter
from tests.waiting import lives, until

EXAMPLES = Path(__file__).parents[2] / "examples" / "submissions"

DESCRIPTORS = """\
import os

there = []
for number in range(256):
    try:
        os.fstat(number)
        there.append(number)
    except OSError:
        pass
raise RuntimeError(there)
"""
"""A submission that tells which descriptors it has."""

pytestmark = [
    pytest.mark.skipif(
        not AVAILABLE or confinement("auto").level != FULL,
        reason="workers are forked only where the kernel shuts them in",
    ),
    pytest.mark.usefixtures("started_alone"),
]


@pytest.fixture
def starter() -> Iterator[Starter]:
    with closing(Starter()) as starter:
        yield starter


def examined(path: Path, starter: Starter | None) -> Examination:
    with SubmissionProcess(path, starter=starter) as process:
        return examine(process, effort="quick")


def first_process(starter: Starter) -> int:
    """The id of the process that is forked."""
    assert starter._process is not None
    return starter._process.pid


@pytest.mark.full
@pytest.mark.parametrize("name", ["right", "dzr_without_h_prev"])
def test_what_is_found_is_the_same(name: str, starter: Starter) -> None:
    path = EXAMPLES / f"{name}.py"
    assert examined(path, starter) == examined(path, None)


def raised_by(line: str, folder: Path, starter: Starter) -> str:
    """What a submission says that raises the value of an expression as it is imported."""
    path = folder / "cell.py"
    path.write_text(f"import os, sys\nraise RuntimeError({line})\n", encoding="utf-8")
    with SubmissionProcess(path, starter=starter) as process, pytest.raises(SubmissionFailure) as failure:
        _ = process.api
    return failure.value.text


def test_a_fork_has_no_descriptor_of_another(tmp_path: Path, starter: Starter) -> None:
    path = tmp_path / "cell.py"
    path.write_text(DESCRIPTORS, encoding="utf-8")
    open_there = []
    for given in (starter, starter, None):
        with SubmissionProcess(path, starter=given) as process, pytest.raises(SubmissionFailure) as failure:
            _ = process.api
        (numbers,) = re.findall(r"\[([\d, ]+)\]", failure.value.text)
        open_there.append(set(numbers.split(", ")))
    first, second, alone = open_there
    assert first == second
    # A worker by itself may have one more: libffi keeps its own file open in some versions, and a fork closes it.
    assert first <= alone


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    "reach",
    [
        "os.kill(os.getppid(), 9)",
        "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
        "open(f'/proc/{os.getppid()}/environ', 'rb').read(1)",
        "os.fork()",
    ],
)
def test_a_fork_does_not_reach_the_process_that_it_comes_from(reach: str, tmp_path: Path, starter: Starter) -> None:
    said = raised_by(reach, tmp_path, starter)
    assert "Permission" in said or "not permitted" in said
    pid = first_process(starter)
    assert examined(EXAMPLES / "right.py", starter).verdict == "right"
    assert first_process(starter) == pid


def test_what_one_submission_changes_is_not_there_for_the_next(tmp_path: Path, starter: Starter) -> None:
    spoils = "import numpy\nnumpy.tanh = numpy.dot = None\n"
    (tmp_path / "spoils.py").write_text(spoils + (EXAMPLES / "right.py").read_text(encoding="utf-8"), encoding="utf-8")
    assert examined(tmp_path / "spoils.py", starter).verdict != "right"
    assert examined(EXAMPLES / "right.py", starter).verdict == "right"


def test_a_fork_that_is_killed_is_known_to_be(starter: Starter) -> None:
    with SubmissionProcess(EXAMPLES / "right.py", starter=starter) as process:
        assert process.api is None
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        # A kill from outside is no fault of the submission, and the jobs are done again.
        assert examine(process, effort="quick").verdict == "right"


def test_the_process_that_is_forked_is_started_again_where_it_has_died(starter: Starter) -> None:
    assert examined(EXAMPLES / "right.py", starter).verdict == "right"
    pid = first_process(starter)
    os.kill(pid, signal.SIGKILL)
    assert starter._process is not None
    until(lambda: starter._process is not None and starter._process.poll() is not None)
    assert examined(EXAMPLES / "right.py", starter).verdict == "right"
    assert first_process(starter) != pid


def test_a_fork_ends_with_the_examiner(tmp_path: Path) -> None:
    (tmp_path / "cell.py").write_text("while True:\n    pass\n", encoding="utf-8")
    program = f"""
import time
from gru.submission.process import SubmissionProcess
from gru.submission.starter import Starter
process = SubmissionProcess({str(tmp_path / "cell.py")!r}, starter=Starter()).__enter__()
process._listener.frame(process._keeper.channel)
print(process.pid, process._starter._process.pid, flush=True)
time.sleep(10**6)
"""
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=root) as examiner:
        assert examiner.stdout is not None
        left = [int(pid) for pid in examiner.stdout.readline().split()]
        assert len(left) == 2
        examiner.kill()
    until(lambda: not any(map(lives, left)))
