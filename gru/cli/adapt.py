"""The command `gru adapt`: what is found of a file in another API, and the adapter that says it."""

import sys
from pathlib import Path
from typing import Any

import click

from gru.cli.guard import OWN_FAILURE
from gru.cli.options import (
    adapter_option,
    isolation_option,
    memory_limit_option,
    name_option,
    refuse_missing,
    refuse_notebooks,
    shown,
    time_limit_option,
    warn_of,
)

NOT_FOUND = 3
"""The exit status where nothing can be driven."""


@click.command()
@click.argument("file", type=click.Path())
@click.option("--out", metavar="ADAPTER", type=click.Path(path_type=Path), help="Write the adapter into this file.")
@name_option
@adapter_option
@time_limit_option
@memory_limit_option
@isolation_option
def adapt(file: str, out: Path | None, name: str | None, adapter: Any, **limits: Any) -> None:
    """Show how FILE, in an API of its own, is driven, and write the adapter that says so.

    An adapter is a short Python file. A teacher keeps and changes it, and gives it as `--adapter` to gru check and
    gru grade.

    \b
    Examples:
      gru adapt hand_in.py
      gru adapt hand_in.py --out course.py
      gru check hand_in.py --adapter course.py

    \b
    Exit status:
      0   something can be driven, or the file is in the layer's own API
      2   the command line is wrong
      3   nothing was found that can be driven
      70  gru itself failed
    """
    refuse_missing([file], "'FILE'")
    refuse_notebooks([file])
    sys.exit(_adapted(file, out, name, adapter, limits))


def _adapted(file: str, out: Path | None, name: str | None, adapter: Any, limits: dict[str, Any]) -> int:
    from gru.examiner.bench import Bench
    from gru.examiner.mapping.recognise import recognise
    from gru.report.adapted import source, table
    from gru.report.data import replace_file
    from gru.report.words import printable
    from gru.submission.contract import SubmissionFailure, WorkerError
    from gru.submission.process import SubmissionProcess

    try:
        with SubmissionProcess(file, name=name, adapter=adapter, **limits) as process:
            warn_of(process.confinement.warning)
            api = process.api
            if api is None:
                click.echo(f"{shown(file)}: it has the chapter's own API, and needs no adapter")
                return 0
            recognition = recognise(Bench(process, api))
    except SubmissionFailure as failure:
        click.echo(printable(f"{shown(file)}: {failure.text}"))
        return NOT_FOUND
    except WorkerError as error:
        click.echo(f"gru: cannot examine {shown(file)}: {error}", err=True)
        return OWN_FAILURE
    text = source(api, Path(file).name)
    click.echo("\n".join([f"{shown(file)}:", *table(api, recognition)]))
    if out is None:
        click.echo(f"\n{text}", nl=False)
        return 0
    try:
        replace_file(out, text)
    except OSError as error:
        click.echo(f"gru: cannot write {shown(out)}: {error.strerror or error}", err=True)
        return OWN_FAILURE
    click.echo(f"\nwritten to {shown(out)}: gru check FILE --adapter {shown(out)}")
    return 0
