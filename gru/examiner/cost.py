"""What a backward pass costs beside its forward pass: one that differentiates by trying is told apart by that.

Perturbing one's own forward pass gives right values and no derivation. It judges no value.
"""

from math import prod, sqrt
from time import perf_counter
from typing import Any

import numpy as np

from gru.layers.gru.shapes import Sizes, shape_of
from gru.submission.contract import CellError, Runner, SubmissionFailure

SIZES = Sizes(batch=1, input=32, hidden=64, steps=1)
"""So large that trying every parameter takes much longer than the slowest way to write a derived formula."""

STEPS = 21
"""The forward pass is timed over so many steps, so that the way to the process and back counts little."""

PARAMETERS = prod(shape_of("W", SIZES)) + prod(shape_of("U", SIZES))

SLOWEST_DERIVED = 500
"""What a derived backward pass may cost, in forward passes.

It multiplies about twice as often as its forward pass; written in plain Python loops beside a forward
pass in NumPy, some 250 times slower.
"""

LIMIT = sqrt(SLOWEST_DERIVED * PARAMETERS)
"""Half way, as ratios go, between that and one forward pass for each parameter."""

SAMPLES = 10
"""Of so many times of the forward pass the shortest is taken: something else may run in between."""

REPEATS = 3
"""How often a time has to be beyond the limit: a machine that is busy with something else is not, each time."""


def judge_cost(runner: Runner, seed: int) -> str | None:
    """What is wrong with the cost of a submission's backward pass; None where nothing is.

    For submissions whose values are right: of others it says nothing. Raises SubmissionFailure
    where the submission fails to run.
    """
    try:
        forward = min(_seconds_of_forward(runner, seed, STEPS) for _ in range(SAMPLES)) / STEPS
        backward = float("inf")
        for _ in range(REPEATS):
            took, ended = _seconds_of_backward(runner, seed)
            backward = min(backward, took)
            if backward <= LIMIT * forward and ended:
                raise ended
            if backward <= LIMIT * forward:
                return None
            if ended:
                break
    except CellError:
        return None
    return (
        f"backward takes as long as {_rounded(backward / forward)} forward passes where there are {PARAMETERS} "
        "parameters: it tries them one by one; a derived backward pass takes as long as a few"
    )


def _rounded(ratio: float) -> str:
    """Two digits are as much as a time is good for."""
    return f"{float(f'{ratio:.1e}'):,.0f}"


def _problem(seed: int, steps: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    sizes = SIZES._replace(steps=steps)
    return {
        "x": rng.normal(size=(steps, *shape_of("x", sizes))),
        "h_0": np.tanh(rng.normal(size=shape_of("h", sizes))),
        "W": rng.normal(size=shape_of("W", sizes)) / 8,
        "U": rng.normal(size=shape_of("U", sizes)) / 6,
    }


def _seconds_of_forward(runner: Runner, seed: int, steps: int) -> float:
    sizes = SIZES._replace(steps=steps)
    given, states = _problem(seed, steps), (steps, *shape_of("h", sizes))
    began = perf_counter()
    runner.unroll(sizes, given, [states])
    return perf_counter() - began


def _seconds_of_backward(runner: Runner, seed: int) -> tuple[float, SubmissionFailure | None]:
    """The time of one backward pass, and the failure if that was ended by its time limit."""
    _seconds_of_forward(runner, seed, 1)
    upstream = np.random.default_rng(seed).normal(size=(1, *shape_of("h", SIZES)))
    began = perf_counter()
    try:
        runner.unroll(SIZES, {"upstream": upstream}, [shape_of("W", SIZES), shape_of("U", SIZES)])
    except SubmissionFailure as failure:
        if failure.reason != "timed_out":
            raise
        return perf_counter() - began, failure
    return perf_counter() - began, None
