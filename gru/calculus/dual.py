"""Formulas on duals: a value and its tangent along one direction, as one real array.

A dual is (2, …): value and tangent on a leading axis. What is linear is then one operation on both, and a function is
evaluated once. It knows the few operations that formulas of layers are made of, and refuses every other: a tangent is
never dropped. It knows no layer, and no rule but that of each operation.
"""

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from gru.calculus.formula import names, terms

Array = NDArray[Any]

LARGEST = 1e300
"""What e^{−a} is taken as at most: 1/(1 + e^{−a}) is below every number that counts there, and nothing is infinite."""


class NotDual(TypeError):
    """The formula has an operation that has no rule here."""


class Matrix(NamedTuple):
    """A matrix (n, m) that stands on the right of products, and its tangent: `left` (n, k) @ `right` (k, m).

    So thin a tangent costs next to nothing, and is general enough: aᵀ·E·b of random a and b is zero for no error E.
    """

    value: Array
    left: Array
    right: Array

    @classmethod
    def beside(cls, matrices: Sequence["Matrix"]) -> "Matrix":
        """Matrices side by side, each with a tangent of one column and one row: one product in place of several."""
        if len(matrices) == 1:
            return matrices[0]
        values, lefts, rights = zip(*matrices, strict=True)
        value = np.concatenate(values, axis=-1)
        right, end = np.zeros((len(matrices), value.shape[-1])), 0
        for row, one in enumerate(rights):
            begin, end = end, end + one.shape[-1]
            right[row, begin:end] = one
        return cls(value, np.concatenate(lefts, axis=-1), right)


def product(rows: Array, matrix: Matrix) -> Array:
    """The dual `rows @ matrix`, of a dual (2, …, n) and a matrix (n, m): (2, …, m)."""
    value, left, right = matrix
    found: Array = (rows.reshape(-1, len(value)) @ value).reshape(*rows.shape[:-1], value.shape[-1])
    found[1] += rows[0] @ left @ right
    return found


def times(a: Array, b: Array) -> Array:
    """The dual a ∘ b."""
    found: Array = a * b[0]
    found[1] += a[0] * b[1]
    return found


def over(a: Array, b: Array) -> Array:
    """The dual a / b."""
    found: Array = a / b[0]
    found[1] -= found[0] * b[1] / b[0]
    return found


def shifted(a: Array, number: float) -> Array:
    """The dual a + number; a number does not move."""
    found: Array = a.copy()
    found[0] += number
    return found


def taken_from(number: float, a: Array) -> Array:
    """The dual number − a."""
    found: Array = -a
    found[0] += number
    return found


def number_over(number: float, a: Array) -> Array:
    """The dual number / a."""
    found = np.empty_like(a)
    np.divide(number, a[0], out=found[0])
    found[1] = -found[0] * a[1] / a[0]
    return found


def sigmoid(a: Array) -> Array:
    """The dual σ(a). Its slope e^{−a}·σ² loses no digits in either tail, as 1 − σ does."""
    tail = np.exp(-a[0])
    np.minimum(tail, LARGEST, out=tail)
    found = np.empty_like(a)
    value = np.divide(1, 1 + tail, out=found[0])
    tail *= value
    tail *= value
    np.multiply(tail, a[1], out=found[1])
    return found


def tanh(a: Array) -> Array:
    """The dual tanh(a). Its slope 1/cosh² loses no digits where tanh is near ±1, as 1 − tanh² does."""
    found = np.empty_like(a)
    np.tanh(a[0], out=found[0])
    slope = np.cosh(a[0])
    slope *= slope
    np.divide(a[1], slope, out=found[1])
    return found


_FUNCTIONS = {"sigmoid": "sigmoid", "np.tanh": "tanh", "tanh": "tanh"}
"""What a formula calls, and the function here that it is."""

_HELPERS = {one.__name__: one for one in (product, times, over, shifted, taken_from, number_over, sigmoid, tanh)}


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
        self._run = self._made(lines, carried, output)

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
            case ast.BinOp(left, operator, right):
                rule = _RULES.get((type(operator), _is_number(left), _is_number(right)))
                if rule is not None:
                    return rule.format(self._source(left), self._source(right))
            case ast.Call(function, [argument], []):
                return f"{_function(ast.unparse(function))}({self._source(argument)})"
        raise NotDual(f"no rule for {ast.unparse(node)}")

    def _made(
        self, lines: Sequence[str | _Sums], carried: Mapping[str, str], output: str
    ) -> Callable[..., list[Array]]:
        """All lines as one function of the values and of what `_prepared` gives."""
        body = [f"{self._known} = all_known[:, t]"]
        for line in lines:
            body += [line] if isinstance(line, str) else self._source_of_sum(line)
        body += [f"tangents.append({output}[1])"]
        body += [f"{', '.join(carried)} = {', '.join(carried.values())}"]
        given = [*self._alone, *self._rows, *carried]
        source = [
            "def run(values, prepared, all_known):",
            *(f"    {name} = values[{name!r}]" for name in given),
            "    tangents = []",
            "    for t in range(all_known.shape[1]):",
            *(f"        {line}" for line in body),
            "    return tangents",
        ]
        namespace: dict[str, Any] = dict(_HELPERS)
        exec("\n".join(source), namespace)  # our own formulas only: every name and sign in them has a rule above
        made: Callable[..., list[Array]] = namespace["run"]
        return made

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

    def _prepared(self, group: _Sums, values: Mapping[str, Any]) -> "_Prepared":
        """The matrices of a group side by side, and what can be computed for all steps at once."""
        wide = [[values[name] for name in column] for column in zip(*group.matrices, strict=True)]
        beforehand: Any = 0.0
        matrices = []
        for left, column in zip(group.lefts, wide, strict=True):
            if left is None:
                beforehand = beforehand + np.concatenate(column, axis=-1)[:, np.newaxis]
            elif self._is_later(left):
                matrices.append(Matrix.beside(column))
            else:
                beforehand = beforehand + product(values[self._known], Matrix.beside(column))
        parts, end = [], 0
        for one in wide[0]:
            width = (one.value if isinstance(one, Matrix) else one).shape[-1]
            parts.append(slice(end, end + width))
            end += width
        return _Prepared(matrices, beforehand, parts)

    def tangents(self, values: Mapping[str, Any]) -> Array:
        """The tangents of the output at every step, (steps, …).

        `values` holds the duals by name: what is known as (2, steps, …), the states before the first step, the matrices
        as `Matrix`, and rows that are added as (2, 1, n).
        """
        with np.errstate(all="ignore"):
            prepared = [self._prepared(group, values) for group in self._groups]
            return np.array(self._run(values, prepared, values[self._known]))


class _Prepared(NamedTuple):
    """Of a group of sums: the matrices for what comes later, what was summed beforehand, and each formula's part."""

    matrices: list[Matrix]
    beforehand: Any
    parts: list[slice]


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
