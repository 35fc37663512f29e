"""`split` and `merge` beyond what a cell needs: leading axes, and what shares memory with what."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gru.layers.gru import parameters

LENGTHS = st.integers(1, 5)
DTYPES = st.sampled_from([np.float32, np.float64])


@st.composite
def stacked_parameters(draw: st.DrawFn, leading: int) -> np.ndarray:
    shape = (*(draw(LENGTHS) for _ in range(leading)), 3 * draw(LENGTHS), draw(LENGTHS))
    return draw(arrays(draw(DTYPES), shape, elements=st.integers(-9, 9)))


@given(stacked=stacked_parameters(leading=2))
def test_leading_axes_are_kept(stacked: np.ndarray) -> None:
    blocks = parameters.split(stacked, stacked.shape[-2] // 3)
    assert {block.shape for block in blocks} == {(*stacked.shape[:2], stacked.shape[-2] // 3, stacked.shape[-1])}
    np.testing.assert_array_equal(parameters.merge(*blocks), stacked)


def test_blocks_are_views_and_merged_parameters_are_not() -> None:
    stacked = np.zeros((6, 2))
    blocks = parameters.split(stacked, 2)
    assert all(np.shares_memory(block, stacked) for block in blocks)
    assert not np.shares_memory(parameters.merge(*blocks), stacked)
