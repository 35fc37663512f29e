"""What a gradient check found, as data."""

from dataclasses import dataclass, field
from math import erf, sqrt
from typing import Literal

Verdict = Literal["right", "wrong", "cannot_tell"]
Method = Literal["complex step", "differences", "none"]
Index = tuple[int, ...]

TOLD = ("returns-argument", "returns-buffer", "prints")
"""What is told of state and is no fault of the values."""


SOLVED = 2.0**-26
"""The root of double precision. Iterations of numerical libraries end where a step is below it, beside what they are
about. What is computed by them has no derivative that is better known; and no wrong formula is wrong by so little."""


@dataclass(frozen=True)
class Comparison:
    """One argument's claimed gradient beside the measured one.

    `entry` is where they differ most beyond their error (for `along` directions, the number of the direction), with
    `claimed` and `measured` there and `error`, the sum of both error bars. `largest` is the largest measured entry of
    the argument. `wrong` of `size` entries are wrong; `kinks` are the entries at which the function has a kink, whose
    claimed value lies between the slopes on both sides. `reason` says why a verdict is not `right`: `value`, `shape`,
    `not finite`; or `rounding` (of the function), `rounded claim`, `kink`, `meeting`, `underflow`, `unverified`,
    `fixed`, `random`. `pattern` is what the claimed gradient looks like, if something is recognised.
    """

    argument: str
    shape: tuple[int, ...]
    verdict: Verdict
    reason: str | None = None
    entry: Index = ()
    claimed: float = float("nan")
    measured: float = float("nan")
    error: float = 0.0
    largest: float = 0.0
    wrong: int = 0
    size: int = 0
    kinks: tuple[Index, ...] = ()
    pattern: str | None = None
    method: Method = "none"
    dtype: str = "float64"
    directions: int | None = None
    typical: float = 0.0

    @property
    def ratio(self) -> float:
        """Claimed by measured; NaN where nothing was measured but zero."""
        return self.claimed / self.measured if self.measured else float("nan")

    def missed(self, relative: float) -> float:
        """The probability that an error of this relative size in one entry of usual size was missed.

        0 where every entry was measured and the error is above what is forgiven: the error bar, or what a solver
        leaves. Along k Gaussian directions, an error δ in one entry shows as δ·N(0, 1) in each: it is missed if that
        is forgiven every time.
        """
        size, forgiven = relative * self.typical, max(self.error, SOLVED * self.largest)
        if self.directions is None:
            return 0.0 if size > forgiven else 1.0
        return erf(forgiven / (sqrt(2) * size)) ** self.directions if size > 0 else 1.0


@dataclass(frozen=True)
class StateFinding:
    """Something that a function or its gradient does beside computing: `kind` is a slug, `detail` a name or a number.

    Faults: `changes-argument`, `changes-cotangent`, `second-call`, `adds-up`, `order-of-calls`, `random`.
    Told, and no fault of the values: `returns-argument`, `returns-buffer`, `prints`.
    """

    kind: str
    who: str
    detail: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether it makes the gradient wrong."""
        return self.kind not in TOLD and not (self.kind == "random" and self.who == "function")


@dataclass(frozen=True)
class GradientCheck:
    """A comparison for each argument, what was found of state, and what these inputs could not have shown."""

    comparisons: tuple[Comparison, ...]
    state: tuple[StateFinding, ...] = ()
    blind: tuple[str, ...] = ()
    seed: int = 0
    calls: int = 0
    again: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """`wrong` if anything is; else `cannot_tell` if that is so of an argument; else `right`."""
        if any(c.verdict == "wrong" for c in self.comparisons) or any(s.is_fault for s in self.state):
            return "wrong"
        if any(s.kind == "random" for s in self.state) or not self.comparisons:
            return "cannot_tell"
        return "cannot_tell" if any(c.verdict == "cannot_tell" for c in self.comparisons) else "right"

    def __getitem__(self, argument: str) -> Comparison:
        """The comparison of one argument, by its name."""
        for comparison in self.comparisons:
            if comparison.argument == argument:
                return comparison
        raise KeyError(f"no argument {argument!r}; there are {', '.join(c.argument for c in self.comparisons)}")

    def __bool__(self) -> bool:
        """Raise TypeError: there are three verdicts."""
        raise TypeError("a check is neither true nor false: compare its verdict with 'right', 'wrong' or 'cannot_tell'")

    def __str__(self) -> str:
        """The message for a reader."""
        # What makes the message of this is above it.
        from gru.gradient.message import told

        return told(self)
