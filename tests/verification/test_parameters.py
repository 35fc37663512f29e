"""W and U hold the blocks of z, r and h̃ in this order; splitting and merging are each the other's inverse."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gru import GRUCell

Array = Any

LENGTHS = st.integers(1, 5)
NUMBERS = st.integers(-9, 9)
DTYPES = st.sampled_from([np.float64, np.float32])
BLOCKS = arrays(np.float64, st.tuples(st.just(3), LENGTHS, LENGTHS), elements=NUMBERS)
"""Three blocks of one shape: (3, rows, columns)."""


def merged(recurrent: Array, input: Array) -> GRUCell:
    """A cell that has merged these blocks, in the order z, r, h̃, as the gradients of W and of U."""
    cell = GRUCell(input.shape[1], recurrent.shape[1])
    cell.dwz, cell.dwr, cell.dwn = recurrent
    cell.duz, cell.dur, cell.dun = input
    cell.merge_params()
    return cell


@given(blocks=BLOCKS, dtype=DTYPES)
def test_split_undoes_merge(blocks: Array, dtype: type) -> None:
    """split(merge(z, r, h̃)) = (z, r, h̃), of W and of U alike."""
    blocks = blocks.astype(dtype)
    cell = merged(blocks, blocks)
    for stacked in (cell.dW, cell.dU):
        again = cell.split_params(stacked, blocks.shape[1])
        assert stacked.dtype == dtype
        np.testing.assert_array_equal(np.stack(again), blocks)


@given(blocks=BLOCKS, dtype=DTYPES)
def test_merge_undoes_split(blocks: Array, dtype: type) -> None:
    """merge(split(W)) = W and merge(split(U)) = U, for any W (3·hidden, hidden) and U (3·input, hidden)."""
    W = blocks.astype(dtype).reshape(-1, blocks.shape[2])
    split = GRUCell(1, 1).split_params(W, blocks.shape[1])
    cell = merged(np.stack(split), np.stack(split))
    np.testing.assert_array_equal(cell.dW, W)
    np.testing.assert_array_equal(cell.dU, W)


@given(inputs=LENGTHS, hidden=LENGTHS)
def test_the_order_is_z_r_n_for_the_parameters_and_their_gradients(inputs: int, hidden: int) -> None:
    """Every row of W and U bears the number of its gate: 1, 2 and 3 for z, r and h̃."""
    gates = np.array([1.0, 2.0, 3.0])
    W, U = (np.repeat(gates, size)[:, None] * np.ones(hidden) for size in (hidden, inputs))
    cell = GRUCell(inputs, hidden)
    cell.get_params(W, U)
    for gate, w, u in zip(gates, (cell.wz, cell.wr, cell.wn), (cell.uz, cell.ur, cell.un), strict=True):
        np.testing.assert_array_equal(w, np.full((hidden, hidden), gate))
        np.testing.assert_array_equal(u, np.full((inputs, hidden), gate))
    again = merged(np.stack([cell.wz, cell.wr, cell.wn]), np.stack([cell.uz, cell.ur, cell.un]))
    np.testing.assert_array_equal(again.dW, W)
    np.testing.assert_array_equal(again.dU, U)


@given(inputs=LENGTHS, hidden=LENGTHS, seed=st.integers(0, 2**32 - 1))
def test_the_cell_uses_the_blocks_in_this_order(inputs: int, hidden: int, seed: int) -> None:
    """Each gate depends on its own block: with the block of a gate zero, so is its pre-activation.

    σ(0) = 1/2 and tanh(0) = 0, and the other gates are what they were, but for h̃, which r goes into.
    """
    rng = np.random.default_rng(seed)
    x, h_p = rng.normal(size=(2, inputs)), rng.normal(size=(2, hidden))
    W, U = rng.normal(size=(3, hidden, hidden)), rng.normal(size=(3, inputs, hidden))
    whole = GRUCell(inputs, hidden)
    whole.forward(x, h_p, W.reshape(-1, hidden), U.reshape(-1, hidden))
    for gate, (name, at_zero) in enumerate({"z": 0.5, "r": 0.5, "n": 0.0}.items()):
        without = np.ones((3, 1, 1))
        without[gate] = 0
        cell = GRUCell(inputs, hidden)
        cell.forward(x, h_p, (without * W).reshape(-1, hidden), (without * U).reshape(-1, hidden))
        np.testing.assert_array_equal(getattr(cell, name), np.full((2, hidden), at_zero))
        for other in {"z", "r", "n"} - {name, "n"}:
            np.testing.assert_array_equal(getattr(cell, other), getattr(whole, other))
