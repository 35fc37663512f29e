"""Chance in a submission, such as the mask of a dropout: begun anew before every use, so that each draws the same.

Then a forward pass is a function of what it is given, and has a derivative. It knows no layer.
"""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np

_DRAW = (np.random.Generator, np.random.RandomState)
"""What draws numbers. In a tuple: it is asked of all that a module holds, before every use."""


def begin_anew(made: Any, module: Any) -> None:
    """Set what draws numbers to one state: Python's and NumPy's own, and what an object or its module holds."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  the file draws from it
    for thing in _drawing((made, module)):
        bits = thing.bit_generator if isinstance(thing, np.random.Generator) else thing._bit_generator
        bits.state = type(bits)(0).state


def _drawing(holders: tuple[Any, ...]) -> Iterator[np.random.Generator | np.random.RandomState]:
    for holder in holders:
        for value in list(getattr(holder, "__dict__", {}).values()):
            if isinstance(value, _DRAW):
                yield value
