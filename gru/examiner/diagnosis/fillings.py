"""What may stand in place of a part of a formula: a product of powers, a sum of multiples, or a function of the part.

Exponents and coefficients are read off values that the part must have had. It judges nothing: whoever asks holds each
filling against every value.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from itertools import combinations
from typing import Any

import numpy as np

from gru.calculus import formula
from gru.calculus.arrays import Array
from gru.calculus.functions import sigmoid
from gru.calculus.rounding import Rounded
from gru.examiner.diagnosis.read_off import ENOUGH

MOST_COLUMNS = 6
"""How many terms are looked for beside those of the right sum: with more of them, it is another formula."""

_CLOSE = 1e-5
"""How near what was read off is to a simple number; all values are then held against that."""

_MOSTLY = 0.8
"""The share of the entries on which a factor must not be zero."""

_DEPENDENT = 1e-4
"""A column is a sum of those before it if less than this is left of it, in units of its length."""

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Filling:
    """What may stand in place of a part: its line, its value, and the bound of its rounding errors."""

    line: str
    value: Callable[[Values], Array]
    rounded: Callable[[Values, Values], Rounded]


@dataclass(frozen=True)
class Read:
    """The value that a part must have had in one problem, where it is known, beside all other values there."""

    value: Array
    known: Array
    values: Values

    def whole(self, tree: ast.expr) -> Array:
        """A formula's value."""
        return np.broadcast_to(formula.evaluate(tree, self.values), self.value.shape)

    def at(self, tree: ast.expr) -> Array:
        """A formula's value at the entries that are known."""
        return np.asarray(self.whole(tree)[self.known])


# Products of powers


def powers(read: list[Read], factors: Iterable[ast.expr]) -> Iterator[Filling]:
    """The part as a product of powers of these factors, those first that belong there."""
    own = np.concatenate([one.value[one.known] for one in read])
    with np.errstate(all="ignore"):
        found = [(tree, np.concatenate([one.at(tree) for one in read])) for tree in factors]
        # A factor that is zero on many entries has no exponent.
        found = [(tree, column) for tree, column in found if np.isfinite(np.log(np.abs(column))).mean() > _MOSTLY]
        logs = np.log(np.abs([own, *(column for _, column in found)]))
    good = np.isfinite(logs).all(axis=0)
    wanted, *rest = logs[:, good]
    rest = [np.ones_like(wanted), *rest]
    chosen = _independent(rest)
    if not chosen or len(wanted) < ENOUGH * len(chosen):
        return
    matrix = np.array([rest[at] for at in chosen]).T
    fitted = np.linalg.lstsq(matrix, wanted)[0]
    exponents = {at - 1: _simple(k) for at, k in zip(chosen, fitted, strict=True) if at}
    if any(k is None for k in exponents.values()):
        return
    kept = [(found[at][0], k) for at, k in exponents.items() if k]
    ratios = own[good]
    for at, k in exponents.items():
        ratios = ratios / _power(found[at][1][good], k or 0.0)
    number = _simple(float(np.median(ratios))) or 1 / (_simple(float(np.median(1 / ratios))) or np.inf)
    if kept and number and np.abs(ratios / number - 1).max() < _CLOSE:
        value, rounded = partial(_product, number, kept), partial(_rounded_product, number, kept)
        yield Filling(_product_line(number, kept), value, rounded)


def _power(value: Any, exponent: float) -> Any:
    """A power of a value; a root of its size."""
    whole = float(exponent).is_integer()
    if whole and exponent > 0:
        return value ** int(exponent)
    return np.asarray(value if whole else np.abs(value), float) ** exponent


def _product(number: float, kept: list[tuple[ast.expr, float]], values: Values) -> Array:
    with np.errstate(all="ignore"):
        powers = (_power(formula.evaluate(tree, values), k) for tree, k in kept)
        return np.asarray(number * reduce(np.multiply, powers))


def _rounded_product(number: float, kept: list[tuple[ast.expr, float]], values: Values, seen: Values) -> Rounded:
    """Relative errors add up in products and quotients."""
    size, relative = np.abs(_product(number, kept, values)), np.asarray(0.0)
    for tree, exponent in kept:
        with np.errstate(all="ignore"):
            inside = formula.evaluate(tree, seen).roundings / np.abs(formula.evaluate(tree, values))
            relative = relative + abs(exponent) * (inside + 1)
    return Rounded(size, size * relative)


def _product_line(number: float, kept: list[tuple[ast.expr, float]]) -> str:
    """`2 * z / (1 - z)`: a product of powers as a line of Python."""
    above: list[str] = []
    below: list[str] = []
    for tree, exponent in kept:
        text = formula.text(tree)
        text = f"({text})" if isinstance(tree, ast.BinOp) else text
        times = abs(exponent)
        root = [f"np.sqrt(np.abs({formula.text(tree)}))"] * bool(times % 1)
        (above if exponent > 0 else below).extend([text] * int(times) + root)
    if abs(number) != 1 or not above:
        above.insert(0, f"{abs(number):.4g}")
    return "-" * (number < 0) + " / ".join([" * ".join(above), *below])


# Functions of the part


_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "np.maximum({whole}, 0)": lambda value: np.maximum(value, 0),
    "np.abs({whole})": np.abs,
    "np.sign({whole})": np.sign,
    "np.tanh({whole})": np.tanh,
    "sigmoid({whole})": sigmoid,
    "{part}.mean(axis=0)": lambda value: value.mean(axis=-2, keepdims=True) + 0 * value,
    "{part}.sum(axis=0)": lambda value: value.sum(axis=-2, keepdims=True) + 0 * value,
    "{part} - {part}.mean(axis=0)": lambda value: value - value.mean(axis=-2, keepdims=True),
    "{part}.mean(axis=1, keepdims=True)": lambda value: value.mean(axis=-1, keepdims=True) + 0 * value,
    "{part}.sum(axis=1, keepdims=True)": lambda value: value.sum(axis=-1, keepdims=True) + 0 * value,
    "{part}.max(axis=1, keepdims=True)": lambda value: value.max(axis=-1, keepdims=True) + 0 * value,
    "{part}[::-1]": lambda value: value[..., ::-1, :],
    "{part}[:, ::-1]": lambda value: value[..., ::-1],
    "np.roll({whole}, 1, axis=0)": lambda value: np.roll(value, 1, axis=-2),
    "np.roll({whole}, -1, axis=0)": lambda value: np.roll(value, -1, axis=-2),
    "np.cumsum({whole}, axis=0)": lambda value: np.cumsum(value, axis=-2),
    "np.round({whole})": np.round,
    "{part}.astype(np.float16)": lambda value: value.astype(np.float16).astype(float),
    "1 - {part}": lambda value: 1 - value,
    "1 + {part}": lambda value: 1 + value,
}
"""Functions that are often applied to a quantity before it is used, by their lines. No slope is larger than a size of
the block."""


def functions(read: list[Read], part: ast.expr) -> Iterator[Filling]:
    """A function of the part, and the part clipped at bounds that are read off."""
    match part:
        case ast.BinOp(left, ast.Mult(), right) if ast.dump(left) == ast.dump(right):
            yield from _squares(read, left)
    whole = formula.text(part)
    text = f"({whole})" if isinstance(part, ast.BinOp) else whole
    for line, function in {**_FUNCTIONS, **_clips(read, part)}.items():
        if all(_is_near(one, function(one.whole(part))) for one in read):

            def value(values: Values, function: Callable[[Array], Array] = function) -> Array:
                return function(formula.evaluate(part, values))

            yield Filling(line.format(whole=whole, part=text), value, partial(_rounded_function, part, value))


def _squares(read: list[Read], root: ast.expr) -> Iterator[Filling]:
    """The square of a function of what is squared."""
    for name in ("np.tanh", "sigmoid"):
        applied = ast.Call(formula.parse(name), [root], [])
        tree = ast.BinOp(applied, ast.Mult(), applied)
        if all(_is_near(one, one.whole(tree)) for one in read):
            line = f"{name}({formula.text(root)})"
            yield Filling(f"{line} * {line}", partial(formula.evaluate, tree), partial(_evaluated_second, tree))


def _clips(read: list[Read], part: ast.expr) -> dict[str, Callable[[Array], Array]]:
    """A clip at the values that stand in place of larger and of smaller ones."""
    own, right = (np.concatenate(parts) for parts in zip(*((o.value[o.known], o.at(part)) for o in read), strict=True))
    off = np.abs(own - right) > _CLOSE * np.abs(right)
    low, high = (own[off & (own > right)], own[off & (own < right)])
    bounds = [float(f"{np.median(at):.9g}") if at.size else None for at in (low, high)]
    if bounds == [None, None]:
        return {}
    return {f"np.clip({{whole}}, {bounds[0]}, {bounds[1]})": lambda value: np.clip(value, bounds[0], bounds[1])}


def _is_near(one: Read, value: Array) -> bool:
    value = np.broadcast_to(value, one.value.shape)[one.known]
    own = one.value[one.known]
    return bool((np.abs(value - own) <= _CLOSE * np.abs(own).max(initial=0.0)).all())


def _rounded_function(part: ast.expr, value: Callable[[Values], Array], values: Values, seen: Values) -> Rounded:
    """A mean or a function with a slope of at most 1 adds a rounding; a sum one for each of its terms."""
    inside, size = formula.evaluate(part, seen), np.abs(value(values))
    many = max(size.shape[-2:])
    return Rounded(size, many * (inside.roundings.max(axis=(-2, -1), keepdims=True) + size.max(initial=0.0)) + 0 * size)


# Sums of multiples


def sums(read: list[Read], own: list[ast.expr], others: Iterable[ast.expr]) -> Iterator[Filling]:
    """The part as a sum of its own terms and a few others, each times a number of two decimals."""
    wanted = np.concatenate([one.value[one.known] / _size(one) for one in read])
    if not np.isfinite(wanted).all():
        return
    columns: list[tuple[ast.expr, Array]] = []
    for tree in (*own, *others):
        try:
            column = np.concatenate([one.at(tree) / _size(one) for one in read])
        except ValueError:
            continue
        if np.isfinite(column).all():
            columns.append((tree, column))
    kept = _combination(wanted, columns)
    if kept and sum(tree not in own for _, tree in kept) <= MOST_COLUMNS:
        kept.sort(key=lambda one: one[0] < 0)
        tree = formula.total([_times(number, term) for number, term in kept])
        yield Filling(_sum_line(kept), partial(formula.evaluate, tree), partial(_evaluated_second, tree))


def _combination(wanted: Array, columns: list[tuple[ast.expr, Array]]) -> list[tuple[float, ast.expr]]:
    """The multiples of the columns that make what is wanted; none where they are no numbers of two decimals."""
    usable = _independent([column for _, column in columns])
    if not usable or len(wanted) < ENOUGH * len(usable):
        return []
    fitted = np.linalg.lstsq(np.array([columns[at][1] for at in usable]).T, wanted)[0]
    found = [(_simple(number, parts=100), at) for number, at in zip(fitted, usable, strict=True)]
    if any(number is None for number, _ in found):
        return []
    chosen = _fewest([(number, at) for number, at in found if number], np.array([column for _, column in columns]))
    return [(number, columns[at][0]) for number, at in chosen]


def _fewest(chosen: list[tuple[float, int]], columns: Array) -> list[tuple[float, int]]:
    """The same sum with two of its terms told as one, wherever there is one that is equal to both."""
    for pair in combinations(chosen, 2) if len(chosen) <= 2 * MOST_COLUMNS else ():
        both = sum(number * columns[at] for number, at in pair)
        for sign in (1.0, -1.0):
            apart = np.abs(sign * columns - both).max(axis=1)
            at = int(apart.argmin())
            if apart[at] <= _CLOSE * float(np.abs(both).max(initial=0.0)):
                return _fewest([*(one for one in chosen if one not in pair), (sign, at)], columns)
    return chosen


def _evaluated_second(tree: ast.expr, _: Values, seen: Values) -> Rounded:
    bound: Rounded = formula.evaluate(tree, seen)
    return bound


def _size(one: Read) -> float:
    return float(np.abs(one.value[one.known]).max(initial=0.0)) or 1.0


def _times(number: float, term: ast.expr) -> ast.expr:
    if number == 1:
        return term
    return ast.BinOp(ast.Constant(int(number) if number.is_integer() else number), ast.Mult(), term)


def _sum_line(kept: list[tuple[float, ast.expr]]) -> str:
    line = ""
    for number, term in kept:
        text = formula.text(_times(abs(number), term))
        line += f" {'-' if number < 0 else '+'} {text}" if line else f"{'-' * (number < 0)}{text}"
    return line


def _independent(columns: list[Array]) -> list[int]:
    """The places of the columns that are not made of those before them."""
    basis = np.empty((0, len(columns[0]) if columns else 0))
    kept = []
    for at, column in enumerate(columns):
        length = float(np.linalg.norm(column))
        if not length or not np.isfinite(length):
            continue
        left = column / length
        for _ in range(2):
            left = left - basis.T @ (basis @ left)
        size = float(np.linalg.norm(left))
        if size > _DEPENDENT:
            basis = np.vstack([basis, left / size])
            kept.append(at)
    return kept


def _simple(number: float, parts: int = 2) -> float | None:
    """The multiple of a half, or of another part of 1, that is meant; None where none is near."""
    near = round(parts * float(number)) / parts if np.isfinite(number) else np.inf
    return near if abs(number - near) < _CLOSE else None
