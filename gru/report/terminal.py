"""Prints a report: a rich table on a terminal, plain text elsewhere. Colour says nothing that words do not.

rich is loaded only where there is a terminal, and is never given a text to interpret.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from gru.report import text
from gru.report.result import Result
from gru.report.words import printable, words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

DELAY = 1.0
"""Seconds before a progress bar appears: what is faster needs none."""

_COLOURS = {"right": "green", "wrong": "bold red", "inherited": "yellow", "missing": "red", "not examined": "magenta"}


def show(result: Result) -> None:
    """Print the report on one submission to standard output."""
    if not sys.stdout.isatty():
        click.echo("\n".join(text.message(result)))
        return
    from rich.console import Console

    show_rich(result, Console(highlight=False, markup=False, emoji=False))


def show_rich(result: Result, console: "Console") -> None:
    """Print the report to a console of rich."""
    from rich.text import Text

    def lines(*texts: str) -> None:
        for line in texts:
            console.print(Text(line), soft_wrap=True)

    title, *facts = text.heading(result)
    console.print(Text(title, style=_COLOURS[words(result.examination.verdict)]), soft_wrap=True)
    lines(*facts)
    rows = text.rows(result.examination)
    if rows:
        console.print(_table(rows))
    lines(*text.below(result))


def _table(rows: list[text.CheckRow]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE)
    for column, name in enumerate(text.HEADER):
        table.add_column(name, justify="right" if column > 2 else "left")
    for row in rows:
        cells = (Text(cell, style=_COLOURS[cell] if cell is row.status else "") for cell in row)
        table.add_row(*cells)
    return table


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, if that is a terminal, for work that takes longer than `DELAY`.

    What is yielded is told how much is done, of how much.
    """
    started = time.monotonic()
    bars: list[Progress] = []
    with ExitStack() as stack:

        def advance(done: int, total: int) -> None:
            if not bars and sys.stderr.isatty() and time.monotonic() - started > DELAY:
                from rich.console import Console
                from rich.markup import escape
                from rich.progress import Progress

                bars.append(stack.enter_context(Progress(console=Console(stderr=True), transient=True)))
                bars[0].add_task(escape(printable(label)))
            for bar in bars:
                bar.update(bar.task_ids[0], completed=done, total=total)

        yield advance
