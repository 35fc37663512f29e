"""The mapping of a file in another API: its form, and which of its arrays is which weight."""

from pathlib import Path

import pytest

from gru.examiner.bench import Bench
from gru.examiner.mapping.found import Recognition
from gru.examiner.mapping.recognise import recognise
from gru.layers.registry import layer_named
from gru.submission.process import SubmissionProcess
from tests.edited import edited

FILES = Path(__file__).with_name("files")

FORMS = {
    "data_and_grad": ("torch-bias", {"W_z": "Wr, block 2", "U_z": "Wi, block 2", "b_h": "bias, block 3"}),
    "dict_columns": ("chapter-bias", {"W_r": "Wr.T, block 1", "U_r": "Wr.T, block 2", "b_h": "bc"}),
    "lists": ("chapter-bias", {"W_z": "params[1], block 1", "U_h": "params[0], block 3"}),
    "lstm_columns": ("chapter", {"W_f": "Wf.T, block 1", "U_f": "Wf.T, block 2", "b_g": "bc", "b_o": "bo"}),
    "lstm_sequence": ("chapter", {"W_o": "Wh, block 1", "U_f": "Wx, block 4", "b_g": "b, block 3"}),
    "one_array": ("chapter-bias", {"W_h": "Wc.T, block 3", "U_h": "Wc.T, block 2", "b_h": "Wc, block 1"}),
    "peepholes": ("peepholes", {"W_f": "R_f.T", "U_g": "W_z.T", "p_i": "p_i", "p_o": "p_o", "b_g": "b_z"}),
    "sequence_batch_first": ("swapped-bias", {"W_h": "Uh", "U_h": "Wh", "b_h": "bh"}),
    "single_attributes": ("chapter", {"W_h": "Wh.T", "U_h": "Wx.T"}),
    "single_two_biases": ("torch-two-biases", {"b_h": "bnx", "c_h": "bnh", "b_z": "bzx", "c_z": "bzh"}),
    "two_gates_stacked": ("chapter-bias", {"W_z": "Wh, block 2", "W_h": "Wht", "b_h": "bht"}),
    "updates_in_backward": ("chapter", {"W": "U.T", "U": "W.T", "b": "b"}),
}  # fmt: skip
"""For each file the form that its forward pass is, and where some of the blocks stand."""


def recognised(path: Path) -> tuple[Recognition, dict[str, str]]:
    with SubmissionProcess(path) as process:
        assert process.api is not None
        recognition = recognise(Bench(process, process.api))
        rows = recognition.mapped.rows(process.api) if recognition.mapped else ()
        return recognition, {row.symbol: row.parameter for row in rows}


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", FORMS)
def test_the_form_and_the_place_of_every_weight_are_found_from_the_forward_pass(name: str) -> None:
    form, places = FORMS[name]
    recognition, rows = recognised(FILES / f"{name}.py")
    assert recognition.mapped is not None, recognition.parted
    assert recognition.mapped.form.id == form
    assert places.items() <= rows.items()


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("old", "new", "stage", "parameter"),
    [
        ("+ self.Wzx @ x)))", "- self.Wzx @ x)))", "hidden", ""),
        ("(self.Wrh @ h + ", "(self.Wrh @ h**2 + ", "hidden", ""),
        ("self.z * self.n", "self.z * self.n**3", "input", ""),
    ],
)
def test_a_forward_pass_that_is_no_form_is_told_at_what_it_parts(
    old: str, new: str, stage: str, parameter: str, tmp_path: Path
) -> None:
    (tmp_path / "cell.py").write_text(edited(FILES / "single_attributes.py", (old, new)))
    parted = recognised(tmp_path / "cell.py")[0].parted
    assert parted is not None
    assert (parted.stage, parted.parameter) == (stage, parameter)


def test_a_bias_that_is_added_twice_is_told_by_its_name(tmp_path: Path) -> None:
    source = (FILES / "single_two_biases.py").read_text()
    (tmp_path / "cell.py").write_text(edited(source, ("h_prev_t + self.brh)", "h_prev_t + self.brh + self.brh)")))
    parted = recognised(tmp_path / "cell.py")[0].parted
    assert parted is not None
    assert (parted.stage, parted.parameter, parted.forms) == ("bias", "brh", ("torch",))


@pytest.mark.full
def test_what_an_lstm_is_not_given_is_not_asked_for() -> None:
    with SubmissionProcess(FILES / "lstm_sequence.py", form=layer_named("lstm").form) as process:
        assert process.api is not None
        mapped = recognise(Bench(process, process.api)).mapped
        assert mapped is not None
        assert [carried.state for carried in mapped.ends.given] == ["h"]
        assert {"c", "dc"} <= mapped.unasked(process.api)


def test_states_come_in_the_order_in_which_backward_takes_their_gradients(tmp_path: Path) -> None:
    source = (FILES / "lstm_columns.py").read_text()
    (tmp_path / "lstm.py").write_text(edited(source, ("return (a_next, c_next, yt", "return (c_next, a_next, yt")))
    with SubmissionProcess(tmp_path / "lstm.py") as process:
        assert process.api is not None
        assert (process.api.adapter["state"], process.api.adapter["second"]) == ("[1]", "[0]")
