"""What a cell keeps to itself, worked out from what it shows: then each equation is judged by itself.

dU holds the blocks xᵀ·δ, one for each gate. Where the rows of x are linearly independent, δ = P·(xᵀ·δ) with the
pseudo-inverse P of xᵀ; the same from dW. That a block has this structure is itself the check of its equation. It
runs nothing.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gru.calculus import formula
from gru.examiner.judge import Case, Evidence, compare, judge_equations
from gru.layer import Equation, Form

Array = NDArray[np.float64]

MOST_AMPLIFIED = 1e3
"""A problem in which rounding is amplified more than this recovers nothing."""


def revealed(cases: Iterable[Case]) -> list[Case]:
    """The cases in which everything that is hidden can be worked out, judged on what was."""
    found = []
    for case in cases:
        evidence = _revealed(case.evidence)
        if evidence is not None:
            found.append(Case(evidence, case.use, tuple(judge_equations(evidence))))
    return found


def _revealed(evidence: Evidence) -> Evidence | None:
    """The evidence with all that could be recovered; None where that is not all."""
    form, own = evidence.form, dict(evidence.own)
    for stack in form.stacks:
        if stack.gradient not in own:
            return None
        for block, value in form.blocks_of(stack, own[stack.gradient]).items():
            own.setdefault(form.derivatives[block].name, value)
    for equation in form.forward_shown:
        if equation.name not in own:
            # Where h is right, so is what it is made of.
            if not _is_right(evidence, form.output):
                return None
            own[equation.name] = evidence.resolved[equation.name]
    slack = evidence.slack
    for equation in form.backward:
        if equation.name in own or not equation.has_check:
            continue
        values = replace(evidence, own=own, odd={}).values
        every = list(_candidates(equation, form, own, values))
        # A block that cannot be solved for δ tells nothing; one that has not the structure of Aᵀ·δ is wrong itself.
        candidates = [candidate for candidate in every if candidate is not None and candidate[1]]
        if None in every or not candidates:
            return None
        value, amplified = _chosen(equation, candidates, values)
        own[equation.name], slack = value, max(slack, amplified)
    odd = {name: value for name, value in evidence.odd.items() if name not in own}
    return replace(evidence, own=own, odd=odd, slack=slack)


def _is_right(evidence: Evidence, name: str) -> bool:
    if name not in evidence.own:
        return False
    limits = evidence.reference.limits(name, evidence.dtype_of(name))
    return compare(evidence.own[name], evidence.reference.truth[name], limits).agrees


def _candidates(
    equation: Equation, form: Form, own: dict[str, Array], values: dict[str, Array]
) -> Iterator[tuple[Array, float] | None]:
    """δ from every block Aᵀ·δ, and how much rounding is amplified on the way: 0 where it has not that structure.

    None where A is such that δ does not follow from it.
    """
    for block in form.backward:
        left = _multiplied(block, equation.name)
        if left is None or block.of not in form.blocks or block.name not in own:
            continue
        matrix = formula.evaluate(left, values)
        rows, columns = matrix.shape[-2:]
        if rows > columns or not (np.isfinite(matrix).all() and np.isfinite(own[block.name]).all()):
            yield None
            continue
        inverse = np.linalg.pinv(matrix.mT)
        amplified = float((np.abs(inverse) @ np.abs(matrix.mT)).sum(axis=-1).max())
        if not amplified < MOST_AMPLIFIED or np.linalg.matrix_rank(matrix).min() < rows:
            yield None
            continue
        delta, wanted = inverse @ own[block.name], own[block.name]
        close = 1e-9 * max(float(np.abs(wanted).max()), np.finfo(float).tiny)
        is_product = np.abs(matrix.mT @ delta - wanted).max() <= close
        yield delta, amplified * (rows + 2) if is_product else 0.0


def _multiplied(block: Equation, name: str) -> ast.expr | None:
    """A where the formula of a block is Aᵀ·δ, δ being the quantity of this name."""
    match block.expression:
        case ast.BinOp(ast.Attribute(left, "mT"), ast.MatMult(), ast.Name(delta)) if delta == name:
            return left
    return None


def _chosen(equation: Equation, candidates: list[tuple[Array, float]], values: dict[str, Array]) -> tuple[Array, float]:
    """The candidate that is nearest to what the formula gives: where they differ, a block is wrong."""
    with np.errstate(all="ignore"):
        expected = equation(values)
    return min(candidates, key=lambda candidate: float(np.abs(candidate[0] - expected).max()))
