"""Files that answer an output or a loss: the layer below it is recognised, and the equation of a mistake named."""

from pathlib import Path

import pytest

from gru.examiner import Examination, examine
from gru.report.sentences import all_said
from gru.submission.process import SubmissionProcess
from tests.edited import edited
from tests.effort import of_this_run

FILES = Path(__file__).with_name("files")

Edit = tuple[str, str]

CASES: list[tuple[str, list[Edit], list[str]]] = [
    ("outputs_on_top", [("dh_next = self.W_hh @ da", "dh_next = self.W_hh.T @ da")], ["rnn/dh"]),
    ("fused_loss", [("back * hs[t - 1] * rs[t]", "back * rs[t]")], ["equation-10"]),
    # Two mistakes, one of which shows only where something is handed on.
    (
        "characters_lstm",
        [("do = dh * np.tanh(cs[t])", "do = dh * cs[t]"), ("dcnext = fs[t] * dc", "dcnext = is_[t] * dc")],
        ["lstm/dzo", "lstm/dc"],
    ),
    # What no known mistake gives has a place all the same.
    ("characters_lstm", [("dcnext = fs[t] * dc", "dcnext = 0.9 * fs[t] * dc")], ["lstm/dc"]),
    # Behind an embedding, whose gradient shows that of the input; below an output of σ; with a learned first state;
    # with a penalty in the loss.
    ("two_classes_of_tokens", [("+= self.W @ da", "+= 0.5 * self.W @ da")], ["rnn/dx"]),
    ("adds_binary_numbers", [("future @ self.synapse_h.T", "future @ self.synapse_h")], ["rnn/dh"]),
    ("learned_first_state", [("ar = s * h * r * (1 - r)", "ar = s * r * (1 - r)")], ["equation-10"]),
    ("penalty_on_weights", [("dz = dh * (h - n) * z * (1 - z)", "dz = dh * (n - h) * z * (1 - z)")], ["equation-8"]),
]
"""For each: the file, what stands in it and in its place, and the equations that are wrong then."""

MORE: list[tuple[str, list[Edit], list[str]]] = [
    ("fused_loss", [("dh = Wy.T @ dy + dhnext", "dh = Wy.T @ dy")], ["equation-23"]),
    ("loss_of_vectors", [], []),
    ("outputs_on_top", [("self.db_h += da", "self.db_h = da")], ["rnn/sum_db"]),
    ("characters_lstm", [("is_[t] * (1 - is_[t])", "is_[t] * (1 - is_[t]) ** 3")], ["lstm/dzi"]),
    ("characters_lstm", [("df = dc * cs[t - 1]", "df = dc * np.sin(cs[t - 1])")], ["lstm/dzf"]),
    ("two_classes_of_tokens", [], []),
    ("adds_binary_numbers", [], []),
    ("learned_first_state", [], []),
    ("penalty_on_weights", [], []),
]


def examined(name: str, edits: list[Edit], folder: Path) -> Examination:
    (folder / f"{name}.py").write_text(edited(FILES / f"{name}.py", *edits))
    with SubmissionProcess(folder / f"{name}.py") as process:
        return examine(process, effort=of_this_run())


def require_named(name: str, edits: list[Edit], wrong: list[str], folder: Path) -> None:
    examination = examined(name, edits, folder)
    assert examination.recognition is not None
    assert examination.recognition.mapped is not None
    assert examination.recognition.over_steps
    found = [o.check for o in examination.outcomes if o.is_of_equation and o.status == "wrong"]
    assert (examination.verdict, found) == ("wrong" if wrong else "right", wrong), examination


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("name", "edits", "wrong"), CASES)
def test_mistakes_are_named_on_their_equations(name: str, edits: list[Edit], wrong: list[str], tmp_path: Path) -> None:
    require_named(name, edits, wrong, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize(("name", "edits", "wrong"), MORE)
def test_more_mistakes_are_named_on_theirs(name: str, edits: list[Edit], wrong: list[str], tmp_path: Path) -> None:
    require_named(name, edits, wrong, tmp_path)


@pytest.mark.full
def test_what_a_loss_clips_is_told_and_no_equation_is_wrong_for_it(tmp_path: Path) -> None:
    gradients = "dWz, dWr, dWh, dUz, dUr, dUh, dbz, dbr, dbh, dWy, dby"
    clip = f"for d in ({gradients}):\n        np.clip(d, -0.5, 0.5, out=d)"
    edit = (f"return loss, {gradients}", f"{clip}\n    return loss, {gradients}")
    examination = examined("fused_loss", [edit], tmp_path)
    assert examination.verdict == "wrong"
    assert "clipped to ±0.5" in all_said(examination.outcome("gradient-by").facts)
    assert not any(outcome.status == "wrong" for outcome in examination.outcomes if outcome.is_of_equation)


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "edit", "wrong"),
    [
        ("outputs_on_top", ("self.db_y += dY[t]", "self.db_y = dY[t]"), "gradient-b_y"),
        ("fused_loss", ("dby += dy", "dby = dy"), "gradient-by"),
    ],
)
def test_a_mistake_in_the_head_alone_is_none_of_the_layer(name: str, edit: Edit, wrong: str, tmp_path: Path) -> None:
    examination = examined(name, [edit], tmp_path)
    assert [o.check for o in examination.outcomes if o.status == "wrong"] == [wrong]


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "edit", "check", "said"),
    [
        (
            "adds_binary_numbers",
            ("(out - y[t]) * out * (1 - out)", "(out - y[t])"),
            "synapse_1",
            "lacks the derivative of σ",
        ),
        (
            "penalty_on_weights",
            ("        ds /= N\n", ""),
            "V",
            "lacks the factor 1/the number of rows, unlike the loss",
        ),
        (
            "penalty_on_weights",
            ("g[k] += self.lam * p[k]", "g[k] += 2 * self.lam * p[k]"),
            "Wz",
            "has 0.001 times Wz in it",
        ),
        (
            "adds_binary_numbers",
            ("delta2 @ self.synapse_1.T)", "0.5 * delta2 @ self.synapse_1.T)"),
            "synapse_0",
            "is half the right one",
        ),
        (
            "two_classes_of_tokens",
            ('grads["E"][self.tokens[t]] += ', 'grads["E"][self.tokens[t]] = '),
            "E",
            "= in place of +=",
        ),
    ],
)
def test_a_mistake_around_the_layer_is_told_there_and_in_no_equation(
    name: str, edit: Edit, check: str, said: str, tmp_path: Path
) -> None:
    examination = examined(name, [edit], tmp_path)
    assert said in all_said(examination.outcome(f"gradient-{check}").facts)
    assert examination.verdict == "wrong"
    assert not any(outcome.status == "wrong" for outcome in examination.outcomes if outcome.is_of_equation)
