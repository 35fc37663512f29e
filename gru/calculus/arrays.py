"""The type of an array, once for all modules. The docstring of what takes or returns one says what it holds."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
"""An array of any shape and dtype."""
