"""The network's gradients, as the mathematics has them: every one by a complex step, at random sizes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru import numdiff
from gru.layers.gru.cell import GRUCell
from gru.layers.gru.sequence import GRUSequence
from gru.layers.lstm.sequence import LSTMSequence
from gru.subtraction.model import GRU, INPUTS, LSTM, LSTM_WITHOUT_BIAS, Architecture
from gru.subtraction.network import Network, cross_entropy
from gru.subtraction.optimisers import adam, sgd

Array = Any
ARCHITECTURES = (GRU, LSTM, LSTM_WITHOUT_BIAS)

ROUNDINGS = 400
"""How often an entry of a gradient is rounded, at most: 6 steps of at most 30 operations each, both
ways, on sums of at most 2·5 terms. Times the unit roundoff, beside the largest entry."""

sizes = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6))
seeds = st.integers(0, 2**32)


class Example:
    """A network with random parameters, a random batch, and a first state that is not zero."""

    def __init__(self, architecture: Architecture, size: tuple[int, int, int], seed: int) -> None:
        batch, hidden, steps = size
        rng = np.random.default_rng(seed)
        self.network = architecture.network(hidden)
        self.parameters = {name: rng.normal(size=shape) for name, shape in architecture.shapes(hidden).items()}
        self.x, self.y = rng.normal(size=(steps, batch, INPUTS)), rng.integers(0, 2, (steps, batch, 1)).astype(float)
        self.h_0 = rng.normal(size=(batch, hidden))

    def loss(self, parameters: dict[str, Array]) -> Array:
        return self.network.loss(self.x, self.y, parameters, self.h_0)

    def measured(self, name: str) -> Array:
        """∂loss/∂parameter without the chain rule."""

        def function(value: Array) -> Array:
            # The perturbations come after the steps.
            return self.network.loss(self.x[:, None], self.y[:, None], {**self.parameters, name: value}, self.h_0)

        return numdiff.gradient(function, [self.parameters[name]], wrt=0)


def assert_equal_but_for_rounding(computed: Array, measured: Array) -> None:
    assert computed.shape == measured.shape
    limit = ROUNDINGS * np.finfo(float).eps * max(1.0, np.abs(measured).max(initial=0))
    np.testing.assert_allclose(computed, measured, rtol=0, atol=limit)


def check_gradients(example: Example) -> None:
    example.loss(example.parameters)
    computed = example.network.gradients()
    assert computed.keys() == example.parameters.keys()
    for name, gradient in computed.items():
        assert_equal_but_for_rounding(gradient, example.measured(name))


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
@given(sizes, seeds)
def test_every_gradient_of_the_network_is_the_measured_one(
    architecture: Architecture, size: tuple[int, int, int], seed: int
) -> None:
    check_gradients(Example(architecture, size, seed))


class ForgetsTheState(GRUCell):
    """A cell that passes no gradient to the step before."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        self.dh = 0 * self.dh


def test_the_check_notices_a_wrong_cell() -> None:
    wrong = replace(GRU, sequence=lambda inputs, hidden: GRUSequence(inputs, hidden, ForgetsTheState))
    with pytest.raises(AssertionError, match="Mismatched elements"):
        check_gradients(Example(wrong, (2, 3, 4), 0))


@given(sizes, seeds)
def test_an_lstm_passes_the_gradient_on_to_its_inputs_and_its_first_state(
    size: tuple[int, int, int], seed: int
) -> None:
    example = Example(LSTM, size, seed)
    upstream = np.random.default_rng(seed).normal(size=example.h_0.shape)
    sequence = LSTMSequence(INPUTS, size[1])
    weights = [example.parameters[name] for name in ("W", "U", "b")]

    def loss(x: Array, h_0: Array) -> Array:
        return (np.moveaxis(sequence.forward(np.moveaxis(x, -3, 0), h_0, *weights), 0, -3) * upstream).sum((-1, -2, -3))

    measured = [numdiff.gradient(loss, [example.x, example.h_0], wrt=number) for number in (0, 1)]
    loss(example.x, example.h_0)
    gradients = sequence.backward(np.broadcast_to(upstream, (len(example.x), *upstream.shape)))
    assert_equal_but_for_rounding(gradients.dx, measured[0])
    assert_equal_but_for_rounding(gradients.dh_0, measured[1])


@given(st.integers(1, 4), st.integers(1, 3), seeds)
def test_starts_along_a_leading_axis_go_each_as_it_would_alone(starts: int, batch: int, seed: int) -> None:
    each = [Example(GRU, (batch, 3, 4), seed + start) for start in range(starts)]
    together = {name: np.stack([one.parameters[name] for one in each]) for name in each[0].parameters}
    network = GRU.network(3)
    x, y, h_0 = (
        np.stack([getattr(one, name) for one in each], axis) for name, axis in (("x", 1), ("y", 1), ("h_0", 0))
    )
    losses, gradients = network.loss(x, y, together, h_0), network.gradients()
    for number, one in enumerate(each):
        assert_equal_but_for_rounding(losses[number], one.loss(one.parameters))
        for name, gradient in one.network.gradients().items():
            assert_equal_but_for_rounding(gradients[name][number], gradient)


@given(st.floats(-30, 30), st.sampled_from([0.0, 1.0]))
def test_the_loss_is_the_binary_cross_entropy_of_the_sigmoid(logit: float, y: float) -> None:
    a = 1 / (1 + np.exp(-logit))
    expected = -np.log(a) if y else -np.log1p(-a)
    # 1 − a loses what a has rounded away: an absolute error of eps in a is one of eps·e^|logit|.
    limit = 8 * np.finfo(float).eps * np.exp(abs(logit))
    assert abs(cross_entropy(np.array([[[logit]]]), np.array(y))[0, 0] - expected) <= limit


@pytest.mark.parametrize("logit", [1e4, -1e4])
def test_the_loss_does_not_overflow(logit: float) -> None:
    assert cross_entropy(np.array([[[logit]]]), np.array(float(logit > 0)))[0, 0] == 0
    assert cross_entropy(np.array([[[logit]]]), np.array(float(logit < 0)))[0, 0] == 1e4


def test_the_last_state_is_what_the_next_numbers_may_begin_with() -> None:
    example = Example(GRU, (2, 3, 6), 5)
    network, parameters = example.network, example.parameters
    whole = network.logits(example.x, parameters, example.h_0)
    first = network.logits(example.x[:4], parameters, example.h_0)
    rest = network.logits(example.x[4:], parameters, network.last_state)
    np.testing.assert_array_equal(np.concatenate((first, rest)), whole)


def test_a_network_takes_any_sequence_with_the_two_methods() -> None:
    class Still:
        def forward(self, x: Array, h_0: Array, *weights: Array) -> Array:
            return np.stack([h_0 for _ in x])

        def backward(self, upstream: Array) -> Any:
            raise NotImplementedError

    logits = Network(Still()).logits(np.ones((4, 1, 2)), {"V": np.ones((3, 1))})
    np.testing.assert_array_equal(logits, np.zeros((4, 1, 1)))


# Optimisers

Step = Callable[[dict[str, Array], dict[str, Array]], dict[str, Array]]


def test_stochastic_gradient_descent_goes_against_the_gradient() -> None:
    moved = sgd(0.1)({"W": np.array([1.0, 2.0])}, {"W": np.array([5.0, -5.0])})
    np.testing.assert_allclose(moved["W"], [0.5, 2.5], rtol=1e-15)


def test_the_first_step_of_adam_is_as_long_as_the_rate_whatever_the_gradient() -> None:
    moved = adam(0.1)({"W": np.zeros(3)}, {"W": np.array([1e3, -1.0, 1e-3])})
    np.testing.assert_allclose(moved["W"], [-0.1, 0.1, -0.1], rtol=1e-4)


def test_adam_is_algorithm_1_of_its_paper() -> None:
    rng = np.random.default_rng(0)
    step, W, m, v = adam(0.01), np.zeros(3), np.zeros(3), np.zeros(3)
    expected = W
    for t in range(1, 6):
        gradient = rng.normal(size=3)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        expected = expected - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        W = step({"W": W}, {"W": gradient})["W"]
        np.testing.assert_allclose(W, expected, rtol=1e-12)
