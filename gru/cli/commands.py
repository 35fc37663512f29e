"""The command `gru`: reads the command line, starts the work, prints the report, chooses the exit status.

It measures and formats nothing itself. NumPy and the examiner are loaded while the submission's own
process starts, and not at all for `gru --help`.
"""

import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gru import __version__
from gru.cli.guard import OWN_FAILURE, GuardedGroup
from gru.cli.late import LateCommand
from gru.cli.options import (
    CHAPTER,
    LAYER,
    Asked,
    adapter_option,
    asked_for,
    effort_option,
    form_options,
    isolation_option,
    memory_limit_option,
    name_option,
    named_checks,
    read_seed,
    refuse_missing,
    refuse_notebooks,
    rubric_option,
    shown,
    time_limit_option,
    warn_of,
)
from gru.seed import KNOWN, RANDOM

if TYPE_CHECKING:
    from gru.grading.rubric import Rubric
    from gru.report.result import Result

ALL_RIGHT, SOME_WRONG, SOME_NOT_EXAMINED, INTERRUPTED = 0, 1, 3, 130
"""The exit statuses, beside click's 2 for usage and `guard`'s 70 for a failure of ours."""

LIMIT_PROBLEM = "2,3,4,3/ordinary/float64/{seed}"
"""The problem that a limit is explained on unless another is asked for: sizes that differ, and several steps."""


@click.group(cls=GuardedGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gru")
def main() -> None:
    """Prove the derivatives of a hand-written GRU cell right, or name the first equation that is wrong.

    \b
    Examples:
      gru check my_gru.py
      gru explain 10
    """
    # A formula, or a file's name, may hold what the terminal's encoding does not.
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")


main.add_command(LateCommand("train", "gru.cli.train", "Train a network of cells to subtract binary numbers."))
main.add_command(LateCommand("audit", "gru.cli.audit", "Try a teacher's own tests: which wrong cells do they pass?"))
main.add_command(LateCommand("grade", "gru.cli.grade", "Grade the submissions of a class into a gradebook."))
main.add_command(LateCommand("adapt", "gru.cli.adapt", "Write the adapter of a file in another API."))
main.add_command(LateCommand("export", "gru.cli.grade", "Write a gradebook for the system that a school uses."))
main.add_command(LateCommand("playground", "gru.cli.playground", "Make the page that examines in a browser."))
main.add_command(LateCommand("predict", "gru.cli.train", "Subtract by a network that `gru train` has saved."))


@dataclass(frozen=True)
class Request:
    """How each file is to be examined."""

    only: tuple[str, ...] | None
    problem: str | None
    asked: Asked
    seed: int
    effort: Any
    feedback: Any
    time_limit: float
    memory_limit: int
    isolation: Any
    name: str | None
    adapter: Any
    show_output: bool


@dataclass(frozen=True)
class Outputs:
    """The files that are asked for beside what is printed, and what the points in them come from."""

    document: Path | None
    page: Path | None
    reports: "dict[str, Path]"
    rubric: "Rubric | None"


def _reports(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, Path]:
    """The files of the reports by their formats."""
    if not value:
        return {}
    from gru.grading.exports import OF_A_CLASS, OF_A_STUDENT

    reports = {}
    for text in value:
        form, equals, path = text.partition("=")
        if not (equals and path) or form not in {**OF_A_CLASS, **OF_A_STUDENT}:
            known = ", ".join({**OF_A_CLASS, **OF_A_STUDENT})
            raise click.BadParameter(f"{text!r}; expected FORMAT=FILE with a format of {known}")
        reports[form] = Path(path)
    return reports


@main.command()
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path())
@click.option("--only", multiple=True, metavar="CHECK", help="Only this check, such as 10, dzr or state; repeatable.")
@click.option("--problem", metavar="ID", help="Only this problem, such as 0:17.")
@click.option(
    "--seed",
    default=str(KNOWN),
    show_default=True,
    metavar="N",
    callback=read_seed,
    help="Draws the problems; random draws the seed too.",
)
@effort_option
@form_options
@click.option(
    "--feedback",
    default="full",
    show_default=True,
    type=click.Choice(["none", "location", "hint", "full"]),
    help="How much is told: the verdict, the equation, the kind of mistake, the right formula.",
)
@click.option("--json", "document", metavar="FILE", type=click.Path(path_type=Path), help="Write the results as JSON.")
@click.option("--show-output", is_flag=True, help="Show the last lines that FILE printed, also where no call raised.")
@click.option("--find", "find_class", is_flag=True, help="In a FILE that is a folder, find the one with the class.")
@click.option("--html", "page", metavar="FILE", type=click.Path(path_type=Path), help="Write the report as a page.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=_reports,
    help="Write the points as a school's system reads them; the formats are those of gru export. Repeatable.",
)
@rubric_option
@time_limit_option
@memory_limit_option
@isolation_option
@name_option
@adapter_option
@click.option("--explain-limit", metavar="CHECK", help="What the limit of this check is made of.")
def check(
    files: tuple[str, ...],
    only: tuple[str, ...],
    problem: str | None,
    layer: str,
    form: str | None,
    convention: str,
    document: Path | None,
    page: Path | None,
    find_class: bool,
    reports: dict[str, Path],
    rubric: "Rubric | None",
    explain_limit: str | None,
    **manner: Any,
) -> None:
    """Examine each FILE, a Python file or a notebook with a class GRUCell in the chapter's API.

    The checks are interface, state, split, merge, equation-1 to equation-4 and equation-8 to
    equation-24.

    \b
    Examples:
      gru check my_gru.py
      gru check my_gru.py --only equation-10 --problem 0:17
      gru check my_gru.py --html report.html
      gru check alice.py bob.py --feedback hint --json results.json
      gru check --explain-limit equation-10

    \b
    Exit status:
      0   all are right
      1   at least one is wrong
      2   the command line is wrong
      3   at least one could not be examined, and none is wrong
      70  gru itself failed; this is no verdict
    """
    seed = manner["seed"]
    problem = _problem(problem, seed)
    asked = asked_for(layer, form, convention)
    only = named_checks(only, asked, "--only")
    if explain_limit:
        (explain_limit,) = named_checks([explain_limit], asked, "--explain-limit")
        _tell_limit(explain_limit, problem or LIMIT_PROBLEM.format(seed=seed), asked)
        return
    if not files:
        raise click.UsageError("Missing argument 'FILE...': name a Python file with a class GRUCell.")
    refuse_missing([file for file in files if not (find_class and os.path.isdir(file))], "'FILE...'")  # noqa: PTH112
    refuse_notebooks(files)
    outputs = Outputs(document, page, reports, rubric)
    _refuse(outputs, files)
    request = Request(only or None, problem, asked, **manner)
    sys.exit(_check_all(files, request, outputs))


@main.command()
@click.argument("topic")
@form_options
def explain(topic: str, layer: str, form: str | None, convention: str) -> None:
    """Explain TOPIC: an equation, a mistake in one, or a form of the layer.

    \b
    Examples:
      gru explain 10
      gru explain dzr
      gru explain equation-10/no-h-prev
      gru explain convention/torch
      gru explain --layer lstm dzf
    """
    from gru.report.lesson import explained

    asked = asked_for(layer, form, convention)
    try:
        lines = explained(topic, asked.form)
    except KeyError as error:
        near = error.args[0] or ("10", "equation-10/no-h-prev", "convention/torch")
        raise click.BadParameter(
            f"nothing is known by the name {topic!r}; there is, for example, {', '.join(near)}", param_hint="'TOPIC'"
        ) from None
    click.echo("\n".join(lines))


def _problem(id: str | None, seed: int) -> str | None:
    """The full id of the problem that is asked for; an index alone is of this seed."""
    if id is None:
        return None
    from gru.problem import find

    try:
        return find(f"{seed}:{id}" if id.isdecimal() else id).id
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--problem'") from None


def _tell_limit(check: str, problem: str, asked: Asked) -> None:
    from gru.examiner.explanation import explain_limit
    from gru.problem import find
    from gru.report.limits import limit_explained

    try:
        explanation = explain_limit(check, find(problem, asked.form), asked.form)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--explain-limit'") from None
    click.echo("\n".join(limit_explained(explanation, asked.form)))


def _refuse(outputs: Outputs, files: Sequence[str]) -> None:
    """Raise a usage error where a file cannot be written, before any work is done."""
    wanted = {f"--report {form}": path for form, path in outputs.reports.items()}
    wanted |= {name: path for name, path in (("--json", outputs.document), ("--html", outputs.page)) if path}
    if not wanted:
        return
    from gru.report.data import refusal

    for option, path in wanted.items():
        reason = refusal(path)
        if reason is None and path.exists() and any(Path(file).exists() and path.samefile(file) for file in files):
            reason = "it is one of the files to be examined"
        if reason:
            raise click.BadParameter(f"cannot write {shown(path)}: {reason}", param_hint=f"'{option}'")
    if len(files) > 1 and outputs.page is not None:
        raise click.BadParameter(f"a page is a report on one submission; there are {len(files)}", param_hint="'--html'")
    if len(files) > 1 and outputs.reports:
        from gru.grading.exports import OF_A_STUDENT

        for form in OF_A_STUDENT.keys() & outputs.reports.keys():
            raise click.BadParameter(
                f"{form} is a report on one submission; there are {len(files)}", param_hint="'--report'"
            )


def _check_all(files: Sequence[str], request: Request, outputs: Outputs) -> int:
    """Examine and report every file; the exit status. What was found is written whatever happens later."""
    results: list[Result] = []
    try:
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


def exit_status(verdicts: Sequence[str], *, own_failure: bool) -> int:
    """A failure of ours hides what it took away, so it comes first; then `wrong`, then `not_examined`."""
    if own_failure:
        return OWN_FAILURE
    if "wrong" in verdicts:
        return SOME_WRONG
    return SOME_NOT_EXAMINED if "not_examined" in verdicts else ALL_RIGHT


def _results(file: str, request: Request) -> "list[Result]":
    """The result of one file, reported; none, and a message, where the machine has too little, or gru itself fails."""
    from gru.submission.process import WorkerError

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
    folder = Path(given)
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
        examination = Examination("not_examined", (), request.seed, request.effort, reason=reason, text=text)
        return Result(given, None, examination, 0.0, isolation="", asked=request.asked.form)
    result = _examine_file(str(folder / entry.main), request, root=folder)
    return replace(result, notes=(*entry.notes, *result.notes))


def _examine_file(file: str, request: Request, root: Path | None = None) -> "Result":
    started = time.perf_counter()
    from gru.submission.process import SubmissionProcess

    is_default = request.asked == Asked(LAYER, CHAPTER)
    process = SubmissionProcess(
        file,
        time_limit=request.time_limit,
        memory_limit=request.memory_limit,
        isolation=request.isolation,
        form=None if is_default else request.asked.form,
        root=root,
        name=request.name,
        adapter=request.adapter,
    )
    with process:
        # The process starts while these are loaded.
        from gru.examiner import examine
        from gru.problem import find
        from gru.report.result import Result
        from gru.report.terminal import progress

        form = request.asked.form
        warn_of(process.confinement.warning)
        with progress(file) as on_progress:
            examination = examine(
                process,
                effort=request.effort,
                seed=request.seed,
                only=request.only,
                problem=find(request.problem, form) if request.problem else None,
                convention=form,
                on_progress=on_progress,
            )
    return Result(
        submission=file,
        sha256=process.sha256,
        examination=examination,
        seconds=time.perf_counter() - started,
        isolation=process.confinement.level,
        problem=request.problem,
        asked=form,
        printed=process.printed if request.show_output or process.has_raised else (),
        notes=(*process.notes, *_known_problems(request, examination.verdict)),
    )


def _known_problems(request: Request, verdict: str) -> tuple[str, ...]:
    """What a right verdict on problems that everybody can know says nothing of."""
    if verdict != "right" or request.seed != KNOWN:
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

        rubric = outputs.rubric or equal_points(request.feedback, request.asked.form)
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
