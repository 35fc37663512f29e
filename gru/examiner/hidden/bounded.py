"""Gates that are kept from their ends in a cell that hides them, as by a clip of what σ or tanh is applied to.

One helper serves several gates, so that all of one kind are tried at once too. The bound is read off the states. It
holds no cell against all that is shown, and runs nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.functions import sigmoid
from gru.examiner.diagnosis.sample import says_little
from gru.examiner.judging.case import Case
from gru.layer import Equation, Form

FUNCTIONS: dict[str, tuple[Callable[[Array], Array], float]] = {"sigmoid": (sigmoid, 37.0), "tanh": (np.tanh, 19.0)}
"""Each function, and from where on it is 1 in double precision."""

_TRIED = 74
"""How many bounds are tried before the best is made more exact."""

_STEPS = 75
"""Each step of a golden section leaves 0.618 of an interval: after these, its ends are next to each other."""

_READ = 4
"""Of how many problems a bound is read off."""


@dataclass(frozen=True)
class Bounded:
    """Gates that are clipped, all at the same bounds."""

    gates: tuple[str, ...]
    low: float
    high: float

    def equations(self, form: Form) -> dict[str, Equation]:
        """The equations of the gates, clipped."""
        return {gate: _clipped(form.named[gate], self.low, self.high) for gate in self.gates}


def bounded(cases: Sequence[Case], form: Form) -> Iterator[Bounded]:
    """What may be clipped in a cell whose states are wrong on some problems and right on others."""
    state = form.named[form.output]
    wrong = sorted((case for case in cases if case.status(state.id) in ("wrong", "inherited")), key=says_little)
    sharp = [case for case in wrong if case.evidence.dtype_of(state.name) == np.float64][:_READ]
    # Elsewhere no gate comes near its ends, and the states are right.
    if not sharp or 2 * len(wrong) > len(cases):
        return
    for kind in FUNCTIONS:
        gates = [name for name, of in form.activations.items() if of == kind]
        for count in range(1, len(gates) + 1):
            for some in combinations(gates, count):
                apart = partial(_apart, sharp, form, some, kind)
                yield _at(some, kind, _best(apart, FUNCTIONS[kind][1]))


def _at(gates: tuple[str, ...], kind: str, size: float) -> Bounded:
    """The gates, where no pre-activation is larger than this."""
    low, high = FUNCTIONS[kind][0](np.array([-size, size]))
    return Bounded(gates, float(low), float(high))


def _clipped(equation: Equation, low: float, high: float) -> Equation:
    return replace(equation, function=lambda *inputs: np.clip(equation.function(*inputs), low, high))


def _apart(cases: Sequence[Case], form: Form, gates: tuple[str, ...], kind: str, size: float) -> float:
    """How far at most a state of such a cell is from the one that was shown."""
    clipped, apart = _at(gates, kind, size).equations(form), 0.0
    for case in cases:
        values = dict(case.evidence.given)
        for equation in form.forward:
            values[equation.name] = clipped.get(equation.name, equation)(values)
        apart = max(apart, float(np.abs(values[form.output] - case.evidence.own[form.output]).max()))
    return apart


def _best(apart: Callable[[float], float], end: float) -> float:
    """The bound at which the least is left: the best of many, made exact between its neighbours."""
    tried = np.linspace(0, end, _TRIED + 1)[1:]
    at = int(np.argmin([apart(float(c)) for c in tried]))
    low, high = float(tried[max(at - 1, 0)]), float(tried[min(at + 1, _TRIED - 1)])
    golden = (5**0.5 - 1) / 2
    inside = [high - golden * (high - low), low + golden * (high - low)]
    left = [apart(c) for c in inside]
    for _ in range(_STEPS):
        if left[0] <= left[1]:
            high, inside[1], left[1] = inside[1], inside[0], left[0]
            inside[0] = high - golden * (high - low)
            left[0] = apart(inside[0])
        else:
            low, inside[0], left[0] = inside[0], inside[1], left[1]
            inside[1] = low + golden * (high - low)
            left[1] = apart(inside[1])
    return (low + high) / 2
