"""Where one step shows nothing, several do: what is wrong in a gradient is wrong somewhere, and is named."""

from pathlib import Path

import pytest

from gru.examiner import examine
from gru.report.kinds.another_api import COUNTS
from gru.report.sentences import all_said
from gru.submission.process import SubmissionProcess
from tests.edited import edited

FILES = Path(__file__).with_name("files")

RNN = """
import numpy as np

class RNN:
    def __init__(self, input_dim, hidden_dim):
        self.W_hh = np.random.randn(hidden_dim, hidden_dim)
        self.W_xh = np.random.randn(input_dim, hidden_dim)

    def forward(self, X, h0=None):
        self.X, self.hs = X, np.zeros((X.shape[0], X.shape[1] + 1, len(self.W_hh)))
        if h0 is not None:
            self.hs[:, 0] = h0
        for t in range(X.shape[1]):
            self.hs[:, t + 1] = np.tanh(self.hs[:, t] @ self.W_hh + X[:, t] @ self.W_xh)
        return self.hs[:, 1:]

    def backward(self, dH):
        self.dW_hh, self.dW_xh = np.zeros_like(self.W_hh), np.zeros_like(self.W_xh)
        dX, dh = np.zeros_like(self.X), 0
        for t in reversed(range(dH.shape[1])):
            da = (dh + dH[:, t]) * (1 - self.hs[:, t + 1] ** 2)
            self.dW_hh += self.hs[:, t].T @ da
            self.dW_xh += self.X[:, t].T @ da
            dX[:, t] = da @ self.W_xh.T
            dh = da @ self.W_hh.T
        return dX
"""


def test_what_is_handed_on_unseen_is_named_by_what_it_spoils(tmp_path: Path) -> None:
    path = tmp_path / "rnn.py"
    path.write_text(RNN.replace("dh = da @ self.W_hh.T", "dh = da @ self.W_hh"), encoding="utf-8")
    with SubmissionProcess(path) as process:
        examination = examine(process, effort="quick")
    assert examination.verdict == "wrong"
    assert [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"] == ["rnn/dh"]


MEANS = {
    "the-steps-of-a-loss": ("three_functions", [("[target, 0]) for", "[target, 0]) / len(targets) for")], "steps"),
    "the-rows-of-the-weights": (
        "drops_its_input",
        [("T @ da\n", "T @ da / len(x)\n"), ("T @ dn])", "T @ dn]) / len(x)"), ("da.sum(axis=0)", "da.mean(axis=0)")],
        "batch",
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("name", MEANS)
def test_a_factor_that_all_gradients_have_is_told_once(name: str, tmp_path: Path) -> None:
    file, edits, size = MEANS[name]
    path = tmp_path / "mean.py"
    path.write_text(edited(FILES / f"{file}.py", *edits))
    with SubmissionProcess(path) as process:
        examination = examine(process, effort="quick")
    (wrong,) = [outcome for outcome in examination.outcomes if outcome.status == "wrong"]
    assert wrong.is_of_gradient
    assert f"the number of {COUNTS[size]}" in all_said(wrong.facts)
    assert examination.verdict == "wrong"


@pytest.mark.parametrize("dtype", ["f8", pytest.param("f4", marks=pytest.mark.full)])
def test_a_single_entry_that_is_wrong_is_not_told_as_clipped_and_its_numbers_are_plain(
    dtype: str, tmp_path: Path
) -> None:
    path = tmp_path / "rnn.py"
    largest = "        self.dW_xh.flat[np.abs(self.dW_xh).argmax()] *= 0.99\n        return dX"
    drawn = "np.random.randn(input_dim, hidden_dim)"
    path.write_text(RNN.replace("        return dX", largest).replace(drawn, f"{drawn}.astype('{dtype}')"))
    with SubmissionProcess(path) as process:
        examination = examine(process, effort="quick")
    outcome = examination.outcome("gradient-W_xh")
    assert outcome.status in ("wrong", "inherited")
    assert all(fact.particulars.get("clipped") is None for fact in outcome.facts)
    assert {type(number) for entry in outcome.values for number in (entry.submission, entry.measured)} == {float}


def test_blocks_of_a_gradient_in_another_order_are_one_mistake_of_the_stack_and_of_no_equation(tmp_path: Path) -> None:
    source = (Path(__file__).with_name("files") / "lists.py").read_text(encoding="utf-8")
    path = tmp_path / "order.py"
    path.write_text(
        edited(source, ("[h_prev.T @ dz, h_prev.T @ dr,", "[h_prev.T @ dr, h_prev.T @ dz,")), encoding="utf-8"
    )
    with SubmissionProcess(path) as process:
        examination = examine(process, effort="quick")
    assert [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"] == ["merge"]
    (fact,) = examination.outcome("merge").facts
    assert (fact.kind, fact.particulars["name"]) == ("gradient-order", "grads[1]")
    assert fact.particulars["order"] == ("W_r", "W_z", "W_h")
