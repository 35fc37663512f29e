"""No false alarm, and hardly a mistake missed, on hand-written backward passes of many kinds."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from benchmarks.gradient_soak import SLOW, one
from gru.gradient import check_vjp
from tests.gradient.functions import MAKERS, in_precision

QUICK = [name for name in MAKERS if name not in SLOW]


def counts(names: Any, seeds: Any) -> Counter[tuple[str, str]]:
    total: Counter[tuple[str, str]] = Counter()
    for seed in seeds:
        for name in names:
            for dtype in (np.float64, np.float32):
                total += one(name, seed, dtype)
    return total


def require_good(found: Counter[tuple[str, str]]) -> None:
    checks = found.total()
    assert found["right", "wrong"] == 0
    assert found["wrong", "right"] == 0
    assert found["right", "cannot_tell"] + found["wrong", "cannot_tell"] <= checks / 20


def test_right_and_wrong_backward_passes_are_told_apart() -> None:
    found = counts(QUICK[::4], [0])
    assert found.total() > 40
    require_good(found)


@pytest.mark.full
def test_many_right_and_wrong_backward_passes_are_told_apart() -> None:
    require_good(counts(QUICK, [0, *range(1000, 1008)]) + counts(SLOW, [1000]))


@pytest.mark.full
def test_two_hundred_steps_of_right_arithmetic_are_no_mistake() -> None:
    rng = np.random.default_rng(3)
    case = in_precision(MAKERS["rnn_of_200_steps"](rng, 1.0), np.float64)
    assert check_vjp(*case, along=2).verdict == "right"
    forward, backward, arguments = case

    def averaged(c: Any, *given: Any) -> list[Any]:
        dx, dh, dW, dU = backward(c, *given)
        return [dx, dh, dW / 200, dU]

    assert check_vjp(forward, averaged, arguments, along=2)["W"].verdict == "wrong"
