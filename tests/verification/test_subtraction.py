"""The chapter's test case: four cells that share W and U learn to subtract 4-bit binary numbers.

Bits go in from the lowest to the highest, one step a bit; a − b comes out. The gradients are the cells' own, so that
what is trained here is what the other tests of this folder have proved right.
"""

from pathlib import Path

import numpy as np
import pytest

from gru.subtraction.check import CHECK_TASK, learn
from gru.subtraction.demonstration import Run
from gru.subtraction.examples import written_out
from gru.subtraction.plots import draw_curves


def test_the_chapters_network_gets_every_validation_pair_right(chapter: Run) -> None:
    """100 % of pairs that it was not trained on, each with all four bits right."""
    assert (chapter.task.bits, chapter.task.hidden, chapter.task.setting.batch) == (4, 4, 1)
    validation = chapter.parts.validation
    assert len(validation) == 13
    np.testing.assert_array_equal(chapter.model.predict(validation), validation.labels[..., 0])
    assert chapter.history.stop == "reached"
    assert chapter.history.epochs <= 100


def test_every_pair_comes_out_right_at_a_setting_where_a_right_cell_never_fails() -> None:
    """All 136 pairs a ≥ b, at the setting of the check `training`."""
    done = learn()
    assert len(done.pairs) == 136
    np.testing.assert_array_equal(done.model.predict(done.pairs), done.pairs.labels[..., 0])
    assert done.history.epochs <= CHECK_TASK.setting.epochs


def test_the_loss_falls_and_the_accuracy_rises(chapter: Run) -> None:
    history = chapter.history
    first, last = history.losses[: history.iterations_per_epoch], history.losses[-history.iterations_per_epoch :]
    assert last.mean() < first.mean()
    assert history.accuracies[-1] == 1 > history.accuracies[0]


def test_an_example_is_printed_in_the_form_of_the_chapter(chapter: Run) -> None:
    validation = chapter.parts.validation
    fourteen_minus_eight = """\
  x1: [1, 1, 1, 0]
- x2: [1, 0, 0, 0]
------------------
true: [0, 1, 1, 0]
pred: [0, 1, 1, 0]
14 - 8 = 6
===================="""
    assert fourteen_minus_eight in written_out(chapter.pairs, chapter.model.predict(chapter.pairs))
    assert written_out(validation, chapter.model.predict(validation)).count("true: ") == 13


def test_the_curves_of_loss_and_accuracy_are_drawn(chapter: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw_curves({"GRU": chapter.history}, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
