"""`gru.check`: a class examined where it stands, and shown as text or as a page."""

import builtins
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import gru
from gru.layers.lstm.cell import LSTMCell
from gru.report.words import Line

EXAMPLES = Path(__file__).parents[2] / "examples" / "submissions"


def example(name: str) -> Any:
    """The class of an example, as a cell of a notebook defines it."""
    found: dict[str, Any] = {}
    exec((EXAMPLES / name).read_text(encoding="utf-8"), found)
    return found["GRUCell"]


class WithoutHPrev(example("dzr_without_h_prev.py")):  # type: ignore[misc]
    """A cell that warns, and has forgotten a factor."""

    def backward(self, *arguments: Any) -> None:
        super().backward(*arguments)
        warnings.warn("a warning of the cell", stacklevel=1)
        np.exp(np.array([1e3]))
        print("a line of the cell")


def test_a_right_class_is_right() -> None:
    found = gru.check(gru.GRUCell, effort="quick")
    assert found.verdict == "right"
    assert repr(found) == "<GRUCell: right>"
    assert "isolation none: it ran in this process" in str(found)


@pytest.fixture(scope="module")
def found() -> Any:
    return gru.check(WithoutHPrev, effort="quick")


def test_a_wrong_class_is_told_in_a_line(found: Any) -> None:
    assert repr(found) == "<WithoutHPrev: wrong, first equation (10), dzr>"
    assert found.outcome("equation-10").mistake.ids == ("equation-10/no-h-prev",)


def test_it_prints_as_text_and_shows_as_a_page(found: Any) -> None:
    bundle = found._repr_mimebundle_()
    assert bundle == {"text/plain": str(found), "text/html": found._repr_html_()}
    assert str(found).startswith("WithoutHPrev: wrong\n")
    assert bundle["text/html"].lstrip().startswith("<style>")
    assert "<html" not in bundle["text/html"]


def test_what_is_said_to_repeat_it_repeats_it(found: Any) -> None:
    (again,) = (line[13:] for line in str(found).splitlines() if line.startswith("  again"))
    assert again == "gru.check(WithoutHPrev, only='equation-10', problem='0:0')"
    once = eval(again, vars(builtins) | {"gru": gru, "WithoutHPrev": WithoutHPrev})
    assert [outcome.check for outcome in once.examination.outcomes] == ["equation-10"]
    assert once.outcome("equation-10").values == found.outcome("equation-10").values


def test_no_warning_of_the_cell_spills_out(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gru.check(WithoutHPrev, effort="quick")
    assert caught == []
    assert capsys.readouterr() == ("", "")


def test_a_file_is_run_in_a_process_of_its_own() -> None:
    found = gru.check(EXAMPLES / "right.py", effort="quick")
    assert found.verdict == "right"
    assert "in this process" not in str(found)


def test_the_options_are_those_of_the_command(found: Any) -> None:
    assert gru.check(WithoutHPrev, problem="0", feedback="none").examination.outcomes == ()
    other = gru.check(gru.GRUCell, problem="0", convention="swapped")
    assert other.verdict == "wrong"
    assert gru.check(gru.GRUCell, problem="3", seed="random").result.problem.endswith(":3")
    some = gru.check(WithoutHPrev, effort="quick", only=["dzr", 9, "(8)"])
    assert {outcome.check for outcome in some.examination.outcomes} == {"equation-10", "equation-9", "equation-8"}


def test_another_layer_is_examined_as_that() -> None:
    class Wrong(LSTMCell):
        def backward(self, *arguments: Any) -> None:
            super().backward(*arguments)
            self.dzf = 2 * self.dzf

    found = gru.check(Wrong, problem="0", layer="lstm", only="dzf")
    assert found.verdict == "wrong"
    assert "problem='0:0', layer='lstm')" in str(found)


def test_a_class_in_another_api_is_not_wrong() -> None:
    """What can judge it is told."""

    class OneSample:
        def forward(self, x: Any, h: Any) -> Any:
            return h

        def backward(self, delta: Any) -> Any:
            return delta

    found = gru.check(OneSample)
    assert (found.verdict, found.examination.reason) == ("not_examined", "another_api")
    assert "forward(x, h)" in found.examination.text
    assert "gru.check('its_file.py')" in str(found)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"cell": 3}, TypeError, "got int; expected a class"),
        (
            {"cell": gru.GRUCell(1, 1)},
            TypeError,
            r"got GRUCell; expected a class .*: the class itself, as in gru.check\(GRUCell\)",
        ),
        ({"cell": gru.GRUCell, "only": "equation-99"}, ValueError, "equation-99"),
        ({"cell": gru.GRUCell, "problem": "x"}, ValueError, "x"),
        ({"cell": gru.GRUCell, "seed": -1}, ValueError, "no seed"),
        ({"cell": gru.GRUCell, "effort": "slow"}, ValueError, "effort='slow'; expected quick, normal, thorough"),
        ({"cell": gru.GRUCell, "feedback": "all"}, ValueError, "feedback='all'; expected none"),
        ({"cell": gru.GRUCell, "layer": "x"}, LookupError, "x"),
        ({"cell": gru.GRUCell, "form": "x"}, LookupError, "x"),
        ({"cell": gru.GRUCell, "convention": "x"}, LookupError, "no convention has the id 'x'"),
    ],
)
def test_what_is_no_cell_is_told(arguments: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        gru.check(**arguments)


def test_a_file_that_is_not_there_is_not_examined() -> None:
    assert gru.check("nowhere.py").verdict == "not_examined"


def test_a_line_of_a_report_is_a_text() -> None:
    line = Line("note", "a\x1bb")
    assert (str(line), line.label, line.text) == ("  note       a\\x1bb", "note", "a\\x1bb")


def test_the_progress_in_a_notebook_is_one_output_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []

    class DisplayHandle:
        def display(self, data: dict[str, str], raw: bool) -> None:
            told.append(("display", data["text/plain"]))

        def update(self, data: dict[str, str], raw: bool) -> None:
            told.append(("update", data["text/plain"]))

    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", ModuleType("IPython.display"))
    monkeypatch.setattr(sys.modules["IPython.display"], "DisplayHandle", DisplayHandle, raising=False)
    monkeypatch.setattr("gru.notebook.DELAY", -1.0)
    gru.check(gru.GRUCell, effort="quick", only="split")
    assert [how for how, _ in told] == ["display", *["update"] * (len(told) - 1)]
    assert told[0][1].startswith("1 of ")
    assert told[-1][1] == ""
