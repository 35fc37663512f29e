"""Packages and data that are not here: what a cell does not need keeps nobody from a verdict."""

from pathlib import Path

import pytest

from gru.examiner import examine
from gru.submission.process import SubmissionProcess

RIGHT = Path(__file__).parents[2].joinpath("examples", "submissions", "right.py").read_text(encoding="utf-8")
PLOTS = "import drawing.lines as draw\nfrom tables import read\n"
FILLED = RIGHT.replace(
    "class GRUCell:", "ones = np.zeros(3)\nfor i in range(3):\n    ones[i] = 1\n\nclass GRUCell:", 1
).replace("self.h = (", "self.h = ones[0] * (")
IN_FORWARD = "        self.x = x\n"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        pytest.param(PLOTS + RIGHT + "\ndef plot():\n    draw.line(read())\n", None, id="in a function beside it"),
        pytest.param(
            PLOTS + "draw.style['grid'] = 1\n" + RIGHT + "\ndraw.show(read('x.csv'))\n",
            "only what GRUCell needs is run: drawing cannot be imported here",
            id="in the file itself",
            marks=pytest.mark.full,
        ),
        pytest.param(
            RIGHT + "\ndata = open('numbers.csv').read()\nGRUCell(len(data), 2)\n",
            "only what GRUCell needs is run: numbers.csv is not here",
            id="data of the course",
        ),
        pytest.param(
            RIGHT + "\nlosses = train(GRUCell(2, 3))\nprint(losses[-1])\n",
            "only what GRUCell needs is run: line 53 is not, where training begins",
            id="training beside it",
        ),
        pytest.param(
            FILLED + "\ntry:\n    while True:\n        step(GRUCell(2, 3))\nexcept KeyboardInterrupt:\n    pass\n",
            "only what GRUCell needs is run: lines 57 to 61 are not, where training begins",
            id="training without end, and a table that a loop fills",
        ),
        pytest.param(
            RIGHT + "\nsize = int(input())\n",
            "only what GRUCell needs is run: line 53 raises EOFError",
            id="a line that raises",
        ),
        pytest.param(
            RIGHT + "\nraise SystemExit\n",
            "only what GRUCell needs is run: line 53 raises SystemExit",
            id="an exit",
            marks=pytest.mark.full,
        ),
        pytest.param("from gates import one\n" + RIGHT, None, id="in another file of its own", marks=pytest.mark.full),
    ],
)
def test_what_the_cell_does_not_need_is_no_obstacle(source: str, told: str | None, tmp_path: Path) -> None:
    (tmp_path / "gates.py").write_text("import drawing.lines\none = 1\n\ndef plot():\n    drawing.lines.show()\n")
    (tmp_path / "gru.py").write_text(source)
    with SubmissionProcess(tmp_path / "gru.py") as process:
        examination = examine(process, effort="quick")
        assert examination.verdict == "right"
        assert process.notes == ((told,) if told else ())


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import torch\n" + RIGHT.replace("np.tanh", "torch.tanh"), id="used by a method"),
        pytest.param(RIGHT.replace(IN_FORWARD, f"        import torch\n{IN_FORWARD}"), id="imported by a method"),
        pytest.param("import torch\n" + RIGHT.replace("class GRUCell:", "class GRUCell(torch.M):"), id="a base"),
        pytest.param("from torch import *\n" + RIGHT.replace("np.tanh", "tanh"), id="all of its names"),
    ],
)
def test_what_the_cell_needs_is_the_reason_and_no_mistake(source: str, tmp_path: Path) -> None:
    (tmp_path / "gru.py").write_text(source)
    with SubmissionProcess(tmp_path / "gru.py") as process:
        examination = examine(process, effort="quick")
    assert (examination.verdict, examination.reason) == ("not_examined", "import_failed")
    assert "No module named 'torch'" in examination.text
    assert examination.text.endswith("; the file may import NumPy, SciPy, what belongs to Python, and files beside it")
