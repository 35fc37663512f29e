"""The second use of a cell, with other arguments: it must give what a new cell gives.

It runs nothing. A mistake in a formula shows in a new cell as well, and is none of the state.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gru.examiner.fact import Fact
from gru.examiner.judging.case import judged
from gru.examiner.judging.comparison import compare
from gru.examiner.judging.evidence import Evidence, gather
from gru.examiner.judging.finding import found
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Finding
from gru.submission.contract import Job, Recording


def reuse_job(other: Reference, change: str, *, goes_on: bool = True) -> Job:
    """The job of a second use; with `goes_on` on the cells of the job before, else on new ones."""
    job = other.job()
    return replace(job, id=f"{job.id}+{change}+{'again' if goes_on else 'new'}", goes_on=goes_on)


def is_right(other: Reference, recording: Recording) -> bool:
    """Whether a second use went through and is right throughout."""
    findings = (finding for _, found in judged(other, recording) for finding in found)
    return recording.raised is None and all(finding.status in ("right", "missing") for finding in findings)


def judge_reuse(other: Reference, change: str, first: Recording, again: Recording, new: Recording) -> Iterator[Finding]:
    """Whether used cells gave what new ones give; `first` is what the used ones gave at first."""
    if again.raised is not None and new.raised is None:
        yield found(
            "state", "wrong", other, fact=Fact.of("kept-from-first-use", change=change, raised=again.raised.text)
        )
    if not (again.uses and new.uses):
        return
    evidence, used = gather(other, new.uses[0]), gather(other, again.uses[0])
    before = gather(other, first.uses[0]) if first.uses else None
    for name, own in evidence.own.items():
        value = used.own.get(name)
        if value is None or name not in evidence.own_limits or not np.isfinite(own).all():
            continue
        if np.array_equal(value, own):
            continue
        comparison = compare(value, own, 2 * evidence.own_limits[name])
        if not comparison.agrees:
            what = _what(name, value, own, before)
            fact = Fact.of("kept-from-first-use", change=change, name=name, what=what)
            yield found("state", "wrong", other, comparison, fact=fact)
            return


def _what(name: str, value: object, own: np.ndarray, before: Evidence | None) -> str:
    """How a used cell's value differs from a new cell's: it is that of the first use, the sum of both, or another."""
    first = before.own.get(name) if before else None
    if first is not None and isinstance(value, np.ndarray) and first.shape == value.shape:
        close = 1e-9 * max(float(np.abs(value).max()), float(np.abs(first).max()))
        if np.abs(value - first).max() <= close:
            return "the-first"
        if np.abs(value - own - first).max() <= close:
            return "added"
    return "another"
