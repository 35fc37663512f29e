"""Families: the forms of a layer that differ in nothing but their biases, and what each computes forward.

With its biases at zero, a form computes what the form without them computes: so one form stands for its family until
the biases are found. It runs nothing of a submission.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import Running, limit
from gru.layer import Axis, Form, Layer, Sizes, Stack
from gru.layers.registry import HOMES, layer_named

BIAS = "1"
"""The rows of a bias."""


@dataclass(frozen=True, eq=False)
class Family:
    """Forms that differ in their biases alone, the one with the fewest first."""

    forms: tuple[Form, ...]

    @property
    def fullest(self) -> Form:
        """The form with all biases that there are."""
        return self.forms[-1]

    def blocks(self, kind: str) -> tuple[str, ...]:
        """The names of the blocks whose rows are of this kind."""
        return tuple(block for stack in self.fullest.stacks if stack.rows == kind for block in stack.blocks)

    def with_blocks(self, blocks: set[str]) -> Form:
        """The form with the fewest biases that has all these blocks."""
        return next(form for form in self.forms if blocks <= set(form.blocks))


@cache
def families() -> tuple[Family, ...]:
    """The families of every layer."""
    return tuple(family for id in HOMES for family in _of_layer(layer_named(id)))


def _of_layer(layer: Layer) -> Iterator[Family]:
    """The families of a layer. The order of the blocks is no part of them: it is found block by block."""
    apart = [axis.name for axis in layer.axes if not _is_of_biases(axis, layer) and not _is_of_order(axis)]
    groups: dict[tuple[str, ...], list[Form]] = {}
    for form in layer.forms.values():
        if not any(option.order for option in form.options.values()):
            groups.setdefault(tuple(form.options[name].id for name in apart), []).append(form)
    for forms in groups.values():
        yield Family(tuple(sorted(forms, key=lambda form: len(form.blocks))))


def _is_of_order(axis: Axis) -> bool:
    return any(option.order for option in axis.options)


def _is_of_biases(axis: Axis, layer: Layer) -> bool:
    """Whether all that an axis adds or leaves out are biases."""
    named: Mapping[str, Stack] = {stack.name: stack for stack in layer.stacks}
    stacks = [s for o in axis.options for s in (*o.stacks, *(named[name] for name in o.without))]
    return bool(stacks) and all(stack.rows == BIAS for stack in stacks)


def states_of(
    form: Form, blocks: Mapping[str, Any], x: Iterable[Any], starts: Mapping[str, Any], sizes: Sizes
) -> list[dict[str, Any]]:
    """The states after every step, by name.

    Args:
        form: The form of the layer.
        blocks: The blocks of the parameters by name; one that is not among them is zero.
        x: The input of every step.
        starts: The first states by name.
        sizes: The sizes of the problem.

    Returns:
        Arrays; or `Running`s, where all that is given is.
    """
    given = {name: np.zeros(form.shape_of(name, sizes)) for name in form.blocks if name not in blocks} | dict(blocks)
    before, states = dict(starts), []
    for at_step in x:
        at = form.step({**given, form.layer.input: at_step, **before})
        before = {carried.previous: at[carried.state] for carried in form.layer.carried}
        states.append({carried.state: at[carried.state] for carried in form.layer.carried})
    return states


def agrees(
    form: Form,
    blocks: Mapping[str, Array],
    x: Array,
    starts: Mapping[str, Array],
    sizes: Sizes,
    shown: Mapping[str, Array],
    precision: str,
) -> bool:
    """Whether these are the states of a form, to within the limit of rounding: the last ones, where not all are shown.

    Args:
        form: The form.
        blocks: Those of its blocks that are not zero, by name.
        x: (steps, batch, input).
        starts: The first states by name, each (batch, hidden).
        sizes: The sizes.
        shown: The states that are shown by name, each (steps or 1, batch, hidden).
        precision: In which it was computed.
    """
    exact, first = ({name: exactly(value) for name, value in given.items()} for given in (blocks, starts))
    found = states_of(form, exact, [exactly(at_step) for at_step in x], first, sizes)
    return all(
        bool((np.abs(own - state[name].value) <= limit(state[name].roundings.max(), np.dtype(precision))).all())
        for name, states in shown.items()
        for own, state in zip(states, found[-len(states) :], strict=True)
    )


def exactly(value: Array) -> Running:
    """A number that is given, and has no error."""
    return Running(value, np.zeros_like(value))
