"""Hypothesis strategies for the arguments of a function, and a test of a backward pass made of them.

What is drawn is sizes and a seed; NumPy makes the numbers from that, so that shrinking acts on what is read, and a
failing example is one of the smallest shapes.
"""

from collections.abc import Callable
from functools import cache as once
from typing import Any

try:
    from hypothesis import given
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError("this needs Hypothesis: pip install hypothesis") from error

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient.check import check_vjp

SEEDS = 2**32
AWAY = 0.25
"""The least size of a number: kinks are mostly at zero."""


@st.composite
def arrays_for(draw: st.DrawFn, /, *, max_size: int = 6, dtype: Any = np.float64, **shapes: str) -> dict[str, Array]:
    """Arrays by name, their shapes given as names of axes: `arrays_for(x="batch inputs", W="inputs outputs")`.

    An axis is as long wherever its name stands, and no two names have the same length: what is transposed has the wrong
    shape. An empty string is a single number. Numbers are Gaussian with a gap of ±0.25 around zero.

    Args:
        draw: Given by Hypothesis.
        max_size: The longest axis; at least the number of axes.
        dtype: float64 or float32.
        **shapes: For each array the names of its axes, separated by spaces.

    Raises:
        TypeError: A shape that is no text.
        ValueError: Fewer lengths than axes.
    """
    _require_axes(shapes)
    axes = list(dict.fromkeys(axis for shape in shapes.values() for axis in shape.split()))
    if max_size < len(axes):
        raise ValueError(f"{len(axes)} axes of different lengths need max_size={len(axes)} or more, not {max_size}")
    lengths = draw(st.lists(st.integers(1, max_size), min_size=len(axes), max_size=len(axes), unique=True))
    rng = np.random.default_rng(draw(st.integers(0, SEEDS - 1)))
    sizes = dict(zip(axes, lengths, strict=True))
    return {name: _away(rng, [sizes[axis] for axis in shape.split()], dtype) for name, shape in shapes.items()}


def _require_axes(shapes: dict[str, Any]) -> None:
    for name, shape in shapes.items():
        if not isinstance(shape, str):
            raise TypeError(f"{name}={shape!r} is no shape: name its axes in a text, such as {name}='rows columns'")


def _both(passes: Any, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    if not isinstance(passes, tuple) or len(passes) != 2:
        raise TypeError(
            f"{name} returns {type(passes).__name__}: expected its two passes, as in return forward, backward"
        )
    return passes


def _away(rng: np.random.Generator, shape: list[int], dtype: Any) -> Array:
    numbers = rng.standard_normal(shape)
    return np.asarray(numbers + np.copysign(AWAY, numbers), dtype=dtype)


def given_vjp(
    *, cache: bool = False, max_size: int = 6, dtype: Any = np.float64, **shapes: str
) -> Callable[[Callable[[], tuple[Callable[..., Any], Callable[..., Any]]]], Callable[[], None]]:
    """Make a property-based test of a function that returns a forward and a backward pass.

    Args:
        cache: As in `check_vjp`.
        max_size: As in `arrays_for`.
        dtype: As in `arrays_for`.
        **shapes: The arguments of the forward pass in their order, as in `arrays_for`.

    Returns:
        A decorator. The test raises AssertionError on the smallest shapes at which the backward pass is wrong, and
        TypeError where the function that is decorated does not return the two passes.

    Raises:
        TypeError: A shape that is no text.
    """
    _require_axes(shapes)

    def decorated(passes: Callable[[], tuple[Callable[..., Any], Callable[..., Any]]]) -> Callable[[], None]:
        made = once(passes)

        @given(arguments=arrays_for(max_size=max_size, dtype=dtype, **shapes), seed=st.integers(0, SEEDS - 1))
        def test(arguments: dict[str, Array], seed: int) -> None:
            __tracebackhide__ = True
            forward, backward = _both(made(), passes.__name__)
            check = check_vjp(forward, backward, tuple(arguments.values()), cache=cache, seed=seed)
            if check.verdict == "wrong":
                # Not `assert`: pytest would put the whole check below the message.
                raise AssertionError(str(check))

        test.__name__, test.__qualname__, test.__doc__ = passes.__name__, passes.__qualname__, passes.__doc__
        test.__module__ = passes.__module__
        return test

    return decorated
