"""The command `gru playground`: the page on which a cell is examined in a browser, written or served.

It reads the command line and tells what went wrong; `gru.playground` makes the files.
"""

import contextlib
import webbrowser
from pathlib import Path

import click

from gru.cli.options import shown


@click.command()
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Write its files here.")
@click.option(
    "--serve", is_flag=True, help="Serve it on this machine, to a browser here, until Ctrl-C; so without --out."
)
@click.option("--port", default=0, metavar="N", type=click.IntRange(0, 65535), help="Where it is served: the port.")
@click.option("--open/--no-open", "opened", default=True, help="Where it is served: whether a browser is opened.")
@click.option(
    "--offline",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True),
    help="Take Pyodide and its NumPy from this file or folder, not from the network; repeatable.",
)
def playground(out: Path | None, serve: bool, port: int, opened: bool, offline: tuple[Path, ...]) -> None:
    """Make the page on which a cell is written and examined in a browser, for feedback, not for grading.

    Any web server can serve the folder. The page runs this package in Pyodide, which it takes from the network, checked
    by hashes, or with --offline from files that are given: those of the npm package pyodide, and its NumPy.

    \b
    Examples:
      gru playground
      gru playground --out public/
      gru playground --out public/ --offline node_modules/pyodide --offline numpy-2.0.2-…-wasm32.whl
    """
    from gru.playground.folder import PlaygroundError, files
    from gru.report.data import replace_files
    from gru.wheels import NotInstalledError

    if out is not None and serve:
        raise click.UsageError("--out DIR writes the page, --serve serves it: give one of them")
    try:
        made = files(offline or None)
    except PlaygroundError as error:
        raise click.BadParameter(str(error), param_hint="'--offline'") from None
    except NotInstalledError as error:
        raise click.UsageError(f"the page carries this package, which {error}") from None
    except OSError as error:
        raise click.UsageError(f"cannot read {shown(error.filename or '')}: {error.strerror or error}") from None
    if out is None:
        _serve(made, port, opened)
        return
    try:
        replace_files(out, made)
    except OSError as error:
        raise click.BadParameter(
            f"cannot write {shown(out)}: {error.strerror or error}", param_hint="'--out'"
        ) from None
    click.echo(f"{shown(out)}: {len(made)} files, {sum(map(len, made.values())) / 2**20:.1f} MiB; serve the folder")


def _serve(made: dict[str, bytes], port: int, opened: bool) -> None:
    from gru.playground.serve import address, server

    try:
        running = server(made, port)
    except OSError as error:
        raise click.BadParameter(f"{port}: {error.strerror or error}", param_hint="'--port'") from None
    with running, contextlib.suppress(KeyboardInterrupt):
        click.echo(f"{address(running)} (Ctrl-C ends it)")
        if opened:
            webbrowser.open(address(running))
        running.serve_forever()
