"""The shape of every quantity of a GRU cell, by the chapter's name for it."""

from gru.layer import Dimensions, Form, Sizes
from gru.layers.gru.equations import GRU

DIMENSIONS: dict[str, Dimensions] = Form(GRU).dimensions
"""The shapes in words: `DIMENSIONS["dW"]` is `("3·hidden", "hidden")`."""


def shape_of(name: str, sizes: Sizes) -> tuple[int, ...]:
    """The shape of the quantity `name` (`dzr`, `W`, …) at one step of a problem of `sizes`."""
    return sizes.shape(DIMENSIONS[name])


__all__ = ["DIMENSIONS", "Sizes", "shape_of"]
