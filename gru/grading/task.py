"""One hand-in of a class is graded: what a task is, and how it becomes a record.

It awards no points itself, and keeps nothing.
"""

import hashlib
import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from gru import __version__
from gru.examiner.outcome import Examination, Outcome
from gru.examining import Settings, examine_file
from gru.grading.handins import Entry, digest
from gru.grading.judges import Stopped
from gru.grading.record import Record, failure_of, record_of
from gru.grading.rubric import Rubric
from gru.report.result import Result
from gru.submission.contract import WorkerError
from gru.submission.remarks import remarks_of
from gru.submission.remembered import Memory
from gru.submission.starter import Starter


@dataclass(frozen=True)
class Task:
    """One submission to be graded: everything a machine needs to know beside the bytes of its files.

    Attributes:
        entry: The hand-in.
        key: Changes when anything changes that the grade depends on.
        settings: How it is examined, on problems of its own where they are secret.
    """

    entry: Entry
    key: str
    settings: Settings


@dataclass(frozen=True)
class Course:
    """By what the hand-ins of a class are graded.

    Attributes:
        rubric: What the points are for.
        settings: How every submission is examined.
        secret: Where there is one, each submission is given problems of its own, drawn from the secret and the
            content of its files; without, all are given those of the seed in `settings`.
    """

    rubric: Rubric
    settings: Settings = field(default_factory=Settings)
    secret: str | None = None

    def task(self, entry: Entry, contents: Mapping[str, bytes]) -> Task:
        """The task of one student, whose files have these bytes."""
        content = digest(entry, contents)
        how = [asdict(self.settings), self.secret]
        by = [__version__, self.rubric.digest, how, content, entry.text, entry.late, entry.attempt]
        key = hashlib.sha256(json.dumps(by).encode()).hexdigest()
        return Task(entry, key, replace(self.settings, seed=self.seed_of(content)))

    def seed_of(self, content: str) -> int:
        """The seed for a submission of this content."""
        if self.secret is None:
            return self.settings.seed
        return int.from_bytes(hashlib.sha256(f"{self.secret} {content}".encode()).digest()[:4], "little")


def grade(
    task: Task,
    contents: Mapping[str, bytes],
    rubric: Rubric,
    stop: Event | None = None,
    starter: Starter | None = None,
    memory: Memory[Examination] | None = None,
) -> Record:
    """The record of one submission. A failure of ours is a record too, without a score.

    Args:
        task: What is graded.
        contents: The bytes of its files, by their paths.
        rubric: What the points are for.
        stop: Once it is set, the work is given up.
        starter: Starts the process of the submission ahead.
        memory: What came of the hand-ins before; for those that are asked the same.

    Raises:
        Stopped: `stop` was set.
    """
    try:
        record = record_of(task.entry.student, _result(task, contents, stop, starter, memory), rubric, task.key)
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
    task: Task,
    contents: Mapping[str, bytes],
    stop: Event | None,
    starter: Starter | None,
    memory: Memory[Examination] | None,
) -> Result:
    """The examination of a submission in a folder of its own, which holds its files as long as it takes."""
    entry, settings = task.entry, task.settings
    if entry.main is None:
        outcomes = tuple(Outcome(check, "not_examined") for check in settings.form.checks)
        examination = Examination(
            "not_examined", outcomes, settings.seed, settings.effort, reason=entry.reason, text=entry.text
        )
        return Result(entry.origin, None, examination, 0.0, isolation="", asked=settings.form)

    def on_progress(done: int, total: int) -> None:
        if stop is not None and stop.is_set():
            raise Stopped

    def watched() -> nullcontext[Callable[[int, int], None]]:
        return nullcontext(on_progress)

    with _unpacked(contents) as root:
        path = root / entry.main
        result = examine_file(path, settings, root=root, starter=starter, memory=memory, watched=watched)
    # What a submission prints is for its author's own terminal.
    return replace(result, submission=entry.origin, printed=())


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
