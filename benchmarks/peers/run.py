"""This project beside the checkers that users would otherwise take: speed as ratios, and what is caught.

    python -m benchmarks.peers.run [speed] [caught] [growth] [--plot FILE] [--patience 60] [--quick]

The same GRU, the same problems, the same hand-written gradient, one run, one thread for all. Each checker
uses its own decision rule. Tables in Markdown; every ratio is that of medians of rounds in which all took turns.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.checkers import Checker, Gradient, checkers
from benchmarks.peers.gru_numpy import BLOCKS, blocks_of, by_hand, by_hand_fast
from gru import oracle
from gru.calculus import formula
from gru.layers.gru.cell import GRUCell
from gru.layers.gru.equations import EQUATIONS
from gru.mistakes import catalogue
from gru.problem import Problem, find

Array = Any

SIZES = ((1, 1, 2, 4), (4, 3, 2, 4), (4, 8, 8, 16), (10, 8, 16, 32), (20, 16, 64, 128))
"""Steps, batch, input, hidden."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
XLA = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}

ROUNDS, LONGEST = 9, 5.0
"""How often a call is timed, and after how many seconds of it no more."""

PEERS = ("numpy", "scipy", "torch", "jax", "chex", "autograd", "numdifftools", "findiff")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", default=[], choices=[[], "speed", "caught", "growth"])
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--patience", type=float, default=60.0, help="seconds that one check may take")
    parser.add_argument(
        "--quick", action="store_true", help="a third of the rounds, and a fifth of what is to be caught"
    )
    options = parser.parse_args()
    if any(os.environ.get(name) != number for name, number in ONE_THREAD.items()):
        # A library reads how many threads it may have when it is loaded, which it already is.
        os.execve(
            sys.executable, [sys.executable, "-m", "benchmarks.peers.run", *sys.argv[1:]], os.environ | ONE_THREAD | XLA
        )
    print(f"Python {sys.version.split()[0]}, {', '.join(versions())}; one thread.\n")
    tables = options.tables or ["speed", "caught", "growth"]
    if "speed" in tables:
        print_speed(options.patience, 3 if options.quick else ROUNDS)
    if "caught" in tables:
        print_caught(1 if options.quick else PROBLEMS)
    if "growth" in tables:
        print_growth(options.plot)


def versions() -> Iterator[str]:
    """The peers that are installed, with their versions."""
    for name in PEERS:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"


def problem_of(steps: int, batch: int, inputs: int, hidden: int, regime: str = "ordinary", seed: int = 0) -> Problem:
    """The problem of these sizes."""
    return find(f"{batch},{inputs},{hidden},{steps}/{regime}/float64/{seed}")


def variables(problem: Problem) -> int:
    """How many entries the gradient has."""
    return sum(block.size for block in blocks_of(problem))


def right(problem: Problem) -> Gradient:
    """The right gradient on a problem, by hand, as fast as NumPy can be made to be."""
    return lambda blocks: by_hand_fast(*blocks, problem.upstream.astype(float))


# Speed


def print_speed(patience: float, rounds: int) -> None:
    """How many times as long each peer takes as this project, complete and along one direction."""
    all_checkers = checkers()
    _require_agreement(problem_of(*SIZES[1]))
    seconds = {size: measured(problem_of(*size), all_checkers, patience, rounds) for size in SIZES}
    for complete, title in ((True, "complete"), (False, "one direction")):
        ours = next(c.name for c in all_checkers if c.name.startswith("gru") and c.complete == complete)
        peers = [checker for checker in all_checkers if checker.complete == complete and checker.name != ours]
        print(f"Time of a check, {title}, as a multiple of ours; below, ours as a multiple of forward and backward\n")
        _print_sizes()
        for checker in peers:
            print(f"| {checker.name} | {' | '.join(_times(seconds[s], checker.name, ours) for s in SIZES)} |")
        for by in ("forward and backward", "by cells"):
            own = (_times(seconds[s], ours, by) for s in SIZES)
            print(f"| **gru** / {by} | {' | '.join(own)} |")
        milliseconds = (f"{1e3 * t:.3g}" if (t := seconds[s][ours]) is not None else "–" for s in SIZES)
        print(f"| gru, ms, for scale | {' | '.join(milliseconds)} |\n")
        alone = [checker for checker in peers if checker.measure is not None]
        if alone:
            print(f"The measurement alone, {title}, without the gradient that is checked, as a multiple of ours\n")
            _print_sizes()
            for checker in alone:
                times = (_times(seconds[s], f"{checker.name}, alone", f"{ours}, alone") for s in SIZES)
                print(f"| {checker.name} | {' | '.join(times)} |")
            print()


def _print_sizes() -> None:
    print(f"| steps, batch, input, hidden | {' | '.join(str(size) for size in SIZES)} |\n{'|---' * 6}|")
    print(f"| variables | {' | '.join(f'{variables(problem_of(*size)):,}' for size in SIZES)} |")


def _times(seconds: dict[str, float | None], name: str, ours: str) -> str:
    theirs, own = seconds.get(name), seconds.get(ours)
    return "–" if theirs is None or own is None else f"{theirs / own:.3g}"


def measured(problem: Problem, all_checkers: list[Checker], patience: float, rounds: int) -> dict[str, float | None]:
    """The median time of each checker; None for one that takes longer than patience allows."""
    gradient = right(problem)
    calls: dict[str, Callable[[], Any]] = {"forward and backward": lambda: gradient(blocks_of(problem))}
    calls["by cells"] = lambda: by_hand(*blocks_of(problem), problem.upstream.astype(float))
    for checker in all_checkers:
        if variables(problem) <= checker.largest:
            calls[checker.name] = checker.as_used(problem, gradient)
            if checker.measure is not None:
                calls[f"{checker.name}, alone"] = partial(checker.measure, problem)
    forward = _seconds(calls["forward and backward"])
    found: dict[str, float | None] = {}
    for checker in all_checkers:
        # A complete check by differences takes at least a forward pass for each variable.
        if checker.complete and checker.name in calls and variables(problem) * forward / 3 > patience:
            for name in {checker.name, f"{checker.name}, alone"} & calls.keys():
                found[name] = None
                del calls[name]
    once = {name: _seconds(call) for name, call in calls.items()}
    # What is slow is timed once; but a compiler (JAX's) is slow the first time alone.
    times = {name: [s] if s > LONGEST * rounds / ROUNDS / 2 and "JAX" not in name else [] for name, s in once.items()}
    slow = {name for name, taken in times.items() if taken}
    for _ in range(rounds):
        for name, call in calls.items():
            if name not in slow and sum(times[name]) < LONGEST:
                times[name].append(_seconds(call))
    return found | {name: statistics.median(taken) for name, taken in times.items()}


def _seconds(call: Callable[[], Any]) -> float:
    """The time of a call; a short one is repeated, and its time divided."""
    begin = time.process_time()
    call()
    once = time.process_time() - begin
    repeats = int(min(100, 0.02 / once))
    if repeats < 2:
        return once
    begin = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - begin) / repeats


def _require_agreement(problem: Problem) -> None:
    """The same function in every framework, to 1e-12, and every checker content with the right gradient."""
    from benchmarks.peers import gru_numpy

    blocks, upstream = blocks_of(problem), problem.upstream.astype(float)
    values = {"numpy": float(gru_numpy.loss(*blocks, upstream))}
    try:
        import torch

        from benchmarks.peers import gru_torch

        values["torch"] = float(gru_torch.loss(*map(torch.from_numpy, blocks), torch.from_numpy(upstream)))
    except ImportError:
        pass
    try:
        from benchmarks.peers import gru_autograd

        values["autograd"] = float(gru_autograd.loss(*blocks, upstream))
    except ImportError:
        pass
    try:
        import jax

        from benchmarks.peers import gru_jax

        jax.config.update("jax_enable_x64", True)
        values["jax"] = float(gru_jax.loss(*blocks, upstream))
    except ImportError:
        pass
    for name, value in values.items():
        np.testing.assert_allclose(value, values["numpy"], rtol=1e-12, err_msg=name)
    truth = oracle.full_gradient(problem)
    for gradient in (by_hand, by_hand_fast):
        for name, block in zip(BLOCKS, gradient(*blocks, upstream), strict=True):
            np.testing.assert_allclose(block, truth[name], rtol=0, atol=1e-12)


# What is caught

CAUGHT_AT = (4, 3, 2, 4)
LONG = (30, 3, 2, 4)
PROBLEMS = 5
TOO_SLOW = ("numdifftools.Gradient",)
"""What takes seconds for one gradient is left out of this table: it judges by `np.allclose`, as others do."""


def mistakes() -> list[Callable[[int, int], Any]]:
    """Cells with one formula replaced: two mistakes of the catalogue in each equation that shows in a gradient."""
    cells = []
    for number in (8, 9, 10, 11, 12, 13, 14, 15, 16, 23, 24):
        known = [m for m in catalogue(number) if _runs(number, m.expression)]
        for mistake in known[:: max(1, len(known) // 2)][:2]:
            cells.append(partial(_Mistaken, number, mistake.expression))
    return cells


class _Mistaken(GRUCell):
    """The project's cell with one formula of its backward pass replaced."""

    def __init__(self, number: int, tree: Any, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self._number, self._tree = number, tree

    def backward(self, h_p: Array, in_grad: Array) -> None:
        values = {name: getattr(self, name) for name in ("x", "z", "r", "n", "h", "wz", "wr", "wn", "uz", "ur", "un")}
        values |= {"h_p": h_p, "in_grad": in_grad}
        for number in (8, 9, 10, 11, 12, 13, 14, 15, 16, 23, 24):
            equation = EQUATIONS[number]
            values[equation.name] = formula.evaluate(self._tree, values) if number == self._number else equation(values)
            setattr(self, equation.name, values[equation.name])
        self.merge_params()


def _runs(number: int, tree: Any) -> bool:
    """Whether a mistake gives a block of the right shape, and another value, on these sizes."""
    problem = problem_of(*CAUGHT_AT)
    blocks, upstream = blocks_of(problem), problem.upstream.astype(float)
    try:
        wrong = by_hand(*blocks, upstream, partial(_Mistaken, number, tree))
    except Exception:
        return False
    true = by_hand(*blocks, upstream)
    same = [np.shape(a) == np.shape(b) for a, b in zip(wrong, true, strict=True)]
    return all(same) and any(np.abs(a - b).max() > 1e-9 for a, b in zip(wrong, true, strict=True))


def situations(count: int) -> dict[str, tuple[list[Problem], list[Callable[[Problem], Gradient]]]]:
    """The problems of each situation, and the wrong gradients that are tried on each of them."""
    ordinary = [problem_of(*CAUGHT_AT, seed=seed) for seed in range(count)]
    scaled = [replace(problem, upstream=problem.upstream * 1e-6) for problem in ordinary]
    long = [_last_only(problem_of(*LONG, seed=seed)) for seed in range(count)]
    planted = [partial(_by_cell, cell) for cell in mistakes()]
    off = [partial(_one_entry_off, block) for block in range(len(BLOCKS))]
    return {
        "ordinary": (ordinary, planted),
        "loss × 1e-6": (scaled, planted),
        "one entry off by 1e-3": (ordinary, off),
        "30 steps, loss on the last": (long, planted),
    }


def _by_cell(cell: Callable[[int, int], Any], problem: Problem) -> Gradient:
    return lambda blocks: by_hand(*blocks, problem.upstream.astype(float), cell)


def _one_entry_off(block: int, problem: Problem) -> Gradient:
    def gradient(blocks: list[Array]) -> list[Array]:
        found = by_hand(*blocks, problem.upstream.astype(float))
        found[block] = found[block].copy()
        largest = np.abs(found[block]).argmax()
        found[block].flat[largest] *= 1 + 1e-3
        return found

    return gradient


def _last_only(problem: Problem) -> Problem:
    upstream = np.zeros_like(problem.upstream)
    upstream[-1] = problem.upstream[-1]
    return replace(problem, upstream=upstream)


def print_caught(problems: int) -> None:
    """The share of wrong gradients that each checker catches, and of right ones that it calls wrong."""
    columns = situations(problems)
    print("Wrong gradients caught, and false alarms on right ones\n")
    print(f"| checker | {' | '.join(columns)} |\n{'|---' * (len(columns) + 1)}|")
    for checker in checkers():
        if checker.name in TOO_SLOW or checker.is_right is None:
            continue
        cells = [_share(checker, *situation) for situation in columns.values()]
        print(f"| {checker.name} | {' | '.join(cells)} |", flush=True)
    counts = ", ".join(f"{len(p) * len(w)}" for p, w in columns.values())
    print(f"\nWrong gradients: {counts}; right ones: {', '.join(str(len(p)) for p, _ in columns.values())}.\n")


def _share(checker: Checker, problems: list[Problem], wrong: list[Callable[[Problem], Gradient]]) -> str:
    caught = [not checker.is_right(problem, make(problem)) for problem in problems for make in wrong]
    alarms = [not checker.is_right(problem, right(problem)) for problem in problems]
    return f"{100 * np.mean(caught):.0f} %, {sum(alarms)} alarms" if any(alarms) else f"{100 * np.mean(caught):.0f} %"


# Growth


GROWTH = (4, 6, 8, 12, 16, 24, 32, 48)
"""Hidden sizes; input the same, batch 4, steps 5."""


def print_growth(plot: Path | None) -> None:
    """The cost of both jobs against the number of variables, and the slopes."""
    ours = [checker for checker in checkers() if checker.name.startswith("gru")]
    problems = [problem_of(5, 4, hidden, hidden) for hidden in GROWTH]
    counts = [variables(problem) for problem in problems]
    curves = {
        checker.name: [
            statistics.median(_seconds(partial(checker.is_right, problem, right(problem))) for _ in range(9))
            for problem in problems
        ]
        for checker in ours
    }
    print(f"| variables | {' | '.join(f'{count:,}' for count in counts)} | slope |\n{'|---' * (len(counts) + 2)}|")
    for name, seconds in curves.items():
        slope = np.polyfit(np.log(counts), np.log(seconds), 1)[0]
        print(f"| {name}, ms | {' | '.join(f'{1e3 * s:.3g}' for s in seconds)} | {slope:.2f} |")
    if plot is not None:
        _draw(plot, counts, curves)


def _draw(path: Path, counts: list[int], curves: dict[str, list[float]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, seconds in curves.items():
        slope = np.polyfit(np.log(counts), np.log(seconds), 1)[0]
        axes.loglog(counts, [1e3 * s for s in seconds], "o-", label=f"{name}: slope {slope:.2f}")
    axes.set(
        title="Time of one check against the size of a sequence of GRU cells",
        xlabel="variables",
        ylabel="milliseconds, on one machine",
    )
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path)


if __name__ == "__main__":
    main()
