"""What is wrong only after other problems: a class, or a module, keeps something from one cell to the next.

The problem that shows it is run in a process of its own, where nothing came before. What is right there is no mistake
in an equation, but one of the state.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from gru.examiner.fact import Fact
from gru.examiner.judging.case import Case, judge_uses
from gru.examiner.judging.comparison import compare
from gru.examiner.judging.finding import found
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Finding
from gru.layer import Sizes
from gru.submission.contract import Recording, Runner

MOST_DOUBTED = 3
"""How many problems are run in a process of their own to find out whether the order of problems matters."""

MOST_ALONE = 8
"""How many are, once the order matters: the equations are judged on these."""

Recorded = tuple[Reference, Recording]


def doubted(cases: Iterable[Case], recorded: Sequence[Recorded]) -> list[Recorded]:
    """The problems that show something wrong that the very first problem did not show.

    Those of one step are preferred: the cells of several steps come after each other in any process.
    """
    found: dict[str, Reference] = {}
    for case in sorted(cases, key=_has_steps):
        for finding in case.findings:
            if finding.status == "wrong":
                found.setdefault(finding.check, case.evidence.reference)
    doubtful = {id(reference) for reference in found.values() if reference is not recorded[0][0]}
    return [entry for entry in recorded if id(entry[0]) in doubtful][:MOST_DOUBTED]


def _has_steps(case: Case) -> bool:
    return case.evidence.reference.problem.sizes.steps > 1


def told_apart(runner: Runner, doubtful: Iterable[Recorded]) -> Iterator[Finding]:
    """What differs in a process of its own, and is right there. Raises SubmissionFailure."""
    for reference, recording in doubtful:
        alone, again = _alone(runner, reference), _alone(runner, reference)
        if alone is None or again is None:
            return
        case, other, before = (next(judge_uses(reference, r), None) for r in (alone, again, recording))
        if case is None or other is None or before is None:
            continue
        finding = _difference(case, before)
        # Random values differ from run to run in any process.
        if finding is not None and _difference(case, other) is None:
            yield finding


def _alone(runner: Runner, reference: Reference) -> Recording | None:
    """The answer where nothing came before; None from a runner that cannot forget."""
    if not runner.forget():
        return None
    (recording,) = runner.run([reference.job()])
    return recording


def _difference(case: Case, before: Case) -> Finding | None:
    """The first value that is right in a process of its own and differs after other problems; None without any."""
    evidence, reference = case.evidence, case.evidence.reference
    for equation in evidence.form.exposed:
        own, value = evidence.own.get(equation.name), before.evidence.own.get(equation.name)
        if own is None or value is None or case.status(equation.id) != "right":
            continue
        comparison = compare(value, own, 2 * np.asarray(evidence.own_limits[equation.name]))
        if not comparison.agrees:
            fact = Fact.of("kept-from-a-problem", name=equation.name)
            return found("state", "wrong", reference, comparison, fact=fact)
    return None


def all_alone(runner: Runner, recorded: Sequence[Recorded], doubtful: Sequence[Recorded]) -> Iterator[Recorded]:
    """Some of the problems of one step, of all sizes, each in a process of its own. Raises SubmissionFailure."""
    of_sizes: dict[Sizes, Reference] = {}
    for reference, _ in (*doubtful, *recorded):
        if reference.problem.sizes.steps == 1:
            of_sizes.setdefault(reference.problem.sizes, reference)
    for reference in list(of_sizes.values())[:MOST_ALONE]:
        recording = _alone(runner, reference)
        if recording is not None:
            yield reference, recording
