"""What stands in place of a gate: another function of its pre-activation, or the right one of something else.

It is read off the values of the gate. It names no equation, and judges nothing.
"""

from collections.abc import Callable, Iterator

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.functions import sigmoid
from gru.examiner.diagnosis.probe import Probe
from gru.examiner.diagnosis.read_off import ENOUGH, Description, agrees, eps, one_number
from gru.examiner.fact import Fact
from gru.layer import Equation


def inside(wrong: list[Probe]) -> Iterator[Description]:
    """An activation of something else than its pre-activation: a constant is added in it, or it is multiplied."""
    equation, form = wrong[0].equation, wrong[0].form
    kind = form.activations.get(equation.name)
    before = form.preactivations.get(equation.name)
    if kind is None or before is None:
        return
    forward, inverse = _FUNCTIONS[kind]

    def at(probe: Probe) -> tuple[Array, Array, Array]:
        own = probe.own
        slope = 1 - own * own if kind == "tanh" else own * (1 - own)
        good = slope > 1e-2
        return inverse(own)[good], probe.values[before][good], (probe.limits + 0 * own)[good] / slope[good]

    inner, true, limits = (np.concatenate(parts) for parts in zip(*map(at, wrong), strict=True))
    if inner.size < ENOUGH:
        return
    for what, unit in (("constant", np.ones_like(true)), ("factor", true)):
        number = one_number(inner - true, unit, 4 * limits)
        if number is not None:

            def predicted(probe: Probe, number: float = number, what: str = what) -> Array:
                a = probe.values[before]
                return np.asarray(forward(a + number if what == "constant" else a * (1 + number)))

            fact = Fact.of("inside", name=equation.name, what=what, number=number, function=kind)
            yield Description((fact,), predicted)


def _logit(value: Array) -> Array:
    return np.asarray(np.log(value) - np.log1p(-value))


_FUNCTIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (np.tanh, np.arctanh),
    "sigmoid": (sigmoid, _logit),
}
"""Each activation function, and its inverse."""


def _clipped_line(slope: float) -> Callable[[Array], Array]:
    return lambda a: np.clip(slope * a + 0.5, 0, 1)


_OTHERS: dict[str, Callable[[Array], Array]] = {
    "max(a, 0)": lambda a: np.maximum(a, 0),
    "clip(a, -1, 1)": lambda a: np.clip(a, -1, 1),
    "a / (1 + |a|)": lambda a: a / (1 + np.abs(a)),
    "arctan(a)": np.arctan,
    "clip(0.2 * a + 0.5, 0, 1)": _clipped_line(0.2),
    "clip(a / 6 + 0.5, 0, 1)": _clipped_line(1 / 6),
}
"""Other activation functions that are in use; σ and tanh taken for each other are in the catalogue."""


def other_function(wrong: list[Probe]) -> Iterator[Description]:
    """Another activation function that is in use."""
    equation, form = wrong[0].equation, wrong[0].form
    kind, before = form.activations.get(equation.name), form.preactivations.get(equation.name)
    if kind is None or before is None or sum(int(probe.off.sum()) for probe in wrong) < ENOUGH:
        return
    for line, function in _OTHERS.items():

        def predicted(probe: Probe, function: Callable[[Array], Array] = function) -> Array:
            return function(probe.values[before])

        if all(_is_value(probe, predicted(probe), form.named[before]) for probe in wrong):
            yield Description((Fact.of("other-function", name=equation.name, line=line, function=kind),), predicted)


def _is_value(probe: Probe, value: Array, before: Equation) -> bool:
    """Whether this is the gate's value: no slope is above 1, so that it differs by no more than its pre-activation."""
    limits = probe.limit_of(before.expression).reshape(-1, 1, 1) + 4 * eps(probe) * np.abs(value)
    return agrees(probe.own, value, probe.limits + limits)
