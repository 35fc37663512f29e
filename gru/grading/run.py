"""A run over a class: every submission examined, its record kept as soon as it is there.

It prints nothing, and awards no points itself. Several are under way at once, each graded in a process of its own.
"""

import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event, Lock
from typing import Any

from gru.examiner.outcome import Examination
from gru.grading.gradebook import Gradebook
from gru.grading.handins import Entry
from gru.grading.judges import JudgeError, Judges, Stopped
from gru.grading.record import FAILED, Record, failure_of
from gru.grading.task import Course, Task, grade
from gru.submission.remembered import Memory
from gru.submission.starter import AVAILABLE, Starter


@dataclass
class Progress:
    """What is known while a run is under way: how many tasks there are, how many are done, which have begun."""

    total: int
    done: int = 0
    under_way: tuple[str, ...] = ()


OnProgress = Callable[[Progress], None]

GLANCE = 0.2
"""Seconds after which a run tells what is under way, if nothing is done by then."""


def outstanding(course: Course, entries: Sequence[Entry], gradebook: Gradebook) -> list[Task]:
    """The tasks that are not in the gradebook yet, or were judged by something else, or lost to a fault of ours."""
    judged = gradebook.keys()

    def is_done(task: Task) -> bool:
        key, verdict = judged.get(task.entry.student, ("", FAILED))
        return key == task.key and verdict != FAILED

    return [task for entry in entries if not is_done(task := course.task(*entry.opened()))]


def run(
    course: Course,
    tasks: Sequence[Task],
    gradebook: Gradebook,
    jobs: int,
    on_record: Callable[[Record], None] = lambda record: None,
    on_progress: OnProgress = lambda progress: None,
) -> None:
    """Do all tasks, and keep each record as it comes.

    On KeyboardInterrupt, or whatever else ends it, nothing new is begun, and what is under way is ended without a
    record.

    Args:
        course: By what the class is graded.
        tasks: The hand-ins to be graded.
        gradebook: Where the records are kept.
        jobs: How many are graded at once.
        on_record: Is told of a record when it is kept.
        on_progress: Is told how far the run is.
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

    # Each judge starts its own, when it wants the first worker.
    starter = Starter() if AVAILABLE else None
    graded, done = _graded(course, tasks, stop, starter), starter.close if starter else lambda: None
    finished: Queue[Future[Record]] = Queue()
    # The judges are forked before there is any thread.
    with (
        Judges(graded, min(jobs, len(tasks)), done) as judges,
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


def _graded(
    course: Course, tasks: Sequence[Task], stop: Event, starter: Starter | None
) -> Callable[[int], dict[str, Any]]:
    """What a judge does: grade the task of a number; the record as data."""
    # Each judge has its own. Where every submission is given its own problems, no two answer the same.
    memory = Memory[Examination]() if course.secret is None else None

    def graded(number: int) -> dict[str, Any]:
        task, entry = tasks[number], tasks[number].entry
        try:
            # What is graded is what is read now; the files may have changed since the run began.
            entry, contents = entry.opened()
            return grade(course.task(entry, contents), contents, course.rubric, stop, starter, memory).as_data()
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
