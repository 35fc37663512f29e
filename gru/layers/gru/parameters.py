"""The stacked parameters W and U of the chapter: three blocks of rows, one a gate.

The order z, r, h̃ is the layer's. Nothing here looks at what the blocks hold.
"""

from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.layers.gru.equations import GRU

GATES = tuple(GRU.gates)
"""The order in which the blocks are stacked; `n` is the chapter's name for h̃ in code."""


def split(stacked: Any, size: int) -> tuple[Any, Any, Any]:
    """The blocks (z, r, h̃) of a stacked parameter; views of it.

    Args:
        stacked: The parameter, (…, 3·size, hidden).
        size: The rows of a block.

    Returns:
        The blocks, each (…, size, hidden).

    >>> split(np.arange(6).reshape(6, 1), 2)[1].ravel()
    array([2, 3])
    """
    z, r, n = (stacked[..., gate * size : (gate + 1) * size, :] for gate in range(len(GATES)))
    return z, r, n


def merge(z: Array, r: Array, n: Array) -> Array:
    """A stacked parameter, (…, 3·size, hidden), of its blocks: the inverse of `split`.

    Args:
        z: The block of the update gate, (…, size, hidden).
        r: That of the reset gate.
        n: That of the candidate h̃.
    """
    return np.concatenate((z, r, n), axis=-2)
