"""Where a formula is wrong, if not everywhere: what the problems that show it have in common, and no other has.

It is said only of what was seen: a right value counts where a wrong one would have shown. It judges nothing.
"""

from collections.abc import Callable, Iterator

import numpy as np

from gru.examiner.fact import Fact
from gru.examiner.judging.case import Case

FEWEST = 3
"""Problems of each sort that a condition is read off: any one problem is alone in something."""

MOST = 3
"""The most conditions that are told together, where several fit: more of them tell nothing."""


def _has_state(case: Case) -> bool:
    """Whether any state that the cells are given has an entry that is not zero."""
    carried = case.evidence.form.layer.carried
    return any(case.evidence.reference.given[one.previous].any() for one in carried)


_CONDITIONS: tuple[tuple[str, Callable[[Case], bool]], ...] = (
    ("second-use", lambda c: c.use > 0),
    ("single-precision", lambda c: c.evidence.reference.problem.precision == "float32"),
    ("batch-one", lambda c: c.evidence.reference.problem.sizes.batch == 1),
    ("hidden-one", lambda c: c.evidence.reference.problem.sizes.hidden == 1),
    ("input-one", lambda c: c.evidence.reference.problem.sizes.input == 1),
    ("steps-one", lambda c: c.evidence.reference.problem.sizes.steps == 1),
    ("input-not-hidden", lambda c: len(set(c.evidence.reference.problem.sizes[1:3])) == 2),
    ("input-is-hidden", lambda c: len(set(c.evidence.reference.problem.sizes[1:3])) == 1),
    ("state-not-zero", _has_state),
    ("state-zero", lambda c: not _has_state(c)),
)
"""Conditions that a problem meets or does not meet."""


def condition(check: str, wrong: list[Case], right: list[Case]) -> Fact | None:
    """What the wrong cases have in common that no right case has; how many they are, where there is nothing.

    Args:
        check: The id of the check.
        wrong: The cases that show it wrong.
        right: Those in which it is right, and a wrong formula would have shown.

    Returns:
        None where no case is right.
    """
    if not right:
        return None
    enough = min(len(wrong), len(right)) >= FEWEST
    found = [*_of_kind(wrong, right), *_of_sizes(wrong, right)] if enough else []
    found = found or (list(_of_numbers(wrong, right)) if enough else [])
    if not 0 < len(found) <= MOST:
        return Fact.of("on-some", wrong=len(wrong), of=len(wrong) + len(right))
    # They always came together: it was not seen which of them counts.
    return found[0] if len(found) == 1 else Fact.of("any-of", facts=tuple(found))


def _of_kind(wrong: list[Case], right: list[Case]) -> Iterator[Fact]:
    for slug, holds in _CONDITIONS:
        if all(map(holds, wrong)) and not any(map(holds, right)):
            yield Fact.of(slug)


def _of_sizes(wrong: list[Case], right: list[Case]) -> Iterator[Fact]:
    """A size from which on, or up to which, the formula is wrong."""
    for size in ("batch", "input", "hidden", "steps"):
        bad, good = (
            [getattr(case.evidence.reference.problem.sizes, size) for case in cases] for cases in (wrong, right)
        )
        if min(bad) > max(good):
            yield Fact.of("size-from", size=size, wrong=min(bad), right=max(good))
        elif max(bad) < min(good) and max(bad) > 1:
            yield Fact.of("size-up-to", size=size, wrong=max(bad), right=min(good))


def _of_numbers(wrong: list[Case], right: list[Case]) -> Iterator[Fact]:
    """How large the numbers are that a cell was given where the formula is wrong."""
    layer = wrong[0].evidence.form.layer
    names = (layer.input, *(c.previous for c in layer.carried), *(c.upstream for c in layer.carried))
    for name in names:
        bad, good = (
            [float(np.abs(case.evidence.reference.given[name]).max()) for case in cases] for cases in (wrong, right)
        )
        if min(bad) > max(good) and _of_several_regimes(right):
            yield Fact.of("numbers-from", name=name, wrong=min(bad), right=max(good))
        elif max(bad) < min(good) and _of_several_regimes(wrong):
            yield Fact.of("numbers-up-to", name=name, wrong=max(bad), right=min(good))


def _of_several_regimes(cases: list[Case]) -> bool:
    """Whether the numbers are drawn in several ways: where one regime has small numbers, they are small in all."""
    return len({case.evidence.reference.problem.regime for case in cases}) > 1
