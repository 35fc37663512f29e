"""Derivatives measured without the chain rule: complex step, Ridders' method, Taylor remainders.

For any function of arrays, and usable by itself. A derivative that could not be measured is an
error that says so; it is never a silent zero.
"""

import tracemalloc
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru.calculus.pair import Pair

Array = NDArray[Any]
Function = Callable[..., Any]
Direction = Sequence[Array | None]
Arithmetic = Literal["complex", "pair"]

MIB = 2**20

STEP = 2.0**-100
"""The complex step, 7.9e-31. Its square vanishes beside any value above 1e-22, so that nothing but
the first derivative is left; a derivative may be as small as 1e-278 before it underflows, which a
step of 1e-200 did not leave room for on a sequence of 1,000 steps; and scaling by a power of two
rounds nothing."""

_BYTES_OF_A_COMPLEX = 16

_MEETINGS = 8
"""Arrays of every entry times every entry that a function may hold at once and still count as
small, so that its memory need not be measured."""

_EXTRAPOLATION = 2
"""How much Richardson's extrapolation can enlarge an error: Π (4ʲ + 1)/(4ʲ − 1) < 2."""

_STARTS = (0.05, 0.04, 0.03)
"""The starts of the witnesses that verify a complex step. No step of one is a step of another, so
that the distance of their values shows what the function rounds and its values do not tell."""


class NotComplexDifferentiable(TypeError):
    """The function loses the derivative of a complex argument: measure it with `ridders`."""


class Estimate(NamedTuple):
    """A measured derivative, and a bound on its error."""

    value: float
    error: float


class Taylor(NamedTuple):
    """Taylor remainders at falling steps, and the orders at which they fall.

    `remainder0` |f(a + h·d) − f(a)| and `remainder1` |f(a + h·d) − f(a) − h·f′| have one entry a
    step; `order0` and `order1` have one for each two neighbouring steps, NaN where a remainder is
    no larger than rounding, so that no order can be seen.
    """

    steps: Array
    remainder0: Array
    remainder1: Array
    order0: Array
    order1: Array


def directional_derivatives(
    function: Function,
    arguments: Sequence[Any],
    directions: Direction,
    *,
    arithmetic: Arithmetic = "complex",
    memory: int = 256 * MIB,
    need: int | None = None,
) -> Array:
    """The derivatives of `function(*arguments)` along P directions at once, by a complex step.

    `directions[k]` has shape (P, *s), s having as many axes as `arguments[k]` and broadcasting
    to its shape; or it is None, and argument k does not move. The result is float64 of shape
    (P, *shape of the function's result).

    With `arithmetic="complex"` the function is given complex arrays with the perturbations on a
    leading axis, (P, *arguments[k].shape), and must keep that axis first: it counts its own axes
    from the end. With `"pair"` it is given `Pair`s, which is the same arithmetic in real numbers.
    What moves, moves in double precision; what does not is passed as it is.

    The directions are worked through in chunks, so that no more than `memory` bytes are held at
    once, results included and `directions` not. `need` is a bound on the bytes that one of them
    takes, where the caller knows one: it spares measuring that.

    Raises ValueError on shapes that do not go together, results that are not finite and too
    little memory; NotComplexDifferentiable where the function cannot take the numbers.
    """
    count = _count(arguments, directions)

    def measure(chunk: slice) -> Array:
        part = [None if direction is None else np.asarray(direction)[chunk] for direction in directions]
        return _derivatives(function, arguments, part, chunk.stop - chunk.start, arithmetic)

    if need is None:
        need = _cautious_need(arguments)
    return _in_chunks(measure, count, need, memory)


def gradient(
    function: Function,
    arguments: Sequence[Any],
    *,
    wrt: int,
    arithmetic: Arithmetic = "complex",
    memory: int = 256 * MIB,
) -> Array:
    """The gradient of a vectorised function of one number with respect to `arguments[wrt]`.

    The function keeps a leading axis of perturbations, as in `directional_derivatives`, and
    returns one number for each. The result is float64 of the argument's shape. Raises what
    `directional_derivatives` raises.
    """
    shape = np.shape(arguments[wrt])
    size = int(np.prod(shape))

    def measure(chunk: slice) -> Array:
        count = chunk.stop - chunk.start
        directions: list[Array | None] = [None] * len(arguments)
        directions[wrt] = _unit_directions(chunk, size).reshape(count, *shape)
        derivatives = _derivatives(function, arguments, directions, count, arithmetic)
        if derivatives.ndim != 1:
            raise ValueError(
                f"a gradient needs a function of one number, but this one has shape {derivatives.shape[1:]}"
            )
        return derivatives

    if size == 0:
        return np.zeros(shape)
    return _in_chunks(measure, size, _cautious_need(arguments), memory).reshape(shape)


def complex_step(
    function: Function, arguments: Sequence[Any], *, wrt: int, verify: bool = True, magnitude: float | None = None
) -> Array:
    """The gradient of a plain function of one number with respect to `arguments[wrt]`.

    The function takes one point at a time. The result is float64 of the argument's shape.

    With `verify`, the gradient is held against Ridders' method along one random direction: an
    `abs`, a comparison, a `.real` or a real buffer in the midst of a function drops the derivative
    and leaves no other sign. `magnitude` is for `ridders`: where large terms cancel, a right
    gradient is accused without it.

    Raises NotComplexDifferentiable where the derivative is dropped, and ValueError where the
    result is not one finite number.
    """
    point = _moving(arguments[wrt])
    result, others = np.empty(point.shape), list(arguments)
    for index in np.ndindex(point.shape):
        moved = point.astype(complex)
        moved[index] += 1j * STEP
        others[wrt] = moved
        with _refusals():
            value = np.asarray(function(*others))
        if value.ndim:
            raise ValueError(f"the function must return one number, but it returned an array of shape {value.shape}")
        result[index] = _imaginary(value) / STEP
    if verify and point.size:
        _verify(function, arguments, wrt, result, magnitude)
    return result


def ridders(
    function: Function,
    arguments: Sequence[Any],
    direction: Direction,
    *,
    start: float = 0.05,
    levels: int = 6,
    magnitude: float | None = None,
) -> Estimate:
    """The derivative of a function of one number along one direction, by Ridders' method.

    `direction[k]` has the shape of `arguments[k]`, or is None. Central differences at `start`,
    halved `levels` − 1 times, are extrapolated to a step of zero; the entry of the tableau with
    the smallest bound is the estimate. It takes 2·`levels` evaluations of the function.

    The bound is Ridders' own estimate, the distance to the two entries that went into this one,
    which by itself covers the error only about every other time; and the rounding of the function,
    ε·`magnitude`/h, which extrapolation can double. `magnitude` is the sum of the absolute values
    of the terms that the function adds up. By default it is judged from the function's values
    and slopes, which is too little where terms much larger than these cancel. What a function
    does between the points of the finest step is not seen.

    Raises ValueError on shapes that do not go together and on results that are not one finite
    number.
    """
    if levels < 2 or not start > 0:
        raise ValueError(f"Ridders' method needs two levels or more and a start above 0, not {levels} and {start}")
    along = _line(function, arguments, direction)
    steps = [start / 2**level for level in range(levels)]
    values = [(along(step), along(-step)) for step in steps]
    epsilon = max(np.finfo(value.dtype).eps for pair in values for value in pair)
    differences = [float(ahead - behind) / (2 * step) for step, (ahead, behind) in zip(steps, values, strict=True)]
    if magnitude is None:
        largest = max(abs(float(value)) for pair in values for value in pair)
        magnitude = largest + max(map(abs, differences)) * _reach(arguments, direction)
    rounding = [_EXTRAPOLATION * float(epsilon) * magnitude / step for step in steps]
    return min(_tableau(differences, rounding), key=lambda estimate: estimate.error)


def gaussian_directions(rng: np.random.Generator, arguments: Sequence[Any]) -> list[Direction]:
    """One Gaussian direction for each argument, in which that argument alone moves.

    Each is fit for `ridders`. One an argument, so that a small one is not drowned by a large one;
    Gaussian, because with random signs two equal and opposite errors cancel half the time.
    """
    return [
        [rng.standard_normal(np.shape(argument)) if k == moved else None for k in range(len(arguments))]
        for moved, argument in enumerate(arguments)
    ]


def taylor_remainders(
    function: Function,
    arguments: Sequence[Any],
    direction: Direction,
    derivative: float,
    *,
    steps: Sequence[float] = (0.01, 0.005, 0.0025, 0.00125),
) -> Taylor:
    """The Taylor remainders of a function of one number along `direction`, at falling `steps`.

    `derivative` is what is claimed for the derivative along `direction`. Where it is right,
    `remainder1` falls as h²; where it is wrong, only as h, like `remainder0`. The orders show
    this; they are no verdict, since higher derivatives disturb them.

    Raises ValueError on shapes that do not go together, on steps that do not fall, and on results
    that are not one finite number.
    """
    h = np.asarray(steps, dtype=float)
    if len(h) < 2 or not (np.all(h > 0) and np.all(np.diff(h) < 0)):
        raise ValueError(f"an order needs two steps or more, above 0 and falling, not {tuple(steps)}")
    along = _line(function, arguments, direction)
    base = along(0.0)
    change = np.array([float(along(step) - base) for step in h])
    remainder0, remainder1 = np.abs(change), np.abs(change - h * derivative)
    # Two values of f are subtracted, each of them rounded.
    rounding = 2 * float(np.finfo(base.dtype).eps) * max(abs(float(base)), float(remainder0.max()))
    return Taylor(h, remainder0, remainder1, _orders(h, remainder0, rounding), _orders(h, remainder1, rounding))


def _derivatives(
    function: Function, arguments: Sequence[Any], directions: Direction, count: int, arithmetic: Arithmetic
) -> Array:
    """The derivatives along all of `count` directions, in one evaluation of the function."""
    if arithmetic not in ("complex", "pair"):
        raise ValueError(f'arithmetic is "complex" or "pair", not {arithmetic!r}')
    perturbed = _complex_argument if arithmetic == "complex" else Pair
    moved = [
        argument if direction is None else perturbed(_moving(argument), _moving(direction))
        for argument, direction in zip(arguments, directions, strict=True)
    ]
    with _refusals():
        result = function(*moved)
    return _tangents(result, count) if arithmetic == "pair" else _imaginary_parts(result, count)


def _complex_argument(argument: Array, direction: Array) -> Array:
    """The argument moved by a complex step along each direction: (P, *argument.shape)."""
    moved = np.empty((len(direction), *argument.shape), dtype=complex)
    moved.real = argument
    moved.imag = STEP * direction
    return moved


def _imaginary_parts(result: Any, count: int) -> Array:
    """The derivatives in a result that has `count` perturbations on its leading axis."""
    result = np.asarray(result)
    imaginary = _imaginary(result)
    if result.shape[:1] != (count,):
        raise ValueError(
            f"the function must keep the leading axis of {count} perturbations, "
            f"but it returned an array of shape {result.shape}"
        )
    return imaginary / STEP


def _imaginary(result: Array) -> Array:
    """The imaginary part of a result, which must be complex and finite."""
    if result.dtype.kind != "c":
        raise NotComplexDifferentiable(
            f"the function was given complex numbers and returned {result.dtype}: it drops the derivative, "
            "as np.abs, a cast or a comparison does, or does not depend on what was moved; use ridders"
        )
    _require_finite(result)
    imaginary: Array = result.imag
    return imaginary


def _tangents(result: Any, count: int) -> Array:
    """The derivatives in a result of arithmetic on pairs."""
    if not isinstance(result, Pair):
        raise NotComplexDifferentiable(
            f"the function was given Pairs and returned {type(result).__name__}: it drops the derivative, "
            "or does not depend on what was moved; use ridders"
        )
    _require_finite(result.value)
    _require_finite(result.tangent)
    return np.broadcast_to(result.tangent, (count, *result.value.shape)).astype(float)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what becomes of complex numbers where they are not understood into one error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            yield
        except (TypeError, ValueError, AttributeError, np.exceptions.ComplexWarning) as error:
            # NumPy hides the TypeError of an assignment to one entry behind a ValueError.
            if isinstance(error, ValueError) and not isinstance(error.__cause__, TypeError):
                raise
            raise NotComplexDifferentiable(
                f"the function cannot take the complex numbers or Pairs that measure it: {error}; use ridders"
            ) from error


def _verify(function: Function, arguments: Sequence[Any], wrt: int, measured: Array, magnitude: float | None) -> None:
    """Hold a gradient against Ridders' method along one Gaussian direction."""
    # Any seed would do; a fixed one gives the same answer to the same question.
    direction = gaussian_directions(np.random.default_rng(0), arguments)[wrt]
    along = float(np.sum(measured * direction[wrt]))
    witnesses = [ridders(function, arguments, direction, start=start, magnitude=magnitude) for start in _STARTS]
    values = [witness.value for witness in witnesses]
    bound = max(witness.error for witness in witnesses) + max(values) - min(values)
    if not min(abs(along - value) for value in values) <= bound:
        raise NotComplexDifferentiable(
            f"along one direction the complex step gives {along:.6g}, but Ridders' method {values[0]:.6g} "
            f"± {bound:.1g}: the function drops a derivative on its way, as abs, a comparison, .real or "
            "a real buffer does, or has a kink there; use ridders, or give the magnitude of terms that cancel"
        )


def _line(function: Function, arguments: Sequence[Any], direction: Direction) -> Callable[[float], Any]:
    """The function of one number along `direction`: t ↦ f(arguments + t·direction), a NumPy scalar."""
    _require_as_many(arguments, direction)
    moving = {k: (_moving(arguments[k]), _moving(d)) for k, d in enumerate(direction) if d is not None}
    if not any(d.size for _, d in moving.values()):
        raise ValueError("the direction moves nothing: give at least one argument an array that is not empty")
    for k, (argument, d) in moving.items():
        if argument.shape != d.shape:
            raise ValueError(f"direction {k} has shape {d.shape}, but argument {k} has shape {argument.shape}")

    def along(t: float) -> Any:
        moved = [moving[k][0] + t * moving[k][1] if k in moving else a for k, a in enumerate(arguments)]
        value = np.asarray(function(*moved))
        if value.ndim or value.dtype.kind not in "fiu":
            raise ValueError(
                f"the function must return one real number, but it returned {value.dtype} of shape {value.shape}"
            )
        _require_finite(value)
        return value[()] if value.dtype.kind == "f" else np.float64(value)

    return along


def _reach(arguments: Sequence[Any], direction: Direction) -> float:
    """How far the rounding of the arguments moves a function, as a multiple of ε and of its slope.

    By no more than ε·‖∇f‖·‖a‖, and the slope along a Gaussian direction is about ‖∇f‖ times the
    root of the mean square of its entries.
    """
    moving = [
        (_moving(argument), _moving(d)) for argument, d in zip(arguments, direction, strict=True) if d is not None
    ]
    a, d = (np.concatenate([np.ravel(one) for one in ones]) for ones in zip(*moving, strict=True))
    spread = float(np.sqrt(np.mean(d**2)))
    return float(np.linalg.norm(a)) / spread if spread else 0.0


def _tableau(differences: Sequence[float], rounding: Sequence[float]) -> Iterator[Estimate]:
    """Every extrapolated entry of Ridders' tableau, with its bound."""
    above = [differences[0]]
    for difference, rounded in zip(differences[1:], rounding[1:], strict=True):
        row = [difference]
        for order, coarser in enumerate(above, start=1):
            finer = row[-1]
            value = finer + (finer - coarser) / (4**order - 1)
            row.append(value)
            yield Estimate(value, max(abs(value - finer), abs(value - coarser)) + rounded)
        above = row


def _orders(steps: Array, remainders: Array, rounding: float) -> Array:
    """The powers of h at which the remainders fall, NaN where there is only rounding."""
    seen = remainders > rounding
    logarithms = np.full(len(steps), np.nan)
    logarithms[seen] = np.log(remainders[seen])
    return np.diff(logarithms) / np.diff(np.log(steps))


def _in_chunks(measure: Callable[[slice], Array], count: int, need: int, memory: int) -> Array:
    """`measure` over the slices of range(count), put together, in chunks that fit into `memory`.

    `need` bounds what one perturbation takes. Where that is too much for all at once, the first by
    itself shows what one takes indeed.
    """
    if count * need <= memory:
        return measure(slice(0, count))
    first, need = _traced(lambda: measure(slice(0, 1)))
    kept = count * first.nbytes
    if kept + need > memory:
        raise ValueError(
            f"memory={memory} bytes are too few: the results take {kept}, one perturbation {need}; allow more"
        )
    chunk = (memory - kept) // need
    results = np.empty((count, *first.shape[1:]))
    results[:1] = first
    for start in range(1, count, chunk):
        stop = min(start + chunk, count)
        results[start:stop] = measure(slice(start, stop))
    return results


def _traced(call: Callable[[], Array]) -> tuple[Array, int]:
    """The result of a call, and the most bytes that it held at once."""
    nested = tracemalloc.is_tracing()
    if not nested:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        result = call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not nested:
            tracemalloc.stop()
    return result, peak - before


def _unit_directions(chunk: slice, size: int) -> Array:
    """The unit vectors of `size` entries with the numbers in `chunk`."""
    directions = np.zeros((chunk.stop - chunk.start, size))
    directions[np.arange(len(directions)), np.arange(chunk.start, chunk.stop)] = 1
    return directions


def _cautious_need(arguments: Sequence[Any]) -> int:
    """A bound on the bytes that one perturbation takes in nearly any function of these arguments."""
    entries = sum(np.size(argument) for argument in arguments)
    return entries**2 * _BYTES_OF_A_COMPLEX * _MEETINGS


def _moving(argument: Any) -> Array:
    """An argument that is to be moved, or where to, in double precision."""
    argument = np.asarray(argument)
    if argument.dtype.kind not in "fiu":
        raise ValueError(f"an argument that moves, and its direction, must hold real numbers, not {argument.dtype}")
    return np.asarray(argument, dtype=float)


def _count(arguments: Sequence[Any], directions: Direction) -> int:
    """The number P of perturbations, having seen that the directions go with the arguments."""
    _require_as_many(arguments, directions)
    counts = set()
    for k, direction in enumerate(directions):
        if direction is None:
            continue
        given, shape = np.shape(direction), np.shape(arguments[k])
        if len(given) != len(shape) + 1 or any(d not in (1, a) for d, a in zip(given[1:], shape, strict=True)):
            raise ValueError(
                f"direction {k} has shape {given}, but argument {k} has shape {shape}: "
                f"it needs a leading axis of perturbations and then {len(shape)} axes of that length, or of length 1"
            )
        counts.add(given[0])
    if len(counts) != 1 or counts == {0}:
        raise ValueError(
            f"the directions must be as many for every argument that moves, and one at least: got {counts}"
        )
    return int(counts.pop())


def _require_as_many(arguments: Sequence[Any], directions: Direction) -> None:
    if len(arguments) != len(directions):
        raise ValueError(f"{len(arguments)} arguments need as many directions (None for none), not {len(directions)}")


def _require_finite(values: Array) -> None:
    if not np.isfinite(values).all():
        raise ValueError("the function is not finite there: it, or its derivative, is NaN or infinite")
