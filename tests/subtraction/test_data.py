"""Binary subtraction as data: the bits are those of a − b, and a split loses nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru.subtraction import data
from gru.subtraction.data import TaskError, to_bits, to_number


def numbers(samples: data.Data) -> list[tuple[int, int, int]]:
    """Each pair with its label, as whole numbers."""
    return [
        (to_number(inputs[:, 0]), to_number(inputs[:, 1]), to_number(labels[:, 0]))
        for inputs, labels in zip(samples.inputs, samples.labels, strict=True)
    ]


@given(st.data(), st.integers(1, 80))
def test_a_number_is_its_bits_lowest_first(drawn: st.DataObject, bits: int) -> None:
    number = drawn.draw(st.integers(0, 2**bits - 1))
    assert to_number(to_bits(number, bits)) == number
    assert to_bits(number, bits)[0] == number % 2


@given(st.integers(1, 80), st.data())
def test_subtracting_column_by_column_is_subtracting(bits: int, drawn: st.DataObject) -> None:
    a, b = (drawn.draw(st.integers(0, 2**bits - 1)) for _ in range(2))
    difference, borrow = data.subtract(to_bits(a, bits), to_bits(b, bits))
    assert to_number(difference) == (a - b) % 2**bits
    assert borrow == (a < b)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5])
def test_all_pairs_are_there_once_with_their_difference(bits: int) -> None:
    pairs = numbers(data.all_pairs(bits))
    assert sorted(pairs) == [(a, b, a - b) for a in range(2**bits) for b in range(a + 1)]


def test_the_chapters_data_are_136_pairs_of_four_steps() -> None:
    samples = data.all_pairs(4)
    assert samples.inputs.shape == (136, 4, 2)
    assert samples.labels.shape == (136, 4, 1)


def test_fourteen_minus_eight_goes_in_from_the_lowest_bit() -> None:
    pair = data.one_pair(14, 8, 4)
    assert pair.inputs[0].tolist() == [[0, 0], [1, 0], [1, 0], [1, 1]]
    assert pair.labels[0].ravel().tolist() == [0, 1, 1, 0]


@given(st.integers(1, 70), st.integers(0, 2**32))
def test_random_pairs_are_right_and_their_difference_is_not_negative(bits: int, seed: int) -> None:
    for a, b, difference in numbers(data.random_pairs(20, bits, np.random.default_rng(seed))):
        assert difference == a - b >= 0


@given(st.integers(1, 70), st.integers(0, 2**32))
def test_a_borrow_is_kept_over_equal_columns(bits: int, seed: int) -> None:
    for a, b, difference in numbers(data.kept_borrows(20, bits, np.random.default_rng(seed))):
        assert difference == a - b >= 0
        between = {place for place in range(bits) if a >> place & 1 and b >> place & 1}
        low, high = (max((n & ~(a & b)).bit_length() - 1, 0) for n in (b, a))
        assert a == b or between in (set(), set(range(low + 1, high)))


def test_of_too_many_pairs_a_sample_is_drawn() -> None:
    assert len(data.pairs(6, np.random.default_rng(0))) == 2**5 * (2**6 + 1)
    assert len(data.pairs(40, np.random.default_rng(0))) == data.MOST_PAIRS


@given(st.integers(3, 400), st.integers(0, 2**32))
def test_a_split_is_disjoint_complete_and_by_seed(samples: int, seed: int) -> None:
    parts = data.split(samples, np.random.default_rng(seed))
    assert sorted(np.concatenate(parts)) == list(range(samples))
    assert all(len(part) for part in parts)
    again = data.split(samples, np.random.default_rng(seed))
    assert all(np.array_equal(part, same) for part, same in zip(parts, again, strict=True))


def test_another_seed_splits_otherwise() -> None:
    one, other = (data.split(136, np.random.default_rng(seed)) for seed in (0, 1))
    assert set(one.validation) != set(other.validation)


def test_a_tenth_is_held_out_for_validation() -> None:
    assert [len(part) for part in data.split(136, np.random.default_rng(0))] == [110, 13, 13]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: data.pairs(0, np.random.default_rng(0)), "a number of 0 bits: give from 1"),
        (lambda: data.pairs(-4, np.random.default_rng(0)), "a number of -4 bits: give from 1"),
        (lambda: data.pairs(10**6, np.random.default_rng(0)), "a number of 1000000 bits"),
        (lambda: data.split(2, np.random.default_rng(0)), "2 samples cannot be split in three"),
        (lambda: data.one_pair(3, 5, 4), "3 - 5 is below zero: give the larger number first"),
        (lambda: data.one_pair(16, 5, 4), "16 is not a number of 4 bits: give one from 0 to 15"),
        (lambda: data.one_pair(3, -1, 4), "-1 is not a number of 4 bits"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(ask: object, message: str) -> None:
    assert callable(ask)
    with pytest.raises(TaskError, match=message):
        ask()
