"""What a report says of one kind of fact, and what several kinds have in common.

It decides nothing, and knows no format.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Particulars = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """What a report says of one kind of fact.

    `of` is the check that finds it, `equation` for those of any equation. `said` is the sentence, with the names of
    particulars in braces, or makes it of them. `explained` tells what it means, for `gru explain`; `right` what is
    right in its place, where that is no formula; `hint` what sort of mistake it is.
    """

    of: str
    said: str | Callable[[Particulars], str]
    explained: str = ""
    right: str = ""
    hint: str = ""


def expected(p: Particulars) -> str:
    """The shape that is asked for, in words and in numbers."""
    return f"({', '.join(p['dimensions'])}) = {p['shape']}"


KEPT = "something is kept, shared or changed that should not be"
"""What sort of mistake one of the state is."""


def clipped(p: Particulars, what: str = "the right value") -> str:
    """That a value is another one, `what`, clipped to bounds."""
    low, high = p["low"], p["high"]
    if low is not None and high is not None:
        bounds = f"to ±{high:.4g}" if low == -high else f"to between {low:.4g} and {high:.4g}"
    else:
        bounds = f"at {low if high is None else high:.4g}"
    return f"{p.get('whole') or p['name']} is {what}, clipped {bounds}"
