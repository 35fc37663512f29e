"""Formulas on duals: a value and its tangents along some directions, as one real array.

A dual is (1 + k, …): the value and its k tangents on a leading axis. What is linear is then one operation on all, and a
function is evaluated once. It knows no layer, and no rule but that of each operation.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gru.calculus.arrays import Array

LARGEST = 1e300
"""What e^{−a} is taken as at most: 1/(1 + e^{−a}) is below every number that counts there, and nothing is infinite."""


class Thin(NamedTuple):
    """A matrix (n, m), or many as (…, n, m), and its one tangent: `left` (…, n, k) @ `right` (k, m).

    So thin a tangent costs next to nothing, and is general enough: aᵀ·E·b of random a and b is zero for no error E.
    """

    value: Array
    left: Array
    right: Array

    @classmethod
    def beside(cls, matrices: Sequence["Thin"]) -> "Thin":
        """Matrices side by side, each with a tangent of one column and one row: one product in place of several."""
        if len(matrices) == 1:
            return matrices[0]
        right, end = np.zeros((len(matrices), sum(one.right.shape[-1] for one in matrices))), 0
        for row, one in enumerate(matrices):
            begin, end = end, end + one.right.shape[-1]
            right[row, begin:end] = one.right
        values, lefts = ([getattr(one, part) for one in matrices] for part in ("value", "left"))
        return cls(np.concatenate(values, axis=-1), np.concatenate(lefts, axis=-1), right)

    def product(self, rows: Array) -> Array:
        """The dual `rows @ matrix`, of a dual (2, …, n)."""
        value = self.value
        product: Array = (rows.reshape(-1, len(value)) @ value).reshape(*rows.shape[:-1], -1)
        product[1] += rows[0] @ self.left @ self.right
        return product


class Entries(NamedTuple):
    """A matrix (n, m) that stands on the right of products, of which each entry is moved by itself.

    `places` has, for each of the matrices that stand side by side in it, its sizes, its first column, and the number of
    the tangent that is of its first entry.
    """

    value: Array
    places: tuple[tuple[int, int, int, int], ...]

    @classmethod
    def beside(cls, matrices: Sequence["Entries"]) -> "Entries":
        """Matrices side by side: one product in place of several."""
        places, column = [], 0
        for matrix in matrices:
            places += [(n, m, column + own, first) for n, m, own, first in matrix.places]
            column += matrix.value.shape[-1]
        return cls(np.concatenate([matrix.value for matrix in matrices], axis=-1), tuple(places))

    def product(self, rows: Array) -> Array:
        """The dual `rows @ matrix`, of a dual (1 + k, …, n). The tangent of the entry (i, j) adds column i at j."""
        value = self.value
        product: Array = (rows.reshape(-1, len(value)) @ value).reshape(*rows.shape[:-1], -1)
        self.move(product, rows[0])
        return product

    def move(self, product: Array, rows: Array) -> None:
        """Add to the tangents of a product what comes from the matrix's own."""
        columns = rows.transpose(-1, *range(rows.ndim - 1))[:, np.newaxis]
        for n, m, column, first in self.places:
            tangents = product[1 + first : 1 + first + n * m].reshape(n, m, *product.shape[1:])
            at_own_column = np.einsum("ij...j->ij...", tangents[..., column : column + m])
            at_own_column += columns


Matrix = Thin | Entries


def product(rows: Array, matrix: Matrix) -> Array:
    """The dual `rows @ matrix`, of a dual (1 + k, …, n) and a matrix (n, m): (1 + k, …, m)."""
    return matrix.product(rows)


def product_of_thin(rows: Thin, matrix: Thin) -> Array:
    """The dual `rows @ matrix`, (2, …, m), of rows whose tangent is thin as well."""
    value, shape = matrix.value, (*rows.value.shape[:-1], matrix.value.shape[-1])
    found: Array = np.empty((2, *shape))
    np.matmul(rows.value.reshape(-1, len(value)), value, out=found[0].reshape(-1, shape[-1]))
    np.matmul(rows.left, rows.right @ value, out=found[1])
    found[1] += rows.value @ matrix.left @ matrix.right
    return found


def times(a: Array, b: Array) -> Array:
    """The dual a ∘ b."""
    found: Array = a * b[0]
    found[1:] += a[0] * b[1:]
    return found


def mixed(a: Array, b: Array, c: Array) -> Array:
    """The dual (1 − a) ∘ b + a ∘ c, as b + a ∘ (c − b)."""
    found = times(a, c - b)
    found += b
    return found


def over(a: Array, b: Array) -> Array:
    """The dual a / b."""
    found: Array = a / b[0]
    found[1:] -= found[0] * b[1:] / b[0]
    return found


def shifted(a: Array, number: float) -> Array:
    """The dual a + number; a number does not move."""
    found: Array = a.copy()
    found[0] += number
    return found


def taken_from(number: float, a: Array) -> Array:
    """The dual number − a."""
    found: Array = -a
    found[0] += number
    return found


def number_over(number: float, a: Array) -> Array:
    """The dual number / a."""
    found = np.empty_like(a)
    np.divide(number, a[0], out=found[0])
    found[1:] = -found[0] * a[1:] / a[0]
    return found


def sigmoid(a: Array) -> Array:
    """The dual σ(a). Its slope e^{−a}·σ² loses no digits in either tail, as 1 − σ does."""
    tail = np.exp(-a[0])
    np.minimum(tail, LARGEST, out=tail)
    found = np.empty_like(a)
    value = np.divide(1, 1 + tail, out=found[0])
    tail *= value
    tail *= value
    np.multiply(tail, a[1:], out=found[1:])
    return found


def tanh(a: Array) -> Array:
    """The dual tanh(a). Its slope 1/cosh² loses no digits where tanh is near ±1, as 1 − tanh² does."""
    found = np.empty_like(a)
    np.tanh(a[0], out=found[0])
    slope = np.cosh(a[0])
    slope *= slope
    np.divide(a[1:], slope, out=found[1:])
    return found
