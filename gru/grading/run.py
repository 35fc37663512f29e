"""A run over a class: every submission examined, its record kept as soon as it is there.

It prints nothing, and awards no points itself. Several are under way at once, each in a process of its own.
"""

import hashlib
import json
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Lock
from time import perf_counter
from typing import Any

from gru import __version__
from gru.examiner import examine
from gru.examiner.outcome import CHECKS, Examination, Outcome
from gru.grading.folder import Entry, digest
from gru.grading.gradebook import Gradebook
from gru.grading.record import FAILED, Record, failure_of, record_of
from gru.grading.rubric import Rubric
from gru.layers.gru.forms import CONVENTIONS
from gru.problem import Effort
from gru.report.result import Result, sha256_of
from gru.submission.confinement import Isolation
from gru.submission.limits import MEMORY_LIMIT, TIME_LIMIT
from gru.submission.process import SubmissionProcess


@dataclass(frozen=True)
class Manner:
    """How every submission of a class is examined.

    With a `secret` each is given problems of its own, drawn from the secret and its content; without,
    all are given those of `seed`.
    """

    seed: int = 0
    secret: str | None = None
    effort: Effort = "normal"
    convention: str = "chapter"
    time_limit: float = TIME_LIMIT
    memory_limit: int = MEMORY_LIMIT
    isolation: Isolation = "auto"

    def seed_of(self, content: str) -> int:
        """The seed for a submission of this content."""
        if self.secret is None:
            return self.seed
        return int.from_bytes(hashlib.sha256(f"{self.secret} {content}".encode()).digest()[:4], "little")


@dataclass(frozen=True)
class Task:
    """One submission to be examined: all that a machine needs to know that is to do it."""

    entry: Entry
    name: str
    key: str
    seed: int


@dataclass(frozen=True)
class Class:
    """The folder of a class, and by what it is graded."""

    folder: Path
    rubric: Rubric
    manner: Manner

    def task(self, entry: Entry) -> Task:
        """The task of one student; its key changes when anything changes that the grade depends on."""
        content = digest(entry)
        by = [__version__, self.rubric.digest, asdict(self.manner), content, entry.text, entry.alone]
        key = hashlib.sha256(json.dumps(by).encode()).hexdigest()
        name = str((entry.file or self.folder / entry.student).relative_to(self.folder))
        return Task(entry, os.fsencode(name).decode("utf-8", "backslashreplace"), key, self.manner.seed_of(content))


@dataclass
class Progress:
    """What is known while a run is under way: how many tasks there are, how many are done, which have begun."""

    total: int
    done: int = 0
    under_way: tuple[str, ...] = ()


Report = Callable[[Progress], None]

GLANCE = 0.2
"""Seconds after which a run tells what is under way, if nothing is done by then."""


def outstanding(course: Class, entries: Sequence[Entry], gradebook: Gradebook) -> list[Task]:
    """The tasks that are not in the gradebook yet, or were judged by something else, or lost to a fault of ours."""
    judged = gradebook.keys()

    def is_done(task: Task) -> bool:
        key, verdict = judged.get(task.entry.student, ("", FAILED))
        return key == task.key and verdict != FAILED

    return [task for task in map(course.task, entries) if not is_done(task)]


def run(
    course: Class,
    tasks: Sequence[Task],
    gradebook: Gradebook,
    jobs: int,
    on_record: Callable[[Record], None] = lambda record: None,
    on_progress: Report = lambda progress: None,
) -> None:
    """Do all tasks, `jobs` at once, and keep each record as it comes.

    `on_record` is told of a record when it is kept. On KeyboardInterrupt, or whatever else ends it,
    nothing new is begun, and what is under way is ended without a record.
    """
    progress, begun, lock, stop = Progress(len(tasks)), dict[str, None](), Lock(), Event()

    def do(task: Task) -> Record:
        if stop.is_set():
            raise Stopped
        with lock:
            begun[task.entry.student] = None
        try:
            return grade(task, course.rubric, course.manner, stop)
        finally:
            with lock:
                del begun[task.entry.student]

    finished: Queue[Future[Record]] = Queue()
    with ThreadPoolExecutor(jobs) as executor, _stopping(stop, executor):
        for task in tasks:
            executor.submit(do, task).add_done_callback(finished.put)
        while progress.done < progress.total:
            with suppress(Empty):
                record = finished.get(timeout=GLANCE).result()
                gradebook.put(record)
                on_record(record)
                progress.done += 1
            with lock:
                progress.under_way = tuple(begun)
            on_progress(progress)


class Stopped(Exception):
    """The run has been interrupted while this submission was under way."""


@contextmanager
def _stopping(stop: Event, executor: Executor) -> Iterator[None]:
    try:
        yield
    except BaseException:
        stop.set()
        executor.shutdown(wait=False, cancel_futures=True)
        raise


def grade(task: Task, rubric: Rubric, manner: Manner, stop: Event | None = None) -> Record:
    """The record of one submission. A failure of ours is a record too, without a score.

    Raises Stopped once `stop` is set.
    """
    student = task.entry.student
    try:
        return record_of(student, _result(task, manner, stop), rubric, task.key)
    except Stopped:
        raise
    except Exception:
        return failure_of(student, task.name, rubric, task.key, traceback.format_exc())


def _result(task: Task, manner: Manner, stop: Event | None) -> Result:
    began = perf_counter()
    file = task.entry.file
    settings: dict[str, Any] = {"effort": manner.effort, "seed": task.seed}
    if file is None:
        outcomes = tuple(Outcome(check, "not_examined") for check in CHECKS)
        examination = Examination("not_examined", outcomes, **settings, reason="no_such_file", text=task.entry.text)
        return Result(task.name, None, examination, 0.0, isolation="", convention=manner.convention)

    def on_progress(done: int, total: int) -> None:
        if stop is not None and stop.is_set():
            raise Stopped

    with SubmissionProcess(
        file,
        time_limit=manner.time_limit,
        memory_limit=manner.memory_limit,
        isolation=manner.isolation,
        alone=task.entry.alone,
    ) as process:
        examination = examine(process, **settings, convention=CONVENTIONS[manner.convention], on_progress=on_progress)
        level = process.confinement.level
    return Result(
        submission=task.name,
        sha256=sha256_of(file),
        examination=examination,
        seconds=perf_counter() - began,
        isolation=level,
        convention=manner.convention,
    )
