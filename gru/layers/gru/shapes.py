"""The shape of every quantity of a GRU cell, by the chapter's name for it."""

from gru.layer import Dimensions, Form, Sizes
from gru.layers.gru.equations import GRU

DIMENSIONS: dict[str, Dimensions] = Form(GRU).dimensions
"""The shapes in words: `DIMENSIONS["dW"]` is `("3·hidden", "hidden")`."""


def shape_of(name: str, sizes: Sizes) -> tuple[int, ...]:
    """The shape of a quantity at one step.

    Args:
        name: The quantity.
        sizes: The sizes of the problem.
    """
    return sizes.shape(DIMENSIONS[name])


__all__ = ["DIMENSIONS", "Sizes", "shape_of"]
