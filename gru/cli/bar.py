"""A bar on standard error for what takes long: how much is done, how long it will take, and what is under way."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

MOST_SHOWN = 3
"""How many names of what is under way are shown."""

Show = Callable[[int, int, Sequence[str]], None]
"""Is told how much is done, of how much, and the names of what is under way."""


@contextmanager
def bar() -> Iterator[Show]:
    """The bar, if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total, names: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from gru.report.words import printable

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    shown = Progress(*columns, console=Console(stderr=True), transient=True)
    task = shown.add_task("")

    def show(done: int, total: int, names: Sequence[str]) -> None:
        listed = ", ".join(printable(name) for name in names[:MOST_SHOWN])
        more = len(names) - MOST_SHOWN
        text = f"{listed} and {more} more" if more > 0 else listed
        # Its thread begins here, and not before: no process is forked beside a thread.
        shown.start()
        shown.update(task, completed=done, total=total, description=escape(text))

    try:
        yield show
    finally:
        shown.stop()
