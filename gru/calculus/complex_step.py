"""Derivatives by a step along the imaginary axis, in complex numbers or in pairs of real ones."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.chunks import MIB, cautious_need, in_chunks
from gru.calculus.line import Direction, Function, in_double, require_as_many, require_finite
from gru.calculus.pair import Pair

Arithmetic = Literal["complex", "pair"]

STEP = 2.0**-100
"""The complex step, 7.9e-31. Its square vanishes beside any value above 1e-22, so that nothing but
the first derivative is left; a derivative may be as small as 1e-278 before it underflows, which a
step of 1e-200 did not leave room for on a sequence of 1,000 steps; and scaling by a power of two
rounds nothing."""

STARTS = (0.05, 0.04, 0.03)
"""The starts of the Ridders runs that verify a complex step. They share no step size, so their spread shows rounding
error that the values alone hide."""


class NotComplexDifferentiable(TypeError):
    """The function loses the derivative of a complex argument: measure it with `ridders`."""

    __module__ = "gru.numdiff"  # the name under which a user sees it


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

    What moves, moves in double precision; what does not is passed as it is.

    Args:
        function: With `arithmetic="complex"` it is given complex arrays with the perturbations on a leading axis,
            (P, *arguments[k].shape), and must keep that axis first: it counts its own axes from the end. With
            `"pair"` it is given `Pair`s, which is the same arithmetic in real numbers.
        arguments: Where the derivatives are taken, one array of floats or integers for each argument.
        directions: `directions[k]` has shape (P, *s), s having as many axes as `arguments[k]` and broadcasting to
            its shape; or it is None, and argument k does not move.
        arithmetic: `complex` or `pair`.
        memory: No more bytes are held at once, results included and `directions` not: the directions are worked
            through in chunks.
        need: A bound on the bytes that one direction takes, where the caller knows one: it spares measuring that.

    Returns:
        The derivatives, float64 of shape (P, *shape of the function's result).

    Raises:
        ValueError: Shapes do not go together, a result is not finite, or the memory is too little.
        NotComplexDifferentiable: The function cannot take the numbers.
    """
    count = _count(arguments, directions)

    def measure(chunk: slice) -> Array:
        part = [None if direction is None else np.asarray(direction)[chunk] for direction in directions]
        return _derivatives(function, arguments, part, chunk.stop - chunk.start, arithmetic)

    if need is None:
        need = cautious_need(arguments)
    return in_chunks(measure, count, need, memory)


def gradient(
    function: Function,
    arguments: Sequence[Any],
    *,
    wrt: int,
    arithmetic: Arithmetic = "complex",
    memory: int = 256 * MIB,
) -> Array:
    """The gradient of a vectorised function of one number with respect to `arguments[wrt]`.

    Args:
        function: It keeps a leading axis of perturbations, as in `directional_derivatives`, and returns one number
            for each.
        arguments: Where the gradient is taken.
        wrt: Which argument moves.
        arithmetic: `complex` or `pair`, as in `directional_derivatives`.
        memory: Bytes that may be held at once.

    Returns:
        The gradient, float64 of the argument's shape.

    Raises:
        ValueError: As `directional_derivatives`; or the function returns more than one number.
        NotComplexDifferentiable: As `directional_derivatives`.
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
    return in_chunks(measure, size, cautious_need(arguments), memory).reshape(shape)


def complex_step(
    function: Function, arguments: Sequence[Any], *, wrt: int, verify: bool = True, magnitude: float | None = None
) -> Array:
    """The gradient of a plain function of one number with respect to `arguments[wrt]`.

    Args:
        function: It takes one point at a time, a complex one.
        arguments: Where the gradient is taken.
        wrt: Which argument moves.
        verify: Whether the gradient is held against Ridders' method along one random direction: an `abs`, a
            comparison, a `.real` or a real buffer in the midst of a function drops the derivative and leaves no
            other sign.
        magnitude: For `ridders`: where large terms cancel, a right gradient is accused without it.

    Returns:
        The gradient, float64 of the argument's shape.

    Raises:
        NotComplexDifferentiable: The derivative is dropped.
        ValueError: The result is not one finite number.
    """
    point = in_double(arguments[wrt])
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


def _derivatives(
    function: Function, arguments: Sequence[Any], directions: Direction, count: int, arithmetic: Arithmetic
) -> Array:
    """The derivatives along all of `count` directions, in one evaluation of the function."""
    if arithmetic not in ("complex", "pair"):
        raise ValueError(f'arithmetic is "complex" or "pair", not {arithmetic!r}')
    perturbed = _complex_argument if arithmetic == "complex" else Pair
    moved = [
        argument if direction is None else perturbed(in_double(argument), in_double(direction))
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
    require_finite(result)
    imaginary: Array = result.imag
    return imaginary


def _tangents(result: Any, count: int) -> Array:
    """The derivatives in a result of arithmetic on pairs."""
    if not isinstance(result, Pair):
        raise NotComplexDifferentiable(
            f"the function was given Pairs and returned {type(result).__name__}: it drops the derivative, "
            "or does not depend on what was moved; use ridders"
        )
    require_finite(result.value)
    require_finite(result.tangent)
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
    from gru.calculus.ridders import gaussian_directions, ridders

    # Any seed would do; a fixed one gives the same answer to the same question.
    direction = gaussian_directions(np.random.default_rng(0), arguments)[wrt]
    along = float(np.sum(measured * direction[wrt]))
    witnesses = [ridders(function, arguments, direction, start=start, magnitude=magnitude) for start in STARTS]
    values = [witness.value for witness in witnesses]
    bound = max(witness.error for witness in witnesses) + max(values) - min(values)
    if not min(abs(along - value) for value in values) <= bound:
        raise NotComplexDifferentiable(
            f"along one direction the complex step gives {along:.6g}, but Ridders' method {values[0]:.6g} "
            f"± {bound:.1g}: the function drops a derivative on its way, as abs, a comparison, .real or "
            "a real buffer does, or has a kink there; use ridders, or give the magnitude of terms that cancel"
        )


def _unit_directions(chunk: slice, size: int) -> Array:
    """The unit vectors of `size` entries with the numbers in `chunk`."""
    directions = np.zeros((chunk.stop - chunk.start, size))
    directions[np.arange(len(directions)), np.arange(chunk.start, chunk.stop)] = 1
    return directions


def _count(arguments: Sequence[Any], directions: Direction) -> int:
    """The number P of perturbations, having seen that the directions go with the arguments."""
    require_as_many(arguments, directions)
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
