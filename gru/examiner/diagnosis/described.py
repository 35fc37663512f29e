"""How a wrong value that no known mistake gives differs from the right one, in numbers.

Each description is held against every entry of every problem that shows the mistake, to rounding; it is given only
where there are enough of them that another mistake would have shown. It names no formula, and judges nothing.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gru.calculus import formula
from gru.calculus.arrays import Array
from gru.examiner.diagnosis.activated import inside, other_function
from gru.examiner.diagnosis.pointwise import pointwise
from gru.examiner.diagnosis.read_off import ENOUGH, Guess, entries, eps, fits, one_number
from gru.examiner.diagnosis.sample import Sample
from gru.examiner.diagnosis.slopes import other_slope
from gru.examiner.fact import Fact
from gru.mistakes import slope_of

_CLOSE = 1e-6
"""How near a coefficient is to the half-integer that it is taken for; all values are then held against that."""


Describer = Callable[[list[Sample]], Iterator[Guess]]
"""What guesses at the values that are wrong."""


def describe(
    wrong: list[Sample], right: list[Sample], describers: Sequence[Describer] | None = None
) -> tuple[Guess, bool] | None:
    """The first description that fits every wrong value and contradicts no right one, else the first that fits.

    With whether a right value contradicts it; None where none fits.
    """
    first: Guess | None = None
    with np.errstate(all="ignore"):
        for describer in describers or _IN_NUMBERS:
            for found in describer(wrong):
                if not any(map(found.is_contradicted_by, right)):
                    return found, False
                first = first or found
    return None if first is None else (first, True)


# No formula at all


def _plain(wrong: list[Sample]) -> Iterator[Guess]:
    """Zero everywhere, or one number throughout."""
    name = wrong[0].equation.name
    if not any(sample.own.any() for sample in wrong):
        yield Guess((Fact.of("zero", name=name),), lambda sample: np.zeros_like(sample.own))
    elif all(np.ptp(p.own) <= _room(p) for p in wrong) and any(np.ptp(p.right) > _room(p) for p in wrong):
        yield Guess((Fact.of("constant", name=name),), lambda sample: np.full_like(sample.own, sample.own.flat[0]))


def _room(sample: Sample) -> float:
    """How far equal entries may differ: by rounding where they were worked out of other values, else not at all."""
    return 2 * float(sample.limits.max()) if sample.slack > 1 else 0.0


def _another(wrong: list[Sample]) -> Iterator[Guess]:
    """The numbers of another quantity, or of something that the cell is given, to the last bit."""
    name = wrong[0].equation.name
    for other in (other for other in wrong[0].values if other != name):

        def predicted(sample: Sample, other: str = other) -> Array | None:
            return sample.values.get(other)

        if all(np.array_equal(sample.own, np.asarray(predicted(sample))) for sample in wrong):
            yield Guess((Fact.of("is-another", name=name, other=other),), predicted)
            return


# The right value times a number


def _ratio(wrong: list[Sample]) -> Iterator[Guess]:
    """One factor between the submission's value and the right one."""
    own, right, limits = (entries(wrong, of) for of in (lambda p: p.own, lambda p: p.right, lambda p: p.limits))
    factor = one_number(own - right, right, limits)
    if factor is None:
        return

    def predicted(sample: Sample) -> Array:
        return (1 + factor) * sample.right

    yield Guess((Fact.of("ratio", name=wrong[0].equation.name, excess=factor),), predicted)


def _by_size(wrong: list[Sample]) -> Iterator[Guess]:
    """The right value divided by a size or its root, or times one, where the sizes are not all one."""
    for size in ("batch", "input", "hidden", "steps"):
        if len({getattr(p.sizes, size) for p in wrong}) < 2:
            continue
        for power in (-1, 1, -0.5, 0.5):

            def predicted(sample: Sample, size: str = size, power: float = power) -> Array:
                return np.asarray(sample.right * float(getattr(sample.sizes, size)) ** power)

            if fits(wrong, predicted):
                kind = "divided-by-size" if power < 0 else "times-size"
                is_root = abs(power) < 1
                yield Guess((Fact.of(kind, name=wrong[0].equation.name, size=size, is_root=is_root),), predicted)


# The right value plus something


def _added(wrong: list[Sample]) -> Iterator[Guess]:
    """The right value plus a number times something: 1, what stands before a slope, what was given, its sign."""
    equation, form = wrong[0].equation, wrong[0].form
    units: list[tuple[str, str, Callable[[Sample], Array | None]]] = [
        ("constant-added", "", lambda sample: np.ones_like(sample.own))
    ]
    if (split := slope_of(equation, form)) is not None:
        before, slope = split
        units.append(("added-to-slope", slope, _value_of(before)))
    added = [line for other in _same_shape(wrong) for line in (other, f"np.sign({other})")]
    units += [("multiple-added", line, _value_of(formula.parse(line))) for line in added]
    for kind, what, unit in units:
        parts = [unit(sample) for sample in wrong]
        if any(part is None for part in parts):
            continue
        of_unit = np.concatenate([np.ravel(part) for part in parts if part is not None])
        number = one_number(entries(wrong, lambda p: p.apart), of_unit, entries(wrong, lambda p: p.limits))
        if number is not None:

            def predicted(sample: Sample, unit: Any = unit, number: float = number) -> Array | None:
                value = unit(sample)
                return None if value is None else sample.right + number * value

            yield Guess((Fact.of(kind, name=equation.name, what=what, number=number),), predicted)


def _value_of(tree: ast.expr) -> Callable[[Sample], Array | None]:
    return lambda sample: sample.value_of(tree)


def _same_shape(wrong: list[Sample]) -> list[str]:
    """What cells are given that has the shape of the value: the weights it belongs to first."""
    equation, form = wrong[0].equation, wrong[0].form
    names = dict.fromkeys([equation.of or "", *form.blocks, *form.given])
    return [name for name in names if name and form.dimensions.get(name) == equation.dimensions]


# A part of the right value


def _one_row(wrong: list[Sample]) -> Iterator[Guess]:
    """A sum over the rows of a batch that takes one row alone."""
    equation, form = wrong[0].equation, wrong[0].form
    if "batch" in equation.dimensions or not any(p.sizes.batch > 1 for p in wrong):
        return
    for which, row in (("first", slice(0, 1)), ("last", slice(-1, None))):

        def predicted(sample: Sample, row: slice = row) -> Array:
            of_batch = {n for n, dimensions in form.dimensions.items() if dimensions[0] == "batch"}
            values = {n: v[..., row, :] if n in of_batch else v for n, v in sample.values.items()}
            return np.broadcast_to(equation(values), sample.own.shape)

        if fits(wrong, predicted):
            yield Guess((Fact.of("one-row", name=equation.name, which=which),), predicted)


def _rows_mixed(wrong: list[Sample]) -> Iterator[Guess]:
    """A product of what is summed over the rows of a batch, or averaged, before it is multiplied."""
    equation = wrong[0].equation
    match equation.expression:
        case ast.BinOp(left, ast.MatMult(), right) if "batch" not in equation.dimensions:
            pass
        case _:
            return
    for means in range(3):

        def predicted(sample: Sample, means: int = means) -> Array:
            rows = formula.evaluate(left, sample.values).sum(axis=-1, keepdims=True)
            columns = formula.evaluate(right, sample.values).sum(axis=-2, keepdims=True)
            return np.asarray(rows @ columns) / float(sample.sizes.batch) ** means

        if fits(wrong, predicted):
            parts = formula.text(left).removesuffix(".T"), formula.text(right)
            yield Guess((Fact.of("rows-mixed", name=equation.name, parts=parts, means=means),), predicted)


def _coefficients(wrong: list[Sample]) -> Iterator[Guess]:
    """For a sum of terms: the coefficients that give the submission's value, where there are such."""
    terms = formula.terms(wrong[0].equation.expression)
    if len(terms) < 2:
        return
    columns, target = [], []
    for sample in wrong:
        scale = np.abs(sample.own).max() or 1.0
        parts = [np.broadcast_to(formula.evaluate(t, sample.values), sample.own.shape).ravel() for t in terms]
        columns.append(np.stack(parts) / scale)
        target.append(sample.own.ravel() / scale)
    matrix, aim = np.concatenate(columns, axis=1).T, np.concatenate(target)
    if not (np.isfinite(matrix).all() and np.isfinite(aim).all()) or np.linalg.matrix_rank(matrix) < len(terms):
        return
    fitted = np.linalg.lstsq(matrix, aim)[0]
    simple = np.round(2 * fitted) / 2
    fitted = np.where(np.abs(fitted - simple) < _CLOSE, simple, fitted)
    rough = len(aim) * max(map(eps, wrong)) * np.abs(matrix).sum(axis=1).max()
    if len(aim) < ENOUGH * len(terms) or np.abs(matrix @ fitted - aim).max() > rough:
        return
    off = [(float(c), t) for c, t in zip(fitted, terms, strict=True) if abs(c - 1) > rough]
    if off:

        def predicted(sample: Sample) -> Array:
            total = sum(float(c) * formula.evaluate(t, sample.values) for c, t in zip(fitted, terms, strict=True))
            return np.asarray(total)

        facts = tuple(Fact.of("coefficient", term=formula.text(term), coefficient=c) for c, term in off)
        # What the fit leaves over is more than one rounding of the value.
        yield Guess(facts, lambda sample: predicted(sample) if sample.off.any() else None)


def _place(wrong: list[Sample]) -> Iterator[Guess]:
    """Where in the block the wrong entries are, if they keep to one row, one column or one entry.

    Counted from the first or from the last; where the blocks have so few sizes that both fit, neither is told.
    """
    name = wrong[0].equation.name
    blocks = [p for p in wrong if min(p.own.shape[-2:]) > 1]
    if len(blocks) < 2 or len(blocks) < len(wrong) - len(blocks):
        return
    places: dict[str, int | None] = {}
    for axis, label in ((0, "row"), (1, "column")):
        places[label] = _only(blocks, axis)
    row, column = places["row"], places["column"]
    if row is None and column is None:
        return
    yield Guess((Fact.of("place", name=name, row=row, column=column),), lambda sample: _at_place(sample, row, column))


def _only(blocks: list[Sample], axis: int) -> int | None:
    """The one index along an axis at which entries are wrong, from the first or, negative, from the last."""
    hits, lengths = set(), set()
    for sample in blocks:
        other = (0, 2 - axis)
        indices = np.nonzero(sample.off.any(axis=other))[0]
        length = sample.own.shape[-2:][axis]
        if len(indices) != 1:
            return None
        hits.add((int(indices[0]), int(indices[0]) - length))
        lengths.add(length)
    starts, ends = {start for start, _ in hits}, {end for _, end in hits}
    if len(lengths) < 2:
        return None
    if len(starts) == 1:
        return starts.pop()
    return ends.pop() if len(ends) == 1 else None


def _at_place(sample: Sample, row: int | None, column: int | None) -> Array | None:
    """A value that no right value equals, where the block has that row and column."""
    rows, columns = sample.own.shape[-2:]
    if (row is not None and not -rows <= row < rows) or (column is not None and not -columns <= column < columns):
        return None
    if min(rows, columns) < 2:
        return None
    at = (slice(None), slice(None) if row is None else row, slice(None) if column is None else column)
    if not (np.abs(sample.right[at]) > sample.limits[at]).any():
        return None
    value = sample.right.copy()
    value[at] = np.nan
    return value


_IN_NUMBERS: tuple[Describer, ...] = (
    _plain,
    _another,
    pointwise,
    _ratio,
    _by_size,
    _added,
    other_slope,
    _one_row,
    _rows_mixed,
    inside,
    other_function,
    _coefficients,
    _place,
)
"""What describes a value by one number or a function of it, in the order in which they are tried."""
