"""W and U: three blocks of rows in the order z, r, h̃; `split` and `merge` are each the other's inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gru import GRUCell
from gru.layers.gru import parameters

LENGTHS = st.integers(1, 5)
DTYPES = st.sampled_from([np.float32, np.float64])


@st.composite
def stacked_parameters(draw: st.DrawFn, leading: int = 0) -> np.ndarray:
    shape = (*(draw(LENGTHS) for _ in range(leading)), 3 * draw(LENGTHS), draw(LENGTHS))
    return draw(arrays(draw(DTYPES), shape, elements=st.integers(-9, 9)))


@given(stacked=stacked_parameters())
def test_merge_undoes_split(stacked: np.ndarray) -> None:
    merged = parameters.merge(*parameters.split(stacked, len(stacked) // 3))
    assert merged.dtype == stacked.dtype
    np.testing.assert_array_equal(merged, stacked)


@given(stacked=stacked_parameters(leading=2))
def test_leading_axes_are_kept(stacked: np.ndarray) -> None:
    blocks = parameters.split(stacked, stacked.shape[-2] // 3)
    assert {block.shape for block in blocks} == {(*stacked.shape[:2], stacked.shape[-2] // 3, stacked.shape[-1])}
    np.testing.assert_array_equal(parameters.merge(*blocks), stacked)


@given(blocks=arrays(np.float64, st.tuples(st.just(3), LENGTHS, LENGTHS), elements=st.integers(-9, 9)))
def test_split_undoes_merge(blocks: np.ndarray) -> None:
    for again, block in zip(parameters.split(parameters.merge(*blocks), blocks.shape[1]), blocks, strict=True):
        np.testing.assert_array_equal(again, block)


def test_the_order_is_z_r_n() -> None:
    z, r, n = (np.full((2, 4), gate) for gate in (1.0, 2.0, 3.0))
    np.testing.assert_array_equal(parameters.merge(z, r, n)[:, 0], [1, 1, 2, 2, 3, 3])


def test_blocks_are_views_and_merged_parameters_are_not() -> None:
    stacked = np.zeros((6, 2))
    blocks = parameters.split(stacked, 2)
    assert all(np.shares_memory(block, stacked) for block in blocks)
    assert not np.shares_memory(parameters.merge(*blocks), stacked)


@pytest.mark.parametrize(("inputs", "hidden"), [(1, 1), (2, 3), (3, 2)])
def test_the_cell_splits_W_by_hidden_and_U_by_input(inputs: int, hidden: int) -> None:
    cell = GRUCell(inputs, hidden)
    W, U = (np.arange(3.0 * rows * hidden).reshape(3 * rows, hidden) for rows in (hidden, inputs))
    cell.get_params(W, U)
    np.testing.assert_array_equal(np.concatenate([cell.wz, cell.wr, cell.wn]), W)
    np.testing.assert_array_equal(np.concatenate([cell.uz, cell.ur, cell.un]), U)
