"""Binary subtraction as data: pairs a ≥ b bit by bit, the lowest bit first, and their splits.

It never learns anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gru.calculus.arrays import Array

MOST_PAIRS = 10_000
"""How many pairs are listed in full; of more, a sample of this many is drawn."""

MOST_BITS = 4096
"""The longest number taken: a sample of such pairs has 80 million bits, and more would fill the memory."""

_HELD_OUT = 10
"""One pair in ten is held out for validation, and one in ten for the test."""


class TaskError(ValueError):
    """Something was asked for that cannot be done; the message says what can."""


@dataclass(frozen=True, eq=False)
class Data:
    """Pairs of numbers and their differences, one step a bit, the lowest bit first.

    `inputs` (…, samples, steps, 2) holds the bits of a and b, `labels` (…, samples, steps, 1) those
    of a − b, both float64. The leading axis, if there is one, is that of many starts.
    """

    inputs: Array
    labels: Array

    def __len__(self) -> int:
        return int(self.inputs.shape[-3])

    @property
    def bits(self) -> int:
        """How many bits a number has: the steps of the network."""
        return int(self.inputs.shape[-2])

    def take(self, chosen: Array | slice) -> "Data":
        """The samples at the places `chosen`, of data without starts."""
        return Data(self.inputs[chosen], self.labels[chosen])

    def reordered(self, order: Array) -> "Data":
        """The samples in the order of `order` (…, samples), for each start its own."""
        places = order[..., np.newaxis, np.newaxis]
        return Data(np.take_along_axis(self.inputs, places, -3), np.take_along_axis(self.labels, places, -3))

    def by_steps(self) -> tuple[Array, Array]:
        """Inputs and labels as a network takes them, the steps first: (steps, …, samples, ·)."""
        return np.moveaxis(self.inputs, -2, 0), np.moveaxis(self.labels, -2, 0)

    def shared(self) -> "Data":
        """The same samples for every one of many starts: with a leading axis of one."""
        return Data(self.inputs[np.newaxis], self.labels[np.newaxis])


class Split(NamedTuple):
    """Where the samples for training, validation and test are: three arrays of indices."""

    training: Array
    validation: Array
    test: Array


def subtract(a: Array, b: Array) -> tuple[Array, Array]:
    """The bits of a − b and the last borrow, column by column as on paper.

    `a` and `b` (…, steps) are integers 0 and 1, the lowest bit first. The borrow (…,) is 1 where
    a < b, and then the difference is that of a + 2^steps.
    """
    difference, borrow = np.empty_like(a), np.zeros_like(a[..., 0])
    for step in range(a.shape[-1]):
        column = a[..., step] - b[..., step] - borrow
        difference[..., step] = column % 2
        borrow = np.where(column < 0, 1, 0)
    return difference, borrow


def stacked(starts: Sequence[Data]) -> Data:
    """The data of many starts, equally large, along a leading axis."""
    return Data(np.stack([data.inputs for data in starts]), np.stack([data.labels for data in starts]))


def joined(*parts: Data) -> Data:
    """The samples of all parts together. The numbers in all of them have the same length."""
    return Data(np.concatenate([data.inputs for data in parts]), np.concatenate([data.labels for data in parts]))


def to_bits(number: int, bits: int) -> Array:
    """The `bits` bits of `number`, the lowest first, as integers.

    Raises TaskError where the number is negative or needs more bits.

    >>> to_bits(14, 4)
    array([0, 1, 1, 1])
    """
    if not 0 <= number < 1 << bits:
        raise TaskError(f"{number} is not a number of {bits} bits: give one from 0 to {(1 << bits) - 1}")
    return np.array([number >> place & 1 for place in range(bits)])


def to_number(bits: Sequence[int] | Array) -> int:
    """The number with these bits, the lowest first.

    >>> to_number([0, 1, 1, 1])
    14
    """
    return sum(int(bit) << place for place, bit in enumerate(bits))


def all_pairs(bits: int) -> Data:
    """Every pair a ≥ b of numbers of `bits` bits, 2ⁿ⁻¹·(2ⁿ + 1) of them: 136 for four bits."""
    _require_bits(bits)
    larger, smaller = np.tril_indices(1 << bits)
    places = np.arange(bits)
    return _data(larger[:, None] >> places & 1, smaller[:, None] >> places & 1)


def one_pair(a: int, b: int, bits: int) -> Data:
    """The pair a ≥ b as numbers of `bits` bits.

    Raises TaskError where a < b, where a number is negative or needs more bits, or on a bad number of bits.
    """
    _require_bits(bits)
    if a < b:
        raise TaskError(f"{a} - {b} is below zero: give the larger number first")
    return _data(to_bits(a, bits)[None], to_bits(b, bits)[None])


def random_pairs(count: int, bits: int, rng: np.random.Generator) -> Data:
    """`count` pairs of random numbers of `bits` bits, the larger one first; pairs may come again."""
    _require_bits(bits)
    a, b = rng.integers(0, 2, size=(2, count, bits))
    _, a_is_smaller = subtract(a, b)
    swap = a_is_smaller[:, None] == 1
    return _data(np.where(swap, b, a), np.where(swap, a, b))


def kept_borrows(count: int, bits: int, rng: np.random.Generator) -> Data:
    """`count` random pairs 2ʲ, 2ⁱ of numbers of `bits` bits, j ≥ i, with the bits between all 0 or all 1 in both.

    The borrow that column i leaves is kept over all columns up to j: the hardest that a pair can be.
    """
    _require_bits(bits)
    low, high = np.sort(rng.integers(bits, size=(2, count)), axis=0)[..., None]
    places = np.arange(bits)
    between = (low < places) & (places < high) & rng.integers(2, size=(count, 1), dtype=bool)
    return _data(((places == high) | between).astype(int), ((places == low) | between).astype(int))


def pairs(bits: int, rng: np.random.Generator) -> Data:
    """All pairs of numbers of `bits` bits, or a sample where there are more than `MOST_PAIRS`.

    Raises TaskError where `bits` is not from 1 to `MOST_BITS`.
    """
    _require_bits(bits)
    if (1 << bits) * ((1 << bits) + 1) // 2 <= MOST_PAIRS:
        return all_pairs(bits)
    return random_pairs(MOST_PAIRS, bits, rng)


def split(samples: int, rng: np.random.Generator) -> Split:
    """A random split of `samples` places: a tenth for validation, a tenth for the test, the rest to train.

    Of 136, these are 13, 13 and 110. The parts are disjoint, leave nothing out, and none is empty.
    Raises TaskError where there are fewer than three samples.
    """
    if samples < 3:
        raise TaskError(f"{samples} samples cannot be split in three: give three or more")
    held_out = max(1, samples // _HELD_OUT)
    order = rng.permutation(samples)
    return Split(order[2 * held_out :], order[:held_out], order[held_out : 2 * held_out])


def _require_bits(bits: int) -> None:
    if not 1 <= bits <= MOST_BITS:
        raise TaskError(f"a number of {bits} bits: give from 1 to {MOST_BITS} bits")


def _data(a: Array, b: Array) -> Data:
    """The data of the bits of `a` ≥ `b`, (samples, steps) each."""
    difference, _ = subtract(a, b)
    return Data(np.stack((a, b), axis=-1).astype(float), difference[..., None].astype(float))
