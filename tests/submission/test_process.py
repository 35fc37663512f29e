"""A submission in its own process: whatever a file does, the true reason is told and nothing found is lost."""

import hashlib
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru.examiner import Examination, examine
from gru.examiner.judging.reference import Reference
from gru.layer import Sizes
from gru.problem import battery, find
from gru.report.sentences import all_said
from gru.submission import keeper
from gru.submission.channel import Connection
from gru.submission.confinement import confinement
from gru.submission.contract import REASONS, CellError, Job, KilledError, Recording, SubmissionFailure, WorkerError
from gru.submission.process import SubmissionProcess
from gru.submission.trusted import TrustedCells

RIGHT = Path(__file__).parents[2].joinpath("examples", "submissions", "right.py").read_text(encoding="utf-8")

AT_IMPORT = "import numpy as np\n"
IN_FORWARD = "        self.x = x\n"
IN_BACKWARD = "        self.merge_params()\n"

TIME_LIMIT = 2.0
"""Seconds; a thousand times what a call of a right cell takes on these problems, and short enough to be waited for."""

SEQUENCE = {"x": (5, 2, 3), "h_0": (2, 4), "W": (12, 4), "U": (9, 4)}
"""What cells of sizes (2, 3, 4) are given that are unrolled over five steps."""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(contents: str | bytes = RIGHT, name: str = "cell.py") -> Path:
        path = tmp_path / name
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        return path

    return write


def with_line(place: str, line: str, when: str = "True") -> str:
    """The right submission with a line after the one at `place`, run only `when` that holds."""
    assert RIGHT.count(place) == 1
    indent = place[: len(place) - len(place.lstrip())]
    return RIGHT.replace(place, f"{place}{indent}if {when}:\n{indent}    {line}\n")


def examined(path: Path, **limits: Any) -> Examination:
    with SubmissionProcess(path, **limits) as process:
        return examine(process, effort="quick")


# What keeps nobody from being judged


@pytest.mark.one_in(6)
@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(RIGHT.encode("utf-8-sig"), id="byte-order mark"),
        pytest.param(b"# -*- coding: latin-1 -*-\nname = '\xe9'\n" + RIGHT.encode("latin-1"), id="Latin-1"),
        pytest.param(RIGHT.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(with_line(IN_FORWARD, "print('z' * 1000)"), id="prints in every call"),
        pytest.param(with_line(AT_IMPORT, "print('z' * 10**7)"), id="prints ten megabytes"),
        pytest.param(with_line(AT_IMPORT, "import sys; sys.stderr.write('z' * 10**7)"), id="an error of ten megabytes"),
        pytest.param(with_line(AT_IMPORT, "import sys; sys.stdout = sys.stderr = None"), id="no standard output"),
        pytest.param(with_line(AT_IMPORT, "import os; os.close(1); os.close(2)"), id="standard output is closed"),
        pytest.param(with_line(IN_FORWARD, "import warnings; warnings.warn('hm')"), id="warns"),
        pytest.param(with_line(AT_IMPORT, "import warnings; warnings.simplefilter('error')"), id="warnings raise"),
        pytest.param(with_line(AT_IMPORT, "import atexit; atexit.register(print, 'bye')"), id="something at exit"),
        pytest.param(with_line(AT_IMPORT, "import os; os.chdir('/')"), id="another folder"),
        pytest.param(with_line(AT_IMPORT, "import threading; threading.Thread(daemon=True).start()"), id="a thread"),
        pytest.param(with_line(AT_IMPORT, "import scipy.special"), id="SciPy"),
        pytest.param(RIGHT + "\nif __name__ == '__main__':\n    raise SystemExit\n", id="a main part"),
        pytest.param(RIGHT.replace("class GRUCell:", "class Cell:") + "\nclass GRUCell(Cell):\n    pass\n", id="heir"),
    ],
)
def test_what_a_right_file_does_beside_is_its_own_affair(contents: str | bytes, write: Write) -> None:
    examination = examined(write(contents))
    assert (examination.verdict, examination.reason) == ("right", None)


@pytest.mark.parametrize("line", ["from .helpers import sigmoid", "from helpers import sigmoid"])
def test_a_file_beside_it_can_be_imported(line: str, write: Write) -> None:
    write("import numpy as np\n\ndef sigmoid(a):\n    return 0.5 * (1 + np.tanh(0.5 * a))\n", "helpers.py")
    right = RIGHT.replace("def sigmoid(a):\n    return 0.5 * (1 + np.tanh(0.5 * a))\n", f"{line}\n")
    assert right.count("def sigmoid") == 0
    assert examined(write(right)).verdict == "right"


def test_the_process_answers_as_a_class_in_this_one_does(write: Write) -> None:
    namespace: dict[str, Any] = {}
    exec(RIGHT, namespace)
    references = [Reference(problem) for problem in battery("quick", 0)[:6]]
    jobs = [reference.job(2) for reference in references]
    with SubmissionProcess(write()) as process:
        there = list(process.run(jobs))
    here = TrustedCells(namespace["GRUCell"]).run(jobs)
    for reference, one, other in zip(references, there, here, strict=True):
        assert one.job_id == other.job_id
        for first, second in zip(one.uses, other.uses, strict=True):
            # Sums may be formed in another order, as the numbers lie elsewhere in memory: each is within its limit.
            for name in first.after_backward.keys() - {"dW", "dU"}:
                difference = np.abs(first.after_backward[name] - second.after_backward[name]).max(axis=(1, 2))
                assert (difference <= 2 * reference.limits(name, reference.problem.precision)).all(), name
            for name in ("dW", "dU"):
                blocks = [first.after_backward[f"{name.lower()}{gate}"] for gate in "zrn"]
                np.testing.assert_array_equal(first.after_backward[name], np.concatenate(blocks, axis=1))


def test_what_was_read_is_run_and_hashed_whatever_becomes_of_the_file(write: Write) -> None:
    path = write()
    with SubmissionProcess(path) as process:
        path.write_text("raise ValueError\n")
        assert examine(process, effort="quick").verdict == "right"
        assert process.sha256 == hashlib.sha256(RIGHT.encode()).hexdigest()


def test_a_file_beyond_all_measure_is_not_read(write: Write) -> None:
    path = write()
    os.truncate(path, 8 * 2**30)
    with SubmissionProcess(path) as process:
        assert process.sha256 is None
        examination = examine(process, effort="quick")
    assert (examination.reason, examination.text) == (
        "no_such_file",
        "it is larger than 16 MiB, the most that is read",
    )


# What keeps a file from being judged


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("contents", "reason", "text"),
    [
        ("", "no_gru_cell", "defines no class GRUCell"),
        (b"\x7fELF\x00\x01", "not_python", ""),
        ("def f(:\n", "not_python", "line 1"),
        (b"name = '\xe9'\n", "not_python", ""),
        ("(" * 5000, "not_python", ""),
        (
            "def GRUCell(input_size, hidden_size):\n    pass\n",
            "no_gru_cell",
            "GRUCell is a function; expected a class",
        ),
        (
            "class GRUCell:\n    def forward(self, x, h): pass\n    def backward(self, delta): pass\n",
            "another_api",
            "it has forward(x, h), and the chapter's has forward(x, h_p, W, U)",
        ),
        ("raise SystemExit(0)\n", "import_failed", "SystemExit"),
        ("raise KeyboardInterrupt\n", "import_failed", "KeyboardInterrupt"),
        ("input()\n", "import_failed", "EOFError"),
        ("def f():\n    f()\n\nf()\n", "import_failed", "RecursionError"),
        ("import os\nos._exit(0)\n", "crashed", "ended itself with exit status 0 in the import of the file"),
        ("import os\nos.abort()\n", "crashed", "SIGABRT"),
        ("while True:\n    pass\n", "timed_out", "the import of the file took more than 2 s"),
        ("import time\ntime.sleep(60)\n", "timed_out", "the import of the file"),
        ("rows = bytearray(2**30)\n", "out_of_memory", "512 MiB are allowed"),
    ],
)
def test_a_file_that_cannot_be_imported_has_its_true_reason(
    contents: str | bytes, reason: str, text: str, write: Write
) -> None:
    examination = examined(write(contents), time_limit=TIME_LIMIT)
    assert (examination.verdict, examination.reason) == ("not_examined", reason)
    assert text in examination.text


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("line", "reason", "text"),
    [
        ("import os; os._exit(0)", "crashed", "exit status 0 in forward"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "SIGSEGV in forward"),
        ("for _ in iter(int, 1): pass", "timed_out", "forward at step 2 took more than 2 s"),
        ("import time; time.sleep(60)", "timed_out", "forward at step 2 took more than 2 s"),
        ("np.ones(2**27)", "out_of_memory", "512 MiB are allowed"),
    ],
)
def test_a_call_that_never_ends_well_loses_nothing_that_was_found(
    line: str, reason: str, text: str, write: Write
) -> None:
    """The cell is wrong in (10), and fails to run only where there are three rows."""
    wrong = with_line(IN_FORWARD, line, when="len(x) == 3").replace("* h_p * self.r", "* self.r")
    wrong = wrong.replace("if len(x) == 3", "if len(x) == 3 and not (h_p == 0).all()")
    examination = examined(write(wrong), time_limit=TIME_LIMIT)
    assert (examination.verdict, examination.reason) == ("not_examined", reason)
    assert examination.outcome("equation-10").status == "wrong"
    assert text.replace(" at step 2", "") in examination.text.replace(" at step 2", "").replace(" at step 1", "")


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    "line",
    ["raise ValueError('no')", "raise SystemExit(0)", "raise KeyboardInterrupt", "raise GeneratorExit", "input()"],
)
@pytest.mark.parametrize("place", [IN_FORWARD, IN_BACKWARD], ids=["forward", "backward"])
def test_an_exception_in_a_call_is_wrong_and_told(place: str, line: str, write: Write) -> None:
    examination = examined(write(with_line(place, line)))
    assert (examination.verdict, examination.reason) == ("wrong", None)
    interface = examination.outcome("interface")
    assert interface.status == "wrong"
    assert " raised " in all_said(interface.facts)
    assert "(line " in all_said(interface.facts) or ", line " in all_said(interface.facts)


def test_an_exception_at_one_shape_only_leaves_the_others_judged(write: Write) -> None:
    examination = examined(write(with_line(IN_BACKWARD, "raise ValueError('no')", when="len(in_grad) == 1")))
    assert {o.check for o in examination.outcomes if o.status == "wrong"} == {"interface", "state"}
    assert examination.outcome("equation-24").status == "right"


def test_recursion_without_end_is_an_exception_like_any(write: Write) -> None:
    examination = examined(write(with_line(IN_FORWARD, "self.forward(x, h_p, W, U)")))
    assert "RecursionError" in all_said(examination.outcome("interface").facts)


def test_a_constructor_with_other_arguments_is_told(write: Write) -> None:
    contents = RIGHT.replace("__init__(self, input_size, hidden_size)", "__init__(self, input_size)")
    text = all_said(examined(write(contents.replace("= hidden_size", "= 3"))).outcome("interface").facts)
    assert "GRUCell raised TypeError" in text
    assert "positional argument" in text


@pytest.mark.one_in(10)
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("value.tolist()", "a list"),
        ("float(value.sum())", "a float"),
        ("value.astype(complex)", "an array of complex128 of shape"),
        ("value.astype(object)", "an array of object of shape"),
        ("np.ones(value.shape, int)", "an array of int64 of shape"),
        ("value.astype(str)", "an array of <U32 of shape"),
        ("value.T", "(1, 2); expected an array of float64 of shape (batch, input) = (2, 1)"),
        ("value[None]", "expected an array of float64 of shape (batch, input) = (1, 1)"),
        ("None", "None"),
        ("np.matrix(value)[:, :0]", "expected an array of float64"),
        ("value.astype(np.float16)", "an array of float16 of shape"),
        ("np.broadcast_to(0.0, (2**30, 2**20))", "an array of float64 of shape (1073741824, 1048576)"),
    ],
)
def test_what_is_no_array_of_the_right_kind_is_told(value: str, text: str, write: Write) -> None:
    contents = (
        with_line(IN_BACKWARD, "pass")
        .replace("        self.dx = self.dzn @", "        value = self.dzn @")
        .replace("+ self.dzz @ self.uz.T\n", f"+ self.dzz @ self.uz.T\n        self.dx = {value}\n")
    )
    outcome = examined(write(contents)).outcome("equation-24")
    assert outcome.status == "wrong"
    assert all_said(outcome.facts).startswith("dx is ")
    assert text in all_said(outcome.facts)


# The limits


def test_the_whole_has_a_limit_too(write: Write) -> None:
    slow = write(with_line(IN_FORWARD, "import time; time.sleep(0.05)"))
    examination = examined(slow, time_limit=5, whole_limit=0.5)
    assert examination.reason == "timed_out"
    assert "all calls together took more than 0.5 s" in examination.text


SIGNS = """
import sys, time
frame = sys._getframe()
while not ("write" in frame.f_locals and "protocol" in frame.f_globals):
    frame = frame.f_back
sign = frame.f_globals["protocol"].pack({"kind": "call", "where": "import", "step": 0})
while True:
    time.sleep(0.02)
    frame.f_locals["write"](sign)
"""


def test_signs_of_an_import_have_an_end_where_the_whole_has_none(write: Write) -> None:
    examination = examined(write(SIGNS), time_limit=0.05, whole_limit=math.inf)
    assert examination.reason == "timed_out"


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"time_limit": 0}, "time_limit=0"),
        ({"time_limit": float("nan")}, "nan"),
        ({"memory_limit": 8}, "memory_limit=8"),
    ],
)
def test_limits_that_leave_no_room_are_refused(limits: dict[str, Any], text: str, write: Write) -> None:
    with pytest.raises(ValueError, match=text):
        SubmissionProcess(write(), **limits)


# A worker that does not start


DIES = """\
import os, pathlib, runpy, sys
count = pathlib.Path({count!r})
count.write_text(str(int(count.read_text()) - 1))
if int(count.read_text()) >= 0:
    os.kill(os.getpid(), 9)
runpy.run_path({worker!r}, run_name="__main__")
"""


@pytest.mark.one_in(2)
@pytest.mark.usefixtures("started_alone")
@pytest.mark.parametrize(("deaths", "starts"), [(2, True), (3, False)])
def test_a_worker_that_dies_before_it_has_started_is_started_again(
    deaths: int, starts: bool, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = tmp_path / "count"
    count.write_text(str(deaths))
    dying = write(DIES.format(count=str(count), worker=str(keeper.WORKER)), "dying.py")
    monkeypatch.setattr(keeper, "WORKER", dying)
    if starts:
        assert examined(write()).verdict == "right"
    else:
        with pytest.raises(WorkerError, match="SIGKILL before it had started"):
            examined(write())


# A worker that is ended from outside

confined = pytest.mark.skipif(not confinement("auto").seccomp, reason="else a submission could have done it")


def killed_after_the_first(process: SubmissionProcess, jobs: list[Job], kills: int) -> Iterator[Recording]:
    """The recordings of all jobs; so often as told, the worker is killed when the first one of them is there."""
    for recording in process.run(jobs):
        if kills and process.pid is not None:
            kills -= 1
            os.kill(process.pid, 9)
        yield recording


@pytest.fixture
def slow(write: Write) -> Path:
    """A cell that has not done all jobs before anybody could end its process."""
    return write(with_line(IN_FORWARD, "import time; time.sleep(0.05)"))


@confined
def test_what_a_worker_had_that_was_ended_from_outside_is_done_again(slow: Path) -> None:
    jobs = [Reference(problem).job() for problem in battery("quick", 0)[:6]]
    with SubmissionProcess(slow) as process:
        recordings = list(killed_after_the_first(process, jobs, 2))
    assert [recording.job_id for recording in recordings] == [job.id for job in jobs]
    assert all(recording.uses for recording in recordings)


@confined
def test_a_worker_that_is_ended_again_and_again_is_no_fault_of_the_submission(write: Write) -> None:
    sleeps = write(with_line(IN_FORWARD, "import time; time.sleep(1)"))
    with SubmissionProcess(sleeps) as process, pytest.raises(KilledError, match="SIGKILL in forward"):
        list(_killed_always(process))


def _killed_always(process: SubmissionProcess) -> Iterator[Recording]:
    """The recordings where the worker is ended whenever it has begun with the first job."""
    limit = process._listener._limit

    def killing(channel: Connection) -> float:
        if process._listener.doing == "forward":
            assert process.pid is not None
            os.kill(process.pid, 9)
        return limit(channel)

    process._listener._limit = killing  # type: ignore[method-assign]
    return process.run([Reference(find("0:0")).job()])


@confined
@pytest.mark.parametrize("before", ["forward", "backward"])
def test_cells_that_were_lost_with_their_worker_go_forward_again(before: str, write: Write) -> None:
    sizes, random = Sizes(2, 3, 4, 5), np.random.default_rng(0)
    given = {name: random.normal(size=shape) for name, shape in SEQUENCE.items()}
    upstream = {"upstream": random.normal(size=(5, 2, 4))}
    answers = []
    for kill in (False, True):
        with SubmissionProcess(write()) as process:
            process.unroll(sizes, given, [(5, 2, 4)])
            if kill:
                assert process.pid is not None
                os.kill(process.pid, 9)
            if before == "forward":
                process.unroll(sizes, given, [(5, 2, 4)])
            answers.append(process.unroll(sizes, upstream, [(12, 4), (9, 4)]))
    for undisturbed, again in zip(*answers, strict=True):
        np.testing.assert_array_equal(undisturbed, again)


# One process for all problems


def test_one_process_serves_all_problems_and_keeps_what_the_file_keeps(write: Write) -> None:
    """A cell that counts the backward passes of the file's whole life counts those of all problems."""
    count = "GRUCell.count = getattr(GRUCell, 'count', 0) + 1; self.dwz = GRUCell.count + 0 * self.dwz"
    jobs = [Reference(find(f"0:{index}")).job() for index in range(2)]
    with SubmissionProcess(write(with_line(IN_BACKWARD, count))) as process:
        first, second = process.run(jobs)
        (again,) = process.run(jobs[:1])
    counted = [recording.uses[0].after_backward["dwz"].max() for recording in (first, second, again)]
    assert counted == sorted(counted)
    assert len(set(counted)) == 3


def test_answers_that_nobody_waits_for_are_not_taken_for_others(write: Write) -> None:
    jobs = [Reference(problem).job() for problem in battery("quick", 0)[:3]]
    with SubmissionProcess(write()) as process:
        next(iter(process.run(jobs)))
        (recording,) = process.run(jobs[2:])
    assert recording.job_id == jobs[2].id


def test_a_failure_is_told_again_and_not_run_again(write: Write) -> None:
    jobs = [Reference(find("0:0")).job()]
    with SubmissionProcess(write("raise ValueError\n")) as process:
        for _ in range(2):
            with pytest.raises(SubmissionFailure) as failure:
                list(process.run(jobs))
            assert failure.value.reason == "import_failed"


def test_every_reason_is_one_of_the_contract() -> None:
    assert set(REASONS) == {
        *("no_such_file", "not_python", "import_failed", "no_gru_cell", "another_api"),
        *("adapter_failed", "timed_out", "out_of_memory", "crashed", "protocol"),
    }


# Cells unrolled over time


def unrolled(path: Path) -> list[np.ndarray[Any, Any]]:
    sizes = Sizes(2, 3, 4, 5)
    random = np.random.default_rng(0)
    arrays = {name: random.normal(size=shape) for name, shape in SEQUENCE.items()}
    with SubmissionProcess(path) as process:
        return process.unroll(sizes, arrays, [(5, 2, 4)])


def test_unrolled_cells_show_their_states(write: Write) -> None:
    (states,) = unrolled(write())
    assert states.shape == (5, 2, 4)
    assert np.isfinite(states).all()


def test_an_exception_of_an_unrolled_cell_is_told(write: Write) -> None:
    with pytest.raises(CellError, match="forward raised ValueError: no"):
        unrolled(write(with_line(IN_FORWARD, "raise ValueError('no')")))
