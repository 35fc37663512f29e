"""A run over a class on a Dask cluster: submissions go out as bytes, records come back as data.

The gradebook is written on this side only. A machine that dies has its submissions done again elsewhere.
"""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gru.grading.folder import Entry
from gru.grading.gradebook import Gradebook
from gru.grading.record import Record, failure_of
from gru.grading.rubric import Rubric
from gru.grading.run import Class, Manner, Progress, Report, Task, grade

RETRIES = 3
"""How often a submission is begun anew where the machine that had it is gone."""

CONNECTING = "10s"


class ClusterError(OSError):
    """A cluster that cannot be reached, or is not installed for."""


def run_on(
    address: str,
    course: Class,
    tasks: Sequence[Task],
    gradebook: Gradebook,
    on_record: Callable[[Record], None],
    on_progress: Report,
) -> None:
    """As `run.run`, on the cluster of the scheduler at `address`. Raises ClusterError where there is none."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ClusterError("--scheduler needs Dask: pip install 'gru-gradcheck[cluster]'") from None
    try:
        client = Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"no scheduler answers at {address}: {error}") from None
    progress = Progress(len(tasks))
    with client:
        sent = {
            client.submit(
                grade_bytes, task, _contents(task.entry), course.rubric, course.manner, pure=False, retries=RETRIES
            ): task
            for task in tasks
        }
        try:
            for future in as_completed(sent, loop=client.loop):
                record = _record(future, sent[future], course.rubric)
                gradebook.put(record)
                on_record(record)
                progress.done += 1
                on_progress(progress)
        finally:
            client.cancel(list(sent))


def _record(future: Any, task: Task, rubric: Rubric) -> Record:
    """What came back; a record of our failure where nothing did."""
    error = future.exception()
    if error is not None:
        text = f"the cluster has given up on it: {type(error).__name__}: {error}\n"
        return failure_of(task.entry.student, task.name, rubric, task.key, text)
    return Record.of_data(future.result())


def _contents(entry: Entry) -> dict[str, bytes]:
    """What a submission may see, by its path beside the file itself."""
    found = {}
    for path in entry.files():
        assert entry.file is not None
        with suppress(OSError):
            found[path.relative_to(entry.file.parent).as_posix()] = path.read_bytes()
    return found


def grade_bytes(task: Task, files: dict[str, bytes], rubric: Rubric, manner: Manner) -> dict[str, Any]:
    """Grade a submission that came as bytes, in a folder of its own for as long as it takes; the record as data."""
    with tempfile.TemporaryDirectory(prefix="gru-") as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        entry = task.entry
        file = Path(folder, entry.file.name) if entry.file is not None else None
        return grade(replace(task, entry=replace(entry, file=file)), rubric, manner).as_data()
