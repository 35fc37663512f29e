"""What stands in place of a gate: another activation function, or the right one applied to something else.

It is read off the values of the gate. It names no equation, and judges nothing.
"""

from collections.abc import Callable, Iterator

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.functions import sigmoid
from gru.examiner.diagnosis.read_off import ENOUGH, Guess, agrees, eps, one_number
from gru.examiner.diagnosis.sample import Sample
from gru.examiner.fact import Fact
from gru.layer import Equation


def inside(wrong: list[Sample]) -> Iterator[Guess]:
    """An activation of something else than its pre-activation: a constant is added in it, or it is multiplied."""
    equation, form = wrong[0].equation, wrong[0].form
    kind = form.activations.get(equation.name)
    before = form.preactivations.get(equation.name)
    if kind is None or before is None:
        return
    forward, inverse = FUNCTIONS[kind]

    def at(sample: Sample) -> tuple[Array, Array, Array]:
        own = sample.own
        slope = 1 - own * own if kind == "tanh" else own * (1 - own)
        good = slope > 1e-2
        return inverse(own)[good], sample.values[before][good], (sample.limits + 0 * own)[good] / slope[good]

    inner, true, limits = (np.concatenate(parts) for parts in zip(*map(at, wrong), strict=True))
    if inner.size < ENOUGH:
        return
    for what, unit in (("constant", np.ones_like(true)), ("factor", true)):
        number = one_number(inner - true, unit, 4 * limits)
        if number is not None:

            def predicted(sample: Sample, number: float = number, what: str = what) -> Array:
                a = sample.values[before]
                return np.asarray(forward(a + number if what == "constant" else a * (1 + number)))

            fact = Fact.of("inside", name=equation.name, what=what, number=number, function=kind)
            yield Guess((fact,), predicted)


def _logit(value: Array) -> Array:
    return np.asarray(np.log(value) - np.log1p(-value))


FUNCTIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (np.tanh, np.arctanh),
    "sigmoid": (sigmoid, _logit),
}
"""Each activation function, and its inverse."""


def _clipped_line(slope: float) -> Callable[[Array], Array]:
    return lambda a: np.clip(slope * a + 0.5, 0, 1)


_OTHERS: dict[str, Callable[[Array], Array]] = {
    "max(a, 0)": lambda a: np.maximum(a, 0),
    "max(a, 0.01 * a)": lambda a: np.maximum(a, 0.01 * a),
    "clip(a, -1, 1)": lambda a: np.clip(a, -1, 1),
    "a / (1 + |a|)": lambda a: a / (1 + np.abs(a)),
    "arctan(a)": np.arctan,
    "clip(0.2 * a + 0.5, 0, 1)": _clipped_line(0.2),
    "clip(a / 6 + 0.5, 0, 1)": _clipped_line(1 / 6),
}
"""Other activation functions that are in use; σ and tanh taken for each other are in the catalogue."""


def other_function(wrong: list[Sample]) -> Iterator[Guess]:
    """Another activation function that is in use."""
    equation, form = wrong[0].equation, wrong[0].form
    kind, before = form.activations.get(equation.name), form.preactivations.get(equation.name)
    if kind is None or before is None or sum(int(sample.off.sum()) for sample in wrong) < ENOUGH:
        return
    for line, function in _OTHERS.items():

        def predicted(sample: Sample, function: Callable[[Array], Array] = function) -> Array:
            return function(sample.values[before])

        if all(_is_value(sample, predicted(sample), form.named[before]) for sample in wrong):
            yield Guess((Fact.of("other-function", name=equation.name, line=line, function=kind),), predicted)


def _is_value(sample: Sample, value: Array, before: Equation) -> bool:
    """Whether this is the gate's value.

    No activation has a slope above 1, so the gate differs by no more than its pre-activation.
    """
    limits = sample.limit_of(before.expression).reshape(-1, 1, 1) + 4 * eps(sample) * np.abs(value)
    return agrees(sample.own, value, sample.limits + limits)
