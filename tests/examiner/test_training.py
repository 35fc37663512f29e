"""The check `training` of an examination: what it notices, what it does not, and that nothing is lost by it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru.examiner import TRAINING, Outcome, examine
from gru.layers.gru.cell import GRUCell
from gru.problem import find
from gru.report.sentences import all_said
from gru.submission.process import SubmissionProcess
from gru.submission.trusted import TrustedCells
from gru.subtraction.check import CHECK_TASK, learn
from gru.subtraction.demonstration import Run
from tests.examiner.planted import EQUATION, plant

Array = Any

EXAMPLES = Path(__file__).parents[2] / "examples" / "submissions"


class GoesUp(GRUCell):
    """A cell whose weights go up the gradient."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        self.dW = -self.dW


def outcome_of(cell: Any, **asked: Any) -> Outcome:
    return examine(TrustedCells(cell), only=[TRAINING], **asked).outcome(TRAINING)


@pytest.mark.full
def test_a_right_cell_passes_the_check() -> None:
    outcome = outcome_of(GRUCell)
    assert outcome.status == "right"
    assert all_said(outcome.facts).startswith("136 of 136 pairs of 4 bits are right after ")


@pytest.mark.full
def test_cells_are_not_wrong_where_right_ones_do_not_learn_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one_epoch = replace(CHECK_TASK, setting=replace(CHECK_TASK.setting, epochs=1))
    monkeypatch.setattr("gru.subtraction.check.CHECK_TASK", one_epoch)
    outcome = outcome_of(GRUCell)
    assert outcome.status == "right"
    assert all_said(outcome.facts).endswith("a right cell does not learn it from this start either")


@pytest.mark.full
def test_an_interruption_while_the_projects_own_cell_trains_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    one_epoch = replace(CHECK_TASK, setting=replace(CHECK_TASK.setting, epochs=1))
    monkeypatch.setattr("gru.subtraction.check.CHECK_TASK", one_epoch)
    stops = iter(["epochs", "interrupted"])

    def stopped(*arguments: Any) -> Run:
        run = learn(*arguments)
        return replace(run, history=replace(run.history, stop=next(stops)))

    monkeypatch.setattr("gru.examiner.training.learn", stopped)
    with pytest.raises(KeyboardInterrupt):
        outcome_of(GRUCell)


class Matrices(GRUCell):
    """Shows matrices, which are arrays too."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        self.h = super().forward(x, h_p, W, U).view(Subclass)
        return self.h

    def merge_params(self) -> None:
        super().merge_params()
        self.dW, self.dU = self.dW.view(Subclass), self.dU.view(Subclass)


class Subclass(np.ndarray):
    """An array of another class."""


@pytest.mark.full
def test_a_subclass_of_an_array_is_an_array_in_training_too() -> None:
    outcome = outcome_of(Matrices)
    assert (outcome.status, outcome.facts) == ("right", outcome_of(GRUCell).facts)


def test_the_check_is_made_at_thorough_effort_only() -> None:
    assert TRAINING not in {outcome.check for outcome in examine(TrustedCells(GRUCell), effort="quick").outcomes}
    with pytest.raises(KeyError):
        examine(TrustedCells(GRUCell), problem=find("0:0"), effort="thorough").outcome(TRAINING)


@pytest.mark.full
def test_a_cell_that_is_wrong_elsewhere_and_does_not_learn_inherits() -> None:
    outcome = outcome_of(GoesUp)
    assert outcome.status == "inherited"
    assert "with a right cell all pairs are right by then" in all_said(outcome.facts)


class StandsStill(GRUCell):
    """A cell that is right of every problem, and whose weights have no gradient at the sizes of the training."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        super().backward(h_p, in_grad)
        if len(h_p) == 1 and h_p.shape[1] == 16:
            self.dW, self.dU = 0 * self.dW, 0 * self.dU


@pytest.mark.full
def test_a_cell_that_is_right_everywhere_else_and_does_not_learn_is_wrong() -> None:
    assert outcome_of(StandsStill).status == "wrong"


class RaisesInTraining(GRUCell):
    """A cell that cannot go back from 16 hidden units and two inputs."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        if h_p.shape == (1, 16):
            raise ValueError("too many")
        super().backward(h_p, in_grad)


def test_a_cell_that_raises_in_training_is_told() -> None:
    outcome = outcome_of(RaisesInTraining)
    assert (outcome.status, outcome.problems) == ("wrong", 0)
    assert all_said(outcome.facts).startswith("backward raised ValueError: too many")


@pytest.mark.full
def test_a_mistake_that_training_does_not_notice() -> None:
    """(24) is never used by a single layer; the check on it does notice."""
    planted = plant("", {"dx": lambda cell, at: 2 * EQUATION["dx"](at)})
    examination = examine(TrustedCells(planted.cell), only=[TRAINING, "equation-24"])
    assert [(o.check, o.status) for o in examination.outcomes] == [("equation-24", "wrong"), (TRAINING, "right")]


@pytest.mark.full
def test_a_submission_that_fails_in_training_keeps_what_was_found(tmp_path: Path) -> None:
    right = EXAMPLES.joinpath("right.py").read_text(encoding="utf-8")
    file = tmp_path / "cell.py"
    file.write_text(
        right.replace("        self.x = x\n", "        self.x = x\n        while W.shape == (48, 16): pass\n")
    )
    with SubmissionProcess(file, time_limit=2) as process:
        examination = examine(process, effort="quick", only=["equation-10", TRAINING])
    assert (examination.verdict, examination.reason) == ("not_examined", "timed_out")
    assert [outcome.status for outcome in examination.outcomes] == ["right", "not_examined"]
