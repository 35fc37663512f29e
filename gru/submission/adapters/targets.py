"""What a loss over a sequence is given, of the numbers of a problem: its inputs, and the targets that it has.

The worker gives them to a submission, and the examining side computes the same loss of them. It runs nothing.
"""

from typing import Any

import numpy as np

ALPHABET = ("tokens", "ids")
"""The kinds that are positions in an alphabet: a list or an array of them."""

EACH_STEP = (*ALPHABET, "positions")
"""The kinds of targets that are a position at every step; `classes` are one a sequence."""


def positions(x: Any) -> list[int]:
    """The position in an alphabet at every step: that of the largest entry of `x` (steps, batch, input)."""
    return [int(i) for i in np.argmax(x[:, 0], axis=-1)]


def seen(x: Any, kind: str) -> Any:
    """The inputs as vectors (steps, batch, input): where they are positions, with a 1 there and else 0."""
    return np.eye(x.shape[-1])[positions(x)][:, None] if kind in ALPHABET else x


def targets(x: Any, kind: str, output: int) -> Any:
    """The targets: positions (steps,), classes (batch,), or vectors (steps, batch, output)."""
    if kind in EACH_STEP:
        found = np.argmin(x[:, 0], axis=-1)
        return found if kind in ALPHABET else found % output
    if kind == "classes":
        return np.argmin(x[-1], axis=-1) % output
    # Of its own step alone, so that steps which change places take their targets with them.
    return x[..., ::-1][..., np.arange(output) % x.shape[-1]] / 2
