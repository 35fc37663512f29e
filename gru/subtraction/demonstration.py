"""The demonstration: one start from a seed, trained and tested; or many starts at once.

Returns data. It never prints, draws or writes a file.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from gru.subtraction.data import Data, TaskError, joined, kept_borrows, pairs, random_pairs, split, stacked
from gru.subtraction.model import GRU, Architecture, Model
from gru.subtraction.network import Parameters
from gru.subtraction.training import History, Progress, Setting, Shufflers, Trained, accuracy, train

OnProgress = Callable[[Progress], None]

ATTEMPTS = 5
"""How many starts a demonstration has that must not fail."""

WATCHED_LONG, TESTED_LONG = 1_000, 10_000
"""How many random pairs of long numbers are watched while training, and how many others are the test.

As many again are watched that keep a borrow for as long as there are columns: of 1,000 random pairs,
none may show a network that forgets it after ten."""


@dataclass(frozen=True)
class Task:
    """What to learn and how: numbers of `bits` bits, `hidden` units, a setting, a seed.

    With `all_pairs` the network trains on every pair and is watched on every pair: nothing is
    held out. With `long`, it is watched and tested on random pairs of numbers of so many bits, of
    which it trains on none. The defaults are the chapter's. Raises TaskError on what cannot be meant.
    """

    bits: int = 4
    hidden: int = 4
    seed: int = 0
    setting: Setting = field(default_factory=Setting)
    all_pairs: bool = False
    long: int | None = None

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise TaskError(f"a seed of {self.seed}: give 0 or more")

    def pairs(self) -> Data:
        """The pairs to learn from: all of them, or a sample drawn by the seed where they are too many."""
        return pairs(self.bits, np.random.default_rng(self.seed))


def long_task(long: int) -> Task:
    """The task of subtracting numbers of `long` bits, learned from numbers of four.

    Streaks and more hidden units are what makes a network keep the borrow in place of counting steps:
    docs/training.md has the rates of success with and without.
    """
    return Task(hidden=16, setting=Setting(epochs=250, loss=0.001, streak=10), all_pairs=True, long=long)


class Parts(NamedTuple):
    """The samples to train on, to watch while training, and to test on."""

    training: Data
    validation: Data
    test: Data


@dataclass(frozen=True, eq=False)
class Run:
    """One start, trained: the model, its history, and how it does on pairs it never saw.

    `pairs` are all that there were, `parts` what became of them. `test_accuracy` is the share of
    the test pairs with every bit right, `overall_accuracy` that of all pairs, seen and unseen.
    `attempt` counts the starts that it took, and `seconds` is the time that the last one did.
    """

    task: Task
    model: Model
    history: History
    pairs: Data
    parts: Parts
    attempt: int
    seconds: float
    test_accuracy: float
    overall_accuracy: float


def run(task: Task, architecture: Architecture = GRU, on_progress: OnProgress | None = None) -> Run:
    """Train one network as `task` says. Raises TaskError where the task cannot be done."""
    data = task.pairs()
    parts, parameters, rng = _start(task, data, task.seed, architecture)
    network = architecture.network(task.hidden)
    begin = time.perf_counter()
    trained = train(network, parameters, parts.training, parts.validation, task.setting, rng, on_progress)
    seconds = time.perf_counter() - begin
    return Run(
        task=task,
        model=Model(architecture, trained.parameters, task.bits),
        history=trained.history,
        pairs=data,
        parts=parts,
        attempt=1,
        seconds=seconds,
        test_accuracy=float(accuracy(network, trained.parameters, parts.test)),
        overall_accuracy=float(accuracy(network, trained.parameters, data)),
    )


def run_until_reached(
    task: Task, architecture: Architecture = GRU, on_progress: OnProgress | None = None, attempts: int = ATTEMPTS
) -> Run:
    """The first run that reaches what the task asks for, from at most so many starts; else the last.

    The first start is that of `run`; the seeds of the others are drawn by the task's.
    """
    others = np.random.SeedSequence(task.seed).generate_state(attempts - 1)
    for attempt, seed in enumerate((task.seed, *map(int, others)), start=1):
        done = replace(run(replace(task, seed=seed), architecture, on_progress), attempt=attempt)
        if done.history.stop in ("reached", "interrupted"):
            break
    return done


def starts_that_reach(task: Task, seeds: Sequence[int], architecture: Architecture = GRU) -> int | None:
    """How many of the starts from `seeds` reach what the task asks for; None where they were interrupted."""
    if architecture.at_once:
        history = run_many(task, seeds, architecture).history
        return None if history.stop == "interrupted" else int(np.isfinite(history.epochs_to_full_accuracy()).sum())
    reached = 0
    for seed in seeds:
        stop = run(replace(task, seed=seed), architecture).history.stop
        if stop == "interrupted":
            return None
        reached += stop == "reached"
    return reached


def run_many(
    task: Task, seeds: Sequence[int], architecture: Architecture = GRU, on_progress: OnProgress | None = None
) -> Trained:
    """Train one network from each of `seeds`, all at once along a leading axis.

    Each goes as `run` would with that seed, but for what rounding does; `task.seed` draws no more
    than the data. All are trained until the last has reached what `task.setting` asks for.
    """
    data = task.pairs()
    starts = [_start(task, data, seed, architecture) for seed in seeds]
    parts, parameters, generators = zip(*starts, strict=True)
    training, validation, _ = (stacked(samples) for samples in zip(*parts, strict=True))
    together = {name: np.stack([one[name] for one in parameters]) for name in parameters[0]}
    network = architecture.network(task.hidden)
    return train(network, together, training, validation, task.setting, Shufflers(generators), on_progress)


def _start(
    task: Task, data: Data, seed: int, architecture: Architecture
) -> tuple[Parts, Parameters, np.random.Generator]:
    """What a seed decides: the split, the first parameters, and the generator that shuffles."""
    rng = np.random.default_rng(seed)
    parts = Parts(data, data, data) if task.all_pairs else Parts(*map(data.take, split(len(data), rng)))
    parameters = architecture.initial(task.hidden, rng)
    if task.long is not None:
        watched = (draw(WATCHED_LONG, task.long, rng) for draw in (random_pairs, kept_borrows))
        parts = Parts(parts.training, joined(*watched), random_pairs(TESTED_LONG, task.long, rng))
    return parts, parameters, rng
