"""The command `gru export`: the gradebook as files that a school reads, and the bundles that run the grader there.

It formats nothing itself.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gru.cli.options import (
    cause,
    rubric_option,
)

if TYPE_CHECKING:
    from gru.grading.rubric import Rubric

DONE, SOME_UNMATCHED, OWN_FAILURE = 0, 3, 70
"""The exit statuses, beside click's 2 for usage."""

UNMATCHED, MOST_UNMATCHED = "unmatched.txt", 10
"""Where the students are listed who are not in a roster, and how many of them are told."""


@click.command()
@click.argument("out", metavar="[OUT]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--format", "form", metavar="FORMAT", help="What is written: one of the formats above.")
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
        click.echo(f"gru: {cause(error)}", err=True)
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
