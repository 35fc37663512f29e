"""The network of the test case: recurrent cells, one linear output V for all steps, a sigmoid.

Knows no data, no optimiser and no cell: the sequence of cells is an argument.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.functions import sigmoid

Parameters = Mapping[str, Array]
"""The parameters by name: those of the cells (`W`, `U`, and `b` of an LSTM with biases), and `V`."""


class Sequence(Protocol):
    """Cells unrolled over time, such as `gru.sequence.GRUSequence`."""

    @property
    def forward(self) -> Callable[..., Array]:
        """From `x` (steps, …, batch, input), h_0 and the weights to the states (steps, …, batch, hidden)."""

    def backward(self, upstream: Array) -> Any:
        """Gradients with an attribute `dW` for the weight W, and so on, given ∂loss/∂h_t from above."""


class Network:
    """Cells sharing their weights, each followed by h_t·V and a sigmoid.

    Every array may carry leading axes after the steps, one set of parameters for each entry:
    many starts at once, or many perturbations. Complex numbers pass through `loss`.
    """

    def __init__(self, sequence: Sequence) -> None:
        self._sequence = sequence

    def logits(self, x: Array, parameters: Parameters, h_0: Array | None = None) -> Array:
        """The outputs before the sigmoid, h_t·V, of shape (steps, …, batch, 1).

        `x` (steps, …, batch, input); `V` (…, hidden, 1); `h_0` (…, batch, hidden), zero by default.
        """
        weights = {name: value for name, value in parameters.items() if name != "V"}
        self._names, self._V = tuple(weights), parameters["V"]
        if h_0 is None:
            h_0 = np.zeros((*x.shape[1:-1], self._V.shape[-2]))
        self._h = self._sequence.forward(x, h_0, *weights.values())
        self._logits: Array = self._h @ self._V
        return self._logits

    def loss(self, x: Array, y: Array, parameters: Parameters, h_0: Array | None = None) -> Array:
        """The binary cross-entropy, summed over the steps and averaged over the batch: (…,).

        `y` (steps, …, batch, 1) holds 0 and 1. This is what training descends; the chapter prints
        its average over the steps.
        """
        self._y = y
        loss: Array = cross_entropy(self.logits(x, parameters, h_0), y).mean(axis=-1).sum(axis=0)
        return loss

    @property
    def last_state(self) -> Array:
        """h_τ, the state after the last step of the last call: (…, batch, hidden)."""
        state: Array = self._h[-1]
        return state

    def gradients(self) -> dict[str, Array]:
        """∂loss/∂parameter for each parameter, by name, at the last call of `loss`.

        The error that enters each step's output is a − y, a being σ of the logit: over the batch,
        (a − y)/batch. δ_t is that times Vᵀ plus the next step's `dh`, which the sequence adds.
        """
        error = (sigmoid(self._logits) - self._y) / self._y.shape[-2]
        of_cells = self._sequence.backward(error @ self._V.mT)
        return {
            **{name: getattr(of_cells, f"d{name}") for name in self._names},
            "V": (self._h.mT @ error).sum(axis=0),
        }


def cross_entropy(logits: Array, y: Array) -> Array:
    """−y·log a − (1 − y)·log(1 − a) with a = σ(logit), as log(1 + e^a) − y·a: (steps, …, batch).

    Written so that it neither overflows nor takes the logarithm of zero, and takes complex numbers.
    """
    sign = np.copysign(1, logits.real)
    softplus = (1 + sign) / 2 * logits + np.log1p(np.exp(-sign * logits))
    entropy: Array = (softplus - y * logits)[..., 0]
    return entropy
