"""What every method of measuring needs: a function along one direction, and the numbers that it is given."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gru.calculus.arrays import Array

Function = Callable[..., Any]

Direction = Sequence[Array | None]


def line(function: Function, arguments: Sequence[Any], direction: Direction) -> Callable[[float], Any]:
    """The function of one number along `direction`: t ↦ f(arguments + t·direction), a NumPy scalar."""
    require_as_many(arguments, direction)
    moving = {k: (in_double(arguments[k]), in_double(d)) for k, d in enumerate(direction) if d is not None}
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
        require_finite(value)
        return value[()] if value.dtype.kind == "f" else np.float64(value)

    return along


def in_double(argument: Any) -> Array:
    """An argument that is to be moved, or its direction, in double precision."""
    argument = np.asarray(argument)
    if argument.dtype.kind not in "fiu":
        raise ValueError(f"an argument that moves, and its direction, must hold real numbers, not {argument.dtype}")
    return np.asarray(argument, dtype=float)


def require_as_many(arguments: Sequence[Any], directions: Direction) -> None:
    """Raise ValueError unless there is one direction, or None, for each argument."""
    if len(arguments) != len(directions):
        raise ValueError(f"{len(arguments)} arguments need as many directions (None for none), not {len(directions)}")


def require_finite(values: Array) -> None:
    """Raise ValueError where a value is NaN or infinite."""
    if not np.isfinite(values).all():
        raise ValueError("the function is not finite there: it, or its derivative, is NaN or infinite")
