"""What `gru check` does with each file: it is examined, reported, and counted into the exit status.

It measures and formats nothing itself. NumPy and the examiner are loaded while the submission's own process starts.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gru.cli.guard import OWN_FAILURE
from gru.cli.options import shown, warn_of
from gru.examining import OnProgress, Settings, examine_file
from gru.seed import KNOWN, RANDOM

if TYPE_CHECKING:
    from gru.grading.rubric import Rubric
    from gru.report.feedback import Feedback
    from gru.report.result import Result
    from gru.submission.starter import Starter

ALL_RIGHT, SOME_WRONG, SOME_NOT_EXAMINED, INTERRUPTED = 0, 1, 3, 130
"""The exit statuses, beside click's 2 for usage and `guard`'s 70 for a failure of ours."""


@dataclass(frozen=True)
class Request:
    """How each file is to be examined, what its worker is forked from, and how much is told of what is found."""

    settings: Settings
    feedback: "Feedback"
    starter: "Starter | None" = None


@dataclass(frozen=True)
class Outputs:
    """The files that are asked for beside what is printed, and what the points in them come from."""

    document: Path | None
    page: Path | None
    reports: "dict[str, Path]"
    rubric: "Rubric | None"


def check_all(files: Sequence[str], request: Request, outputs: Outputs) -> int:
    """Examine and report every file; the exit status. What was found is written whatever happens later."""
    results: list[Result] = []
    try:
        with _starter(len(files)) as starter:
            request = replace(request, starter=starter)
            for file in files:
                results.extend(_results(file, request))
    except KeyboardInterrupt:
        click.echo("gru: interrupted", err=True)
        return INTERRUPTED
    finally:
        written = _write(results, request, outputs)
    verdicts = [result.examination.verdict for result in results]
    failures = len(files) - len(results)
    if len(files) > 1:
        from gru.report.text import summary

        click.echo(summary(verdicts, failures))
    return exit_status(verdicts, own_failure=failures > 0 or not written)


@contextmanager
def _starter(files: int) -> "Iterator[Starter | None]":
    """What the workers of so many files are forked from; None where that saves nothing."""
    if files < 2:
        yield None
        return
    from gru.submission.starter import AVAILABLE, Starter

    if not AVAILABLE:
        yield None
        return
    with closing(Starter()) as starter:
        yield starter


def exit_status(verdicts: Sequence[str], *, own_failure: bool) -> int:
    """A failure of ours hides what it took away, so it comes first; then `wrong`, then `not_examined`."""
    if own_failure:
        return OWN_FAILURE
    if "wrong" in verdicts:
        return SOME_WRONG
    return SOME_NOT_EXAMINED if "not_examined" in verdicts else ALL_RIGHT


def _results(file: str, request: Request) -> "list[Result]":
    """The result of one file, reported; none, and a message, where the machine has too little, or gru itself fails."""
    from gru.submission.contract import WorkerError

    try:
        result = _examine(file, request)
        _show(_told(result, request))
    except (WorkerError, MemoryError, OSError) as error:
        told = str(error) or type(error).__name__
        click.echo(f"gru: cannot judge {shown(file)}: {told}; this is no verdict", err=True)
        return []
    except Exception:
        click.echo(f"gru: failed on {shown(file)}; this is a mistake of gru, not a verdict", err=True)
        click.echo(traceback.format_exc(), err=True, nl=False)
        return []
    return [result]


def _told(result: "Result", request: Request) -> "Result":
    """The result, cut down to what is to be told."""
    from gru.report.feedback import told

    return replace(result, examination=told(result.examination, request.feedback, asked=result.form))


def _show(result: "Result") -> None:
    from gru.report.terminal import show

    try:
        show(result)
    except BrokenPipeError:
        # The reader has gone, as in `| head`; the exit status and the document still tell the verdict.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _examine(given: str, request: Request) -> "Result":
    """The result of a file, or of the file in a folder that defines the class."""
    folder, settings = Path(given), request.settings
    if not folder.is_dir():
        return _examine_file(given, request)
    from gru.examiner import Examination
    from gru.grading.handins import ExportRefusedError, of_folder
    from gru.report.result import Result

    try:
        entry = of_folder(folder)
        reason, text = entry.reason, entry.text
    except (OSError, ExportRefusedError) as error:
        entry, reason, text = None, "refused", str(error)
    if entry is None or entry.main is None:
        examination = Examination("not_examined", (), settings.seed, settings.effort, reason=reason, text=text)
        return Result(given, None, examination, 0.0, isolation="", asked=settings.form)
    result = _examine_file(str(folder / entry.main), request, root=folder)
    return replace(result, notes=(*entry.notes, *result.notes))


def _examine_file(file: str, request: Request, root: Path | None = None) -> "Result":
    """The result of one file, with how far the work is on the terminal."""
    settings = request.settings

    def watched() -> AbstractContextManager[OnProgress]:
        # The process has been started.
        from gru.report.terminal import progress
        from gru.submission.confinement import confinement

        warn_of(confinement(settings.isolation).warning)
        return progress(file)

    result = examine_file(file, settings, root=root, starter=request.starter, watched=watched)
    return replace(result, notes=(*result.notes, *_known_problems(settings, result.examination.verdict)))


def _known_problems(settings: Settings, verdict: str) -> tuple[str, ...]:
    """What a right verdict on problems that everybody can know says nothing of."""
    if verdict != "right" or settings.seed != KNOWN:
        return ()
    return (f"a file that knows the problems of seed {KNOWN} can pass; --seed {RANDOM} draws others",)


def _write(results: "Sequence[Result]", request: Request, outputs: Outputs) -> bool:
    """Write the files that are asked for; False, and a message, for each where that fails."""
    writers: dict[Path, Callable[[], str]] = {}
    if outputs.document is not None:
        from gru.report.data import json_of

        writers[outputs.document] = partial(json_of, [_told(result, request) for result in results])
    if outputs.page is not None and results:
        from gru.report.html import page

        writers[outputs.page] = partial(page, _told(results[0], request))
    if outputs.reports and results:
        from gru.grading.exports import report_of
        from gru.grading.record import record_of
        from gru.grading.rubric import equal_points

        rubric = outputs.rubric or equal_points(request.feedback, request.settings.form)
        records = [record_of(Path(result.submission).stem, result, rubric) for result in results]
        writers |= {path: partial(report_of, form, records) for form, path in outputs.reports.items()}
    done = [_has_written(path, text_of) for path, text_of in writers.items()]
    return all(done)


def _has_written(path: Path, text_of: Callable[[], str]) -> bool:
    from gru.report.data import replace_file

    try:
        replace_file(path, text_of())
    except OSError as error:
        click.echo(f"gru: cannot write {shown(path)}: {error.strerror or error}", err=True)
        return False
    return True
