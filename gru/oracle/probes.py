"""Probes: how one left-hand side of a derivative is measured, and many of them in as few forward passes as pays.

It knows no layer, and no backward formula.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.chunks import MIB
from gru.calculus.complex_step import Arithmetic, directional_derivatives

MEMORY = 256 * MIB
"""The default bound on the memory of one measurement."""


ARRAYS_HELD = 32
"""How many arrays of its arguments' size a forward pass holds at once for one perturbation, at most:
the quantities of one step, of which there are fewer than twenty, and what arithmetic holds between."""


FUSED_ENTRIES = 200_000
"""Below this many numbers, all directions go through one forward pass: a pass costs its calls,
not its numbers. Above it the directions, nearly all of them zero, would cost more than the calls."""


@dataclass(frozen=True)
class Probe:
    """How one left-hand side is measured.

    Attributes:
        name: Its name.
        argument: The number of the argument of a forward pass that is moved.
        directions: Along which it is moved, (perturbations, …).
        read: Makes the left-hand side from the derivatives along them.
    """

    name: str
    argument: int
    directions: Array
    read: Callable[[Array], Any]


def measure(
    forward: Callable[..., Any], arguments: list[Array], probes: list[Probe], arithmetic: Arithmetic, memory: int
) -> dict[str, Array]:
    """What the probes read, in as few forward passes as pays.

    Args:
        forward: The forward pass. It takes `arguments`, and keeps a leading axis of perturbations.
        arguments: Its arguments.
        probes: How each left-hand side is measured.
        arithmetic: `pair` for real arithmetic of pairs of numbers, `complex` for complex numbers.
        memory: Bytes that may be held at once.

    Returns:
        The left-hand sides, by the names of their probes.
    """
    total = sum(len(probe.directions) for probe in probes)
    entries = sum(total * arguments[probe.argument].size for probe in probes)
    groups: Iterable[list[Probe]] = [probes] if entries <= FUSED_ENTRIES else ([probe] for probe in probes)
    need = ARRAYS_HELD * sum(argument.nbytes for argument in arguments)
    measured: dict[str, Array] = {}
    for group in groups:
        directions, parts = _stacked(group, len(arguments))
        tangents = directional_derivatives(
            forward, arguments, directions, arithmetic=arithmetic, memory=memory, need=need
        )
        measured |= {probe.name: probe.read(tangents[part]) for probe, part in zip(group, parts, strict=True)}
    return measured


def _stacked(probes: list[Probe], arguments: int) -> tuple[list[Array | None], list[slice]]:
    """The directions of all probes on one leading axis, by argument, and each probe's part of it."""
    counts = [len(probe.directions) for probe in probes]
    ends = np.cumsum(counts)
    parts = [slice(int(end) - count, int(end)) for end, count in zip(ends, counts, strict=True)]
    directions: list[Array | None] = [None] * arguments
    for probe, part in zip(probes, parts, strict=True):
        own = np.zeros((int(ends[-1]), *probe.directions.shape[1:]))
        own[part] = probe.directions
        directions[probe.argument] = own
    return directions, parts


def with_axes_of(argument: Array, directions: Array) -> Array:
    """Directions in the last axes of an argument, with an axis of length 1 for each that stands before these."""
    before = argument.ndim + 1 - directions.ndim
    return directions.reshape(len(directions), *(1,) * before, *directions.shape[1:])


def row_by_row(tangents: Array) -> Array:
    """The derivatives of each row's own loss, (…, batch, perturbations). Rows do not mix: all move at once."""
    return np.moveaxis(tangents[..., 0], 0, -1)
