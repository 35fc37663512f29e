"""Taylor remainders, and the orders at which they fall."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.line import Direction, Function, line


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


def taylor_remainders(
    function: Function,
    arguments: Sequence[Any],
    direction: Direction,
    derivative: float,
    *,
    steps: Sequence[float] = (0.01, 0.005, 0.0025, 0.00125),
) -> Taylor:
    """The Taylor remainders of a function of one number along `direction`, at falling `steps`.

    Where `derivative` is right, `remainder1` falls as h²; where it is wrong, only as h, like `remainder0`. The orders
    show this; they are no verdict, since higher derivatives disturb them.

    Args:
        function: It returns one real number.
        arguments: Where the derivative is taken.
        direction: `direction[k]` has the shape of `arguments[k]`, or is None, and that argument does not move.
        derivative: What is claimed for the derivative along `direction`.
        steps: Two multiples of the direction or more, above 0 and falling.

    Returns:
        The remainders at every step, and the orders at which they fall.

    Raises:
        ValueError: Shapes do not go together, the steps do not fall, or a result is not one finite number.
    """
    h = np.asarray(steps, dtype=float)
    if len(h) < 2 or not (np.all(h > 0) and np.all(np.diff(h) < 0)):
        raise ValueError(f"an order needs two steps or more, above 0 and falling, not {tuple(steps)}")
    along = line(function, arguments, direction)
    base = along(0.0)
    change = np.array([float(along(step) - base) for step in h])
    remainder0, remainder1 = np.abs(change), np.abs(change - h * derivative)
    # Two values of f are subtracted, each of them rounded.
    rounding = 2 * float(np.finfo(base.dtype).eps) * max(abs(float(base)), float(remainder0.max()))
    return Taylor(h, remainder0, remainder1, _orders(h, remainder0, rounding), _orders(h, remainder1, rounding))


def _orders(steps: Array, remainders: Array, rounding: float) -> Array:
    """The powers of h at which the remainders fall, NaN where there is only rounding."""
    seen = remainders > rounding
    logarithms = np.full(len(steps), np.nan)
    logarithms[seen] = np.log(remainders[seen])
    return np.diff(logarithms) / np.diff(np.log(steps))
