"""The functions that the formulas of layers are made with. They know no layer."""

from typing import Any

import numpy as np

Array = Any
"""An array of float32, float64 or complex numbers, or a `pair.Pair` of arrays."""


def sigmoid(a: Array) -> Array:
    """σ(a) = 1/(1 + e^{−a}), of any shape, without overflow at any a.

    With e^{−|a|} in place of e^{−a}; written with a sign, because |a| has no complex derivative. What has a method
    `sigmoid`, as quantities have that carry their rounding errors, is asked for it.
    """
    if hasattr(a, "sigmoid"):
        return a.sigmoid()
    tail = np.exp(-np.copysign(1, a.real) * a)
    return np.where(a.real >= 0, 1, tail) / (1 + tail)


def sum_rows(a: Array) -> Array:
    """Σ over the rows of a batch, (…, rows, columns) to (…, 1, columns)."""
    return a.sum(axis=-2, keepdims=True)
