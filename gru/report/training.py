"""What a training run came to, as lines of text. It computes no result and prints nothing."""

import math
from collections.abc import Mapping, Sequence

from gru.report.words import printable
from gru.subtraction.data import Data
from gru.subtraction.demonstration import Run
from gru.subtraction.examples import written_out
from gru.subtraction.model import Architecture

EXAMPLES = 3
"""How many subtractions are shown."""


def summary(run: Run) -> list[str]:
    """The run in a few lines: what was trained, how it ended, and how many pairs come out right."""
    task, setting, history = run.task, run.task.setting, run.history
    architecture = run.model.architecture
    of_task = f"{task.bits} bits, {task.hidden} hidden units, {architecture.size(task.hidden)} parameters"
    how = f"batch {setting.batch}, rate {setting.rate:g}, {setting.optimiser}"
    epochs = "1 epoch" if history.epochs == 1 else f"{history.epochs} epochs"
    attempt = f", attempt {run.attempt}" if run.attempt > 1 else ""
    return [
        f"{printable(architecture.title)}: {of_task}, seed {task.seed}{attempt}",
        f"trained     {epochs} of {len(run.parts.training)} pairs, {how}, {run.seconds:.1f} s",
        f"ended       {_ending(run)}",
        f"validation  {_share(float(history.accuracies[-1]) if history.epochs else None, run.parts.validation)}",
        f"test        {_share(run.test_accuracy, run.parts.test)}",
        f"together    {_share(run.overall_accuracy, run.pairs)}",
    ]


def examples(run: Run) -> str:
    """A few of the test's subtractions in the chapter's form."""
    shown = run.parts.test.take(slice(EXAMPLES))
    return written_out(shown, run.model.predict(shown))


def comparison(runs: Sequence[Run], reached: Mapping[str, int | None], starts: int) -> list[str]:
    """The runs side by side; `reached` holds, by title, how many of the `starts` reach the goal."""
    rows = [
        ("", *(printable(run.model.architecture.title) for run in runs)),
        ("parameters", *(str(run.model.architecture.size(run.task.hidden)) for run in runs)),
        ("epochs to 100 %", *(_to_full(run, float(run.history.epochs)) for run in runs)),
        ("seconds to 100 %", *(_to_full(run, run.seconds) for run in runs)),
        ("test accuracy", *(f"{100 * run.test_accuracy:.1f} %" for run in runs)),
        ("starts to 100 %", *(_starts(reached[run.model.architecture.title], starts) for run in runs)),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            (row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)))
        )
        for row in rows
    ]


def divergence(architecture: Architecture, file: str | None) -> str:
    """What to do where the loss of these cells is no longer a number."""
    cell = f", or let `gru check {printable(file)}` look for a wrong gradient" if file else ""
    return f"{printable(architecture.title)}: the loss is no longer a finite number; give a smaller --rate{cell}"


def unreached(file: str) -> str:
    """What to do where a network of a submission's cells has not learnt every pair."""
    return f"not every pair is right; `gru check {printable(file)}` tells whether a gradient is wrong"


def _ending(run: Run) -> str:
    match run.history.stop:
        case "reached":
            goal = run.task.setting.loss
            low = f", and the loss is at most {goal:g}" if math.isfinite(goal) else ""
            return f"every validation pair is right{low}"
        case "epochs":
            epochs = run.task.setting.epochs
            return "the one epoch is over" if epochs == 1 else f"the {epochs} epochs are over"
        case "interrupted":
            return f"interrupted in epoch {run.history.epochs + 1}; this is what was reached"
        case "diverged":
            return (
                f"the loss is no longer a finite number, in epoch {run.history.epochs + 1}; "
                "this is what was reached before"
            )


def _share(accuracy: float | None, data: Data) -> str:
    if accuracy is None:
        return "not reached"
    return f"{100 * accuracy:.4g} %, {round(accuracy * len(data)):,} of {len(data):,} pairs of {data.bits} bits"


def _to_full(run: Run, number: float) -> str:
    return f"{number:.3g}" if run.history.stop == "reached" else "not reached"


def _starts(reached: int | None, starts: int) -> str:
    return "interrupted" if reached is None else f"{reached} of {starts}"
