"""What a report says of one kind of fact, and what several kinds have in common.

It decides nothing, and knows no format.
"""

import math
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
        low_text, high_text = _bound(low), _bound(high)
        bounds = f"to ±{high_text}" if low_text == f"-{high_text}" else f"to between {low_text} and {high_text}"
    else:
        bounds = f"below at {_bound(low)}" if high is None else f"above at {_bound(high)}"
    return f"{p.get('whole') or p['name']} is {what}, clipped {bounds}"


def _bound(number: float) -> str:
    """A number as somebody wrote it: the shortest that it is, but for rounding."""
    texts = (f"{number:.{digits}g}" for digits in range(4, 11))
    return next((text for text in texts if math.isclose(float(text), number, rel_tol=1e-9)), f"{number:.4g}")
