"""How often the network of the test case learns to subtract, over many random starts.

    python benchmarks/convergence.py [--starts 1000] [SETTING …]
    python benchmarks/convergence.py generalise [--starts 20]

Every start has a split, first parameters and an order of its own; all are trained at once along a
leading axis, through all of their epochs. `generalise` does what `gru train --generalise 32` does from each
of the seeds, and tests on numbers of other lengths too. Prints a table in Markdown.
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from gru.layers.lstm.cell import LSTMCell
from gru.layers.lstm.sequence import LSTMSequence
from gru.layers.registry import form_named
from gru.subtraction.check import CHECK_TASK
from gru.subtraction.data import random_pairs
from gru.subtraction.demonstration import TESTED_LONG, Task, long_task, run_many, run_until_reached
from gru.subtraction.model import GRU, LSTM, LSTM_WITHOUT_BIAS, Architecture, architecture_for
from gru.subtraction.training import Setting, accuracy


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    title: str
    task: Task
    architecture: Architecture = GRU


class OnePathCut(LSTMCell):
    """An LSTM whose backward pass leaves out the way of the loss through c_{t-1}, as published code does."""

    def backward(self, h_p: Any, c_p: Any, in_grad: Any, c_grad: Any = 0) -> None:
        super().backward(h_p, c_p, in_grad, 0)


RNN = architecture_for(form_named(layer="rnn"))

WATCHED = 0
"""The loss to stop at that stops nothing: every start goes through all its epochs."""

CASES = {
    "chapter": Case("the chapter's own", Task(setting=Setting(loss=WATCHED))),
    "all-pairs": Case("hidden 4, all pairs", Task(setting=Setting(epochs=200, loss=WATCHED), all_pairs=True)),
    "hidden-8": Case("hidden 8, all pairs", Task(hidden=8, setting=Setting(epochs=60, loss=WATCHED), all_pairs=True)),
    "check": Case("the check `training`", CHECK_TASK),
    "lstm": Case("LSTM, the chapter's own", Task(setting=Setting(loss=WATCHED)), LSTM),
    "lstm-without-bias": Case(
        "LSTM without bias, the chapter's own", Task(setting=Setting(loss=WATCHED)), LSTM_WITHOUT_BIAS
    ),
    "lstm-cut": Case(
        "LSTM with the way through c_{t-1} cut, the chapter's own",
        Task(setting=Setting(loss=WATCHED)),
        replace(LSTM, sequence=partial(LSTMSequence, cell=OnePathCut)),
    ),
    "rnn": Case("plain RNN, the chapter's own", Task(setting=Setting(loss=WATCHED)), RNN),
    "check-lstm": Case("the check `training`, LSTM", CHECK_TASK, LSTM),
    "check-rnn": Case("the check `training`, plain RNN", CHECK_TASK, RNN),
}

LENGTHS = (8, 16, 32, 64)
LONG_TASK = long_task(32)

HEADER = (
    *("setting", "hidden", "epochs", "reach 100 %", "are there at the end", "all pairs right"),
    *("median epoch", "last", "s"),
)

AT_ONCE = 250
"""How many starts are trained at once: more are no faster, and their losses fill the memory."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "settings", nargs="*", metavar="SETTING", help=f"generalise, or of {', '.join(CASES)}; by default all"
    )
    parser.add_argument("--starts", type=int, default=1000)
    options = parser.parse_args()
    if options.settings == ["generalise"]:
        print_generalising(range(options.starts))
        return
    print(f"| {' | '.join(HEADER)} |\n{'|---' * len(HEADER)}|")
    for name in options.settings or CASES:
        print(measure(CASES[name], options.starts), flush=True)


def measure(case: Case, starts: int) -> str:
    """One line: shares of the starts, and the epochs at which they first had every watched pair right."""
    begin = time.perf_counter()
    reached, at_end, everything = [], [], []
    for first in range(0, starts, AT_ONCE):
        seeds = range(first, min(first + AT_ONCE, starts))
        trained = run_many(case.task, seeds, case.architecture)
        network = case.architecture.network(case.task.hidden)
        reached.append(trained.history.epochs_to_full_accuracy())
        at_end.append(trained.history.accuracies[-1] == 1)
        everything.append(accuracy(network, trained.parameters, case.task.pairs().shared()) == 1)
    epochs = np.concatenate(reached)
    cells = [
        case.title,
        f"{case.task.hidden}",
        f"{case.task.setting.epochs}",
        *(f"{100 * share.mean():.1f} %" for share in map(np.concatenate, ([~np.isnan(epochs)], at_end, everything))),
        f"{np.nanmedian(epochs):.0f}",
        f"{np.nanmax(epochs):.0f}",
        f"{time.perf_counter() - begin:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def print_generalising(seeds: range) -> None:
    """How many seeds subtract every one of 10,000 random pairs of each length, and how many attempts they took."""
    tests = {bits: random_pairs(TESTED_LONG, bits, np.random.default_rng(bits)) for bits in LENGTHS}
    exact, attempts = dict.fromkeys(LENGTHS, 0), Counter[int]()
    begin = time.perf_counter()
    for seed in seeds:
        done = run_until_reached(replace(LONG_TASK, seed=seed))
        attempts[done.attempt] += 1
        network = done.model.architecture.network(done.model.hidden)
        for bits, pairs in tests.items():
            exact[bits] += bool(accuracy(network, done.model.parameters, pairs) == 1)
    print(f"| bits | seeds of {len(seeds)} with all of {TESTED_LONG:,} pairs right |\n|---|---|")
    for bits, count in exact.items():
        print(f"| {bits} | {count} |")
    print(f"\nAttempts needed: {dict(sorted(attempts.items()))}; {time.perf_counter() - begin:.0f} s in all.")


if __name__ == "__main__":
    main()
