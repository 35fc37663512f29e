"""What a worker says of a submission in another API, checked before it is used. Nothing here runs anything. All that a
worker says of an API is a claim: names, and what is shown of it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any

from gru.submission.worker.protocol import ProtocolError

MOST_PARAMETERS = 64
MOST_AXES = 8
MOST_FLAGS = 8
LARGEST_SIZE = 512
MOST_ENTRIES = 2 * 6 * LARGEST_SIZE**2
"""The most parameters and entries that are believed: no GRU has more at the small sizes that are asked for, or that a
file fixes.

The entries are those of all parameters together: six square weights in each of two directions.
"""

DEEPEST = 8
"""How far objects and lists lie inside each other in what is said of an API."""

TAKEN = frozenset({"x", "h_0", "dx", "dh", "updates"})
"""What stands for something else where parameters are named: an adapter calls none of them so."""

_WIDTHS = ("hidden", "output", "input", "1", "2*hidden")
ANSWERS = (*_WIDTHS, *(f"2*{width}" for width in _WIDTHS), *(f"{a}+{b}" for a in _WIDTHS for b in _WIDTHS if a != b))
"""What an answer may be as wide as: one state, two of one width, or an output beside its state."""


@dataclass(frozen=True)
class Api:
    """How a submission in another API is driven.

    Attributes:
        text: One line on it, for a report.
        target: The class, or the function that goes forward.
        names: The parameters, as the submission calls them.
        gradients: For those whose gradient is shown, where it is.
        dx, dh: Whether the gradients of the input and of the first state are shown.
        h_0: Whether a first state can be given.
        rows: Whether a batch can have more than one row.
        sequence: Whether several steps are given at once; else one.
        last_only: Whether forward answers with the last state alone.
        loss: Whether it answers with a loss, and is given no upstream gradient.
        inputs, targets: What kind of inputs and targets a loss is given; empty for what is none.
        assumed: Whether nothing in the file gives the loss that is differentiated.
        accumulates: Whether a second use adds to the gradients.
        alike: Whether backward raises where sizes differ.
        takes_last: Whether backward may be given the gradient for the last state apart, beside that for all states.
        flags: The flags of the file, with their defaults: it may be driven with one switched.
        part_of: What is made of the target and raised, with what; empty where nothing did.
        first: How many first states can be given, side by side.
        answers: How wide an answer is, such as `hidden` or `2*hidden`.
        sizes: The sizes that are written into the file.
        adapter: All of it, as a course's own adapter would say it.
    """

    text: str
    target: str
    names: tuple[str, ...]
    gradients: Mapping[str, str]
    dx: bool
    dh: bool
    h_0: bool
    rows: bool
    sequence: bool
    last_only: bool
    loss: bool
    assumed: bool
    accumulates: bool
    alike: bool
    takes_last: bool
    flags: Mapping[str, bool]
    part_of: str = ""
    inputs: str = ""
    targets: str = ""
    first: int = 1
    answers: str = "hidden"
    sizes: Mapping[str, int] = field(default_factory=dict)
    adapter: Mapping[str, Any] = field(default_factory=dict)

    @property
    def states(self) -> int:
        """How many states it answers with at each step; 0 where it answers with a loss or an output."""
        return 0 if self.loss else {"hidden": 1, "2*hidden": 2}.get(self.answers, 0)

    def width(self, sizes: Mapping[str, int]) -> int:
        """The length of one answer at these sizes."""
        return sum(self._widths(sizes))

    def _widths(self, sizes: Mapping[str, int]) -> list[int]:
        """The lengths of what is answered side by side: of an output and its state."""
        return [
            math.prod(int(part) if part.isdigit() else sizes[part] for part in width.split("*"))
            for width in self.answers.split("+")
        ]


def api_in(data: Any) -> Api:
    """The API in a worker's header. Raises ProtocolError where it is none."""
    if type(data) is not dict:
        raise ProtocolError("an API that is no object")
    yes_or_no = (
        "dx",
        "dh",
        "h_0",
        "rows",
        "sequence",
        "last_only",
        "loss",
        "assumed",
        "accumulates",
        "alike",
        "takes_last",
    )
    names: Any = data.get("names")
    gradients: Any = data.get("gradients")
    sizes: Any = data.get("sizes")
    flags: Any = data.get("flags")
    texts = ("text", "target", "part_of", "inputs", "targets")
    fits = (
        all(type(data.get(key)) is str for key in texts)
        and all(type(data.get(key)) is bool for key in yes_or_no)
        and type(names) is list
        and len(names) <= MOST_PARAMETERS
        and all(type(name) is str for name in names)
        and len(set(names) - TAKEN) == len(names)
        and type(gradients) is dict
        and set(gradients) <= set(names)
        and all(type(place) is str for place in gradients.values())
        and type(data.get("first")) is int
        and data["first"] in (1, 2)
        and type(data.get("answers")) is str
        and data["answers"] in ANSWERS
        and type(data.get("adapter")) is dict
        and all(key.isidentifier() and not iskeyword(key) for key in data["adapter"])
        and _is_literal(data["adapter"])
        and type(flags) is dict
        and len(flags) <= MOST_FLAGS
        and all(type(default) is bool for default in flags.values())
        and type(sizes) is dict
        and all(type(size) is int and 0 < size <= LARGEST_SIZE for size in sizes.values())
    )
    if not fits:
        raise ProtocolError("an API that cannot be read")
    given = {key: data[key] for key in (*texts, "first", "answers", "adapter", "flags", *yes_or_no)}
    return Api(names=tuple(names), gradients=gradients, sizes=sizes, **given)


def _is_literal(value: Any, depth: int = DEEPEST) -> bool:
    """Whether this can be written as Python and read again: texts, finite numbers, and lists and objects of them."""
    if depth and isinstance(value, dict | list):
        return all(_is_literal(item, depth - 1) for item in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str | int | None) or (isinstance(value, float) and math.isfinite(value))


def shapes_in(data: Any, api: Api) -> dict[str, tuple[tuple[int, ...], str]]:
    """The shape and the precision of every parameter in a worker's header. Raises ProtocolError."""
    if type(data) is not dict or set(data) != set(api.names):
        raise ProtocolError("shapes of other parameters than were named")
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    left = MOST_ENTRIES
    for name in api.names:
        numbers = data[name]
        if type(numbers) is not list or not numbers or not all(type(n) is int and n > 0 for n in numbers):
            raise ProtocolError("something else where a shape was expected")
        *shape, itemsize = numbers
        left -= math.prod(shape)
        if left < 0 or len(shape) > MOST_AXES:
            raise ProtocolError("a parameter with too many entries or axes")
        found[name] = (tuple(shape), "float32" if itemsize == 4 else "float64")
    return found
