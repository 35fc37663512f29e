"""A file is examined: the settings that every front end has in common, and the one function that does it.

It awards no points, and prints nothing. NumPy and the examiner are loaded while the submission's own process starts.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gru.nearest import did_you_mean
from gru.submission.limits import MEMORY_LIMIT, TIME_LIMIT

if TYPE_CHECKING:
    from gru.examiner import Examination
    from gru.layer import Equation, Form
    from gru.problem import Effort
    from gru.report.result import Result
    from gru.submission.confinement import Isolation
    from gru.submission.process import SubmissionProcess
    from gru.submission.remembered import Memory
    from gru.submission.starter import Starter
    from gru.submission.taught import Taught

OnProgress = Callable[[int, int], None]
"""Is told how many problems are done, of how many."""

CHAPTER = "chapter"
"""The id of the convention that is asked for unless another is."""

LAYER = "gru"
"""The id of the layer that is asked for unless another is."""


@dataclass(frozen=True)
class FormName:
    """A form of a layer, by the names that lead to it: it can be sent, and costs nothing until it is asked for.

    Attributes:
        layer: The id of the layer, or the path of a file that holds one.
        id: The id of the form, such as `chapter` or `torch`.
    """

    layer: str = LAYER
    id: str = CHAPTER

    @property
    def form(self) -> "Form":
        """The form itself."""
        from gru.layers.registry import form_named

        return form_named(self.id, self.layer)

    @property
    def is_own(self) -> bool:
        """Whether it is the form that is asked for unless another is."""
        return self == FormName()


def checks_named(names: Iterable[str], form: "Form") -> tuple[str, ...]:
    """The ids of checks that are named as `gru explain` has them.

    Args:
        names: Such as `equation-10`, `10`, `(10)`, `dzr` or `state`.
        form: The form of the layer that has the checks.

    Raises:
        ValueError: Where there is no such check.
    """
    from gru.examiner import TRAINING

    known = {id: id for id in (*form.checks, TRAINING)}
    unchecked: dict[str, Equation] = {}
    for equation in form.named.values():
        if equation.id in known:
            known |= dict.fromkeys(equation.names, equation.id)
        else:
            unchecked |= dict.fromkeys(equation.names, equation)
    names = tuple(names)
    for name in names:
        if name in unchecked:
            hidden = unchecked[name].name
            near = " and ".join(equation.id for equation in form.made_at_once(hidden))
            raise ValueError(f"{name!r} is no check: a cell does not show {hidden}; it is checked as a part of {near}")
        if name not in known:
            ids = ", ".join(dict.fromkeys(known.values()))
            raise ValueError(f"no check has the id {name!r}; {did_you_mean(name, known)}the checks are {ids}")
    return tuple(known[name] for name in names)


@dataclass(frozen=True)
class Settings:
    """How a file is examined.

    Attributes:
        asked: The form of the layer that is asked for.
        seed: Draws the problems.
        effort: How many problems.
        only: The ids of the checks that are asked for; by default all.
        problem: The id of the one problem that is asked for; by default the whole battery.
        time_limit: Seconds for one call into the submission.
        memory_limit: MiB of address space.
        isolation: What is asked of the kernel.
        name: The class or the function that is examined; by default the first that can be.
        adapter: A course's own, that tells how the submission is driven.
        show_output: Whether what the submission prints is kept also where no call into it raises.
    """

    asked: FormName = FormName()
    seed: int = 0
    effort: "Effort" = "normal"
    only: tuple[str, ...] | None = None
    problem: str | None = None
    time_limit: float = TIME_LIMIT
    memory_limit: int = MEMORY_LIMIT
    isolation: "Isolation" = "auto"
    name: str | None = None
    adapter: "Taught | None" = None
    show_output: bool = False

    @property
    def form(self) -> "Form":
        """The form of the layer that is asked for."""
        return self.asked.form


@contextmanager
def _unwatched() -> Iterator[OnProgress]:
    yield lambda done, total: None


def examine_file(
    path: str | os.PathLike[str],
    settings: Settings,
    *,
    root: Path | None = None,
    starter: "Starter | None" = None,
    memory: "Memory[Examination] | None" = None,
    watched: Callable[[], AbstractContextManager[OnProgress]] = _unwatched,
) -> "Result":
    """Examine the class in a file, in a process of its own.

    Args:
        path: The file.
        settings: How it is examined.
        root: The folder of all that the submission may read and import; by default the file's own.
        starter: Where given, the process is a fork of one that is started ahead, where the kernel shuts it in.
        memory: Where given, what came of files that have answered the same comes of this one.
        watched: Makes what is told of the progress, once the process has been started.

    Returns:
        What was found. Its verdict is `not_examined` where the file could not be run to the end.

    Raises:
        WorkerError: No process can be started, or it is ended from outside.
        ValueError: There is no such check or problem, or the limits leave no room to run.
        ConfinementError: This machine does not give the isolation.
    """
    started = time.perf_counter()
    with _process(path, settings, root, starter, memory) as process:
        # The process starts while these are loaded.
        from gru.examiner import examine
        from gru.problem import find
        from gru.report.result import Result

        form = settings.form
        with watched() as on_progress:
            ask = partial(
                examine,
                effort=settings.effort,
                seed=settings.seed,
                only=settings.only,
                problem=find(settings.problem, form) if settings.problem else None,
                form=form,
                on_progress=on_progress,
            )
            if memory is None:
                examination = ask(process)
            else:
                from gru.submission.remembered import RememberedProcess

                assert isinstance(process, RememberedProcess)
                examination = process.came_of(ask)
    return Result(
        submission=process.path,
        sha256=process.sha256,
        examination=examination,
        seconds=time.perf_counter() - started,
        isolation=process.confinement.level,
        problem=settings.problem,
        asked=form,
        notes=process.notes,
        printed=process.printed if settings.show_output or process.has_raised else (),
    )


def _process(
    path: str | os.PathLike[str],
    settings: Settings,
    root: Path | None,
    starter: "Starter | None",
    memory: "Memory[Examination] | None",
) -> "SubmissionProcess":
    from gru.submission.process import SubmissionProcess

    made: Callable[..., SubmissionProcess] = SubmissionProcess
    if memory is not None:
        from gru.submission.remembered import RememberedProcess

        # Of what is asked first, and what comes of it, nothing else tells.
        begin = (settings.asked, settings.seed, settings.effort, settings.only, settings.problem)
        made = partial(RememberedProcess, memory, repr(begin))
    return made(
        path,
        time_limit=settings.time_limit,
        memory_limit=settings.memory_limit,
        isolation=settings.isolation,
        form=None if settings.asked.is_own else settings.asked.form,
        root=root,
        name=settings.name,
        adapter=settings.adapter,
        starter=starter,
    )
