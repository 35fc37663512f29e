"""A grader of another API: one sample at a time, a matrix for each gate. It compares one gradient alone."""

import numpy as np
from student import GRU_Cell

WEIGHTS = {"Wzh": (3, 3), "Wrh": (3, 3), "Wh": (3, 3), "Wzx": (3, 2), "Wrx": (3, 2), "Wx": (3, 2)}


def test_gradient_of_the_first_state() -> None:
    """The slopes of Σ δ ∘ h, by central differences."""
    random, cell = np.random.default_rng(0), GRU_Cell(2, 3)
    for name, shape in WEIGHTS.items():
        setattr(cell, name, random.normal(size=shape))
    x, h_prev, delta = random.normal(size=2), random.normal(size=3), random.normal(size=3)
    slopes = [
        delta @ (cell.forward(x, h_prev + step) - cell.forward(x, h_prev - step)) / 2e-5 for step in 1e-5 * np.eye(3)
    ]
    cell.forward(x, h_prev)
    _, dh = cell.backward(delta)
    assert np.allclose(dh, slopes, rtol=1e-6, atol=1e-8)
