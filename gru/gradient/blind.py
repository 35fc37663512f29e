"""Which mistakes these inputs could not have shown."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gru.gradient.beside import HIDDEN
from gru.gradient.outcome import SOLVED, Comparison
from gru.gradient.subject import Subject


def notes(
    subject: Subject, claimed: Sequence[Any], comparisons: Sequence[Comparison], cotangents: Sequence[Any] | None
) -> list[str]:
    """A sentence for each kind; `cotangents` are those that the caller chose, None where they were drawn."""
    found = [*_sizes(subject), *_arguments(subject), *_gradients(subject, claimed, comparisons)]
    for cotangent in cotangents or ():
        array = np.asarray(cotangent)
        if array.size > 1 and (array == array.flat[0]).all():
            found.append(
                f"every entry of the cotangent is {array.flat[0]:g}: a cotangent that is left out, summed over "
                "another axis or transposed would pass"
            )
    return found


def _sizes(subject: Subject) -> list[str]:
    sizes = [size for value in subject.at for size in value.shape]
    many = [value for value in subject.at if value.ndim >= 2]
    if many and len(sizes) > 1 and len(set(sizes)) == 1:
        return [f"every size is {sizes[0]}: what is transposed or summed over another axis has the right shape here"]
    square = [label for label, v in zip(subject.labels, subject.at, strict=True) if _is_square(v)]
    if square:
        return [f"{', '.join(square[:3])} is square: what is transposed has the right shape here"]
    ones = [label for label, v in zip(subject.labels, subject.at, strict=True) if v.ndim and 1 in v.shape]
    return [f"{ones[0]} has an axis of length 1: a sum over it that is left out, or a mean, would pass"] if ones else []


def _is_square(value: Any) -> bool:
    return bool(value.ndim >= 2 and value.shape[-1] == value.shape[-2] > 1)


def _arguments(subject: Subject) -> list[str]:
    found = []
    for label, value in zip(subject.labels, subject.at, strict=True):
        if value.size and not value.any():
            found.append(f"{label} is zero: whatever it is a factor of cannot show")
        elif value.size > 1 and (value == value.flat[0]).all():
            found.append(f"every entry of {label} is {value.flat[0]:g}: entries that are mixed up would pass")
        elif _is_square(value) and np.array_equal(value, np.swapaxes(value, -1, -2)):
            found.append(f"{label} is symmetric: {label} in place of its transpose would pass")
    return found


def _gradients(subject: Subject, claimed: Sequence[Any], comparisons: Sequence[Comparison]) -> list[str]:
    found = []
    for number, (label, gradient, comparison) in enumerate(zip(subject.labels, claimed, comparisons, strict=True)):
        array = np.asarray(gradient)
        if comparison.verdict != "right" or not array.size:
            continue
        apart = abs(comparison.claimed - comparison.measured)
        lost = comparison.largest <= comparison.error and apart > HIDDEN * comparison.largest
        if not comparison.kinks and (lost or not array.any()):
            found.append(f"the function does not depend on {label} here: a factor that is wrong would pass")
            continue
        if _is_square(array) and np.allclose(array, np.swapaxes(array, -1, -2), rtol=1e-12, atol=0):
            found.append(f"the gradient by {label} is symmetric here: a transposed one would pass")
        elif array.size > 1 and np.ptp(array) <= 1e-12 * comparison.largest:
            found.append(f"the gradient by {label} is the same everywhere here: entries that are mixed up would pass")
        if comparison.directions is not None:
            continue
        tiny = int(np.sum(np.abs(array) <= 2.0**-40 * comparison.largest))
        beside = _beside_largest(array, subject.at[number])
        if 2 * tiny >= array.size:
            found.append(
                f"{tiny} of {array.size} entries of the gradient by {label} are zero beside the largest: "
                "masked or saturated, they show little"
            )
        elif beside:
            found.append(
                f"{beside} of {array.size} entries of the gradient by {label} {'is' if beside == 1 else 'are'} below "
                f"{SOLVED:.0e} of the largest: what is wrong there alone would pass"
            )
    return found


def _beside_largest(gradient: Any, value: Any) -> int:
    """How many entries, zeros apart, are below what is judged: by themselves and for what they are derivatives by."""
    size = np.abs(gradient)
    felt = size * np.abs(value)
    return int(np.sum((size <= SOLVED * size.max()) & (felt <= SOLVED * felt.max()) & (size > 0)))
