"""A run over a class: every submission examined, its record kept as soon as it is there.

It prints nothing, and awards no points itself. Several are under way at once, each graded in a process of its own.
"""

import hashlib
import json
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from threading import Event, Lock
from time import perf_counter
from typing import Any

from gru import __version__
from gru.examiner import examine
from gru.examiner.outcome import Examination, Outcome
from gru.grading.gradebook import Gradebook
from gru.grading.handins import Entry, digest
from gru.grading.judges import JudgeError, Judges, Stopped
from gru.grading.record import FAILED, Record, failure_of, record_of
from gru.grading.rubric import Rubric
from gru.layer import Form
from gru.layers.registry import form_named
from gru.problem import Effort
from gru.report.result import Result
from gru.submission.confinement import Isolation
from gru.submission.contract import WorkerError
from gru.submission.limits import MEMORY_LIMIT, TIME_LIMIT
from gru.submission.process import SubmissionProcess
from gru.submission.remarks import remarks_of
from gru.submission.starter import TO_BE_HAD, Starter
from gru.submission.taught import Taught


@dataclass(frozen=True)
class Manner:
    """How every submission of a class is examined.

    With a `secret` each is given problems of its own, drawn from the secret and its content; without,
    all are given those of `seed`.
    """

    seed: int = 0
    secret: str | None = None
    effort: Effort = "normal"
    layer: str = "gru"
    convention: str = "chapter"
    time_limit: float = TIME_LIMIT
    memory_limit: int = MEMORY_LIMIT
    isolation: Isolation = "auto"
    adapter: Taught | None = None

    @property
    def form(self) -> Form:
        """The form of the layer that is asked for."""
        return form_named(self.convention, self.layer)

    def seed_of(self, content: str) -> int:
        """The seed for a submission of this content."""
        if self.secret is None:
            return self.seed
        return int.from_bytes(hashlib.sha256(f"{self.secret} {content}".encode()).digest()[:4], "little")


@dataclass(frozen=True)
class Task:
    """One submission to be examined: everything a machine needs to know beside the bytes of its files."""

    entry: Entry
    key: str
    seed: int


@dataclass(frozen=True)
class Class:
    """By what the hand-ins of a class are graded."""

    rubric: Rubric
    manner: Manner

    def task(self, entry: Entry, contents: Mapping[str, bytes]) -> Task:
        """The task of one student; its key changes when anything changes that the grade depends on."""
        content = digest(entry, contents)
        by = [__version__, self.rubric.digest, asdict(self.manner), content, entry.text, entry.late, entry.attempt]
        key = hashlib.sha256(json.dumps(by).encode()).hexdigest()
        return Task(entry, key, self.manner.seed_of(content))


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

    return [task for entry in entries if not is_done(task := course.task(*entry.opened()))]


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

    def do(number: int) -> Record:
        if stop.is_set():
            raise Stopped
        entry = tasks[number].entry
        with lock:
            begun[entry.student] = None
        try:
            return Record.of_data(judges.ask(number))
        except JudgeError as error:
            return failure_of(entry.student, entry.origin, course.rubric, tasks[number].key, f"{error}\n")
        finally:
            with lock:
                del begun[entry.student]

    finished: Queue[Future[Record]] = Queue()
    # The judges are forked before there is any thread.
    with (
        Judges(_graded(course, tasks, stop), min(jobs, len(tasks))) as judges,
        ThreadPoolExecutor(jobs) as executor,
        _stopping(stop, judges, executor),
    ):
        for number in range(len(tasks)):
            executor.submit(do, number).add_done_callback(finished.put)
        while progress.done < progress.total:
            with suppress(Empty):
                record = finished.get(timeout=GLANCE).result()
                gradebook.put(record)
                on_record(record)
                progress.done += 1
            with lock:
                progress.under_way = tuple(begun)
            on_progress(progress)


def _graded(course: Class, tasks: Sequence[Task], stop: Event) -> Callable[[int], dict[str, Any]]:
    """What a judge does: grade the task of a number; the record as data."""
    # Each judge starts its own, when it wants the first worker.
    starter = Starter() if TO_BE_HAD else None

    def graded(number: int) -> dict[str, Any]:
        task, entry = tasks[number], tasks[number].entry
        try:
            # What is graded is what is read now; the files may have changed since the run began.
            entry, contents = entry.opened()
            return grade(course.task(entry, contents), contents, course.rubric, course.manner, stop, starter).as_data()
        except Stopped:
            raise
        except Exception:
            why = traceback.format_exc()
            return failure_of(entry.student, entry.origin, course.rubric, task.key, why).as_data()

    return graded


@contextmanager
def _stopping(stop: Event, judges: Judges, executor: Executor) -> Iterator[None]:
    try:
        yield
    except BaseException:
        stop.set()
        judges.stop()
        executor.shutdown(wait=False, cancel_futures=True)
        raise


def grade(
    task: Task,
    contents: Mapping[str, bytes],
    rubric: Rubric,
    manner: Manner,
    stop: Event | None = None,
    starter: Starter | None = None,
) -> Record:
    """The record of one submission, whose files have these bytes. A failure of ours is a record too, without a score.

    Raises Stopped once `stop` is set.
    """
    try:
        record = record_of(task.entry.student, _result(task, contents, manner, stop, starter), rubric, task.key)
    except Stopped:
        raise
    except WorkerError as error:
        record = failure_of(task.entry.student, task.entry.origin, rubric, task.key, f"{error}\n")
    except Exception:
        record = failure_of(task.entry.student, task.entry.origin, rubric, task.key, traceback.format_exc())
    entry = task.entry
    return replace(
        record,
        name=entry.name,
        id=entry.id,
        late=entry.late,
        attempt=entry.attempt,
        notes=(*entry.notes, *record.notes),
        remarks=remarks_of(entry.main, contents),
    )


def _result(
    task: Task, contents: Mapping[str, bytes], manner: Manner, stop: Event | None, starter: Starter | None
) -> Result:
    """The examination of a submission in a folder of its own, which holds its files as long as it takes."""
    began = perf_counter()
    entry = task.entry
    settings: dict[str, Any] = {"effort": manner.effort, "seed": task.seed}
    if entry.main is None:
        outcomes = tuple(Outcome(check, "not_examined") for check in manner.form.checks)
        examination = Examination("not_examined", outcomes, **settings, reason=entry.reason, text=entry.text)
        return Result(entry.origin, None, examination, 0.0, isolation="", asked=manner.form)

    def on_progress(done: int, total: int) -> None:
        if stop is not None and stop.is_set():
            raise Stopped

    with _unpacked(contents) as root:
        process = SubmissionProcess(
            root / entry.main,
            root=root,
            time_limit=manner.time_limit,
            memory_limit=manner.memory_limit,
            isolation=manner.isolation,
            form=manner.form,
            adapter=manner.adapter,
            starter=starter,
        )
        with process:
            examination = examine(process, **settings, convention=manner.form, on_progress=on_progress)
    main = contents.get(entry.main)
    return Result(
        submission=entry.origin,
        sha256=None if main is None else hashlib.sha256(main).hexdigest(),
        examination=examination,
        seconds=perf_counter() - began,
        isolation=process.confinement.level,
        asked=manner.form,
        notes=process.notes,
    )


@contextmanager
def _unpacked(contents: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder with these files in it."""
    with TemporaryDirectory(prefix="gru-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        for name, data in contents.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        yield root
