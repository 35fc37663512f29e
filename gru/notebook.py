"""`gru.check`: a class or a file examined from Python, with a report that prints as text and shows as a page.

A front end: it starts the work and hands over what was found, and judges nothing.
"""

import io
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from gru.examiner import examine
from gru.examiner.outcome import Examination, Outcome
from gru.examining import CHAPTER, LAYER, FormName, Settings, checks_named, examine_file
from gru.layers.registry import form_described, form_named
from gru.problem import Effort, Problem, find
from gru.report import html, text
from gru.report.feedback import LEVELS, Feedback, told
from gru.report.found import title_in
from gru.report.result import Result
from gru.report.words import words
from gru.seed import read as seed_of
from gru.submission.recording import api_of
from gru.submission.trusted import TrustedCells
from gru.submission.worker.signatures import other_api

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
        what = f", first {title_in(self.result, first)}" if first else ""
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
    only: Sequence[str | int] | str | int | None = None,
    problem: str | None = None,
    seed: int | str = 0,
    effort: Effort = "normal",
    layer: str = LAYER,
    form: str | None = None,
    convention: str = CHAPTER,
    feedback: Feedback = "full",
) -> Checked:
    """Examine a class in the layer's API, or a file in any.

    A class is run in this process, without any protection, and what it prints is not shown; a file in one of its
    own. The arguments are the options of `gru check`.

    Args:
        cell: The class, such as `GRUCell`, defined anywhere; or the path of a Python file or a notebook.
        only: A check, or several, such as `equation-10`, `10` or `dzr`; by default all.
        problem: The id of one problem, such as `0:17`.
        seed: Draws the problems; `random` draws the seed.
        effort: How many problems: `quick`, `normal` or `thorough`.
        layer: What is examined: `gru`, `lstm`, `rnn`, or a file that holds a layer.
        form: The form of the layer that is asked for, such as `torch` or `z=old,bias=one`.
        convention: The same by its id.
        feedback: How much is told: `none`, `location`, `hint` or `full`.

    Returns:
        What was found. Its verdict is `not_examined` where the cell could not be run to the end.

    Raises:
        TypeError: Where `cell` is neither a class nor a path.
        ValueError: Where there is no such check, problem, seed, effort or level of feedback.
        LookupError: Where there is no such layer or form.
    """
    is_file = isinstance(cell, str | os.PathLike)
    if not is_file and not isinstance(cell, type):
        kind = type(cell).__name__
        itself = f": the class itself, as in gru.check({kind})" if hasattr(cell, "backward") else ""
        raise TypeError(f"got {kind}; expected a class such as GRUCell, or the path of a file with one{itself}")
    for name, given, known in (("effort", effort, get_args(Effort)), ("feedback", feedback, LEVELS)):
        if given not in known:
            raise ValueError(f"got {name}={given!r}; expected {', '.join(known)}")
    found = form_named(convention, layer) if form is None else form_described(form, layer)
    asked, drawn_from = FormName(layer, found.id), seed_of(str(seed))
    drawn = find(f"{drawn_from}:{problem}" if problem.isdecimal() else problem, found) if problem else None
    checks = () if only is None else (only,) if isinstance(only, str | int) else only
    settings = Settings(
        asked=asked,
        seed=drawn_from,
        effort=effort,
        only=checks_named(map(str, checks), found) or None,
        problem=drawn.id if drawn else None,
    )
    with _quiet():
        result = examine_file(cell, settings, watched=_progress) if is_file else _of_class(cell, settings, drawn)
    return Checked(replace(result, examination=told(result.examination, feedback, asked.form)))


def _of_class(cell: type, settings: Settings, problem: Problem | None) -> Result:
    """The result of a class, which is run in this process."""
    started, form = time.perf_counter(), settings.form
    other = other_api(cell, dict(api_of(form)))
    if other is None:
        with _progress() as on_progress, redirect_stdout(_Nowhere()):
            examination = examine(
                TrustedCells(cell, form),
                effort=settings.effort,
                seed=settings.seed,
                only=settings.only,
                problem=problem,
                form=form,
                on_progress=on_progress,
            )
    else:
        text = f"{other}; a class in another API is examined in its file: gru.check('its_file.py')"
        examination = Examination(
            "not_examined", (), settings.seed, settings.effort, reason="another_api", text=text, form=form
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


class _Nowhere(io.TextIOBase):
    """Where a cell prints to that is called thousands of times."""

    def write(self, text: str) -> int:
        """Drop the text."""
        return len(text)


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
