"""The commands `gru train` and `gru predict`: read the command line, start the work, print what came of it.

NumPy and the network are loaded once the command line has been read. It computes nothing itself.
"""

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gru.cli.options import asked_for, form_options, isolation_option, refuse_missing, shown, warn_of

if TYPE_CHECKING:
    from gru.layer import Form
    from gru.subtraction.demonstration import Run, Task
    from gru.subtraction.model import Architecture
    from gru.subtraction.training import Progress

REACHED, NOT_REACHED, NOT_RUN, NOT_WRITTEN, INTERRUPTED = 0, 1, 3, 70, 130
"""The exit statuses, beside click's 2 for usage."""

MOST_STARTS = 10_000
"""Starts that are counted at most: more than a day of work."""

_FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class Outputs:
    """The files that are asked for."""

    plot: Path | None
    save: Path | None


@click.command()
@click.option(
    "--cell", metavar="FILE", help="Train with the class of this file, such as GRUCell, in a process of its own."
)
@form_options
@click.option("--bits", default=4, show_default=True, help="How long the numbers are.")
@click.option("--hidden", type=int, help="Hidden units.  [default: 4; 16 with --generalise]")
@click.option("--batch", default=1, show_default=True, help="Pairs in a batch.")
@click.option("--rate", default=0.1, show_default=True, help="The learning rate.")
@click.option("--epochs", type=int, help="The most epochs.  [default: 100; 250 with --generalise]")
@click.option("--optimiser", default="sgd", show_default=True, type=click.Choice(["sgd", "adam"]))
@click.option("--seed", default=0, show_default=True, help="Draws the split, the first weights and the order.")
@click.option("--generalise", metavar="BITS", type=int, help="Train until numbers of so many bits come out right too.")
@click.option(
    "--compare", type=click.Choice(["lstm", "lstm-without-bias"]), help="Train an LSTM beside it, on the same data."
)
@click.option(
    "--starts",
    default=20,
    show_default=True,
    type=click.IntRange(min=1, max=MOST_STARTS),
    help="How many starts of each --compare counts.",
)
@click.option("--plot", metavar="FILE", type=_FILE, help="Draw the curves of loss and accuracy: .png or .svg.")
@click.option("--save", metavar="FILE", type=_FILE, help="Keep the trained model, for `gru predict`.")
@isolation_option
def train(
    cell: str | None,
    generalise: int | None,
    compare: str | None,
    starts: int,
    plot: Path | None,
    save: Path | None,
    isolation: str,
    layer: str,
    form: str | None,
    convention: str,
    **numbers: Any,
) -> None:
    """Train a network of cells to subtract binary numbers.

    The defaults are the chapter's: numbers of 4 bits, 4 hidden units, batches of one, at most 100
    epochs, until all pairs that were held out for validation are right.

    \b
    Examples:
      gru train
      gru train --cell my_gru.py
      gru train --layer lstm --cell my_lstm.py
      gru train --compare lstm --plot curves.png
      gru train --bits 4 --generalise 32
      gru train --save model.npz && gru predict model.npz 14 8

    \b
    Exit status:
      0    every validation pair is right
      1    not all are
      2    the command line is wrong
      3    the submission could not be run
      70   a file could not be written
      130  interrupted; what was reached is printed and written
    """
    outputs = Outputs(plot, save)
    asked = asked_for(layer, form, convention)
    _refuse(outputs, cell)
    if save and asked.form.layer.place:
        raise click.UsageError(
            f"--save: `gru predict` does not run {shown(layer)}, so that it could not read the model"
        )
    with _usage_errors():
        task = _task(generalise, **numbers)
    sys.exit(_train(task, cell, asked.form, isolation, compare, starts, outputs))


@click.command()
@click.argument("model", type=_FILE)
@click.argument("a", type=int)
@click.argument("b", type=int)
@click.option("--bits", type=int, help="How long the numbers are.  [default: as in training, or as A needs]")
def predict(model: Path, a: int, b: int, bits: int | None) -> None:
    """Subtract B from A by the network in the file MODEL, which `gru train --save` wrote.

    \b
    Example:
      gru predict model.npz 14 8
    """
    from gru.subtraction.data import one_pair
    from gru.subtraction.examples import written_out
    from gru.subtraction.model import Model

    with _usage_errors():
        trained = Model.load(model)
        pair = one_pair(a, b, max(trained.bits, a.bit_length()) if bits is None else bits)
    click.echo(written_out(pair, trained.predict(pair)))


def _task(generalise: int | None, **numbers: Any) -> "Task":
    """What is asked for. Raises TaskError where it cannot be done."""
    from gru.subtraction.demonstration import Task, long_task

    task = Task() if generalise is None else long_task(generalise)
    given = {name: value for name, value in numbers.items() if value is not None}
    of_setting = {name: given.pop(name) for name in ("batch", "rate", "epochs", "optimiser") if name in given}
    return replace(task, setting=replace(task.setting, **of_setting), **given)


def _train(
    task: "Task", cell: str | None, form: "Form", isolation: str, compare: str | None, starts: int, outputs: Outputs
) -> int:
    """Train, print, write; the exit status."""
    from gru.submission.contract import CellError, SubmissionFailure, WorkerError
    from gru.subtraction.model import ARCHITECTURES, architecture_for

    with ExitStack() as stack:
        try:
            architectures = [stack.enter_context(_cells(cell, form, isolation)) if cell else architecture_for(form)]
            architectures += [ARCHITECTURES[compare]] if compare else []
            runs = _runs(task, architectures, cell)
            status = _write(runs, outputs)
            if compare and runs[-1].history.stop != "interrupted":
                _compare(task, runs, starts)
        except (SubmissionFailure, CellError, WorkerError) as failure:
            click.echo(f"gru: cannot train with {shown(cell or '')}: {failure}", err=True)
            return NOT_RUN
    return status or max(map(_status, runs))


def _runs(task: "Task", architectures: "list[Architecture]", cell: str | None) -> "list[Run]":
    """A run with each kind of cells, told as soon as it is done; none after one that was interrupted."""
    from gru.report.training import divergence, examples, summary, unreached
    from gru.subtraction.demonstration import run, run_until_reached

    runs: list[Run] = []
    for architecture in architectures:
        with _usage_errors(), _bar(architecture.title) as on_progress:
            start = run if task.long is None else run_until_reached
            runs.append(start(task, architecture, on_progress))
        click.echo("\n".join([*summary(runs[-1]), "", examples(runs[-1])]))
        if runs[-1].history.stop == "diverged":
            click.echo(f"gru: {divergence(architecture, cell)}", err=True)
        elif runs[-1].history.stop == "epochs" and cell and architecture is architectures[0]:
            click.echo(f"gru: {unreached(cell)}", err=True)
        if runs[-1].history.stop == "interrupted":
            break
    return runs


def _compare(task: "Task", runs: "list[Run]", starts: int) -> None:
    """Print the runs side by side, with how many of other starts get as far."""
    from gru.report.training import comparison
    from gru.subtraction.demonstration import starts_that_reach

    seeds = range(task.seed, task.seed + starts)
    architectures = [run.model.architecture for run in runs]
    reached = {one.title: starts_that_reach(task, seeds, one) for one in architectures}
    click.echo("\n".join(["", *comparison(runs, reached, starts)]))


def _status(run: "Run") -> int:
    if run.history.stop == "interrupted":
        return INTERRUPTED
    return REACHED if run.history.stop == "reached" else NOT_REACHED


def _refuse(outputs: Outputs, cell: str | None) -> None:
    """Raise a usage error where a file is missing or could not be written: better before training than after."""
    refuse_missing([cell] if cell else [], "'--cell'")
    for option, path in (("--plot", outputs.plot), ("--save", outputs.save)):
        if path is None:
            continue
        from gru.report.data import refusal

        reason = refusal(path)
        if cell and path.exists() and Path(cell).exists() and path.samefile(cell):
            reason = "it is the file of the cell"
        if reason:
            raise click.BadParameter(f"cannot write {shown(path)}: {reason}", param_hint=f"'{option}'")
    if outputs.plot:
        from gru.subtraction.plots import require_plot

        with _usage_errors():
            require_plot(outputs.plot)


def _write(runs: "list[Run]", outputs: Outputs) -> int:
    """Write the files that are asked for, each whatever becomes of the other; the exit status."""
    from gru.subtraction.plots import draw_curves

    jobs: list[tuple[Path | None, Callable[[Path], None]]] = [
        (outputs.save, runs[0].model.save),
        (outputs.plot, partial(draw_curves, {run.model.architecture.title: run.history for run in runs})),
    ]
    status = REACHED
    for path, write in jobs:
        if path is None:
            continue
        try:
            write(path)
        except OSError as error:
            click.echo(f"gru: cannot write {shown(path)}: {error.strerror or error}", err=True)
            status = NOT_WRITTEN
    return status


@contextmanager
def _usage_errors() -> Iterator[None]:
    """What cannot be done, and what is no model, is a usage error."""
    from gru.subtraction.data import TaskError
    from gru.subtraction.model import ModelFileError
    from gru.subtraction.plots import PlotError

    try:
        yield
    except (TaskError, ModelFileError, PlotError) as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def _cells(file: str, form: "Form", isolation: Any) -> "Iterator[Architecture]":
    """The cells of a submission, in a process of its own as long as this lasts."""
    from gru.submission.process import SubmissionProcess
    from gru.subtraction.submitted import architecture_of

    with SubmissionProcess(file, form=form, whole_limit=math.inf, isolation=isolation) as process:
        warn_of(process.confinement.warning)
        yield architecture_of(process, file, form)


@contextmanager
def _bar(title: str) -> "Iterator[Callable[[Progress], None] | None]":
    """A bar on standard error with the epoch, the loss and the accuracy, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from gru.report.words import printable

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("epoch {task.completed}, loss {task.fields[loss]:.4f}, accuracy {task.fields[accuracy]:.1%}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(printable(title)), loss=math.nan, accuracy=0.0)

        def show(progress: "Progress") -> None:
            bar.update(
                task, completed=progress.epoch, total=progress.epochs, loss=progress.loss, accuracy=progress.accuracy
            )

        yield show
