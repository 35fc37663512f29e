"""Options that several commands have, and what is said of them in one place.

Nothing is loaded here that `gru --help` would wait for.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import click

from gru.submission.limits import LEAST_MEMORY, MEMORY_LIMIT, TIME_LIMIT

CHAPTER = "chapter"
"""The id of the convention that is asked for unless another is."""

effort_option = click.option(
    "--effort",
    default="normal",
    show_default=True,
    type=click.Choice(["quick", "normal", "thorough"]),
    help="How many problems.",
)


def _convention(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The convention that is named, if there is such a one."""
    # NumPy is behind this import, and `gru --help` does not wait for it.
    if value == CHAPTER:
        return value
    from gru.layers.registry import form_named

    try:
        return form_named(value).id
    except LookupError as error:
        raise click.BadParameter(str(error)) from None


convention_option = click.option(
    "--convention",
    default=CHAPTER,
    show_default=True,
    metavar="ID",
    callback=_convention,
    help="The form of a GRU that is asked for, such as swapped, reset-after, torch.",
)


def _to_be_had(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """The isolation that is asked for, if it is to be had here."""
    if value == "strict":
        from gru.submission.confinement import ConfinementError, confinement

        try:
            confinement(value)
        except ConfinementError as error:
            raise click.BadParameter(f"{error}; --isolation auto goes without") from None
    return value


isolation_option = click.option(
    "--isolation",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "strict", "process"]),
    callback=_to_be_had,
    help="What shuts a submission in: what the kernel gives, that or nothing, an ordinary process.",
)

time_limit_option = click.option(
    "--time-limit",
    default=TIME_LIMIT,
    show_default=True,
    metavar="S",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds for one call of a submission.",
)

memory_limit_option = click.option(
    "--memory-limit",
    default=MEMORY_LIMIT,
    show_default=True,
    metavar="MIB",
    type=click.IntRange(min=LEAST_MEMORY),
    help="Memory for a submission.",
)


def _rubric(context: click.Context, parameter: click.Parameter, value: Path | None) -> Any:
    """The rubric in a file; None where there is none."""
    if value is None:
        return None
    from gru.grading.rubric import RubricError, read

    try:
        return read(value)
    except RubricError as error:
        raise click.BadParameter(str(error)) from None
    except OSError as error:
        raise click.BadParameter(f"cannot read {click.format_filename(value)}: {error.strerror}") from None


rubric_option = click.option(
    "--rubric",
    metavar="FILE",
    type=click.Path(path_type=Path),
    callback=_rubric,
    help="What each check is worth, in TOML; without, a point for each equation.",
)


@cache
def warn_of(warning: str | None) -> None:
    """Say once what a submission is not kept from."""
    if warning is not None:
        click.echo(f"gru: {warning}", err=True)


def refuse_notebooks(files: Iterable[str]) -> None:
    """Raise a usage error where a file is a notebook, and those cannot be read here."""
    from gru.submission.notebook import ENDING, NotebookSupportError, require

    try:
        if any(file.lower().endswith(ENDING) for file in files):
            require()
    except NotebookSupportError as error:
        raise click.UsageError(str(error)) from None
