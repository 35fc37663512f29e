"""Quantities that the API has no attribute for, worked out from what is computed from them.

δ_c of an LSTM has no attribute. It is a factor of several that have one: where all of these are off by one factor,
the mistake is in δ_c and in none of them. It judges nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gru.calculus import formula
from gru.calculus.arrays import Array
from gru.layer import Equation

if TYPE_CHECKING:
    from gru.examiner.judging.evidence import Evidence


@dataclass(frozen=True)
class Recovered:
    """The recovered quantities.

    `values` holds them by name; `agreeing` names what is made of it by the right formula, and `unsure` what is made of
    something that neither the formula gives nor could be recovered.
    """

    values: dict[str, Array] = field(default_factory=dict)
    agreeing: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()


def recover(evidence: Evidence) -> Recovered:
    """The value of a quantity on which all but one of its shown products agree, where few agree with its formula."""
    values: dict[str, Array] = {}
    agreeing: set[str] = set()
    unsure: set[str] = set()
    form = evidence.form
    for hidden in (e for e in form.exposed if not e.is_shown and e.of is not None and e.name not in evidence.own):
        products = dict(_factors(hidden, evidence))
        factors = {name: factor for name, factor in products.items() if _tells(evidence, name)}
        ours = evidence.resolved[hidden.name]
        if 2 * sum(_holds(evidence, name, ours, ours, factor) for name, factor in factors.items()) >= len(factors):
            continue
        found = _agreed_on(factors, ours, evidence)
        if found is None:
            unsure |= set(factors)
        else:
            values[hidden.name] = found[0]
            agreeing |= found[1]
            unsure |= products.keys() - factors.keys()
    return Recovered(values, frozenset(agreeing), frozenset(unsure))


def _agreed_on(factors: Mapping[str, Array], ours: Array, evidence: Evidence) -> tuple[Array, set[str]] | None:
    """The value that all but one of the products agree on, and their names; None where there is none."""
    for source, factor in sorted(factors.items(), key=lambda item: -float(np.abs(item[1]).min())):
        with np.errstate(all="ignore"):
            value = evidence.own[source] / factor
            error = np.abs(evidence.own_limits[source]).reshape(-1, 1, 1) / np.abs(factor)
        if np.isfinite(value).all():
            held = {name for name, other in factors.items() if _holds(evidence, name, value, ours, other, error)}
            if len(held) >= max(2, len(factors) - 1):
                return value, held
    return None


def _tells(evidence: Evidence, name: str) -> bool:
    """Whether what is shown is above its rounding."""
    largest = np.abs(evidence.own[name]).max(axis=(-2, -1))
    return bool((largest > evidence.own_limits[name]).any())


def _factors(hidden: Equation, evidence: Evidence) -> Iterator[tuple[str, Array]]:
    """The shown products that have the hidden quantity as a factor, each with the product of its other factors."""
    for equation in evidence.form.backward:
        own = evidence.own.get(equation.name)
        if own is None or hidden.name not in equation.inputs or not np.isfinite(own).all():
            continue
        others = _others(equation.expression, hidden.name)
        if others:
            with np.errstate(all="ignore"):
                parts = [formula.evaluate(part, evidence.values) for part in others]
                yield equation.name, np.broadcast_to(np.prod(np.broadcast_arrays(*parts), axis=0), own.shape)


def _others(expression: ast.expr, name: str) -> list[ast.expr]:
    """The other factors of an elementwise product that has this name as one; none where it is no such product."""
    factors: list[ast.expr] = []
    while isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Mult):
        factors.append(expression.right)
        expression = expression.left
    factors.append(expression)
    others = [f for f in factors if not (isinstance(f, ast.Name) and f.id == name)]
    return others if len(others) == len(factors) - 1 and not any(name in formula.names(f) for f in others) else []


def _holds(evidence: Evidence, name: str, value: Array, ours: Array, factor: Array, error: Any = 0.0) -> bool:
    """Whether what is shown is this value times its other factors, to a rounding that is less than it is itself.

    The rounding is known for the formula's value, `ours`; that of a larger one is larger by as much.
    """
    own = evidence.own[name]
    with np.errstate(all="ignore"):
        larger = np.fmax(1.0, np.abs(value).max(axis=(-2, -1)) / np.abs(ours).max(axis=(-2, -1)))
        allowed = (np.abs(evidence.own_limits[name]) * larger).reshape(-1, 1, 1) + np.abs(factor) * error
        return bool((np.abs(own - value * factor) <= allowed).all() and (np.abs(own) > allowed).any())
