"""What a training run costs, and what it proves: two tables in Markdown.

    python benchmarks/training.py speed [--repeats 5] [--submission examples/submissions/right.py]
    python benchmarks/training.py mistakes

`speed` holds the chapter's run beside the same arithmetic in one flat loop, and a submission's cells
in their own process beside our own, taking turns; every figure is a median of ratios within a round.
`mistakes` trains a cell with each mistake of the catalogue, at the setting of the check `training`,
and counts those that learn all pairs all the same.
"""

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from gru.calculus import formula
from gru.layers.gru.cell import GRUCell
from gru.layers.gru.equations import EQUATIONS, EXPOSED
from gru.layers.gru.sequence import GRUSequence
from gru.mistakes import Mistake, catalogue
from gru.submission.process import SubmissionProcess
from gru.subtraction.check import learn
from gru.subtraction.demonstration import Task, run
from gru.subtraction.model import GRU
from gru.subtraction.submitted import architecture_of
from gru.subtraction.training import Setting

Array = Any

ROOT = Path(__file__).parents[1]

FATES = ("does not run", "does not learn", "learns all the same")

WHOLE = Task(setting=Setting(loss=0))
"""The chapter's run through all of its 100 epochs."""


def main() -> None:
    """Print the table that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", choices=("speed", "mistakes"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--submission", type=Path, default=ROOT / "examples" / "submissions" / "right.py")
    options = parser.parse_args()
    if options.table == "speed":
        print_speed(options.repeats, options.submission)
    else:
        print_mistakes()


def print_speed(repeats: int, submission: Path) -> None:
    """The two ratios, and their targets."""
    own_to_flat, submitted_to_own = [], []
    for _ in range(repeats):
        flat, own, submitted = flat_seconds(), run(WHOLE).seconds, submitted_seconds(submission)
        own_to_flat.append(own / flat)
        submitted_to_own.append(submitted / own)
    print("| what | ratio | target |")
    print("|---|---|---|")
    print(f"| the chapter's run with our own cell / one flat loop | {statistics.median(own_to_flat):.2f} | ≤ 3 |")
    print(f"| with a submission in its process / our own cell | {statistics.median(submitted_to_own):.2f} | ≤ 2 |")


def submitted_seconds(submission: Path) -> float:
    """What the run takes with the cells of a file."""
    with SubmissionProcess(submission, whole_limit=inf) as process:
        return run(WHOLE, architecture_of(process, submission.name)).seconds


def flat_seconds() -> float:
    """What the training arithmetic of the run takes in one loop; ends with the same weights."""
    start, trained = run(replace(WHOLE, setting=replace(WHOLE.setting, epochs=1))), WHOLE.setting
    rng = np.random.default_rng(WHOLE.seed)
    rng.permutation(len(start.pairs))
    weights = GRU.initial(WHOLE.hidden, rng)
    W, U, V = weights.values()
    begin = time.perf_counter()
    for epoch in range(trained.epochs):
        for sample in rng.permutation(len(start.parts.training)):
            W, U, V = flat_step(start.parts.training.inputs[sample], start.parts.training.labels[sample], W, U, V)
        if epoch == 0:
            np.testing.assert_allclose(W, start.model.parameters["W"], rtol=1e-9)
    return time.perf_counter() - begin


def flat_step(x: Array, y: Array, W: Array, U: Array, V: Array) -> tuple[Array, Array, Array]:
    """One sample forward, backward and down the gradient: (1)–(4) and (8)–(24) without functions or classes."""
    H, I = len(V), 2  # noqa: E741
    wz, wr, wn, uz, ur, un = W[:H], W[H : 2 * H], W[2 * H :], U[:I], U[I : 2 * I], U[2 * I :]
    h, kept = np.zeros((1, H)), []
    for x_t in x[:, None]:
        z = 1 / (1 + np.exp(-(h @ wz + x_t @ uz)))
        r = 1 / (1 + np.exp(-(h @ wr + x_t @ ur)))
        n = np.tanh((r * h) @ wn + x_t @ un)
        kept.append((x_t, h, z, r, n))
        h = (1 - z) * h + z * n
    dW, dU, dV, dh = np.zeros_like(W), np.zeros_like(U), np.zeros_like(V), np.zeros((1, H))
    for (x_t, h_p, z, r, n), y_t in zip(reversed(kept), y[::-1, None], strict=True):
        error = 1 / (1 + np.exp(-(h @ V))) - y_t
        dV += h.T @ error
        d = error @ V.T + dh
        dzz = d * (n - h_p) * z * (1 - z)
        dzn = d * z * (1 - n * n)
        through = dzn @ wn.T
        dzr = through * h_p * r * (1 - r)
        dW += np.concatenate((h_p.T @ dzz, h_p.T @ dzr, (r * h_p).T @ dzn))
        dU += np.concatenate((x_t.T @ dzz, x_t.T @ dzr, x_t.T @ dzn))
        dh = d * (1 - z) + through * r + dzr @ wr.T + dzz @ wz.T
        h = h_p
    rate = WHOLE.setting.rate
    return W - rate * dW, U - rate * dU, V - rate * dV


def print_mistakes() -> None:
    """What becomes of each mistake of the catalogue in the check `training`, counted by equation."""
    print(f"| equation | mistakes | {' | '.join(FATES)} |\n|---|---{'|---' * len(FATES)}|")
    together = Counter[str]()
    for equation in EXPOSED:
        fates = Counter(fate(mistake) for mistake in catalogue(equation.number))
        if fates:
            print(f"| ({equation.number}) `{equation.name}` | {counts(fates)} |", flush=True)
        together += fates
    print(f"| together | {counts(together)} |")


def counts(fates: Counter[str]) -> str:
    """The cells of a row: the sum, and each count."""
    return " | ".join(str(count) for count in (fates.total(), *(fates[fate] for fate in FATES)))


def fate(mistake: Mistake) -> str:
    """One of `FATES`: how a cell fares that is right but for one formula."""
    cell = partial(MistakenCell, mistake)
    try:
        done = learn(replace(GRU, sequence=lambda inputs, hidden: GRUSequence(inputs, hidden, cell)))
    except (NameError, ValueError):
        # Shapes that do not go together, or a value that is not there yet.
        return FATES[0]
    return FATES[2] if done.history.stop == "reached" else FATES[1]


class MistakenCell(GRUCell):
    """The chapter's cell, computed equation by equation, one of them wrong."""

    def __init__(self, mistake: Mistake, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self._mistake = mistake

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        """(1)–(4)."""
        self.get_params(W, U)
        self.x = x
        self._compute(("z", "r", "n", "h"), {"h_p": h_p})
        return self.h

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24)."""
        names = ("dzz", "dzn", "dzr", "dwn", "dun", "dwr", "dur", "dwz", "duz", "dh", "dx")
        self._compute(names, {"h_p": h_p, "in_grad": in_grad})
        self.merge_params()

    def _compute(self, names: tuple[str, ...], arguments: Mapping[str, Array]) -> None:
        for name in names:
            at = vars(self) | arguments
            mistaken = name == self._mistake.equation.name
            setattr(self, name, self._wrong(at) if mistaken else BY_NAME[name](at))

    def _wrong(self, at: Mapping[str, Array]) -> Array:
        inside = formula.names(self._mistake.expression)
        before = {EQUATIONS[k].name: EQUATIONS[k](at) for k in (5, 6, 7) if EQUATIONS[k].name in inside}
        return formula.evaluate(self._mistake.expression, {**at, **before, "batch": len(self.x)})


BY_NAME = {equation.name: equation for equation in EXPOSED}

if __name__ == "__main__":
    main()
