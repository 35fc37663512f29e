"""Formulas that follow each other step after step, made into one function of duals.

It reads syntax trees, and knows no layer: names stand for quantities, matrices and rows, whatever these are. It refuses
what it has no rule for: a tangent is never dropped.
"""

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from gru.calculus import complex_dual, dual
from gru.calculus.arrays import Array
from gru.calculus.dual import Entries, Thin, product_of_thin
from gru.calculus.formula import names, terms


class NotDual(TypeError):
    """The formula has an operation that has no rule here."""


_FUNCTIONS = {"sigmoid": "sigmoid", "np.tanh": "tanh", "tanh": "tanh"}
"""What a formula calls, and the function here that it is."""

_HELPERS = ("product", "times", "mixed", "over", "shifted", "taken_from", "number_over", "sigmoid", "tanh")
"""What the lines of a formula are made of, in either arithmetic."""


@dataclass
class _Sums:
    """Formulas that are sums of products with matrices, of the same left factors: computed side by side as one.

    `lefts` are those factors, None for a row that is added, such as a bias. `matrices` has the names for each formula.
    `function` is what all of them go through, if anything, under the names `results`.
    """

    lefts: tuple[ast.expr | None, ...]
    function: str | None
    quantities: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    matrices: list[tuple[str, ...]] = field(default_factory=list)


class Recurrence:
    """The formulas of one step, in their order, as a function of duals that goes step after step.

    Args:
        formulas: The right-hand sides by the name of what they are.
        functions: Of a quantity that is a function of another, by name: the function's name, and that other.
        carried: Which quantity of a step is which state of the next, by the name of the state.
        known: What is given for all steps beforehand: its products with matrices are computed for all of them at once.
        matrices: The names that stand for matrices, on the right of products.
        rows: The names that stand for rows that are added.
        output: The quantity whose tangents are asked for.

    Raises:
        NotDual: A formula has an operation without a rule.
    """

    def __init__(
        self,
        formulas: Mapping[str, ast.expr],
        functions: Mapping[str, tuple[str, str]],
        carried: Mapping[str, str],
        known: str,
        matrices: Collection[str],
        rows: Collection[str],
        output: str,
    ) -> None:
        self._known, self._matrices, self._rows = known, set(matrices), set(rows)
        self._groups: list[_Sums] = []
        self._alone: set[str] = set()
        self._used = {output, *carried.values()}
        for expression in formulas.values():
            self._used.update(names(expression))
        lines = [line for name, expression in formulas.items() for line in self._lines(name, expression, functions)]
        source = self._source_of(lines, carried, output)
        self._by_duals, self._by_complex = _made(source, dual), _made(source, complex_dual)

    def _lines(
        self, name: str, expression: ast.expr, functions: Mapping[str, tuple[str, str]]
    ) -> Iterator[str | _Sums]:
        """The lines of a formula; a group of sums at the place of its first, in which the others are then put."""
        if any(name in group.results for group in self._groups):
            return
        if name in functions:
            function, inside = functions[name]
            yield f"{name} = {_function(function)}({inside})"
            return
        parts = self._as_sum(expression)
        if parts is None:
            yield f"{name} = {self._source(expression)}"
            return
        lefts, weights = parts
        result = next((one for one, (_, inside) in functions.items() if inside == name), None)
        called = functions[result][0] if result else None
        group = next((g for g in self._groups if g.function == called and _same(g.lefts, lefts)), None)
        if group is None:
            group = _Sums(lefts, called)
            self._groups.append(group)
            yield group
        group.quantities.append(name)
        group.matrices.append(weights)
        group.results += [result] if result else []

    def _as_sum(self, expression: ast.expr) -> tuple[tuple[ast.expr | None, ...], tuple[str, ...]] | None:
        """The left factors and the matrices, where the formula is a sum of products with matrices and of rows alone."""
        parts: list[tuple[ast.expr | None, str]] = []
        for term in terms(expression):
            match term:
                case ast.BinOp(left, ast.MatMult(), ast.Name(matrix)) if matrix in self._matrices:
                    parts.append((left, matrix))
                case ast.Name(row) if row in self._rows:
                    parts.append((None, row))
                case _:
                    return None
        return tuple(left for left, _ in parts), tuple(weight for _, weight in parts)

    def _source(self, node: ast.expr) -> str:
        """The formula as a line of Python on duals."""
        match node:
            case ast.Constant(int() | float() as number):
                return repr(number)
            case ast.Name(name) if name not in self._matrices:
                return name
            case ast.UnaryOp(ast.USub(), operand):
                return f"(-{self._source(operand)})"
            case ast.BinOp(left, ast.MatMult(), ast.Name(matrix)) if matrix in self._matrices:
                self._alone.add(matrix)
                return f"product({self._source(left)}, {matrix})"
            case ast.BinOp(
                ast.BinOp(ast.BinOp(ast.Constant(1), ast.Sub(), a), ast.Mult(), b),
                ast.Add(),
                ast.BinOp(also_a, ast.Mult(), c),
            ) if ast.dump(a) == ast.dump(also_a):
                return f"mixed({', '.join(map(self._source, (a, b, c)))})"
            case ast.BinOp(left, operator, right):
                rule = _RULES.get((type(operator), _is_number(left), _is_number(right)))
                if rule is not None:
                    return rule.format(self._source(left), self._source(right))
            case ast.Call(function, [argument], []):
                return f"{_function(ast.unparse(function))}({self._source(argument)})"
        raise NotDual(f"no rule for {ast.unparse(node)}")

    def _source_of(self, lines: Sequence[str | _Sums], carried: Mapping[str, str], output: str) -> str:
        """All lines as one function of the values and of what `_prepared` gives."""
        body: list[str] = []
        for line in lines:
            body += [line] if isinstance(line, str) else self._source_of_sum(line)
        self._needs_known = any(re.search(rf"\b{self._known}\b", line) for line in body)
        if self._needs_known:
            body.insert(0, f"{self._known} = all_known[:, t]")
        body += [f"outputs.append({output})"]
        body += [f"{', '.join(carried)} = {', '.join(carried.values())}"]
        given = [*self._alone, *self._rows, *carried]
        source = [
            "def run(values, prepared, all_known, steps):",
            *(f"    {name} = values[{name!r}]" for name in given),
            "    outputs = []",
            "    for t in range(steps):",
            *(f"        {line}" for line in body),
            "    return outputs",
        ]
        return "\n".join(source)

    def _source_of_sum(self, group: _Sums) -> Iterator[str]:
        own = f"prepared[{self._groups.index(group)}]"
        later = [left for left in group.lefts if self._is_later(left)]
        for number, left in enumerate(later):
            yield f"total {'+' if number else ''}= product({self._source(left)}, {own}.matrices[{number}])"
        if any(left is not None and not self._is_later(left) for left in group.lefts):
            yield f"total {'+' if later else ''}= {own}.beforehand[:, t]"
        elif None in group.lefts:
            yield f"total {'+' if later else ''}= {own}.beforehand[:, 0]"
        yield from self._parts(group.quantities, own)
        if group.function is not None:
            yield f"total = {_function(group.function)}(total)"
            yield from self._parts(group.results, own)

    def _parts(self, quantities: Sequence[str], own: str) -> Iterator[str]:
        """A line for each quantity that something is made of."""
        if len(quantities) == 1:
            yield f"{quantities[0]} = total"
        else:
            yield from (f"{n} = total[..., {own}.parts[{k}]]" for k, n in enumerate(quantities) if n in self._used)

    def _is_later(self, left: ast.expr | None) -> TypeGuard[ast.expr]:
        """Whether a left factor is there only within a step."""
        return left is not None and not (isinstance(left, ast.Name) and left.id == self._known)

    def _prepared(self, group: _Sums, values: Mapping[str, Any], arithmetic: Any) -> "_Prepared":
        """The matrices of a group side by side, and what can be computed for all steps at once."""
        wide = [[values[name] for name in column] for column in zip(*group.matrices, strict=True)]
        beforehand: list[Array] = []
        matrices: list[Any] = []
        for left, column in zip(group.lefts, wide, strict=True):
            if left is None:
                beforehand.append(np.concatenate(column, axis=-1)[:, np.newaxis])
                continue
            matrix = _beside(column)
            if self._is_later(left):
                matrices.append(matrix)
            else:
                known = values[self._known]
                thin = isinstance(known, Thin)
                beforehand.append(product_of_thin(known, matrix) if thin else arithmetic.product(known, matrix))
        parts, end = [], 0
        for one in wide[0]:
            width = (one.value if isinstance(one, Thin | Entries) else one).shape[-1]
            parts.append(slice(end, end + width))
            end += width
        return _Prepared(matrices, reduce(np.add, beforehand) if beforehand else None, parts)

    def tangents(self, values: Mapping[str, Any]) -> Array:
        """The tangents of the output at every step, (steps, k, …).

        `values` holds the duals by name: what is known as (1 + k, steps, …) or as `Thin`, the first states, the
        matrices as `Thin` or as `Entries`, and rows that are added as (1 + k, 1, n).
        """
        return self._outputs(self._by_duals, dual, values)[:, 1:]

    def tangents_by_complex(self, values: Mapping[str, Array]) -> Array:
        """The same along one direction, (steps, 1, …); NaN where a complex number overflows.

        `values` holds complex numbers as `complex_dual` has them: what is known as (1, steps, …), the first states as
        (1, …), the matrices (n, m), and rows that are added as (1, 1, n).
        """
        return complex_dual.tangent(self._outputs(self._by_complex, complex_dual, values))

    def _outputs(self, run: Callable[..., list[Array]], arithmetic: Any, values: Mapping[str, Any]) -> Array:
        with np.errstate(all="ignore"):
            prepared = [self._prepared(group, values, arithmetic) for group in self._groups]
            known = values[self._known]
            steps = len(known.value) if isinstance(known, Thin) else known.shape[1]
            if isinstance(known, Thin) and self._needs_known:
                known = np.stack([known.value, known.left * known.right])
            return np.array(run(values, prepared, known, steps))


class _Prepared(NamedTuple):
    """Of a group of sums: the matrices for what comes later, what was summed beforehand, and each formula's part."""

    matrices: list[Any]
    beforehand: Any
    parts: list[slice]


def _made(source: str, arithmetic: Any) -> Callable[..., list[Array]]:
    """The source as a function, in one arithmetic or the other."""
    namespace: dict[str, Any] = {name: getattr(arithmetic, name) for name in _HELPERS}
    exec(source, namespace)  # our own formulas only: every name and sign in them has a rule above
    made: Callable[..., list[Array]] = namespace["run"]
    return made


def _beside(matrices: Sequence[Any]) -> Any:
    """Matrices side by side: one product in place of several."""
    if isinstance(matrices[0], np.ndarray):
        return np.concatenate(matrices, axis=-1)
    return type(matrices[0]).beside(matrices)


def _function(name: str) -> str:
    """The name of the function on duals."""
    if name not in _FUNCTIONS:
        raise NotDual(f"no rule for {name}")
    return _FUNCTIONS[name]


def _same(lefts: Sequence[ast.expr | None], others: Sequence[ast.expr | None]) -> bool:
    return [left and ast.dump(left) for left in lefts] == [left and ast.dump(left) for left in others]


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


_RULES: dict[tuple[type[ast.operator], bool, bool], str] = {
    (ast.Add, False, False): "({} + {})",
    (ast.Add, True, False): "shifted({1}, {0})",
    (ast.Add, False, True): "shifted({}, {})",
    (ast.Sub, False, False): "({} - {})",
    (ast.Sub, True, False): "taken_from({}, {})",
    (ast.Sub, False, True): "shifted({}, -{})",
    (ast.Mult, False, False): "times({}, {})",
    (ast.Mult, True, False): "({} * {})",
    (ast.Mult, False, True): "({} * {})",
    (ast.Div, False, False): "over({}, {})",
    (ast.Div, True, False): "number_over({}, {})",
    (ast.Div, False, True): "({} / {})",
}
"""The operations, by whether their left and their right operand is a number."""
