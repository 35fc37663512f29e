"""The command `gru grade`: reads the command line, starts the work, and says what came of it.

A run may end at any moment; what was judged is in the gradebook by then. It examines and formats nothing itself.
"""

import os
import secrets
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gru import seed
from gru.cli.bar import bar
from gru.cli.options import (
    adapter_option,
    asked_for,
    cause,
    effort_option,
    form_options,
    isolation_option,
    memory_limit_option,
    no_nan,
    read_seed,
    refuse_notebooks,
    rubric_option,
    shown,
    time_limit_option,
    warn_of,
)
from gru.examining import Settings

if TYPE_CHECKING:
    from gru.grading.gradebook import Gradebook
    from gru.grading.handins import Entry
    from gru.grading.record import Record
    from gru.grading.rubric import Rubric
    from gru.grading.run import Progress
    from gru.grading.task import Course, Task

DONE, OWN_FAILURE, INTERRUPTED = 0, 70, 130
"""The exit statuses, beside click's 2 for usage."""

FEEDBACK, OVERVIEW, CLASS = "feedback", "overview.txt", "class.html"
"""What is in OUT beside the gradebook."""


_LAYOUTS = ("canvas", "gradescope", "moodle", "nbgrader", "github-classroom", "classroom50", "plain")


@click.command()
@click.argument("handed_in", metavar="EXPORT", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the gradebook goes.",
)
@rubric_option
@click.option(
    "--layout",
    type=click.Choice(_LAYOUTS),
    show_default="recognised",
    help="Which system the export is from.",
)
@click.option("--assignment", metavar="NAME", help="Which of several assignments in a course of nbgrader.")
@click.option("--pattern", metavar="GLOB", help="Which files are submissions, such as '*/gru_cell.py'.")
@click.option("--only", multiple=True, metavar="ID", help="Only this student; repeatable.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="processors",
    help="How many at once.",
)
@click.option(
    "--seed",
    metavar="N",
    callback=read_seed,
    show_default="drawn once, and kept in OUT",
    help="Draws the same problems for all.",
)
@click.option("--secret-seed", is_flag=True, help="Draw fresh problems for each submission, from a secret kept in OUT.")
@effort_option
@form_options
@click.option(
    "--resume", is_flag=True, help="Go on with the gradebook in OUT: only what is new or has changed is judged."
)
@click.option("--anonymous", is_flag=True, help="Leave the names out of class.html, to show it in class.")
@click.option("--scheduler", metavar="ADDRESS", help="Examine on the Dask cluster of this scheduler.")
@click.option(
    "--worker-wait",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    callback=no_nan,
    help="End where the cluster has no worker for so long.",
)
@time_limit_option
@memory_limit_option
@isolation_option
@adapter_option
def grade(handed_in: Path, out: Path, **options: Any) -> None:
    """Grade what a class has handed in: EXPORT is a folder or a zip, as the school's system hands it over.

    That is Canvas, Gradescope, Moodle, nbgrader, GitHub Classroom, Classroom 50, or a file, a folder or
    a zip for each student.

    OUT gets the gradebook (gradebook.sqlite), feedback for each student as text and as a page, and the
    class at a glance (overview.txt, class.html). Whatever ends a run, `--resume` goes on where it stopped.

    \b
    Examples:
      gru grade submissions --out grades
      gru grade submissions.zip --out grades --rubric rubric.toml --resume
      gru grade submissions --out grades --secret-seed --jobs 8
      gru export grades --format csv

    \b
    Exit status:
      0    every student has a row
      2    the command line is wrong
      70   some could not be graded, or something not be written, for a fault that is not theirs
      130  interrupted; --resume goes on
    """
    sys.exit(_grade(handed_in, out, options))


def _grade(handed_in: Path, out: Path, options: dict[str, Any]) -> int:
    from gru.grading.folder import FILE
    from gru.grading.gradebook import DamagedError, Gradebook, GradebookError, only_one
    from gru.grading.rubric import equal_points
    from gru.grading.run import outstanding

    asked = asked_for(options["layer"], options["form"], options["convention"])
    rubric = options["rubric"] or equal_points(form=asked.form)
    found = _entries(handed_in, options)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / FEEDBACK).mkdir(exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(only_one(out))
            gradebook = stack.enter_context(Gradebook(out, create=True))
            if gradebook.keys() and not options["resume"]:
                there = f"{shown(out)} has a gradebook already"
                raise click.UsageError(f"{there}: --resume goes on with it, another --out begins anew")
            course = _course(rubric, gradebook, options)
            warn_of(_warning(options))
            tasks = outstanding(course, found, gradebook)
            _restore_feedback(gradebook.records(), out)
            status = _run(course, tasks, gradebook, out, options)
            _tell(gradebook.records(), out, anonymous=options["anonymous"])
            return status
    except DamagedError as error:
        click.echo(f"gru: {error}", err=True)
        return OWN_FAILURE
    except (GradebookError, OSError) as error:
        click.echo(f"gru: {cause(error)}; this is no verdict on anybody", err=True)
        with suppress(OSError):
            (out / FILE).stat()
            click.echo("gru: what was judged before is in the gradebook; --resume goes on", err=True)
        return OWN_FAILURE


def _entries(handed_in: Path, options: dict[str, Any]) -> "list[Entry]":
    """The hand-ins to be graded; what they were taken for is told."""
    from gru.grading.handins import LAYOUTS, read
    from gru.grading.handins.choice import listed
    from gru.report.words import printable

    names = ("layout", "pattern", "assignment")
    try:
        export = read(handed_in, **{name: options[name] for name in names})
    except (OSError, ValueError) as error:
        raise click.UsageError(f"cannot read {shown(handed_in)}: {error}") from None
    if not export.entries:
        raise click.UsageError("there are no submissions: expected hand-ins with a Python file or a notebook")
    if export.layout in LAYOUTS:
        count = "1 hand-in" if len(export.entries) == 1 else f"{len(export.entries)} hand-ins"
        click.echo(f"gru: taken as {LAYOUTS[export.layout].title}, {count} (--layout {export.layout})", err=True)
    if export.left_out:
        click.echo(printable(f"gru: nobody's: {listed(export.left_out)}"), err=True)
    chosen = _chosen(export.entries, options["only"])
    refuse_notebooks(entry.main for entry in chosen if entry.main)
    return chosen


def _chosen(found: "Sequence[Entry]", only: tuple[str, ...]) -> "list[Entry]":
    """The entries that are asked for: each by the student, the name or the id, where that is one student's."""
    chosen = set()
    for asked in only:
        matches = {e.student for e in found if asked == e.student} or {
            e.student for e in found if asked in (e.name, e.id)
        }
        if len(matches) != 1:
            what = f"{len(matches)} students have" if matches else "no student has"
            raise click.BadParameter(f"{what} the id {asked!r}", param_hint="'--only'")
        chosen |= matches
    return [entry for entry in found if not only or entry.student in chosen]


def _course(rubric: "Rubric", gradebook: "Gradebook", options: dict[str, Any]) -> "Course":
    from gru.grading.task import Course

    asked = asked_for(options["layer"], options["form"], options["convention"])
    limits = {name: options[name] for name in ("effort", "time_limit", "memory_limit", "isolation", "adapter")}
    secret = gradebook.setting("secret", lambda: secrets.token_hex(16)) if options["secret_seed"] else None
    settings = Settings(asked=asked, seed=_seed(gradebook, options["seed"]), **limits)
    return Course(rubric, settings, secret)


def _seed(gradebook: "Gradebook", given: int | None) -> int:
    """The seed of the class: the one that is given, or that is in the gradebook, or a new one. It is kept."""
    from gru.grading.gradebook import GradebookError

    if given is not None:
        gradebook.keep_setting("seed", str(given))
        return given
    kept = gradebook.setting("seed", lambda: str(seed.drawn()))
    if not kept.isdecimal():
        raise GradebookError(f"{gradebook.path} has the seed {kept!r:.40}; expected a number: name it with --seed")
    return int(kept)


def _warning(options: dict[str, Any]) -> str | None:
    from gru.submission.confinement import confinement

    return None if options["scheduler"] else confinement(options["isolation"]).warning


def _run(course: "Course", tasks: "list[Task]", gradebook: "Gradebook", out: Path, options: dict[str, Any]) -> int:
    """Do what is left to do; the exit status."""
    from gru.grading.record import FAILED
    from gru.grading.run import run

    failed = []

    def keep(record: "Record") -> None:
        if record.verdict == FAILED:
            failed.append(record)
        _write_feedback(record, out)

    try:
        with bar() as show:

            def on_progress(progress: "Progress") -> None:
                show(progress.done, progress.total, progress.under_way)

            if options["scheduler"]:
                from gru.grading.cluster import run_on

                run_on(options["scheduler"], course, tasks, gradebook, keep, on_progress, options["worker_wait"])
            else:
                run(course, tasks, gradebook, options["jobs"], keep, on_progress)
    except KeyboardInterrupt:
        click.echo("gru: interrupted; what was judged is in the gradebook, and --resume goes on", err=True)
        return INTERRUPTED
    for record in failed:
        click.echo(
            f"gru: failed on {shown(record.submission)}; this is no verdict, and --resume tries again",
            err=True,
        )
        click.echo(record.text, err=True, nl=False)
    return OWN_FAILURE if failed else DONE


def _feedback_files(record: "Record", out: Path) -> dict[Path, str]:
    """The texts of the feedback on a record, by the files that they go into."""
    from gru.grading.folder import file_name

    texts = {".txt": record.feedback, ".html": record.page}
    return {out / FEEDBACK / file_name(record.student, ending): text for ending, text in texts.items() if text}


def _write_feedback(record: "Record", out: Path) -> None:
    from gru.report.data import replace_file

    for path, text in _feedback_files(record, out).items():
        replace_file(path, text)


def _restore_feedback(records: "list[Record]", out: Path) -> None:
    """Write what is missing: a run may have ended after it had kept a record, and before its feedback was written."""
    for record in records:
        if not all(path.exists() for path in _feedback_files(record, out)):
            _write_feedback(record, out)


def _tell(records: "list[Record]", out: Path, *, anonymous: bool) -> None:
    """Print the overview of the class, and keep it, as a page too."""
    from gru.grading.class_page import class_page
    from gru.grading.folder import file_name
    from gru.grading.overview import overview
    from gru.report.data import replace_file

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo("\n".join(overview(records, width)))
    replace_file(out / OVERVIEW, "\n".join([*overview(records), ""]))
    links = {record.student: f"{FEEDBACK}/{file_name(record.student, '.html')}" for record in records if record.page}
    replace_file(out / CLASS, class_page(records, links, anonymous=anonymous))
    look_at, of_each = shown(out / CLASS), shown(out / FEEDBACK)
    click.echo(f"gru: {look_at} has this to look at, {of_each} a file for each student", err=True)
