"""Strategies for arguments: distinct sizes, away from zero, shrinking; and the test that is made of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import find, given, settings

from gru.gradient.strategies import AWAY, arrays_for
from gru.testing import given_vjp

Array = Any


@given(arrays=arrays_for(x="batch inputs", W="inputs outputs", b="outputs", s=""))
def test_axes_of_one_name_are_equal_and_others_differ(arrays: dict[str, Array]) -> None:
    batch, inputs = arrays["x"].shape
    assert arrays["W"].shape == (inputs, *arrays["b"].shape)
    assert len({batch, *arrays["W"].shape}) == 3
    assert arrays["s"].shape == ()
    assert all((np.abs(array) >= AWAY).all() for array in arrays.values())


def test_sizes_shrink_to_the_smallest() -> None:
    found = find(arrays_for(x="a b"), lambda arrays: arrays["x"].shape[1] > 1, settings=settings(database=None))
    assert sorted(found["x"].shape) == [1, 2]


def test_too_few_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="need max_size=3 or more, not 2"):
        find(arrays_for(max_size=2, x="a b c"), lambda _: True)


@settings(max_examples=15)
@given_vjp(x="batch inputs", W="inputs outputs")
def test_a_right_backward_pass_is_right_at_all_sizes() -> Any:
    return lambda x, W: np.tanh(x @ W), backward


def backward(c: Array, x: Array, W: Array) -> tuple[Array, Array]:
    d = c * (1 - np.tanh(x @ W) ** 2)
    return d @ W.T, x.T @ d


def test_a_wrong_one_fails_with_the_message() -> None:
    @settings(database=None)
    @given_vjp(x="batch inputs", W="inputs outputs")
    def test_averaged() -> Any:
        def averaged(c: Array, x: Array, W: Array) -> tuple[Array, Array]:
            return backward(c, x, W)[0], backward(c, x, W)[1] / len(x)

        return lambda x, W: np.tanh(x @ W), averaged

    with pytest.raises(AssertionError, match=r"W\[\d, \d\]: wrong: claimed .*, ratio 0\.5"):
        test_averaged()


def test_a_shape_that_is_no_text_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="x=3 is no shape: name its axes in a text, such as x='rows columns'"):
        given_vjp(x=3)


def test_a_test_that_returns_no_passes_says_what_is_expected() -> None:
    def test_nothing() -> None:
        return None

    with pytest.raises(TypeError, match="test_nothing returns NoneType: expected its two passes"):
        given_vjp(x="rows")(test_nothing)()
