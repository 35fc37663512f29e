"""An LSTM that hands nothing on along c: it is run, and that is one mistake, with the fewest steps that show it."""

from typing import Any

import pytest

from gru.examiner import Examination, examine
from gru.layers.registry import form_named
from gru.report.sentences import explanation
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.layers.right_lstm import Textbook

FORM = form_named(layer="lstm")

pytestmark = pytest.mark.filterwarnings("ignore")


class Published(Textbook):
    """As in much published code: three arguments, and `dc` is δ_c."""

    def backward(self, h_p: Any, c_p: Any, in_grad: Any) -> None:
        super().backward(h_p, c_p, in_grad, 0 * in_grad)
        self.dc = self._dc


class ShowsNone(Published):
    def backward(self, h_p: Any, c_p: Any, in_grad: Any) -> None:
        super().backward(h_p, c_p, in_grad)
        self.dc = None


class TakesButDoesNotHandOn(Textbook):
    def backward(self, h_p: Any, c_p: Any, in_grad: Any, c_grad: Any) -> None:
        super().backward(h_p, c_p, in_grad, c_grad)
        del self.dc


class Ignores(Textbook):
    def backward(self, h_p: Any, c_p: Any, in_grad: Any, c_grad: Any) -> None:
        super().backward(h_p, c_p, in_grad, 0 * c_grad)


def examined(cell: type) -> Examination:
    return examine(TrustedCells(cell, FORM), form=FORM, effort=of_this_run())


@pytest.mark.full
@pytest.mark.parametrize(
    ("cell", "check"),
    [
        (Published, "lstm/delta_c"),
        (ShowsNone, "lstm/delta_c"),
        (TakesButDoesNotHandOn, "lstm/dc"),
        (Ignores, "lstm/delta_c"),
    ],
)
def test_it_is_one_mistake_with_a_name(cell: type, check: str) -> None:
    examination = examined(cell)
    (wrong,) = [outcome for outcome in examination.outcomes if outcome.status == "wrong"]
    assert wrong.check == check
    assert wrong.mistake is not None
    assert "lstm/delta_c/cut-path" in wrong.mistake.ids
    assert "the path through c_{t-1} is missing" in explanation(wrong.mistake)
    assert wrong.sizes is not None
    assert wrong.sizes.steps == 2


class TwoMistakes(Textbook):
    """δ_c is off by a factor that no known mistake has, and δ_zf has a mistake of its own."""

    def slopes(self, c_p: Any, in_grad: Any, c_grad: Any) -> dict[str, Any]:
        right = super().slopes(c_p, in_grad, c_grad)
        self._dc = 1.3 * self._dc
        return {gate: dz if gate == "o" else 1.3 * dz for gate, dz in right.items()} | {"f": right["f"] * 1.3 * self.f}


@pytest.mark.full
def test_what_is_made_of_a_wrong_hidden_quantity_inherits_and_a_second_mistake_is_found() -> None:
    wrong = {outcome.check for outcome in examined(TwoMistakes).outcomes if outcome.status == "wrong"}
    assert wrong == {"lstm/delta_c", "lstm/dzf"}


@pytest.mark.parametrize(("layer", "cell"), [("gru", "LSTMCell"), ("rnn", "GRUCell"), ("lstm", "RNNCell")])
def test_the_class_of_another_layer_is_not_examined_and_told(layer: str, cell: str, tmp_path: Any) -> None:
    from gru.submission.process import SubmissionProcess

    file = tmp_path / "mine.py"
    file.write_text(f"class {cell}:\n    pass\n", encoding="utf-8")
    form = form_named(layer=layer)
    with SubmissionProcess(file, form=form) as process:
        examination = examine(process, form=form, effort="quick")
    assert examination.verdict == "not_examined"
    assert f"it defines {cell}, which --layer" in examination.text
