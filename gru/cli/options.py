"""Options that several commands have, and what is said of them in one place.

Nothing is loaded here that `gru --help` would wait for.
"""

import math
import os
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gru import seed
from gru.examining import CHAPTER, LAYER, FormName, checks_named
from gru.files import NOTEBOOK
from gru.submission.limits import LEAST_MEMORY, MEMORY_LIMIT, MOST_MEMORY, TIME_LIMIT

if TYPE_CHECKING:
    pass

effort_option = click.option(
    "--effort",
    default="normal",
    show_default=True,
    type=click.Choice(["quick", "normal", "thorough"]),
    help="How many problems.",
)


def asked_for(layer: str, form: str | None, convention: str) -> FormName:
    """The form that is named by `--layer`, `--form` and `--convention`. Raises a usage error where there is none."""
    # NumPy is behind these imports, and `gru --help` does not wait for it.
    if layer == LAYER and form is None and convention == CHAPTER:
        return FormName(layer, convention)
    from gru.layer import LayerError
    from gru.layers.registry import form_described, form_named, layer_named

    try:
        option = "'--layer'"
        layer_named(layer)
        option = "'--convention'" if form is None else "'--form'"
        if form is not None and convention != CHAPTER:
            raise click.UsageError("--form and --convention are two names for one thing: give one of them")
        found = form_named(convention, layer) if form is None else form_described(form, layer)
    except (LookupError, LayerError) as error:
        raise click.BadParameter(error.args[0], param_hint=option) from None
    return FormName(layer, found.id)


def named_checks(checks: Sequence[str], asked: FormName, option: str) -> tuple[str, ...]:
    """The ids of the checks that are named as `gru explain` has them; a usage error where there is no such check."""
    if not checks:
        return ()
    try:
        return checks_named(checks, asked.form)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=f"'{option}'") from None


def form_options(command: Any) -> Any:
    """The options `--layer`, `--form` and `--convention`; together they make a `FormName`, by `asked_for`."""
    for option in (
        click.option(
            "--convention",
            default=CHAPTER,
            show_default=True,
            metavar="ID",
            help="The form by its id, without biases: such as swapped, reset-after, torch.",
        ),
        click.option(
            "--form",
            metavar="FORM",
            help="The form that is asked for: torch, keras, onnx, an id (chapter-bias), or z=old,reset=after,bias=one.",
        ),
        click.option(
            "--layer",
            default=LAYER,
            show_default=True,
            metavar="LAYER",
            help="What is examined: gru, lstm, rnn, or a file of your own that holds a layer, and is run.",
        ),
    ):
        command = option(command)
    return command


def _to_be_had(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """The isolation that is asked for, if this machine has it."""
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
    help="What shuts a submission in: auto takes what the kernel offers, strict refuses to run without that, and "
    "process takes an ordinary process.",
)


def shown(name: str | Path) -> str:
    """A file's name as it is printed: whatever is in it, it is on one line and steers no terminal."""
    from gru.report.words import printable

    return printable(click.format_filename(name))


def cause(error: Exception) -> str:
    """What went wrong, with the file where it was one: the words of the system, without its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{shown(error.filename)}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def read_seed(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """The seed that is named, or drawn; None where none is asked for."""
    try:
        return None if value is None else seed.read(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def no_nan(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """The number of seconds: NaN lies in every range of click's."""
    if math.isnan(value):
        raise click.BadParameter(f"{value} is no number of seconds")
    return value


time_limit_option = click.option(
    "--time-limit",
    default=TIME_LIMIT,
    show_default=True,
    metavar="S",
    type=click.FloatRange(min=0, min_open=True),
    callback=no_nan,
    help="Seconds for one call of a submission.",
)

memory_limit_option = click.option(
    "--memory-limit",
    default=MEMORY_LIMIT,
    show_default=True,
    metavar="MIB",
    type=click.IntRange(min=LEAST_MEMORY, max=MOST_MEMORY),
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
        raise click.BadParameter(f"cannot read {shown(value)}: {error.strerror}") from None


name_option = click.option(
    "--name", metavar="NAME", help="The class or function that is examined; the first that can be, unless given."
)


def _adapter(context: click.Context, parameter: click.Parameter, value: Path | None) -> Any:
    """The teacher's adapter in a file; None where there is none."""
    if value is None:
        return None
    from gru.submission.taught import Taught

    try:
        return Taught.read(value)
    except OSError as error:
        raise click.BadParameter(f"cannot read {shown(value)}: {error.strerror}") from None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


adapter_option = click.option(
    "--adapter",
    metavar="FILE",
    type=click.Path(path_type=Path),
    callback=_adapter,
    help="A course's own adapter: how hand-ins in its API are driven.",
)


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


def refuse_missing(files: Iterable[str], hint: str) -> None:
    """Raise a usage error, before any work, where a file is not there or is a folder; `hint` names the argument."""
    for file in files:
        if os.path.isdir(file):  # noqa: PTH112
            name = click.format_filename(file)
            elsewhere = f"name a file in it; gru grade {name} is for a class"
            raise click.BadParameter(f"{name} is a folder: {elsewhere}", param_hint=hint)
        if not os.path.exists(file):  # noqa: PTH110 (pathlib raises on a name that is too long)
            raise click.BadParameter(f"there is no file {click.format_filename(file)}", param_hint=hint)


def refuse_notebooks(files: Iterable[str]) -> None:
    """Raise a usage error where a file is a notebook, and those cannot be read here."""
    if not any(file.lower().endswith(NOTEBOOK) for file in files):
        return
    from gru.submission.notebook import NotebookSupportError, require

    try:
        require()
    except NotebookSupportError as error:
        raise click.UsageError(str(error)) from None
