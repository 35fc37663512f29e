"""The check `training`: a submission's cells learn binary subtraction wherever right cells of their form do.

It proves little by itself (docs/why-check-gradients.md), and so is asked for at thorough effort only.
It never looks at a derivative.
"""

from collections.abc import Callable

from gru.examiner.fact import Fact
from gru.examiner.outcome import TRAINING, Outcome
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.submission.contract import CellError, Runner
from gru.subtraction.check import CHECK_TASK, learn
from gru.subtraction.demonstration import Run
from gru.subtraction.model import Architecture, architecture_for
from gru.subtraction.submitted import architecture_of

EPOCHS = CHECK_TASK.setting.epochs
"""After so many a right cell has long learned."""


def judge_training(
    runner: Runner,
    seed: int,
    form: Form = CHAPTER,
    *,
    spoilt: bool,
    on_epoch: Callable[[int], None] = lambda epoch: None,
) -> Outcome:
    """The outcome of the check, from one start.

    Cells that do not learn are wrong where the project's own, computed from the form's table, learn from the same
    start.

    Args:
        runner: Runs the submission.
        seed: Draws the start.
        form: The form of the layer.
        spoilt: Whether the cells are wrong in another check; then they inherit.
        on_epoch: Is told the epochs that are done.

    Raises:
        SubmissionFailure: The cells fail to run.
    """
    try:
        run = _learned(architecture_of(runner, TRAINING, form), seed, on_epoch)
    except CellError as error:
        return Outcome(TRAINING, "inherited" if spoilt else "wrong", facts=(Fact.of("raised", raised=str(error)),))
    if run.history.stop == "reached":
        return Outcome(TRAINING, "right", facts=(_seen(run, "learned"),), problems=1)
    if _learned(architecture_for(form), seed).history.stop != "reached":
        return Outcome(TRAINING, "right", facts=(_seen(run, "none-learns"),), problems=1)
    fact = _seen(run, "diverged" if run.history.stop == "diverged" else "not-learned")
    return Outcome(TRAINING, "inherited" if spoilt else "wrong", facts=(fact,), problems=1)


def _learned(architecture: Architecture, seed: int, on_epoch: Callable[[int], None] = lambda epoch: None) -> Run:
    """The run of the check, of any cells. An interruption ends the check: what was reached by then says nothing."""
    run = learn(architecture, seed, lambda progress: on_epoch(progress.epoch))
    if run.history.stop == "interrupted":
        raise KeyboardInterrupt
    return run


def _seen(run: Run, kind: str) -> Fact:
    """How far the cells came."""
    if kind == "diverged":
        return Fact.of(kind, epoch=run.history.epochs + 1)
    pairs = len(run.pairs)
    right = round(run.overall_accuracy * pairs)
    return Fact.of(kind, right=right, pairs=pairs, bits=run.task.bits, epochs=run.history.epochs)
