"""What is left of a training run: examples as the chapter writes them, a model file, a plot."""

import warnings
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gru.subtraction import data, plots
from gru.subtraction.examples import example, written_out
from gru.subtraction.model import ARCHITECTURES, GRU, Model, ModelFileError
from gru.subtraction.plots import PlotError, draw_curves
from gru.subtraction.training import History

FOURTEEN_MINUS_EIGHT = """\
  x1: [1, 1, 1, 0]
- x2: [1, 0, 0, 0]
------------------
true: [0, 1, 1, 0]
pred: [0, 1, 1, 0]
14 - 8 = 6
===================="""


def model(name: str = "gru", hidden: int = 4) -> Model:
    architecture = ARCHITECTURES[name]
    return Model(architecture, architecture.initial(hidden, np.random.default_rng(7)), bits=4)


def in_file(contents: dict[str, Any], path: Path) -> Path:
    with path.open("wb") as file:
        np.savez(file, **contents)
    return path


def contents_of(trained: Model) -> dict[str, Any]:
    return {"architecture": np.array(trained.architecture.name), "bits": np.array(trained.bits), **trained.parameters}


# Examples


def test_an_example_is_in_the_exact_form_of_the_chapter() -> None:
    pair = data.one_pair(14, 8, 4)
    assert written_out(pair, pair.labels[..., 0]) == FOURTEEN_MINUS_EIGHT


def test_a_wrong_prediction_is_shown_as_it_is() -> None:
    lines = example(*(data.to_bits(number, 4) for number in (14, 8, 6, 7))).splitlines()
    assert lines[3:6] == ["true: [0, 1, 1, 0]", "pred: [0, 1, 1, 1]", "14 - 8 = 7"]


# Models


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_saved_model_reloads_and_predicts_the_same(name: str, tmp_path: Path) -> None:
    saved = model(name)
    saved.save(tmp_path / "model.npz")
    loaded = Model.load(tmp_path / "model.npz")
    pairs = data.all_pairs(4)
    assert (loaded.architecture, loaded.bits, loaded.hidden) == (saved.architecture, 4, 4)
    assert loaded.parameters.keys() == saved.parameters.keys()
    np.testing.assert_array_equal(loaded.predict(pairs), saved.predict(pairs))


def test_the_parameters_start_as_in_the_chapter() -> None:
    start = GRU.initial(100, np.random.default_rng(0))
    assert start["W"].shape == (300, 100)
    assert start["U"].shape == (6, 100)
    assert start["V"].shape == (100, 1)
    assert 0.099 < np.abs(start["W"]).max() <= 0.1
    assert np.abs(start["U"]).max() <= 0.1
    assert 0 <= start["V"].min() < 0.1
    assert 0.9 < start["V"].max() < 1


def test_a_model_that_cannot_be_saved_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: Any, **_: Any) -> None:
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    path = tmp_path / "model.npz"
    model().save(path)
    before = path.read_bytes()
    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="No space"):
        model().save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=2 * settings().max_examples)
def test_a_damaged_file_is_refused_with_a_message_or_is_still_a_model(tmp_path: Path, drawn: st.DataObject) -> None:
    path = tmp_path / "model.npz"
    model(hidden=1).save(path)
    whole = path.read_bytes()
    place = drawn.draw(st.integers(0, len(whole) - 1), label="place")
    damaged = drawn.draw(
        st.sampled_from([whole[:place], whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]])
    )
    path.write_bytes(damaged)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            loaded = Model.load(path)
        except ModelFileError:
            return
    assert loaded.predict(data.all_pairs(2)).shape == (10, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"V": np.zeros((3, 1))},
        {"W": np.full((12, 4), np.nan)},
        {"W": np.zeros((12, 4), dtype=int)},
        {"V": np.array(1.0)},
        {"architecture": np.array("perceptron")},
        {"bits": np.array("four")},
        {"extra": np.zeros(1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_file_with_other_contents_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    path = in_file(contents_of(model()) | change, tmp_path / "model.npz")
    with pytest.raises(ModelFileError, match="is no model, or a damaged one"):
        Model.load(path)


def test_a_file_is_never_unpickled(tmp_path: Path) -> None:
    path = in_file(contents_of(model()) | {"W": np.array([print], dtype=object)}, tmp_path / "model.npz")
    with pytest.raises(ModelFileError, match="is no model"):
        Model.load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"cannot read .*gone\.npz: No such file"):
        Model.load(tmp_path / "gone.npz")


# Plots


def history(epochs: int = 3) -> History:
    return History(np.linspace(0.7, 0.1, 10 * epochs), np.linspace(0, 1, epochs), 10, "reached")


@pytest.mark.full
def test_a_png_is_drawn_with_both_curves(tmp_path: Path) -> None:
    image = pytest.importorskip("matplotlib.image")
    path = tmp_path / "curves.png"
    draw_curves({"GRU": history(), "LSTM": history(5)}, path)
    pixels = image.imread(path)[..., :3]
    for colour in plots._COLOURS[:2]:
        rgb = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        assert (np.abs(pixels - rgb).max(axis=-1) < 0.02).sum() > 500


def test_an_svg_holds_the_axes_and_the_curves(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "curves.svg"
    draw_curves({"GRU": history()}, path)
    text = path.read_text(encoding="utf-8")
    assert ET.fromstring(text).tag.endswith("svg")
    assert all(words in text for words in ("iteration", "validation accuracy", "loss", plots._COLOURS[0]))
    assert all(words in text for words in ("Loss on the training pairs", "Accuracy on the", "GRU, single batches"))


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_run_that_was_cut_short_is_drawn_too(epochs: int, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    cut = History(np.linspace(0.7, 0.6, 10 * epochs + 4), np.zeros(epochs), 10, "interrupted")
    draw_curves({"GRU": cut, "LSTM": History(np.array([]), np.array([]), 10, "interrupted")}, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size > 1000


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlotError, match=r"give a name that ends in \.png or \.svg"):
        draw_curves({"GRU": history()}, tmp_path / "curves.gif")


def test_without_matplotlib_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    with pytest.raises(PlotError, match="pip install matplotlib"):
        draw_curves({"GRU": history()}, tmp_path / "curves.png")
