"""What a loss over a sequence is given, of the numbers of a problem: its inputs, and the targets that it has.

The worker gives them to a submission, and the examining side computes the same loss of them. It runs nothing.
"""

from typing import Any

import numpy as np

from .layouts import has_steps

ALPHABET = ("tokens", "ids")
"""The kinds that are positions in an alphabet: a list or an array of them."""

EACH_STEP = (*ALPHABET, "positions")
"""The kinds of targets that are a position at every step. Others are layouts of vectors: of one at every step, or of
the last step's, where the layout has no steps.
"""

EACH_SEQUENCE = ("classes", "class")
"""The kinds that are a position for each sequence: an array of them, or the number of one sequence alone."""

NUMBER = "number"
"""The kind that is one number between 0 and 1 for a sequence, as of a cross-entropy of two classes."""


def positions(x: Any) -> list[int]:
    """The position in an alphabet at every step: that of the largest entry of `x` (steps, batch, input)."""
    return [int(i) for i in np.argmax(x[:, 0], axis=-1)]


def seen(x: Any, kind: str) -> Any:
    """The inputs as vectors (steps, batch, input): where they are positions, with a 1 there and else 0."""
    return np.eye(x.shape[-1])[positions(x)][:, None] if kind in ALPHABET else x


def targets(x: Any, kind: str, output: int) -> Any:
    """The targets: positions (steps,), classes (batch,), or vectors (steps or 1, batch, output).

    A vector has a 1 at a position and else 0: what a cross-entropy may be given, and what any other loss can be. A
    single number lies between 0 and 1.
    """
    if kind in EACH_STEP:
        found = np.argmin(x[:, 0], axis=-1)
        return found if kind in ALPHABET else found % output
    if kind in EACH_SEQUENCE:
        return np.argmin(x[-1], axis=-1) % output
    if kind == NUMBER:
        return 1 / (1 + np.exp(-x[-1, :1, -1:]))
    # Computed from its own step alone: where steps change places, their targets go with them.
    aimed = x if has_steps(kind) else x[-1:]
    if output == 1:
        return 1 / (1 + np.exp(-aimed[..., -1:]))
    return np.eye(output)[np.argmin(aimed, axis=-1) % output]
