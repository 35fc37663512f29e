"""The same grader, mended as `gru audit` says."""

import numpy as np
from student import GRUCell

STEP = 1e-5
CLOSE = 1e-6
"""Of the largest entry: a central difference with this step is right to about 1e-9 of it."""


def check(cell: GRUCell, random: np.random.Generator, batch: int) -> None:
    """Every gradient is the slope of Σ δ ∘ h, where nothing is zero, and nothing is one."""
    inputs, hidden = cell.input_size, cell.hidden_size
    W, U = random.normal(size=(3 * hidden, hidden)), random.normal(size=(3 * inputs, hidden))
    x, h_prev, upstream = (random.normal(size=(batch, size)) for size in (inputs, hidden, hidden))
    given = [array.copy() for array in (x, h_prev, W, U, upstream)]
    cell.forward(x, h_prev, W, U)
    cell.backward(h_prev, upstream)
    for array, before in zip((x, h_prev, W, U, upstream), given, strict=True):
        assert np.array_equal(array, before)
    for array, gradient in ((W, cell.dW), (U, cell.dU), (h_prev, cell.dh), (x, cell.dx)):
        slopes = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept, losses = array[place], []
            for step in (STEP, -STEP):
                array[place] = kept + step
                other = GRUCell(inputs, hidden)
                other.forward(x, h_prev, W, U)
                losses.append((upstream * other.h).sum())
            array[place] = kept
            slopes[place] = (losses[0] - losses[1]) / (2 * STEP)
        assert gradient.shape == slopes.shape
        assert np.abs(gradient - slopes).max() < CLOSE * np.abs(slopes).max()


def test_gradients() -> None:
    """Twice on one cell, with other numbers and another number of rows."""
    random, cell = np.random.default_rng(0), GRUCell(3, 4)
    for batch in (2, 5):
        check(cell, random, batch)
