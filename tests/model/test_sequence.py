"""Backpropagation through time: every gradient of a sequence, for any upstream gradient at every step.

(17)–(22) are held against the oracle within the examiner's limit; all of them, and δ_{x_t} and
δ_{h_0}, against Ridders' method, which knows nothing of the GRU and bounds its own error.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from gru import GRUCell, GRUSequence, numdiff
from gru.examiner.judging.reference import Reference
from gru.layers.gru import parameters
from gru.problem import Problem, find
from gru.strategies import precisions, problems, regimes, sizes

Array = Any
UNIT = np.finfo(float).eps

SMOOTH = regimes(among=["ordinary", "tiny", "zero-state", "zero-input", "small-upstream", "large-upstream"])
"""Regimes in which differences over a finite step see the function's slope."""


def forward(x: Array, h_0: Array, W: Array, U: Array) -> Array:
    return GRUSequence(x.shape[-1], h_0.shape[-1]).forward(x, h_0, W, U)


def gradients(problem: Problem) -> dict[str, Array]:
    """∂loss/∂argument, in the order of the arguments of `forward`."""
    sequence = GRUSequence(problem.sizes.input, problem.sizes.hidden)
    sequence.forward(problem.x, problem.h_0, problem.W, problem.U)
    found = sequence.backward(problem.upstream)
    return {"dx": found.dx, "dh_0": found.dh_0, "dW": found.dW, "dU": found.dU}


@given(problem=problems(sizes=sizes(max_steps=12)))
def test_the_sums_are_the_oracles(problem: Problem) -> None:
    """(17)–(22) in every regime and both precisions."""
    reference, found = Reference(problem), gradients(problem)
    for stacked, prefix in (("dW", "sum_dw"), ("dU", "sum_du")):
        size = found[stacked].shape[0] // 3
        for gate, block in zip(parameters.GATES, parameters.split(found[stacked], size), strict=True):
            name = prefix + gate
            error = np.abs(block - reference.truth[name]).max()
            assert error <= reference.limits(name, problem.precision), name


@given(problem=problems(sizes=sizes(max_steps=6), regimes=SMOOTH, precisions=precisions(among=["float64"])))
def test_every_gradient_is_ridders(problem: Problem) -> None:
    """The slope along a Gaussian direction in each argument, within the bound of the measurement."""
    arguments = [problem.x, problem.h_0, problem.W, problem.U]

    def loss(*moved: Array) -> Any:
        return np.sum(problem.upstream * forward(*moved))

    magnitude = float(np.abs(problem.upstream * forward(*arguments)).sum())
    directions = numdiff.gaussian_directions(np.random.default_rng(0), arguments)
    for position, (name, gradient) in enumerate(gradients(problem).items()):
        along = directions[position]
        measured = numdiff.ridders(loss, arguments, along, magnitude=_rounded(problem, magnitude))
        terms = gradient * along[position]
        assert abs(terms.sum() - measured.value) <= measured.error + UNIT * terms.size * np.abs(terms).sum(), name


def _rounded(problem: Problem, magnitude: float) -> float:
    """The terms of the loss, counted as often as each is rounded on its way through a step."""
    _, inputs, hidden, steps = problem.sizes
    roundings_of_a_step = inputs + hidden + 12
    upstream = float(np.abs(problem.upstream).sum())
    return magnitude + roundings_of_a_step * steps * upstream


@pytest.mark.parametrize("steps", [1, 2, 12, 40])
def test_any_number_of_steps(steps: int) -> None:
    problem = find(f"2,3,4,{steps}/ordinary/float64/0")
    found = gradients(problem)
    assert found["dx"].shape == (steps, 2, 3)
    assert found["dh_0"].shape == (2, 4)
    reference = Reference(problem)
    blocks = parameters.split(found["dW"], 4)
    assert np.abs(blocks[1] - reference.truth["sum_dwr"]).max() <= reference.limits("sum_dwr", "float64")


def test_an_upstream_gradient_counts_at_every_step() -> None:
    """By linearity, the gradient is the sum of those for each step's upstream gradient alone."""
    problem = find("2,3,4,5/ordinary/float64/0")
    sequence = GRUSequence(3, 4)
    sequence.forward(problem.x, problem.h_0, problem.W, problem.U)
    whole = sequence.backward(problem.upstream)
    alone = []
    for step in range(5):
        upstream = np.zeros_like(problem.upstream)
        upstream[step] = problem.upstream[step]
        alone.append(sequence.backward(upstream))
        assert np.any(alone[-1].dW), f"the upstream gradient of step {step + 1} is lost"
    limit = Reference(problem).limits("sum_dwz", "float64")
    np.testing.assert_allclose(sum(one.dW for one in alone)[:4], whole.dW[:4], rtol=0, atol=float(5 * limit))


def test_it_takes_any_class_of_the_chapters_api() -> None:
    made = []

    class Counted(GRUCell):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            made.append(self)

    problem = find("1,2,3,4/ordinary/float64/0")
    sequence = GRUSequence(2, 3, Counted)
    sequence.forward(problem.x, problem.h_0, problem.W, problem.U)
    assert sequence.cells == made
    assert len(made) == 4


def test_no_step_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        forward(np.zeros((0, 1, 1)), np.zeros((1, 1)), np.zeros((3, 1)), np.zeros((3, 1)))


def test_another_number_of_upstream_gradients_is_an_error() -> None:
    problem = find("1,1,1,2/ordinary/float64/0")
    sequence = GRUSequence(1, 1)
    sequence.forward(problem.x, problem.h_0, problem.W, problem.U)
    with pytest.raises(ValueError, match="upstream has 1 steps, but forward was given 2"):
        sequence.backward(problem.upstream[:1])
