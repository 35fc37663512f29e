"""Training: epochs of shuffled batches until every held-out sample is right, and their history.

Knows no cell and shows nothing; progress goes to a callback, and Ctrl-C keeps what was reached.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from gru.calculus.arrays import Array
from gru.subtraction.data import Data, TaskError
from gru.subtraction.network import Network, Parameters
from gru.subtraction.optimisers import OPTIMISERS, Optimiser, optimiser

Stop = Literal["reached", "epochs", "interrupted", "diverged"]
"""Why training ended: every held-out sample right, no epoch left, Ctrl-C, or a loss that is not finite."""


@dataclass(frozen=True)
class Setting:
    """How to train. The defaults are the chapter's.

    Training stops after the first epoch at which every validation sample is right and the mean
    loss of the epoch, a bit, is at most `loss`; with `loss=0` it goes through all `epochs`. `streak`
    batches in a row go on from the state in which the one before has ended: no a ≥ b leaves a borrow,
    so that the next number may begin there. Raises TaskError on what cannot be meant.
    """

    batch: int = 1
    rate: float = 0.1
    epochs: int = 100
    optimiser: Optimiser = "sgd"
    loss: float = math.inf
    streak: int = 1

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise TaskError(f"a batch of {self.batch} samples: give 1 or more")
        if not (self.rate > 0 and math.isfinite(self.rate)):
            raise TaskError(f"a learning rate of {self.rate}: give a number above 0, such as 0.1")
        if self.epochs < 1:
            raise TaskError(f"{self.epochs} epochs: give 1 or more")
        if self.optimiser not in OPTIMISERS:
            raise TaskError(f"no optimiser {self.optimiser!r}: give one of {', '.join(OPTIMISERS)}")
        if not self.loss >= 0:
            raise TaskError(f"a loss of {self.loss} to stop at: give 0 or more")
        if self.streak < 1:
            raise TaskError(f"a streak of {self.streak} batches: give 1 or more")


@dataclass(frozen=True)
class Progress:
    """Where training is after an epoch: its number from 1, its mean loss and the validation accuracy."""

    epoch: int
    epochs: int
    loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class History:
    """What training went through.

    `losses` (iterations, …) is the loss of each batch before its step, averaged over the bits;
    `accuracies` (epochs, …) the share of the validation samples with every bit right, after each
    epoch. The other axes are those of the starts.
    """

    losses: Array
    accuracies: Array
    iterations_per_epoch: int
    stop: Stop

    @property
    def epochs(self) -> int:
        """How many epochs were completed."""
        return len(self.accuracies)

    def epochs_to_full_accuracy(self) -> Array:
        """The first epoch, from 1, after which every validation sample was right: (…,), NaN where none."""
        full = self.accuracies == 1
        if not len(full):
            return np.full(full.shape[1:], np.nan)
        return np.where(full.any(axis=0), full.argmax(axis=0) + 1.0, np.nan)


@dataclass(frozen=True, eq=False)
class Trained:
    """The parameters that training reached, by name, and how it got there."""

    parameters: Parameters
    history: History


class Shuffler(Protocol):
    """What puts the samples in order: a `numpy.random.Generator`, or `Shufflers`."""

    def permutation(self, x: Any, /) -> Any:
        """`x` in a random order."""


class Shufflers:
    """One generator for each of many starts, so that each start goes as it would alone."""

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self._generators = generators

    def permutation(self, x: Array, /) -> Array:
        """`x` (starts, samples), each row in the order of its own generator."""
        return np.stack([rng.permutation(row) for rng, row in zip(self._generators, x, strict=True)])


def train(
    network: Network,
    parameters: Parameters,
    training: Data,
    validation: Data,
    setting: Setting,
    shuffler: Shuffler,
    on_progress: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train a network until every start is done.

    A loss that is not finite (of every start) ends training with the last parameters that were.

    Args:
        network: The network.
        parameters: Where it starts; they may carry a leading axis of starts, as may the samples.
        training: The samples that it learns from.
        validation: The samples that it is held against after each epoch.
        setting: How it is trained.
        shuffler: Draws the order of the samples.
        on_progress: Is told how far training is.

    Raises:
        TaskError: The batch is larger than the data.
    """
    if setting.batch > len(training):
        raise TaskError(
            f"a batch of {setting.batch} from {len(training)} samples: give a batch of at most {len(training)}"
        )
    under_way = _Training(network, parameters, training, validation, setting, shuffler)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            stop = under_way.run(on_progress)
    except KeyboardInterrupt:
        stop = "interrupted"
    return under_way.result(stop)


@np.errstate(over="ignore", invalid="ignore")
def accuracy(network: Network, parameters: Parameters, data: Data) -> Array:
    """The share of the samples of `data` with every bit right, (…,).

    A bit is 1 where its logit is above zero. It is 0 at zero itself, which is no rare case: without
    bias, the state stays at zero as long as the input does. A NaN is never right.
    """
    x, y = data.by_steps()
    logits = network.logits(x, parameters)
    right = np.where(y == 1, logits > 0, logits <= 0)
    share: Array = right.all(axis=(0, -1)).mean(axis=-1)
    return share


class _Training:
    """Training under way: the parameters, and the history so far."""

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        training: Data,
        validation: Data,
        setting: Setting,
        shuffler: Shuffler,
    ) -> None:
        self._network, self._parameters, self._before = network, parameters, parameters
        self._training, self._validation = training, validation
        self._setting, self._shuffler = setting, shuffler
        self._step = optimiser(setting.optimiser, setting.rate)
        self._losses: list[Array] = []
        self._accuracies: list[Array] = []
        self._per_epoch = -(-len(training) // setting.batch)

    def run(self, on_progress: Callable[[Progress], None] | None) -> Stop:
        """Go through the epochs; the answer is why they ended."""
        setting = self._setting
        for number in range(1, setting.epochs + 1):
            if not self._epoch():
                return "diverged"
            self._accuracies.append(accuracy(self._network, self._parameters, self._validation))
            loss, right = np.mean(self._losses[-self._per_epoch :], axis=0), self._accuracies[-1]
            if on_progress:
                on_progress(Progress(number, setting.epochs, float(loss.mean()), float(right.mean())))
            if np.all((right == 1) & (loss <= setting.loss)):
                return "reached"
        return "epochs" if _finite(self._parameters) else "diverged"

    def result(self, stop: Stop) -> Trained:
        """What was reached, however it ended."""
        starts = self._training.inputs.shape[:-3]
        losses = np.array(self._losses).reshape(-1, *starts)
        accuracies = np.array(self._accuracies).reshape(-1, *starts)
        parameters = self._parameters if _finite(self._parameters) else self._before
        return Trained(parameters, History(losses, accuracies, self._per_epoch, stop))

    def _epoch(self) -> bool:
        """One step for each batch; False where the loss is no longer finite."""
        order = np.broadcast_to(np.arange(len(self._training)), self._training.inputs.shape[:-2])
        x, y = self._training.reordered(self._shuffler.permutation(order)).by_steps()
        size, steps = self._setting.batch, len(x)
        for number, first in enumerate(range(0, len(self._training), size)):
            batch = (..., slice(first, first + size), slice(None))
            rows = x[batch].shape[-2]
            h_0 = self._network.last_state[..., :rows, :] if number % self._setting.streak else None
            loss = self._network.loss(x[batch], y[batch], self._parameters, h_0) / steps
            self._losses.append(loss)
            if not np.isfinite(loss).any():
                return False
            self._before = self._parameters
            self._parameters = self._step(self._parameters, self._network.gradients())
        return True


def _finite(parameters: Parameters) -> bool:
    """Whether at least one start has parameters that are all finite numbers."""
    starts = [np.isfinite(value).all(axis=(-2, -1)) for value in parameters.values()]
    return bool(np.logical_and.reduce(starts).any())
