"""Many perturbations in chunks that fit into a given memory."""

import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gru.calculus.arrays import Array

MIB = 2**20

_BYTES_OF_A_COMPLEX = 16

_MEETINGS = 8
"""The number of n×n temporaries that one call is assumed to hold, n being the number of entries of its arguments."""


def in_chunks(measure: Callable[[slice], Array], count: int, need: int, memory: int) -> Array:
    """`measure` over the slices of range(count), put together, in chunks that fit into `memory`.

    `need` is a bound on what one perturbation takes. If all at once would be too much by that bound, the first is
    measured by itself, to see what one really takes.
    """
    if count * need <= memory:
        return measure(slice(0, count))
    first, need = traced(lambda: measure(slice(0, 1)))
    kept = count * first.nbytes
    if kept + need > memory:
        raise ValueError(
            f"memory={memory} bytes are too few: the results take {kept}, one perturbation {need}; allow more"
        )
    chunk = (memory - kept) // need
    results = np.empty((count, *first.shape[1:]))
    results[:1] = first
    for start in range(1, count, chunk):
        stop = min(start + chunk, count)
        results[start:stop] = measure(slice(start, stop))
    return results


def traced(call: Callable[[], Array]) -> tuple[Array, int]:
    """The result of a call, and the most bytes that it held at once."""
    nested = tracemalloc.is_tracing()
    if not nested:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        result = call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not nested:
            tracemalloc.stop()
    return result, peak - before


def cautious_need(arguments: Sequence[Any]) -> int:
    """A bound on the bytes that one perturbation takes in nearly any function of these arguments."""
    entries = sum(np.size(argument) for argument in arguments)
    return entries**2 * _BYTES_OF_A_COMPLEX * _MEETINGS
