"""The command `gru check`: reads the command line, and refuses what cannot be done before anything runs."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gru.cli.checking import Outputs, Request, check_all
from gru.cli.options import (
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
)
from gru.examining import FormName, Settings
from gru.seed import KNOWN

if TYPE_CHECKING:
    from gru.grading.rubric import Rubric
    from gru.report.feedback import Feedback

LIMIT_PROBLEM = "2,3,4,3/ordinary/float64/{seed}"
"""The problem that a limit is explained on unless another is asked for: sizes that differ, and several steps."""


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


@click.command()
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
    feedback: "Feedback",
    **settings: Any,
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
    seed = settings["seed"]
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
    request = Request(Settings(asked=asked, only=only or None, problem=problem, **settings), feedback)
    sys.exit(check_all(files, request, outputs))


def _problem(id: str | None, seed: int) -> str | None:
    """The full id of the problem that is asked for; an index alone is of this seed."""
    if id is None:
        return None
    from gru.problem import find

    try:
        return find(f"{seed}:{id}" if id.isdecimal() else id).id
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--problem'") from None


def _tell_limit(check: str, problem: str, asked: FormName) -> None:
    from gru.examiner.judging.limit_parts import explain_limit
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
