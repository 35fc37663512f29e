"""Problems: concrete instances of a layer, from the smallest sizes up and over all regimes.

A problem is a function of its id alone, so that everybody sees the same one and any one can be
run again. It never knows the right answer: that is the oracle's part.
"""

from gru.problem.drawing import draw
from gru.problem.plan import (
    COUNTS,
    LARGER,
    LONGEST_ID,
    MOST_STEPS,
    PLAN,
    ROUNDS,
    Effort,
    SizesError,
    battery,
    find,
    identify,
    is_measured_whole,
    planned,
)
from gru.problem.problem import PRECISIONS, REGIMES, Precision, Problem, Regime, Specification, beside

__all__ = [
    "COUNTS",
    "LARGER",
    "LONGEST_ID",
    "MOST_STEPS",
    "PLAN",
    "PRECISIONS",
    "REGIMES",
    "ROUNDS",
    "Effort",
    "Precision",
    "Problem",
    "Regime",
    "SizesError",
    "Specification",
    "battery",
    "beside",
    "draw",
    "find",
    "identify",
    "is_measured_whole",
    "planned",
]
