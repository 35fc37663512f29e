"""`gru train` and `gru predict` as they are typed: what is printed, what is written, and the exit status."""

import re
from pathlib import Path

import pytest

from gru.cli import train as train_command
from gru.subtraction import training
from gru.subtraction.model import GRU, Model
from tests.commands import gru

EXAMPLES = Path(__file__).parents[2] / "examples" / "submissions"
SHORT = ("--bits", "2", "--epochs", "2")

EXAMPLE = re.compile(
    r"""  x1: \[(.*)\]
- x2: \[(.*)\]
-+
true: \[(.*)\]
pred: \[(.*)\]
(\d+) - (\d+) = (\d+)
=+$""",
    re.MULTILINE,
)


RNN = """
import numpy as np

class RNNCell:
    def __init__(self, input_size, hidden_size):
        pass

    def forward(self, x, h_p, W, U):
        self.x, self.W, self.U = x, W, U
        self.h = np.tanh(h_p @ W + x @ U)

    def backward(self, h_p, in_grad):
        dz = in_grad * (1 - self.h**2)
        self.dW, self.dU = h_p.T @ dz, self.x.T @ dz
        self.dh, self.dx = dz @ self.W.T, dz @ self.U.T
"""


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that subtracts numbers of four bits, trained and saved by the command itself."""
    path = tmp_path_factory.mktemp("models") / "model.npz"
    result = gru("train", "--hidden", "8", "--seed", "1", "--save", path)
    assert result.exit_code == train_command.REACHED, result.output
    return path


@pytest.mark.full
def test_the_chapters_run_is_told_with_examples_in_the_chapters_form() -> None:
    result = gru("train")
    assert result.exit_code == train_command.REACHED
    assert "GRU: 4 bits, 4 hidden units, 76 parameters, seed 0" in result.stdout
    assert "validation  100 %, 13 of 13 pairs of 4 bits" in result.stdout
    shown = EXAMPLE.findall(result.stdout)
    assert len(shown) == 3
    for a_bits, b_bits, true_bits, predicted_bits, a, b, answer in shown:
        bits = {text: int(text.replace(", ", ""), 2) for text in (a_bits, b_bits, true_bits, predicted_bits)}
        assert (bits[a_bits], bits[b_bits], bits[predicted_bits]) == (int(a), int(b), int(answer))
        assert bits[true_bits] == int(a) - int(b)


def test_a_saved_model_subtracts(saved: Path) -> None:
    result = gru("predict", saved, "14", "8")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2] == "14 - 8 = 6"


def test_longer_numbers_take_as_many_bits_as_they_need(saved: Path) -> None:
    assert EXAMPLE.findall(gru("predict", saved, "300", "5").stdout)[0][0] == "1, 0, 0, 1, 0, 1, 1, 0, 0"
    assert EXAMPLE.findall(gru("predict", saved, "3", "2", "--bits", "6").stdout)[0][0] == "0, 0, 0, 0, 1, 1"


def test_a_corrupt_model_is_refused(saved: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "model.npz"
    damaged.write_bytes(saved.read_bytes()[:500])
    result = gru("predict", damaged, "14", "8")
    assert result.exit_code == 2
    assert "is no model, or a damaged one; `gru train --save` writes one" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bits", "0"], "a number of 0 bits: give from 1"),
        (["--hidden", "-1"], "-1 hidden units: give from 1"),
        (["--batch", "111"], "a batch of 111 from 110 samples: give a batch of at most 110"),
        (["--batch", "0"], "a batch of 0 samples"),
        (["--rate", "0"], "a learning rate of 0.0: give a number above 0"),
        (["--rate", "nan"], "a learning rate of nan"),
        (["--epochs", "-5"], "-5 epochs: give 1 or more"),
        (["--seed", "-1"], "a seed of -1"),
        (["--generalise", "0"], "a number of 0 bits"),
        (["--starts", "0"], "Invalid value for '--starts'"),
        (["--plot", "curves.gif"], "give a name that ends in .png or .svg"),
        (["--save", "missing/model.npz"], "cannot write missing/model.npz: No such file or directory"),
    ],
)
def test_a_bad_option_is_a_usage_error_that_says_what_is_right(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = gru("train", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_too_few_epochs_are_told_by_the_status() -> None:
    result = gru("train", *SHORT)
    assert result.exit_code == train_command.NOT_REACHED
    assert "ended       the 2 epochs are over" in result.stdout


def test_a_loss_that_is_no_number_is_told(tmp_path: Path) -> None:
    result = gru("train", "--rate", "1e200", "--save", tmp_path / "model.npz")
    assert result.exit_code == train_command.NOT_REACHED
    assert "the loss is no longer a finite number; give a smaller --rate" in result.stderr
    assert Model.load(tmp_path / "model.npz").architecture == GRU


@pytest.mark.full
def test_ctrl_c_keeps_what_was_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = training.accuracy
    epochs: list[int] = []

    def interrupt_in_the_third(*arguments: object) -> object:
        epochs.append(1)
        if len(epochs) == 3:
            raise KeyboardInterrupt
        return measured(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "accuracy", interrupt_in_the_third)
    model, plot = tmp_path / "model.npz", tmp_path / "curves.svg"
    result = gru("train", "--save", model, "--plot", plot, "--compare", "lstm", "--starts", "1")
    assert result.exit_code == train_command.INTERRUPTED
    assert "trained     2 epochs" in result.stdout
    assert "interrupted in epoch 3; this is what was reached" in result.stdout
    assert Model.load(model).bits == 4
    assert plot.stat().st_size > 1000


def test_a_file_that_cannot_be_written_costs_neither_the_result_nor_the_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Model, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Model, "save", fail)
    result = gru("train", *SHORT, "--save", tmp_path / "model.npz", "--plot", tmp_path / "curves.png")
    assert result.exit_code == train_command.NOT_WRITTEN
    assert "cannot write" in result.stderr
    assert "No space left on device" in result.stderr
    assert "trained     2 epochs" in result.stdout
    assert (tmp_path / "curves.png").stat().st_size > 1000


@pytest.mark.full
def test_an_lstm_is_trained_beside_it(tmp_path: Path) -> None:
    plot = tmp_path / "curves.svg"
    result = gru("train", "--bits", "2", "--hidden", "6", "--compare", "lstm", "--starts", "3", "--plot", plot)
    assert "LSTM: 2 bits, 6 hidden units" in result.stdout
    table = result.stdout.split("\n\n")[-1]
    assert table.splitlines()[0].split() == ["GRU", "LSTM"]
    assert re.search(r"parameters +150 +222", table)
    assert re.search(r"starts to 100 % +\d of 3 +\d of 3", table)
    assert all(title in plot.read_text(encoding="utf-8") for title in ("GRU", "LSTM"))


@pytest.mark.full
def test_long_numbers_are_what_is_watched_and_tested() -> None:
    result = gru("train", "--generalise", "8", "--epochs", "1", "--hidden", "2")
    assert result.exit_code == train_command.NOT_REACHED
    assert re.search(r"validation .* of 2,000 pairs of 8 bits", result.stdout)
    assert re.search(r"test .* of 10,000 pairs of 8 bits", result.stdout)


# A submission


def test_a_submission_is_trained_in_its_own_process_as_our_own_cells_are() -> None:
    own, submitted = gru("train", *SHORT), gru("train", *SHORT, "--cell", EXAMPLES / "right.py")
    assert submitted.exit_code == own.exit_code
    assert f"{EXAMPLES / 'right.py'}: 2 bits, 4 hidden units, 76 parameters" in submitted.stdout
    for line, (mine, its) in enumerate(zip(own.stdout.splitlines(), submitted.stdout.splitlines(), strict=True)):
        assert mine == its or line in (0, 1)


@pytest.mark.full
def test_a_submission_with_a_wrong_gradient_may_train_well() -> None:
    result = gru("train", "--cell", EXAMPLES / "swapped_gate.py", "--epochs", "60")
    assert result.exit_code == train_command.REACHED


CELL = ("class GRUCell:", "    def __init__(self, input_size, hidden_size): pass")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["    def forward(self, x, h_p, W, U): raise ValueError('no')"],
            "forward raised ValueError: no (step 1, line 3)",
        ),
        (["    def forward(self, x, h_p, W, U): self.h = [1]"], "forward raised TypeError: h is list"),
        (["    def forward(self, x, h_p, W, U): self.h = x @ x.T"], "h is float64 of shape (1, 1); expected an array"),
        (["    def forward(self, x, h_p, W, U): import os; os._exit(7)"], "ended itself with exit status 7 in forward"),
    ],
)
def test_a_submission_that_fails_is_told_where(lines: list[str], message: str, tmp_path: Path) -> None:
    file = write(tmp_path / "cell.py", *CELL, *lines)
    result = gru("train", *SHORT, "--cell", file)
    assert result.exit_code == train_command.NOT_RUN
    assert f"cannot train with {file}" in result.stderr
    assert message in result.stderr


def test_a_submission_that_diverges_is_sent_to_the_examiner(tmp_path: Path) -> None:
    forward = "    def forward(self, x, h_p, W, U): self.h = h_p * float('nan')"
    backward = "    def backward(self, h_p, in_grad): pass"
    file = write(tmp_path / "cell.py", *CELL, forward, backward)
    result = gru("train", *SHORT, "--cell", file)
    assert result.exit_code == train_command.NOT_REACHED
    assert f"let `gru check {file}` look for a wrong gradient" in result.stderr


def test_the_file_of_the_cell_is_not_overwritten(tmp_path: Path) -> None:
    file = write(tmp_path / "cell.py", *CELL)
    result = gru("train", "--cell", file, "--save", file)
    assert result.exit_code == 2
    assert "it is the file of the cell" in result.stderr
    assert file.read_text(encoding="utf-8").startswith("class GRUCell")


def test_a_layer_without_cells_of_its_own_is_trained_and_its_model_subtracts(tmp_path: Path) -> None:
    model = tmp_path / "rnn.npz"
    assert "plain RNN: 4 bits" in gru("train", "--layer", "rnn", "--epochs", "2", "--save", model).stdout
    assert "14 - 8 = " in gru("predict", model, "14", "8").stdout


def test_a_submission_of_another_layer_is_trained(tmp_path: Path) -> None:
    cell = tmp_path / "rnn.py"
    cell.write_text(RNN, encoding="utf-8")
    alone = gru("train", "--layer", "rnn", "--form", "no-bias", "--epochs", "2").stdout
    submitted = gru("train", "--layer", "rnn", "--form", "no-bias", "--epochs", "2", "--cell", cell).stdout
    assert submitted.splitlines()[2:] == alone.splitlines()[2:]


def test_a_model_of_a_layer_in_a_file_is_not_saved_as_predict_could_not_read_it(tmp_path: Path) -> None:
    done = gru(
        "train", "--layer", EXAMPLES.parent / "layers" / "minimal_gated_unit.py", "--save", tmp_path / "model.npz"
    )
    assert done.exit_code == 2
    assert "could not read the model" in done.stderr
