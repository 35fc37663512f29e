"""The curves of loss and accuracy over the iterations, drawn to a file with matplotlib.

matplotlib is an extra, and loaded only when something is drawn. Nothing here opens a window.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from gru.calculus.arrays import Array
from gru.subtraction.training import History

SUFFIXES = (".png", ".svg")

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Okabe and Ito's colours, which the colour-blind can tell apart."""


class PlotError(ValueError):
    """A plot cannot be drawn; the message says why and what to do."""


def require_plot(path: Path) -> None:
    """Raise PlotError where `draw_curves` could not draw to `path`: better before training than after."""
    if path.suffix.lower() not in SUFFIXES:
        raise PlotError(f"cannot draw to {path}: give a name that ends in {' or '.join(SUFFIXES)}")
    if find_spec("matplotlib") is None:
        raise PlotError("a plot needs matplotlib: pip install matplotlib")
    if not path.absolute().parent.is_dir():
        raise PlotError(f"cannot draw to {path}: there is no folder {path.absolute().parent}")


def draw_curves(histories: Mapping[str, History], path: Path) -> None:
    """Draw loss and accuracy over the iterations, one curve for each title in `histories`.

    The loss is the mean over each epoch, with the single batches pale behind it; the accuracy is
    that on the validation pairs after each epoch. A PNG or an SVG, by the suffix of `path`.
    Raises PlotError on another suffix or without matplotlib, and OSError where it cannot be written.
    """
    require_plot(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    for number, (title, history) in enumerate(histories.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        ends, mean = _epoch_means(history)
        above.plot(_iterations(history.losses), history.losses, color=colour, alpha=0.2, linewidth=0.5)
        above.plot(ends, mean, color=colour, label=f"{title}, mean of an epoch")
        # A thick patch stands for the band: its own line is too thin to be seen in a legend.
        above.fill_between([], [], color=colour, alpha=0.2, label=f"{title}, single batches")
        below.plot(ends[: history.epochs], 100 * history.accuracies, color=colour, label=title)
    above.set(title="Loss on the training pairs", ylabel="loss (binary cross-entropy)")
    above.set_ylim(bottom=0)
    below.set(title="Accuracy on the validation pairs", xlabel="iteration", ylabel="validation accuracy (%)")
    below.set_ylim(-2, 104)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, format=path.suffix.lower()[1:], dpi=150)


def _iterations(losses: Array) -> Array:
    return np.arange(1, len(losses) + 1)


def _epoch_means(history: History) -> tuple[Array, Array]:
    """The iteration at which each epoch ended, and its mean loss; the last may be cut short."""
    starts = np.arange(0, len(history.losses), history.iterations_per_epoch)
    ends = np.minimum(starts + history.iterations_per_epoch, len(history.losses))
    if not len(starts):
        return ends, history.losses
    return ends, np.add.reduceat(history.losses, starts) / (ends - starts)
