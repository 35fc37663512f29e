"""A factor that all gradients of a submission have in common, such as the rows of a batch that a mean divides by.

It knows no layer, and runs nothing: what was measured tells it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from gru.examiner.bench import DrivenProblem
from gru.gradient.outcome import Comparison

Found = Mapping[str, Sequence[tuple[DrivenProblem, Comparison]]]
"""By the name of a gradient, what was found of it on each problem."""

COMMON_FACTOR = "common-factor"
"""The kind of the fact that tells it."""

COUNTED = ("batch", "steps", "output")
"""The sizes that a sum or a mean may go over."""


@dataclass(frozen=True)
class Factor:
    """A number times powers of sizes, in all gradients of these names: `powers` has 1 or -1 for each size that counts.

    Attributes:
        names: The gradients.
        number: 1, 2, 1/2, or the negative of one of them.
        powers: The power of each of `COUNTED`.
    """

    names: tuple[str, ...]
    number: float
    powers: tuple[int, ...]

    def at(self, problem: DrivenProblem) -> float:
        """The factor at the sizes of a problem."""
        value = self.number
        for size, power in zip(COUNTED, self.powers, strict=True):
            value *= float(problem.by_name[size]) ** power
        return value

    def of(self, problem: DrivenProblem, name: str) -> float:
        """The number that one gradient has to be divided by."""
        return self.at(problem) if name in self.names else 1.0

    @property
    def particulars(self) -> dict[str, object]:
        """The particulars of the fact that tells it."""
        counts = dict(zip(COUNTED, self.powers, strict=True))
        return {
            "number": self.number,
            "times": tuple(size for size, power in counts.items() if power > 0),
            "over": tuple(size for size, power in counts.items() if power < 0),
        }


def common_factor(found: Found, weights: Sequence[str], *, is_loss: bool) -> Factor | None:
    """The one factor that all gradients are wrong by, or those of all weights; None where there is none.

    Args:
        found: What was found of each gradient.
        weights: The names of those that are a parameter's.
        is_loss: Whether a loss is differentiated: one that is halved, or turned round, is no slip in an equation then.
    """
    for names in dict.fromkeys((tuple(found), tuple(weights))):
        told = [item for name in names for item in found[name]]
        if len(names) < 2 or not all(_is_wrong(found[name]) for name in names):
            continue
        fitting = [factor for factor in _candidates(names, is_loss=is_loss) if _fits(factor, told)]
        # Where two differ, and both fit, the problems do not tell which it is.
        if fitting and all(factor.at(p) == fitting[0].at(p) for factor in fitting for p, _ in told):
            return fitting[0]
    return None


def _is_wrong(of_one: Sequence[tuple[DrivenProblem, Comparison]]) -> bool:
    return any(c.verdict == "wrong" for _, c in of_one) and all(c.reason in (None, "value") for _, c in of_one)


def _fits(factor: Factor, told: Sequence[tuple[DrivenProblem, Comparison]]) -> bool:
    """Whether every claimed slope is the measured one times the factor, to within the error bar of both."""
    return all(abs(c.claimed - (k := factor.at(p)) * c.measured) <= c.error * (1 + abs(k)) for p, c in told)


def _candidates(names: tuple[str, ...], *, is_loss: bool) -> Iterator[Factor]:
    """The factors that are tried, the simplest first; 1 is none."""
    numbers = (1.0, 2.0, 0.5, -1.0, -2.0, -0.5) if is_loss else (1.0,)
    every = product(numbers, product((0, 1, -1), repeat=len(COUNTED)))
    for number, powers in sorted(every, key=lambda way: (way[0] != 1) + sum(map(abs, way[1]))):
        if number != 1 or any(powers):
            yield Factor(names, number, powers)
