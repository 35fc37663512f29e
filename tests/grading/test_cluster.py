"""A class on a Dask cluster on this machine: a scheduler and two workers, one of which is killed in the middle."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gru.grading.gradebook import Gradebook
from gru.grading.rubric import EQUAL_POINTS
from tests.commands import gru
from tests.waiting import GIVEN_UP, until

pytest.importorskip("distributed")

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "submissions"
RIGHT = (EXAMPLES / "right.py").read_text(encoding="utf-8")


class Cluster:
    """A scheduler, and workers of one thread each, as processes of their own."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self._processes = [self._start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", self._file)]
        self.scheduler = self._processes[0]
        until(self._file.exists)
        self.workers = [
            self._start("worker", "--scheduler-file", self._file, "--nthreads", 1, "--no-nanny", "--no-dashboard")
            for _ in range(2)
        ]
        self._processes += self.workers

    @property
    def address(self) -> str:
        import json

        return str(json.loads(self._file.read_text(encoding="utf-8"))["address"])

    def _start(self, what: str, *arguments: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + what, "--host", "127.0.0.1", *map(str, arguments)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        cluster = Cluster(tmp_path)
        stack.callback(cluster.close)
        yield cluster


@pytest.mark.full
def test_a_class_is_graded_though_a_worker_dies(cluster: Cluster, tmp_path: Path) -> None:
    course, out = tmp_path / "class", tmp_path / "out"
    course.mkdir()
    for number in range(12):
        (course / f"s{number:02}.py").write_text(RIGHT, encoding="utf-8")
    (course / "zoe").mkdir()
    (course / "zoe" / "helper.py").write_text(RIGHT, encoding="utf-8")
    (course / "zoe" / "gru_cell.py").write_text("from helper import GRUCell\n", encoding="utf-8")
    (course / "none").mkdir()
    command = [sys.executable, "-m", "gru", "grade", str(course), "--out", str(out), "--effort", "quick"]
    with subprocess.Popen(
        [*command, "--scheduler", cluster.address], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as run:
        until(lambda: (out / "gradebook.sqlite").exists() and len(records(out)) >= 2)
        cluster.workers[0].kill()
        stdout, _ = run.communicate(timeout=GIVEN_UP)
    assert run.returncode == 0, stdout
    found = records(out)
    assert len(found) == 14
    assert {found[f"s{number:02}"] for number in range(12)} | {found["zoe"]} == {EQUAL_POINTS.maximum}
    assert found["none"] == 0


@pytest.fixture
def thirty(tmp_path: Path) -> Path:
    """A class of ten right submissions, and of twenty that do not come to an end: it is not graded at once."""
    course = tmp_path / "class"
    course.mkdir()
    for number in range(30):
        text = RIGHT if number < 10 else "while True: pass\n"
        (course / f"s{number:02}.py").write_text(text, encoding="utf-8")
    return course


def interrupted(course: Path, out: Path, cluster: Cluster, end: Callable[[], None], *options: str) -> str:
    """What a run says that `end` takes something away from once two records are there; the rest are kept."""
    command = [sys.executable, "-m", "gru", "grade", str(course), "--out", str(out), "--effort", "quick", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, "--scheduler", cluster.address], cwd=ROOT, stdout=pipe, stderr=pipe, text=True
    ) as run:
        until(lambda: (out / "gradebook.sqlite").exists() and len(records(out)) >= 2)
        end()
        _, stderr = run.communicate(timeout=GIVEN_UP)
    assert run.returncode == 70, stderr
    assert 2 <= len(records(out)) < 30
    return stderr


@pytest.mark.full
def test_a_scheduler_that_dies_is_told_and_what_was_judged_is_kept(
    cluster: Cluster, thirty: Path, tmp_path: Path
) -> None:
    stderr = interrupted(thirty, tmp_path / "out", cluster, cluster.scheduler.kill)
    assert "gru: the scheduler has gone, with all that was under way" in stderr, stderr[-1500:]
    assert "this is a mistake of gru" not in stderr


@pytest.mark.full
def test_a_cluster_without_workers_is_told_and_what_was_judged_is_kept(
    cluster: Cluster, thirty: Path, tmp_path: Path
) -> None:
    def end() -> None:
        for worker in cluster.workers:
            worker.kill()

    stderr = interrupted(thirty, tmp_path / "out", cluster, end, "--worker-wait", "1")
    assert "gru: the cluster has had no worker for 1 s" in stderr, stderr[-1500:]


def records(out: Path) -> dict[str, float | None]:
    with Gradebook(out) as book:
        return {record.student: record.score for record in book.records()}


def test_a_scheduler_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gru.grading.cluster.CONNECTING", "1s")
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "alice.py").write_text(RIGHT, encoding="utf-8")
    done = gru("grade", tmp_path / "class", "--out", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    assert done.exit_code == 70
    assert "no scheduler answers at tcp://127.0.0.1:9" in done.stderr


@pytest.mark.full
def test_what_is_lost_with_the_worker_that_had_it_ready_is_asked_for_again(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Future

    answered, lost = Future.exception, set()

    def exception(future: Any, timeout: float | None = None) -> Any:
        if future.key not in lost:
            lost.add(future.key)
            raise TimeoutError
        return answered(future, timeout=timeout)

    monkeypatch.setattr(Future, "exception", exception)
    (tmp_path / "class").mkdir()
    for name in ("alice", "bob"):
        (tmp_path / "class" / f"{name}.py").write_text(RIGHT, encoding="utf-8")
    out = tmp_path / "out"
    done = gru("grade", tmp_path / "class", "--out", out, "--effort", "quick", "--scheduler", cluster.address)
    assert done.exit_code == 0, done.stderr
    assert len(lost) == 2
    assert set(records(out).values()) == {EQUAL_POINTS.maximum}
