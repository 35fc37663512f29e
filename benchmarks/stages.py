"""The stages of one `gru check`, one after another, with the seconds that each takes.

    python benchmarks/stages.py SUBMISSION

In `gru check` itself the submission's process starts while the rest is loaded, so that these add up
to more than the whole. Nothing is imported before the clock runs; speed.py prints the shares.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def main(submission: str) -> None:
    """Print one line a stage: its name, a tab, its seconds."""
    with stage("importing NumPy"):
        import numpy as np
    with stage("importing gru"):
        from gru import cli  # noqa: F401
        from gru.examiner.examination import examine  # noqa: F401
        from gru.examiner.judging.reference import Reference, measured_at_once
        from gru.examiner.outcome import Examination, verdict_on
        from gru.examiner.trial import Trial
        from gru.problem import battery
        from gru.report import terminal
        from gru.report.result import Result
        from gru.submission.process import SubmissionProcess
    with stage("problems"):
        references = measured_at_once([Reference.of(problem) for problem in battery("normal", 0)])
    with stage("oracle"):
        for reference in references:
            _ = reference.given, reference.truth
    with stage("limits"):
        for reference in references:
            _ = [reference.limits(name, np.float64) for name in reference.truth]
    jobs = [reference.job() for reference in references]
    with SubmissionProcess(submission) as process:
        with stage("starting the submission's process"):
            answers = process.run(jobs)
            recordings = [next(answers)]
        with stage("the submission's cells"):
            recordings.extend(answers)
    with stage("judging"):
        trial = Trial(references, [])
        for reference, recording in zip(references, recordings, strict=True):
            trial.take(reference, recording)
        outcomes, _ = trial.outcomes()
    with stage("printing"):
        examination = Examination(verdict_on(outcomes), tuple(outcomes), seed=0, effort="normal")
        terminal.show(Result(submission, None, examination, seconds=0.0))


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Say on standard error how long what is done inside took."""
    begin = time.perf_counter()
    yield
    print(name, time.perf_counter() - begin, sep="\t", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
