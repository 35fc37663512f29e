"""Slopes by a complex step, along one probe or along all entries of a leaf at once.

It never says whether the function kept the imaginary part: that is seen by differences, in `gru.gradient.measure`.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient.probe import General, Probes
from gru.gradient.rounding import is_long
from gru.gradient.subject import Subject

STEP = 2.0**-100
"""The complex step: as in `gru.calculus.complex_step`, whose reasons hold here too."""

FEW = 4
"""Below so many entries a call for each is no more than what it takes to find out whether they go together."""

ENTRIES = 2**16
"""The largest array of perturbations: 1 MiB of complex numbers, which stays in a processor's cache: four times as many
took nearly twice as long."""

AGREEMENT = 1e-10
"""How well slopes that were measured together must add up, beside the sum of their sizes: far above the rounding of a
sum of some thousands, and far below what a single one of them off would change."""


class ComplexStep:
    """Slopes of Σ cotangent·function by a complex step, by default at the point `at`.

    `refused` holds the leaves for which the function has raised where it was given complex numbers.
    """

    def __init__(self, subject: Subject, cotangents: Sequence[Any], at: list[Array]) -> None:
        self._subject, self._cotangents, self._at = subject, cotangents, at
        self._general: dict[int, Any] = {}
        self.refused: set[int] = set()

    def slope(self, probes: Probes, number: int, at: Sequence[Any] | None = None) -> Any:
        """The slope along a probe by a complex step, in the precision of `at`; None where the function refuses."""
        start = self._at if at is None else at
        long = is_long(start)
        kind = np.clongdouble if long else np.complex128
        step = kind(1j) * kind(STEP)
        try:
            outputs = self._subject.outputs(probes.moved([v.astype(kind) for v in start], number, step))
        except Exception:
            if not long:
                self.refused.add(probes.leaf)
            return None
        return self._imaginary(outputs, kind)

    def _imaginary(self, outputs: Sequence[Any], kind: Any) -> Any:
        try:
            total: Any = kind(0)
            for cotangent, output in zip(self._cotangents, outputs, strict=True):
                total = total + np.sum(np.asarray(output) * cotangent)
        except Exception:
            return None
        if np.asarray(total).dtype != kind or not np.isfinite(total):
            return None
        if not any(np.iscomplexobj(output) for output in outputs):
            return None
        return total.imag / STEP

    def general_slope(self, general: Probes, at: list[Array] | None = None) -> Any:
        """The slope along a general direction by a complex step."""
        if at is not None and at is not self._at:
            return self.slope(general, 0, at)
        if general.leaf not in self._general:
            self._general[general.leaf] = self.slope(general, 0)
        return self._general[general.leaf]

    def slopes_together(self, probes: Probes) -> Array | None:
        """The slopes along all unit vectors in few calls, with the perturbations on a leading axis.

        Many functions go along with that: all that count their axes from the end. And many work on each row of an
        argument, or each column, by itself: then one perturbation moves all rows at once. That a function does so is
        not believed but seen: the sum of all slopes, each times a Gaussian number, must be the slope along that
        direction, which was measured by itself. None where it is not.
        """
        if probes.along is not None or len(probes) < FEW:
            return None
        general = General(probes)
        true = self.general_slope(general)
        shapes = [np.shape(output) for output in self._subject.outputs(self._at)]
        shape, axes = probes.value.shape, max(probes.value.ndim, *map(len, shapes)) - probes.value.ndim
        alone = [k for k in (0, -1) if all(s and s[k] == shape[k] > 1 for s in shapes)]
        together = dict.fromkeys((0, axes))
        for axis, between in (*product(alone, (*together, None)), *product((None,), together)):
            found = self._batched(probes, between, shapes, axis)
            if found is None:
                continue
            terms = found * (general.general / general.scale).ravel()
            if abs(float(terms.sum() - true)) <= AGREEMENT * float(np.abs(terms).sum()):
                return found
        return None

    def _batched(
        self, probes: Probes, between: int | None, shapes: Sequence[tuple[int, ...]], alone: int | None
    ) -> Array | None:
        """The slopes of perturbations on a leading axis, followed by `between` axes of length 1; None if refused.

        Where `between` is None, each perturbation is a call by itself, in the argument's own shape. All places along
        the axis `alone` are moved at once, and each slope is read at its place of the results.
        """
        shape = probes.value.shape
        length = 1 if alone is None else shape[alone]
        count, parts = len(probes) // length, []
        others = shape if alone is None else np.delete(shape, alone)
        chunk = 1 if between is None else max(1, ENTRIES // len(probes))
        for start in range(0, count, chunk):
            here = min(chunk, count - start)
            units = np.eye(here, count, start).reshape(here, *others)
            if alone is not None:
                units = np.expand_dims(units, alone if alone < 0 else alone + 1)
            moved = np.empty((here, *shape), dtype=complex)
            moved.real, moved.imag = probes.value, STEP * units
            values: list[Any] = list(self._at)
            values[probes.leaf] = moved[0] if between is None else moved.reshape(here, *(1,) * between, *shape)
            try:
                outputs = [np.asarray(output) for output in self._subject.outputs(values)]
            except Exception:
                return None
            if [output.shape for output in outputs] != [one if between is None else (here, *one) for one in shapes]:
                return None
            found: Array = np.zeros((here, length))
            for output, c in zip(outputs, self._cotangents, strict=True):
                terms = (output.imag * c).reshape(here, *c.shape)
                if alone is not None:
                    terms = np.moveaxis(terms, alone if alone < 0 else alone + 1, 1)
                found += terms.reshape(here, length, -1).sum(axis=2)
            parts.append(found / STEP)
        slopes = np.concatenate(parts).reshape(*others, length)
        slopes = slopes.ravel() if alone is None else np.moveaxis(slopes, -1, alone).ravel()
        return slopes if np.isfinite(slopes).all() else None
