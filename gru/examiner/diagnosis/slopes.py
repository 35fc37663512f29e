"""What stands in place of σ′ or tanh′, where it is another function of the gate: read off the values.

It judges nothing.
"""

import ast
from collections.abc import Iterator

import numpy as np

from gru.calculus import formula
from gru.calculus.arrays import Array
from gru.examiner.diagnosis.read_off import ENOUGH, Guess
from gru.examiner.diagnosis.sample import Sample
from gru.examiner.fact import Fact
from gru.mistakes import slope_of

DEGREE = 3
"""The highest power of a gate that is tried: σ′ and tanh′ have the second."""

_CLOSE = 1e-6
"""How near a coefficient that was read off is to a half-integer; all values are then held against that."""

_SHARP = 1e-9
"""How well a value must be known for a coefficient to be read off it, in units of its largest entry."""


def other_slope(wrong: list[Sample]) -> Iterator[Guess]:
    """A polynomial of the gate with simple coefficients, or the square root of the right slope."""
    equation, form = wrong[0].equation, wrong[0].form
    split, gate = slope_of(equation, form), form.activation_of(equation.of)
    if split is None or gate is None:
        return
    rest, slope = split
    told = {"name": equation.name, "slope": slope, "function": form.activations[gate]}
    line = _polynomial(wrong, rest, gate)
    if line is not None:
        tree = ast.BinOp(rest, ast.Mult(), formula.parse(line))
        if all(sample.is_near(tree) and sample.is_reproduced_by(tree) for sample in wrong):
            yield Guess((Fact.of("other-slope", line=line, **told),), lambda sample: sample.value_of(tree))
    if sum(int(sample.off.sum()) for sample in wrong) >= ENOUGH and all(_is_root(sample, rest) for sample in wrong):
        yield Guess((Fact.of("root-of-slope", **told),), lambda sample: _with_root(sample, rest, gate))


def _polynomial(wrong: list[Sample], rest: ast.expr, gate: str) -> str | None:
    """The polynomial of the gate that stands after `rest`, as a line; None where there is none."""
    rows, wanted = [np.empty((0, DEGREE + 1))], [np.empty(0)]
    for sample in wrong:
        before, value = sample.value_of(rest), np.broadcast_to(sample.values[gate], sample.own.shape)
        scale = float(np.abs(sample.own).max())
        is_finite = before is not None and np.isfinite(sample.own).all() and np.isfinite(before).all()
        if is_finite and float(sample.limits.max()) < _SHARP * scale:
            powers = np.stack([before * value**power for power in range(DEGREE + 1)], axis=-1)
            rows.append(powers.reshape(-1, DEGREE + 1) / scale)
            wanted.append(sample.own.ravel() / scale)
    matrix = np.concatenate(rows)
    if len(matrix) < ENOUGH * (DEGREE + 1) or np.linalg.matrix_rank(matrix) <= DEGREE:
        return None
    found = np.linalg.lstsq(matrix, np.concatenate(wanted))[0]
    simple = np.round(2 * found) / 2
    return _line(simple.tolist(), gate) if simple.any() and np.abs(found - simple).max() < _CLOSE else None


def _line(coefficients: list[float], gate: str) -> str:
    """`1 - 2 * n * n`: a polynomial as a line of Python."""
    line = ""
    for power, coefficient in enumerate(coefficients):
        factors = [gate] * power
        if abs(coefficient) != 1 or not factors:
            factors.insert(0, f"{abs(coefficient):g}")
        if coefficient:
            sign = "-" if coefficient < 0 else "+"
            line += f" {sign} {' * '.join(factors)}" if line else f"{'-' * (coefficient < 0)}{' * '.join(factors)}"
    return line


def _is_root(sample: Sample, rest: ast.expr) -> bool:
    """Whether the value is `rest` times the square root of the slope: its square is `rest` times the right value."""
    before = sample.value_of(rest)
    if before is None:
        return False
    with np.errstate(all="ignore"):
        # A root loses half of the digits of what is near zero, and a square none; the value is known to its limit.
        allowed = np.abs(before) * (sample.limits + 2 * sample.limit_of(rest).reshape(-1, 1, 1))
        allowed = allowed + sample.limits * (2 * np.abs(sample.own) + sample.limits)
        is_square = np.abs(sample.own**2 - before * sample.right) <= allowed
        return bool((is_square & (sample.own * before >= 0)).all())


def _with_root(sample: Sample, rest: ast.expr, gate: str) -> Array | None:
    """The value that `rest` times the square root of the slope has."""
    before, value = sample.value_of(rest), sample.values[gate]
    slope = 1 - value * value if sample.form.activations[gate] == "tanh" else value * (1 - value)
    return None if before is None else np.asarray(before * np.sqrt(np.maximum(slope, 0)))
