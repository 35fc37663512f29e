"""The shape of every quantity of a GRU cell, by the chapter's name for it.

This is the one place that knows how large a block is. It never computes anything but shapes.
"""

from typing import NamedTuple


class Sizes(NamedTuple):
    """The sizes of one problem: rows of a batch, inputs, hidden units, steps in time."""

    batch: int
    input: int
    hidden: int
    steps: int = 1

    def __str__(self) -> str:
        words = f"batch {self.batch}, input {self.input}, hidden {self.hidden}"
        return words if self.steps == 1 else f"{words}, steps {self.steps}"


_STATE = ("batch", "hidden")
_RECURRENT = ("hidden", "hidden")
_INPUT = ("input", "hidden")

DIMENSIONS: dict[str, tuple[str, str]] = {
    "x": ("batch", "input"),
    "h_p": _STATE,
    "in_grad": _STATE,
    **dict.fromkeys(("zz", "zr", "zn", "z", "r", "n", "h"), _STATE),
    **dict.fromkeys(("dzz", "dzr", "dzn", "dh"), _STATE),
    "dx": ("batch", "input"),
    **dict.fromkeys(("wz", "wr", "wn", "dwz", "dwr", "dwn"), _RECURRENT),
    **dict.fromkeys(("uz", "ur", "un", "duz", "dur", "dun"), _INPUT),
    "W": ("3·hidden", "hidden"),
    "dW": ("3·hidden", "hidden"),
    "U": ("3·input", "hidden"),
    "dU": ("3·input", "hidden"),
    **dict.fromkeys(("sum_dwz", "sum_dwr", "sum_dwn"), _RECURRENT),
    **dict.fromkeys(("sum_duz", "sum_dur", "sum_dun"), _INPUT),
}


def shape_of(name: str, sizes: Sizes) -> tuple[int, int]:
    """The shape of the quantity `name` (`dzr`, `W`, …) at one step of a problem of `sizes`."""
    rows, columns = DIMENSIONS[name]
    return _length(rows, sizes), _length(columns, sizes)


def _length(dimension: str, sizes: Sizes) -> int:
    stacked, _, one = dimension.rpartition("·")
    length: int = getattr(sizes, one)
    return int(stacked or 1) * length
