"""The command `gru audit`: reads its options, starts the audit, prints and writes what was found. It judges nothing."""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from gru.cli.guard import OWN_FAILURE
from gru.cli.options import adapter_option, asked_for, form_options, named_checks
from gru.examining import Settings, examine_file

if TYPE_CHECKING:
    from gru.audit.audit import Audit, Solution
    from gru.examining import FormName

SOUND, LETS_THROUGH, INTERRUPTED = 0, 1, 130

RUN_LIMIT = 60.0
"""Seconds for one run of a teacher's tests."""


@click.command()
@click.option("--tests", "target", required=True, metavar="PATH", type=click.Path(path_type=Path), help="The tests.")
@click.option(
    "--module",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The student's module that they import. It need not be there, and is not changed.",
)
@form_options
@click.option("--only", multiple=True, metavar="CHECK", help="Only cells that are wrong in this check; repeatable.")
@click.option(
    "--command", metavar="COMMAND", help="What runs the tests, in place of pytest: exit status 0 says that they pass."
)
@click.option(
    "--below",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Python that is put below each cell, and makes of its class the API that the tests expect.",
)
@click.option(
    "--solution",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A right solution in the API that the tests expect: wrong cells are made of it, by one change each.",
)
@adapter_option
@click.option(
    "--root",
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="What is copied for every run; by default the smallest folder that has the tests and the module in it.",
)
@click.option(
    "--jobs", metavar="N", type=click.IntRange(min=1), help="So many runs at once; by default one a processor."
)
@click.option(
    "--time-limit",
    default=RUN_LIMIT,
    show_default=True,
    metavar="S",
    type=click.FloatRange(min=0, min_open=True, max=86400),
    help="Seconds for one run of the tests.",
)
@click.option(
    "--keep",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep every run in this file; what is in it is not run again.",
)
@click.option(
    "--json", "document", metavar="FILE", type=click.Path(path_type=Path), help="Write what was found as JSON."
)
@click.option(
    "--html", "page", metavar="FILE", type=click.Path(path_type=Path), help="Write a page, with every cell that passes."
)
def audit(target: Path, module: Path, document: Path | None, page: Path | None, **options: Any) -> None:
    """Try a teacher's own tests: which wrong cells do they pass?

    Every wrong cell of the catalogue, and right ones in several styles, stand in the place of the student's
    module, one after another, and the tests run on each, in a copy of their folder. They run as they are: nothing
    confines them.

    \b
    Examples:
      gru audit --tests tests/test_gru.py --module student.py
      gru audit --tests grader --module grader/student.py --command "python grader/run.py"
      gru audit --tests tests --module student.py --solution mine.py

    \b
    Exit status:
      0    every wrong cell is caught, and every right one passes
      1    some wrong cells pass, or some right ones fail
      2    the command line is wrong, or the tests say nothing: they fail on a right cell, or do not import the module
      70   a fault of gru
      130  interrupted; with --keep, what was run is kept
    """
    from gru.audit.runs import AuditError

    try:
        found = _audited(target, module, (document, page), options)
    except AuditError as error:
        raise click.UsageError(str(error)) from None
    except KeyboardInterrupt:
        there = "; what was run is kept" if options["keep"] is not None else ""
        click.echo(f"gru: interrupted{there}", err=True)
        sys.exit(INTERRUPTED)
    except (OSError, UnicodeError) as error:
        click.echo(f"gru: {error}", err=True)
        sys.exit(OWN_FAILURE)
    _tell(found, document, page)
    sys.exit(LETS_THROUGH if found.survivors or found.refused else SOUND)


def _audited(target: Path, module: Path, outputs: Sequence[Path | None], options: dict[str, Any]) -> "Audit":
    from gru.audit.audit import Kept, audit
    from gru.audit.runs import grader_at
    from gru.cli.bar import bar

    asked = asked_for(options["layer"], options["form"], options["convention"])
    solution = _solution(module, asked, options)
    checks = named_checks(options["only"], asked, "--only") or None
    below, keep, written = options["below"], options["keep"], list(filter(None, outputs))
    source = below.read_text(encoding="utf-8") if below else ""
    tests = grader_at(target, module, options["root"], _command(options["command"]), options["time_limit"], source)
    _refuse_unwritable(*written, *filter(None, [keep]))
    kept = Kept(keep, tests, written) if keep is not None else None
    jobs = options["jobs"] or os.cpu_count() or 1
    with bar() as show:

        def on_progress(done: int, total: int) -> None:
            show(done, total, ())

        return audit(tests, asked.form, only=checks, jobs=jobs, kept=kept, on_progress=on_progress, solution=solution)


def _solution(module: Path, asked: "FormName", options: dict[str, Any]) -> "Solution | None":
    """The teacher's own solution; the module itself where an adapter says how it is driven."""
    path = options["solution"] or (module if options["adapter"] is not None else None)
    if path is None:
        return None
    for name in ("below", "only"):
        if options[name]:
            raise click.UsageError(f"--{name} is for cells in the layer's own API; with a solution there are none")
    from gru.audit.audit import Solution

    if not path.is_file():
        raise click.UsageError(f"--adapter needs a right solution in that API: --solution FILE, as {path} is not there")
    try:
        source = path.read_bytes().decode("utf-8-sig")
        compile(source, str(path), "exec")
    except (SyntaxError, ValueError) as error:
        raise click.UsageError(f"the solution {path} is not Python: {error}") from None
    settings = Settings(asked, effort="quick", adapter=options["adapter"])
    return Solution(source, lambda changed: _first_wrong(changed, path, settings))


def _first_wrong(source: str, path: Path, settings: Settings) -> str | None:
    """The first check that is wrong in a changed solution, with the files that lie beside the solution."""
    with TemporaryDirectory(prefix="gru-audit-") as folder:
        for beside in path.parent.glob("*.py"):
            (Path(folder) / beside.name).write_bytes(beside.read_bytes())
        changed = Path(folder) / path.name
        changed.write_text(source, encoding="utf-8")
        examination = examine_file(changed, settings).examination
    wrong = [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"]
    return {"right": "", "wrong": next(iter(wrong), None)}.get(examination.verdict)


def _command(line: str | None) -> list[str]:
    """The words of a command."""
    try:
        return shlex.split(line) if line is not None else []
    except ValueError as error:
        raise click.BadParameter(f"{line!r}: {error}", param_hint="'--command'") from None


def _refuse_unwritable(*paths: Path) -> None:
    """Raise a usage error, before anything runs, where a file cannot be written."""
    from gru.report.data import refusal

    for path in paths:
        if why := refusal(path):
            raise click.UsageError(f"cannot write {click.format_filename(path)}: {why}")


def _tell(found: "Audit", document: Path | None, page: Path | None) -> None:
    from gru.report import audit as report
    from gru.report.data import replace_file

    click.echo("\n".join(report.text(found)))
    if document is not None:
        replace_file(document, report.json_of(found))
    if page is not None:
        replace_file(page, report.page(found))
