"""`gru.check`: a class or a file examined from Python, with a report that prints as text and shows as a page.

A front end: it starts the work and hands over what was found, and judges nothing.
"""

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gru.examiner import examine
from gru.examiner.outcome import Examination, Outcome
from gru.examining import FormName, Settings, examine_file
from gru.problem import Effort, Problem, find
from gru.report import html, text
from gru.report.feedback import Feedback, told
from gru.report.result import Result
from gru.report.words import words
from gru.submission.trusted import TrustedCells

DELAY = 1.0
"""Seconds before it is told how far the work is: what is faster needs no word."""


@dataclass(frozen=True, repr=False)
class Checked:
    """What was found: `print` writes the report as text, a notebook shows it as a page."""

    result: Result

    @property
    def examination(self) -> Examination:
        """What was found, as data."""
        return self.result.examination

    @property
    def verdict(self) -> str:
        """`right`, `wrong` or `not_examined`."""
        return self.examination.verdict

    def outcome(self, check: str) -> Outcome:
        """The outcome of the check with this id. Raises KeyError where it was not asked for."""
        return self.examination.outcome(check)

    def __repr__(self) -> str:
        wrong = [o for o in self.examination.outcomes if o.status == "wrong"]
        first = next((o for o in wrong if o.is_of_equation), wrong[0] if wrong else None)
        what = f", first {text.title_in(self.result, first)}" if first else ""
        return f"<{self.result.submission}: {words(self.verdict)}{what}>"

    def __str__(self) -> str:
        return "\n".join(text.message(self.result))

    def _repr_html_(self) -> str:
        return str(html.fragment(self.result))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}


def check(
    cell: Any,
    *,
    only: Sequence[str] | str | None = None,
    problem: str | None = None,
    seed: int = 0,
    effort: Effort = "normal",
    convention: str = "chapter",
    feedback: Feedback = "full",
) -> Checked:
    """Examine a class in the chapter's API, or a file with one.

    A class is run in this process, without any protection; a file in one of its own. The arguments are the
    options of `gru check`.

    Args:
        cell: The class, such as `GRUCell`, defined anywhere; or the path of a Python file or a notebook.
        only: The id of a check, or several; by default all.
        problem: The id of one problem, such as `0:17`.
        seed: Draws the problems.
        effort: How many problems: `quick`, `normal` or `thorough`.
        convention: The id of the form of a GRU that is asked for.
        feedback: How much is told: `none`, `location`, `hint` or `full`.

    Returns:
        What was found. Its verdict is `not_examined` where the cell could not be run to the end.

    Raises:
        TypeError: Where `cell` is neither a class nor a path.
        ValueError: Where there is no such check or problem.
        LookupError: Where there is no such convention.
    """
    is_file = isinstance(cell, str | os.PathLike)
    if not is_file and not isinstance(cell, type):
        raise TypeError(f"got {type(cell).__name__}; expected a class such as GRUCell, or the path of a file with one")
    asked = FormName(id=convention)
    drawn = find(f"{seed}:{problem}" if problem.isdecimal() else problem, asked.form) if problem else None
    settings = Settings(
        asked=asked,
        seed=seed,
        effort=effort,
        only=(only,) if isinstance(only, str) else tuple(only) if only is not None else None,
        problem=drawn.id if drawn else None,
    )
    with _quiet():
        result = examine_file(cell, settings, watched=_progress) if is_file else _of_class(cell, settings, drawn)
    return Checked(replace(result, examination=told(result.examination, feedback, asked.form)))


def _of_class(cell: type, settings: Settings, problem: Problem | None) -> Result:
    """The result of a class, which is run in this process."""
    started, form = time.perf_counter(), settings.form
    with _progress() as on_progress:
        examination = examine(
            TrustedCells(cell, form),
            effort=settings.effort,
            seed=settings.seed,
            only=settings.only,
            problem=problem,
            convention=form,
            on_progress=on_progress,
        )
    return Result(
        submission=cell.__name__,
        sha256=None,
        examination=examination,
        seconds=time.perf_counter() - started,
        isolation="none: it ran in this process",
        problem=settings.problem,
        asked=form,
        in_process=True,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of the cell, which say nothing that the report does not."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _progress() -> Iterator[Any]:
    """Tell how far the work is, where somebody looks at it and it takes long; nothing of it stays."""
    started, told = time.monotonic(), ""
    tell = _in_a_notebook() if "ipykernel" in sys.modules else _at_a_terminal if sys.stderr.isatty() else None

    def advance(done: int, total: int) -> None:
        nonlocal told
        if tell is not None and time.monotonic() - started > DELAY:
            told = f"{done} of {total} problems"
            tell(told)

    yield advance
    if tell is not None and told:
        tell("")


def _at_a_terminal(text: str) -> None:
    """A line on standard error that is written over."""
    print(f"\r{text:40}\r{text}", end="", file=sys.stderr, flush=True)


def _in_a_notebook() -> Callable[[str], None]:
    """One output of the cell that is changed: a notebook that is kept has none of the lines before."""
    from IPython.display import DisplayHandle

    output, shown = DisplayHandle(), False

    def tell(text: str) -> None:
        nonlocal shown
        show = output.update if shown else output.display
        shown = True
        show({"text/plain": text}, raw=True)

    return tell
