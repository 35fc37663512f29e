"""Options that several commands have, and what is said of them in one place.

Nothing is loaded here that `gru --help` would wait for.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import click

from gru.submission.limits import LEAST_MEMORY, MEMORY_LIMIT, TIME_LIMIT

Command = Callable[..., Any]


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
