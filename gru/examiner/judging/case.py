"""One use of the cells on one problem, with everything that is found in it.

The checks on equations, `merge` and `split` come together here; they are made elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from gru.examiner.judging.blocks import is_stacked, judge_merge, judge_split, limit_on_kept
from gru.examiner.judging.comparison import agree
from gru.examiner.judging.evidence import Evidence, gather
from gru.examiner.judging.judge import judge_equations
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Finding
from gru.submission.contract import Recording


@dataclass(frozen=True, eq=False)
class Case:
    """One use of the cells on one problem: its evidence, which use it was, and what was found."""

    evidence: Evidence
    use: int
    findings: tuple[Finding, ...]

    def status(self, check: str) -> str | None:
        """The status of a check here; None where nothing was found."""
        return next((finding.status for finding in self.findings if finding.check == check), None)


def judge_uses(reference: Reference, recording: Recording) -> Iterator[Case]:
    """Every use of the cells with the findings on its equations, `merge` and `split`."""
    for number, (evidence, findings) in enumerate(judged(reference, recording)):
        yield Case(evidence, number, tuple(findings))


def judged(reference: Reference, recording: Recording) -> Iterator[tuple[Evidence, Iterator[Finding]]]:
    """The evidence of every use of the cells, and the findings on it, each made when it is asked for."""
    # A parameter that was changed in place is a mistake of the state: its blocks were right before.
    parameters = {stack.name for stack in reference.form.stacks}
    for use in recording.uses:
        evidence = gather(reference, use, recording.left_out, recording.split, recording.changed_arguments)
        split = () if set(recording.changed_arguments) & parameters else judge_split(evidence, recording.split)
        yield evidence, chain(judge_equations(evidence), judge_merge(evidence), split)


def kept_apart(first: Case, later: Case) -> Case:
    """A later use of cells that keep something. What was right in their first use is left out: it is the state's."""
    findings = (f for f in later.findings if f.status in ("right", "missing") or first.status(f.check) != "right")
    return replace(later, findings=tuple(findings))


def agrees_forward(reference: Reference, recording: Recording) -> bool:
    """Whether all blocks and forward values that a recording shows are right.

    So is then the order of the gates, which `merge` has to keep.
    """
    if not recording.uses:
        return True
    evidence = gather(reference, recording.uses[0])
    truth, form = reference.given | reference.forward, reference.form
    for name in (*form.kept, *form.shown_forward):
        if name in evidence.own:
            is_made = name in form.shown_forward
            limits = reference.limits(name, evidence.dtype_of(name)) if is_made else limit_on_kept(evidence, name)
            if not agree(evidence.own[name], truth[name], limits):
                return False
    return is_stacked(evidence)
