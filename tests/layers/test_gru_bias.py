"""A GRU with biases in the chapter's API: right, wrong in one place, and one that leaves the bias out."""

from pathlib import Path
from typing import Any

import pytest

from gru.examiner import Examination, examine
from gru.layers.registry import form_described
from gru.report.sentences import all_said
from gru.submission.process import SubmissionProcess
from tests.edited import edited
from tests.effort import of_this_run

FORM = form_described("chapter-bias")

CELL = """
import numpy as np

def sigmoid(a):
    return np.exp(-np.logaddexp(0, -a))

class GRUCell:
    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size

    def split_params(self, w, size):
        return w[:size], w[size : 2 * size], w[2 * size :]

    def get_params(self, W, U, b=None):
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)
        self.bz, self.br, self.bn = self.split_params(np.zeros((3, self.hidden_size)) if b is None else b, 1)

    def forward(self, x, h_p, W, U, b=None):
        self.get_params(W, U, b)
        self.x = x
        self.z = sigmoid(h_p @ self.wz + x @ self.uz + self.bz)
        self.r = sigmoid(h_p @ self.wr + x @ self.ur + self.br)
        self.n = np.tanh((self.r * h_p) @ self.wn + x @ self.un + self.bn)
        self.h = (1 - self.z) * h_p + self.z * self.n

    def backward(self, h_p, in_grad):
        self.dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)
        self.dzn = in_grad * self.z * (1 - self.n**2)
        self.dzr = (self.dzn @ self.wn.T) * h_p * self.r * (1 - self.r)
        self.dwz, self.dwr, self.dwn = h_p.T @ self.dzz, h_p.T @ self.dzr, (self.r * h_p).T @ self.dzn
        self.duz, self.dur, self.dun = (self.x.T @ dz for dz in (self.dzz, self.dzr, self.dzn))
        self.dbz, self.dbr, self.dbn = (dz.sum(axis=0, keepdims=True) for dz in (self.dzz, self.dzr, self.dzn))
        self.merge_params()
        self.dh = in_grad * (1 - self.z) + (self.dzn @ self.wn.T) * self.r + self.dzr @ self.wr.T + self.dzz @ self.wz.T
        self.dx = self.dzn @ self.un.T + self.dzr @ self.ur.T + self.dzz @ self.uz.T

    def merge_params(self):
        self.dW = np.concatenate([self.dwz, self.dwr, self.dwn])
        self.dU = np.concatenate([self.duz, self.dur, self.dun])
        self.db = np.concatenate([self.dbz, self.dbr, self.dbn])
"""


def examined(tmp_path: Path, *edits: tuple[str, str], form: Any = FORM) -> Examination:
    file = tmp_path / "mine.py"
    file.write_text(edited(CELL, *edits), encoding="utf-8")
    with SubmissionProcess(file, form=form) as process:
        return examine(process, form=form, effort=of_this_run())


def wrong(examination: Examination) -> list[str]:
    return [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("form", ["chapter-bias", "chapter"])
def test_it_is_right_with_a_bias_and_without(form: str, tmp_path: Path) -> None:
    assert examined(tmp_path, form=form_described(form)).verdict == "right"


def test_a_wrong_gradient_of_a_bias_is_named(tmp_path: Path) -> None:
    found = examined(tmp_path, ("dz.sum(axis=0, keepdims=True)", "dz.mean(axis=0, keepdims=True)"))
    assert wrong(found) == ["gru/dbz", "gru/dbr", "gru/dbn"]
    mistake = found.outcome("gru/dbz").mistake
    assert mistake is not None
    assert "gru/dbz/averaged" in mistake.ids


def test_a_gradient_of_the_biases_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = examined(tmp_path, ("self.db = ", "self._db = "))
    assert "interface" in wrong(found)
    assert all_said(found.outcome("interface").facts).startswith("db is never set")


@pytest.mark.parametrize(("form", "is_told"), [("chapter", True), ("chapter-bias", False)])
def test_a_bias_that_is_not_asked_for_is_told(form: str, is_told: bool, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(CELL, encoding="utf-8")
    with SubmissionProcess(file, form=form_described(form)) as process:
        assert process.api is None
        assert any("takes b too" in note and "--form chapter-bias" in note for note in process.notes) == is_told


@pytest.mark.full
def test_a_cell_that_takes_no_bias_is_run_and_recognised(tmp_path: Path) -> None:
    without_b = ("def forward(self, x, h_p, W, U, b=None):", "def forward(self, x, h_p, W, U):\n        b = None")
    found = examined(tmp_path, without_b)
    assert found.form.id == "chapter"
    assert wrong(found) == ["equation-1", "equation-2", "equation-3"]
