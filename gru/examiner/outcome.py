"""What an examination finds, as data: findings of one problem, outcomes of one check, the verdict.

Nothing here measures, prints or awards points.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from gru.examiner.fact import Diagnosis, Fact
from gru.layer import Form, Sizes
from gru.layers.gru.forms import CHAPTER
from gru.submission import contract
from gru.submission.driven import Api

if TYPE_CHECKING:  # What recognises another API takes long to load, and is needed for files in one only.
    from gru.examiner.mapping.found import Recognition

Status = Literal["right", "wrong", "inherited", "missing", "not_examined"]
Verdict = Literal["right", "wrong", "not_examined"]
Reason = Literal["refused", "no_code", contract.Reason]

CHECKS: tuple[str, ...] = CHAPTER.checks
"""The ids of the checks that are always made of the chapter's GRU, in the order of a report."""

TRAINING = "training"
"""The check that is made at thorough effort only, after all others."""


@dataclass(frozen=True)
class Entry:
    """One entry of a block where the submission and the measurement are far apart."""

    index: tuple[int, ...]
    submission: float
    measured: float


@dataclass(frozen=True)
class Block:
    """A whole block of a submission's numbers and the true ones, row by row, where it is of a size to be looked at."""

    submission: tuple[tuple[float, ...], ...]
    measured: tuple[tuple[float, ...], ...]


class Comparison(NamedTuple):
    """A block of a submission's numbers beside the true ones.

    `error` and `limit` are differences; `largest` is the largest true entry of the block, `step`
    the step of the sequence (None for the sums). `entries` gives where the largest differences are, and `block` the
    whole of both where it is small. They are functions, as of all problems that are wrong one is shown.
    """

    error: float
    limit: float
    largest: float
    step: int | None = None
    entries: Callable[[], tuple[Entry, ...]] = tuple
    block: Callable[[], Block | None] = lambda: None

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the limit; NaN is not, and no difference is within any limit."""
        return self.error <= self.limit or self.error == 0

    @property
    def unit(self) -> float:
        """The unit in which errors are told: the block's largest entry, or 1 where that is lost in rounding."""
        return self.largest if self.largest > self.limit else 1.0


GRADIENT = "gradient-"
"""How the id begins of a check on a gradient of a submission in another API; its name there comes next."""

Unseen = Callable[[], frozenset[int] | None]


def nothing_shows() -> None:
    """No part of a formula shows on this problem."""


def everything_shows() -> frozenset[int]:
    """Every part of a formula shows on this problem."""
    return frozenset()


class Finding(NamedTuple):
    """The finding of one check on one problem.

    `silent` stands for a value that is wrong where the formula cannot be judged. `unseen` gives the
    parts of the formula whose absence would not have shown on this problem; None where nothing
    would have. It is a function, as it is asked for rarely and costs as much as all the rest.
    """

    check: str
    status: Literal["right", "wrong", "inherited", "silent", "missing"]
    problem: str
    sizes: Sizes
    comparison: Comparison | None = None
    unseen: Unseen = nothing_shows
    fact: Fact | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check over all problems.

    `error`, `limit` and `detects` are in units of the block's largest entry; `problem` is the
    smallest one that shows a wrong outcome, and `values` its numbers. `facts` are what was found,
    `mistake` is what is likely wrong.
    """

    check: str
    status: Status
    equation: int | None = None
    name: str | None = None
    error: float | None = None
    limit: float | None = None
    detects: float | None = None
    problem: str | None = None
    sizes: Sizes | None = None
    values: tuple[Entry, ...] = ()
    problems: int = 0
    facts: tuple[Fact, ...] = ()
    mistake: Diagnosis | None = None
    block: Block | None = None

    @property
    def is_of_equation(self) -> bool:
        """Whether the check is on an equation, whose left-hand side is `name`."""
        return self.name is not None

    @property
    def is_of_gradient(self) -> bool:
        """Whether the check is on a gradient of a submission in another API, by its name there."""
        return self.check.startswith(GRADIENT)


@dataclass(frozen=True)
class Examination:
    """Everything that was found about a submission.

    `verdict` is `not_examined` where the submission failed to run, for `reason` and as `text` says;
    `outcomes` then holds what was found before. `precision` is the coarsest that the submission
    answered a problem in double precision with; `form` the form of the layer that it follows.
    `api` is that of a submission in another API, with outcomes that are named after its own gradients; `recognition`
    tells which form its forward pass is, and then `form` is that, and there are outcomes of its equations too.
    """

    verdict: Verdict
    outcomes: tuple[Outcome, ...]
    seed: int
    effort: str
    reason: Reason | None = None
    text: str = ""
    precision: str = "float64"
    form: Form = CHAPTER
    api: Api | None = None
    recognition: "Recognition | None" = None

    @property
    def is_of_form(self) -> bool:
        """Whether it is known by which form the submission is judged."""
        return self.api is None or (self.recognition is not None and self.recognition.mapped is not None)

    def outcome(self, check: str) -> Outcome:
        """The outcome of the check with this id. Raises KeyError where it was not asked for."""
        for outcome in self.outcomes:
            if outcome.check == check:
                return outcome
        raise KeyError(check)


def verdict_on(outcomes: Iterable[Outcome]) -> Verdict:
    """The verdict on a submission that ran to the end: right where every outcome is."""
    return "right" if all(outcome.status == "right" for outcome in outcomes) else "wrong"


def verdict_on_driven(outcomes: Iterable[Outcome]) -> Verdict:
    """The verdict on a submission in another API: wrong where anything is; right where all that is shown is.

    An equation of which nothing can be said takes nothing away from gradients that are right. Where all of them are
    zero on every problem, nothing was seen.
    """
    told = list(outcomes)
    if any(outcome.status == "wrong" for outcome in told):
        return "wrong"
    gradients = any(outcome.is_of_gradient and outcome.detects is not None for outcome in told)
    statuses = {outcome.status for outcome in told if not outcome.is_of_equation}
    return "right" if gradients and statuses == {"right"} else "not_examined"
