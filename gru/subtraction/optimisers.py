"""Optimisers: how a step of training moves the parameters, given their gradients.

Knows no network: arrays by name go in, and arrays by name come out.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import numpy as np

from gru.calculus.arrays import Array

Arrays = Mapping[str, Array]
Step = Callable[[Arrays, Arrays], dict[str, Array]]
"""From the parameters and their gradients, both by name, to the parameters after the step."""

Optimiser = Literal["sgd", "adam"]
OPTIMISERS: tuple[Optimiser, ...] = get_args(Optimiser)


def optimiser(name: Optimiser, rate: float) -> Step:
    """A fresh optimiser: `sgd`, the chapter's, or `adam`."""
    return sgd(rate) if name == "sgd" else adam(rate)


def sgd(rate: float) -> Step:
    """Plain stochastic gradient descent: p ← p − rate·g."""

    def step(parameters: Arrays, gradients: Arrays) -> dict[str, Array]:
        return {name: value - rate * gradients[name] for name, value in parameters.items()}

    return step


def adam(rate: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Step:
    """Adam, algorithm 1 of Kingma and Ba (2015), with the constants given there.

    m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  p ← p − rate·m̂/(√v̂ + ε), where m̂ and v̂ are m
    and v without the bias of their start at zero.
    """
    m: dict[str, Any] = {}
    v: dict[str, Any] = {}
    count = 0

    def step(parameters: Arrays, gradients: Arrays) -> dict[str, Array]:
        nonlocal count
        count += 1
        moved = {}
        for name, value in parameters.items():
            gradient = gradients[name]
            m[name] = beta1 * m.get(name, 0.0) + (1 - beta1) * gradient
            v[name] = beta2 * v.get(name, 0.0) + (1 - beta2) * gradient * gradient
            unbiased_m, unbiased_v = m[name] / (1 - beta1**count), v[name] / (1 - beta2**count)
            moved[name] = value - rate * unbiased_m / (np.sqrt(unbiased_v) + epsilon)
        return moved

    return step
