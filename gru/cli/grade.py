"""The commands `gru grade` and `gru export`: read the command line, start the work, say what came of it.

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

DONE, SOME_UNMATCHED, OWN_FAILURE, INTERRUPTED = 0, 3, 70, 130
"""The exit statuses, beside click's 2 for usage."""

FEEDBACK, OVERVIEW, CLASS = "feedback", "overview.txt", "class.html"
"""What is in OUT beside the gradebook."""

UNMATCHED, MOST_UNMATCHED = "unmatched.txt", 10
"""Where the students are listed who are not in a roster, and how many of them are told."""


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
        click.echo(f"gru: {error}; this is no verdict on anybody", err=True)
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
        said = (
            f"gru: taken as {LAYOUTS[export.layout].title}, {len(export.entries)} hand-ins (--layout {export.layout})"
        )
        click.echo(said, err=True)
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


@click.command()
@click.argument("out", metavar="[OUT]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--format", "form", metavar="FORMAT", help="Of which system: see above.")
@click.option(
    "--to",
    "target",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="A file, or a folder for one file a student.",
)
@click.option(
    "--roster",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The gradebook that Canvas has exported, or the grading worksheet of Moodle.",
)
@click.option("--assignment", metavar="NAME", help="The assignment's column in the roster.")
@click.option(
    "--gradescope-zip",
    "archive",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write an autograder for Gradescope; needs no OUT.",
)
@click.option(
    "--bundle",
    "system",
    type=click.Choice(("gradescope", "classroom50", "github-actions", "prairielearn", "autolab")),
    help="Write into OUT all files that this system wants to run the grader itself.",
)
@rubric_option
def export(
    out: Path | None,
    form: str | None,
    target: Path | None,
    roster: Path | None,
    assignment: str | None,
    archive: Path | None,
    system: str | None,
    rubric: "Rubric | None",
) -> None:
    """Write the gradebook in OUT for the system that a school uses.

    csv, junit and json are one file for the class, on standard output unless --to names one; so are canvas
    and moodle, which fill in the table that --roster names. Students who are not in it are listed, and the
    exit status is 3.
    gradescope, prairielearn, classroom50, autolab and classroom are one file for each student, in the
    folder that --to names. classroom is GitHub Classroom's, which has been retired: it stays for one release.

    \b
    Examples:
      gru export grades --format csv > grades.csv
      gru export grades --format canvas --roster exported.csv --assignment "GRU cell" --to canvas.csv
      gru export grades --format gradescope --to results
      gru export --gradescope-zip autograder.zip --rubric rubric.toml
      gru export --bundle classroom50 autograders/gru --rubric rubric.toml
    """
    from gru.grading.exports import ExportError
    from gru.grading.gradebook import GradebookError

    if archive is None and (out is None or (form is None and system is None)):
        raise click.UsageError("name the folder of a gradebook and a --format, or a --gradescope-zip, or a --bundle")
    if form is not None and out is not None and not out.is_dir():
        raise click.UsageError(f"there is no folder {click.format_filename(out)}")
    try:
        if archive is not None:
            _bundle("gradescope", archive.with_suffix(".zip"), rubric)
        if system is not None:
            _bundle(system, out or Path(), rubric)
            return
        if out is not None and form is not None:
            is_whole = _export(out, form, target, roster, assignment)
            sys.exit(DONE if is_whole else SOME_UNMATCHED)
    except ExportError as error:
        raise click.UsageError(str(error)) from None
    except (GradebookError, OSError) as error:
        click.echo(f"gru: {error}", err=True)
        sys.exit(OWN_FAILURE)


def _export(out: Path, form: str, target: Path | None, roster: Path | None, assignment: str | None) -> bool:
    """Write the gradebook in a format; whether every student is in what was written."""
    from gru.grading.exports import OF_A_ROSTER, filled, written
    from gru.grading.gradebook import Gradebook

    with Gradebook(out) as gradebook:
        records = gradebook.records()
    if form not in OF_A_ROSTER:
        _put(written(form, records), target)
        return True
    table = filled(form, records, roster, assignment)
    _put({"": table.text}, target)
    for warning in table.warnings:
        click.echo(f"gru: warning: {warning}", err=True)
    if table.unmatched:
        _tell_unmatched(table.unmatched, len(records), out)
    return not table.unmatched


def _tell_unmatched(unmatched: "Sequence[str]", total: int, out: Path) -> None:
    """Say who is in no row of the roster: some of them here, and all in a file."""
    from gru.grading.handins.choice import listed
    from gru.report.data import replace_file
    from gru.report.words import printable

    path = out / UNMATCHED
    replace_file(path, "".join(f"{printable(name)}\n" for name in unmatched))
    who = printable(listed(unmatched, MOST_UNMATCHED))
    said = f"{len(unmatched)} of {total} students are in no row of the roster: {who}; all are in"
    click.echo(f"gru: {said} {click.format_filename(path)}, and the others were written", err=True)


def _bundle(system: str, target: Path, rubric: "Rubric | None") -> None:
    """Write the files of a system into a folder, or into an archive where the name ends in .zip."""
    from gru.grading.bundles import bundle
    from gru.grading.rubric import EQUAL_POINTS
    from gru.report.data import replace_file, replace_files
    from gru.wheels import zipped

    files = bundle(system, (rubric or EQUAL_POINTS).source)
    if target.suffix == ".zip":
        replace_file(target, zipped(files))
    else:
        replace_files(target, files)


def _put(files: dict[str, str], target: Path | None) -> None:
    """Write one text to a file or standard output, or each to a file of its own in a folder."""
    from gru.report.data import replace_file

    if set(files) == {""}:
        if target is None:
            click.echo(files[""], nl=False)
        else:
            replace_file(target, files[""])
        return
    if target is None:
        raise click.UsageError("this format is one file for each student: name a folder with --to")
    target.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        replace_file(target / name, text)
