"""A run over a class on a Dask cluster: submissions go out as bytes, records come back as data.

The gradebook is written on this side only. A machine that dies has its submissions done again elsewhere.
"""

import asyncio
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from time import monotonic, sleep
from typing import Any

from gru.grading.abroad import grade_abroad
from gru.grading.gradebook import Gradebook
from gru.grading.record import Record, failure_of
from gru.grading.rubric import Rubric
from gru.grading.run import OnProgress, Progress
from gru.grading.task import Course, Task

RETRIES = 3
"""How often a submission is begun anew where the machine that had it is gone."""

CONNECTING = "10s"

WORKER_WAIT = 60.0
"""For how many seconds a cluster may be without any worker, unless somebody says otherwise."""

LOOK_EVERY = 0.1
"""After how many seconds it is looked again whether an answer, or a worker, is there."""


class ClusterError(OSError):
    """A cluster that cannot be reached, or is not installed for."""


def run_on(
    address: str,
    course: Course,
    tasks: Sequence[Task],
    gradebook: Gradebook,
    on_record: Callable[[Record], None],
    on_progress: OnProgress,
    worker_wait: float = WORKER_WAIT,
) -> None:
    """As `run.run`, on a Dask cluster.

    Args:
        address: That of the scheduler.
        course: By what the class is graded.
        tasks: The hand-ins to be graded.
        gradebook: Where the records are kept.
        on_record: Is told of a record when it is kept.
        on_progress: Is told how far the run is.
        worker_wait: Seconds for which the cluster may have no worker.

    Raises:
        ClusterError: There is no such scheduler, or it has had no worker for too long.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ClusterError("--scheduler needs Dask: pip install distributed") from None
    try:
        client = Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"no scheduler answers at {address}: {error}") from None
    progress = Progress(len(tasks))
    with client:
        sent = {
            client.submit(grade_abroad, pickle.dumps(_sent(task, course)), pure=False, retries=RETRIES): task
            for task in tasks
        }
        try:
            completed = as_completed(sent, loop=client.loop)
            for future in _answered(completed, client, worker_wait):
                try:
                    record = _record(future, sent[future], course.rubric, worker_wait)
                except TimeoutError:
                    # The worker that has it is gone: it is done again, where there is another one.
                    completed.add(future)
                    continue
                gradebook.put(record)
                on_record(record)
                progress.done += 1
                on_progress(progress)
        finally:
            client.cancel(list(sent))


def _answered(completed: Any, client: Any, worker_wait: float) -> Iterator[Any]:
    """The futures as their answers come. Raises ClusterError where no worker has been there for so long."""
    last_seen = monotonic()
    while not completed.is_empty():
        if completed.has_ready():
            yield next(completed)
            last_seen = monotonic()
        elif client.scheduler_info()["workers"]:
            last_seen = monotonic()
            sleep(LOOK_EVERY)
        elif monotonic() - last_seen > worker_wait:
            raise ClusterError(
                f"the cluster has had no worker for {worker_wait:g} s; start one (`dask worker ADDRESS`), and "
                "`--resume` goes on"
            )
        else:
            sleep(LOOK_EVERY)


def _sent(task: Task, course: Course) -> tuple[Task, dict[str, bytes], Rubric]:
    """What goes to a machine: everything but where the bytes came from."""
    entry, contents = task.entry.opened()
    task = course.task(replace(entry, source=None), contents)
    return task, contents, course.rubric


def _record(future: Any, task: Task, rubric: Rubric, patience: float) -> Record:
    """What came back; a record of our failure where nothing did.

    Raises:
        ClusterError: The scheduler is gone.
        TimeoutError: What was ready could not be fetched within so many seconds.
    """
    try:
        error = future.exception(timeout=patience)
        if error is None:
            return Record.of_data(future.result(timeout=patience))
    except (asyncio.CancelledError, CancelledError):
        # So Dask tells that it has lost the scheduler, and with it all that was under way.
        raise ClusterError("the scheduler has gone, with all that was under way") from None
    text = f"the cluster has given up on it: {type(error).__name__}: {error}\n"
    return failure_of(task.entry.student, task.entry.origin, rubric, task.key, text)
