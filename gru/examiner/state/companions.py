"""Companions: the same problem put in other ways, where a right backward pass answers the same.

A submission is held against itself: it is given the same problem in another way (its companions),
and the answers must agree to rounding. It never says that a formula is wrong.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.fact import Fact
from gru.examiner.judging.comparison import agree, compare
from gru.examiner.judging.evidence import Evidence, gather, values_shown
from gru.examiner.judging.finding import found
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Comparison, Finding, everything_shows
from gru.layer import Form
from gru.submission.contract import Job, Recording, Use

SCALE = -(2.0**20)
"""The factor on δ in the check that a backward pass is linear in it: a power of two, so that it
rounds nothing; large, so that a clip shows; negative, so that an absolute value does."""


Expected = Callable[[str, Array, Form], Array | None]
"""Gives the value that a companion should show, from its name and its value on the plain job; None where nothing is
known."""


@dataclass(frozen=True)
class Companion:
    """The same problem put in another way.

    `kind` is the kind of the fact that is told where its values differ. `job` makes the problem; `expected` computes
    the values that should come out, by name, from those of the plain job; `scale` is the factor on the gradients'
    rounding errors.
    """

    kind: str
    job: Callable[[Job], Job]
    expected: Expected
    scale: float = 1.0


NOT_LINEAR = "not-linear"
"""The kind of the finding that gradients are not linear in δ, as every formula of the layer is."""


OF_FORMULAS = (NOT_LINEAR, "mixed-rows")
"""The kinds of findings that a wrong formula can cause by itself."""


def is_arbitrary(finding: Finding) -> bool:
    """Whether a finding says that values are not linear in δ, or differ each time that they are asked for."""
    return finding.status == "wrong" and finding.fact is not None and finding.fact.kind in (NOT_LINEAR, LATER.kind)


def is_of_formula(finding: Finding, spoilt: set[str]) -> bool:
    """Whether wrong formulas explain a finding: `spoilt` names everything that is computed from their results."""
    if finding.status != "wrong" or finding.fact is None or finding.fact.kind not in OF_FORMULAS:
        return False
    return "names" in finding.fact.particulars and spoilt.issuperset(finding.fact.particulars["names"])


def _same(name: str, value: Array, form: Form) -> Array:
    return value


def _first_row(name: str, value: Array, form: Form) -> Array | None:
    return value[:, :1] if form.dimensions[name][0] == "batch" else None


def _is_gradient(name: str, form: Form) -> bool:
    return name in form.shown_backward or any(name == total.name for total in form.sums)


def _of_forward(name: str, value: Array, form: Form) -> Array | None:
    return None if _is_gradient(name, form) else value


def _scaled(name: str, value: Array, form: Form) -> Array:
    return value * SCALE if _is_gradient(name, form) else value


def _only_first_row(job: Job) -> Job:
    of_batch = {name: array[:, :1] for name, array in job.arrays.items() if job.form.dimensions[name][0] == "batch"}
    return replace(job.changed(**of_batch), sizes=job.sizes._replace(batch=1))


LATER = Companion("kept-from-a-problem", lambda job: job, _same)
"""The same problem once more, in new cells, after other problems."""

COMPANIONS: tuple[Companion, ...] = (
    *(
        Companion(layout, lambda job, layout=layout: replace(job, layout=layout), _same)  # type: ignore[misc]
        for layout in ("read-only", "fortran", "strided")
    ),
    Companion("mixed-rows", _only_first_row, _first_row),
    Companion(
        NOT_LINEAR,
        lambda job: job.changed(
            **{c.upstream: job.arrays[c.upstream] * job.dtype.type(SCALE) for c in job.form.layer.carried}
        ),
        _scaled,
        abs(SCALE),
    ),
    LATER,
)


def companion_job(companion: Companion, job: Job) -> Job:
    """The job of a companion, made of a plain one."""
    return replace(companion.job(job), id=f"{job.id}+{companion.kind}")


def judge_recording(reference: Reference, recording: Recording) -> Iterator[Finding]:
    """Findings on the state from one recording by itself: arguments changed, cells sharing, a second use."""
    for name in recording.changed_arguments:
        yield _wrong(reference, Fact.of("changed-argument", name=name))
    for use in recording.uses:
        for name in use.changed_later:
            yield _wrong(reference, Fact.of("shared", name=name))
    if len(recording.uses) < 2:
        return
    first, second = (gather(reference, use) for use in recording.uses)
    yield _agreement(first, second.own, "forward-differs", _of_forward)
    values = [second.own]
    if recording.again is not None:
        again = gather(reference, Use({}, recording.again, ()))
        values.append(again.own)
        yield _told_apart(_agreement(first, again.own, "kept-from-backward"), first, *values)
    yield _told_apart(_agreement(first, second.own, "kept-from-forward"), first, *values)


def _told_apart(finding: Finding, first: Evidence, *later: Mapping[str, Array]) -> Finding:
    """The finding that a later call gave other values: twice the first ones, their negative, or neither."""
    if finding.fact is None:
        return finding
    name = finding.fact.particulars["name"]
    own, values = first.own[name], [shown[name] for shown in later if name in shown]
    close = 1e-9 * np.abs(own).max()

    def are(*factors: int) -> bool:
        """Whether every value is one of these times the first."""
        return all(min(np.abs(value - factor * own).max() for factor in factors) <= 3 * close for value in values)

    kind = finding.fact.kind
    if are(1, 2, 3):
        kind = "added-up"
    elif are(1, -1):
        kind = "sign-flips"
    elif len(values) > 1 and all(np.abs(a - b).max() > close for a, b in combinations([own, *values], 2)):
        kind = "every-call"
    return finding._replace(fact=replace(finding.fact, kind=kind))


def judge_companion(
    companion: Companion, reference: Reference, plain: Recording, recording: Recording
) -> Iterator[Finding]:
    """Findings on the state from one companion beside the plain recording."""
    if plain.raised is not None or not plain.uses:
        return
    if recording.raised is not None:
        yield _wrong(reference, Fact.of(companion.kind, raised=recording.raised.text, factor=SCALE))
        return
    evidence = gather(reference, plain.uses[0])
    shown = values_shown(recording.uses[0], reference.form)
    yield _agreement(evidence, shown, companion.kind, companion.expected, companion.scale)


def is_doubtful(finding: Finding) -> bool:
    """Whether a companion gave other values, for which a cell that varies from call to call would also be a reason."""
    return finding.status == "wrong" and finding.fact is not None and "raised" not in finding.fact.particulars


def judge_again(
    companion: Companion, reference: Reference, plain: Recording, finding: Finding, again: Sequence[Recording]
) -> Finding:
    """A doubtful finding, once the plain problem and the companion were run twice more, by turns.

    Where the plain ones agree, and the companions differ from them each time, it is the companion that makes the
    difference. Otherwise the results depend on what came before.

    Args:
        companion: In which other way the problem was given.
        reference: The problem, and what is right on it.
        plain: The answer to the plain problem.
        finding: The doubtful one.
        again: The later answers: plain, companion, plain, companion.
    """
    plains, others = again[::2], again[1::2]
    same = all(not _is_wrong(LATER, reference, plain, other) for other in plains)
    differ = all(_is_wrong(companion, reference, plain, other) for other in others)
    if (same and differ) or finding.fact is None:
        return finding
    return finding._replace(fact=replace(finding.fact, kind=LATER.kind))


def _is_wrong(companion: Companion, reference: Reference, plain: Recording, other: Recording) -> bool:
    return any(finding.status == "wrong" for finding in judge_companion(companion, reference, plain, other))


def _agreement(
    evidence: Evidence,
    shown: dict[str, Any],
    kind: str,
    expected: Expected = _same,
    scale: float = 1.0,
) -> Finding:
    """Whether values agree with those expected from the evidence, to the rounding of both."""
    form = evidence.form
    differing: dict[str, Comparison] = {}
    for name, own in evidence.own.items():
        value, wanted = shown.get(name), expected(name, own, form)
        if name not in evidence.own_limits or wanted is None or not isinstance(value, np.ndarray):
            continue
        if not np.isfinite(wanted).all():
            continue
        value = value.astype(float)
        if np.array_equal(value, wanted):
            continue
        factor = 2 * (scale if _is_gradient(name, form) else 1.0)
        comparison = compare(value, wanted, factor * evidence.own_limits[name])
        if not comparison.agrees and not _follows(evidence, name):
            comparison = compare(value, wanted, factor * _limit_of_another_formula(evidence, name))
        if not comparison.agrees:
            differing[name] = comparison
    if not differing:
        return found("state", "right", evidence.reference, unseen=everything_shows)
    name = next(iter(differing))
    fact = Fact.of(kind, name=name, names=tuple(differing), factor=SCALE)
    return found("state", "wrong", evidence.reference, differing[name], fact=fact)


def _follows(evidence: Evidence, name: str) -> bool:
    """Whether a value follows from the submission's own values by its equation."""
    with np.errstate(all="ignore"):
        expected = evidence.form.named[name](evidence.values)
    return agree(evidence.own[name], expected, evidence.own_limits[name])


def _limit_of_another_formula(evidence: Evidence, name: str) -> Array:
    """The limit on a value whose formula is not the right one, at every step.

    What it rounds is not known. Relative to the value it is taken to be no more than the most that any of the right
    formulas rounds on this problem: where (10) is zero for h_prev = 0, its limit is zero, and a formula without that
    factor rounds all the same.
    """
    worst = 0.0
    for other, allowed in evidence.own_limits.items():
        largest = np.abs(evidence.resolved[other]).max(axis=(-2, -1))
        worst = max(worst, float(np.divide(allowed, largest, out=np.zeros_like(largest), where=largest > 0).max()))
    limits: Array = np.maximum(evidence.own_limits[name], worst * np.abs(evidence.own[name]).max(axis=(-2, -1)))
    return limits


def _wrong(reference: Reference, fact: Fact) -> Finding:
    return found("state", "wrong", reference, fact=fact)
