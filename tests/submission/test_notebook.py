"""A notebook as a submission: what the class needs is run and nothing else, and messages name its cells and lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from gru.submission.contract import SubmissionFailure
from gru.submission.notebook import Module, module_of
from tests.commands import gru
from tests.grading.classes import RIGHT, WRONG, notebook

pytest.importorskip("nbformat")

HEAD, _, BODY = RIGHT.partition("class GRUCell")
CLASS = f"class GRUCell{BODY}"


def source_of(*cells: str) -> str:
    return module_of(notebook(*cells)).source


def failure_of(data: bytes) -> str:
    with pytest.raises(SubmissionFailure) as caught:
        module_of(data)
    assert caught.value.reason == "not_python"
    return caught.value.text


def names(module: Module) -> dict[str, Any]:
    found: dict[str, Any] = {}
    exec(module.source, found)
    return found


TINY = "class GRUCell:\n    def forward(self, *given): return helper(SIZE)\n"


@pytest.mark.parametrize(
    "kept",
    [
        "import numpy as np\n",
        "from math import exp as helper\n",
        "def helper(x):\n    return x\n",
        "helper = lambda x: x\n",
        "@decorated\ndef helper(x): return x\n",
        "SIZE = 3\n",
        "SIZE: int = 3\n",
        "SIZE = SIZE * 2\n",
        "SIZE += 1\n",
        "a, SIZE = 1, 2\n",
        "if True:\n    SIZE = 3\n",
        "try:\n    from fast import helper\nexcept ImportError:\n    helper = None\n",
        "with open('x') as f:\n    SIZE = len(f.read())\n",
        "GRUCell.forward = helper\n",
        "setattr(GRUCell, 'forward', helper)\n",
        "import sys\nsys.path.append('src')\n",
        "from gates import *\n",
    ],
)
def test_what_the_class_needs_is_kept(kept: str) -> None:
    uses_np = "class GRUCell:\n    def forward(self, *given): return helper(SIZE) + np.zeros(3)\n"
    source = source_of("plot(1)\n", kept, uses_np, kept)
    assert source.count(kept) == 2
    assert "plot" not in source


@pytest.mark.parametrize(
    "dropped",
    [
        "import matplotlib.pyplot as plt\n",
        "data = download('http://x')\n",
        "model = GRUCell(3, 4)\n",
        "for epoch in range(10**9):\n    model.train()\n",
        "while True: pass\n",
        "plt.plot([1])\n",
        "print(SIZE)\n",
        "assert False\n",
        "np.random.seed(0)\n",
        "if __name__ == '__main__':\n    SIZE = 3\n",
        "def train(): download()\n",
        "await fetch()\n",
        "raise ValueError\n",
    ],
)
def test_what_the_class_does_not_need_is_not_run(dropped: str) -> None:
    module = module_of(notebook("SIZE = 3\ndef helper(x): return x\n", dropped, TINY, dropped))
    assert dropped.splitlines()[0] not in module.source
    assert names(module)["GRUCell"]().forward() == 3


def test_what_is_needed_is_needed_through_others() -> None:
    cells = ["import math", "ONE = 1", "TWO = ONE + ONE", "def helper(x): return math.sqrt(TWO * x)", "SIZE = 2", TINY]
    assert names(module_of(notebook(*cells)))["GRUCell"]().forward() == 2


def test_a_local_name_needs_nothing() -> None:
    """`data` is a local variable of the method; the download of that name is not run."""
    source = source_of(
        "data = download()", "class GRUCell:\n    def forward(self, x):\n        data = x\n        return data"
    )
    assert "download" not in source


def test_what_is_made_of_a_class_in_another_api_is_kept() -> None:
    layer = "class GRU:\n    def forward(self, xs): return [GRUCell().forward(x, 0) for x in xs]\n"
    assert "class GRU:" in source_of("class GRUCell:\n    def forward(self, x, h): return x\n", layer)
    assert "class GRU:" not in source_of("class GRUCell:\n    def forward(self, x, h_p, W, U): return x\n", layer)


def test_without_the_class_all_definitions_are_kept() -> None:
    """Somebody may have written it as functions, or under another name."""
    source = source_of("A = 1", "def gru_forward(x): return A\nx = load()", "class MyGRU: pass", "gru_forward(x)")
    assert source == "A = 1\ndef gru_forward(x): return A\nclass MyGRU: pass\n"


def test_two_statements_on_a_line_are_two() -> None:
    assert source_of("é = 2; SIZE = 3; plot()", TINY.replace("helper", "print")).startswith("SIZE = 3\nclass")


@pytest.mark.parametrize(
    "magic",
    ["%matplotlib inline", "!pip install numpy", "%%time", "?print", "print?", "files = !ls", "x = %who", "  %cd x"],
)
def test_magics_and_shell_lines_are_dropped(magic: str) -> None:
    block = "if True:\n" if magic.startswith("  ") else ""
    source = source_of(f"{block}{magic}\nSIZE = 3\n", "def helper(x): return x", TINY)
    assert "SIZE = 3" in source
    assert magic.strip() not in source


def test_a_cell_for_another_program_is_told() -> None:
    module = module_of(notebook("%%bash\nls", TINY))
    assert module.notes == ("cell 1 is left out: it is for %%bash",)


def test_a_string_is_not_a_magic() -> None:
    assert "%s" in source_of('SIZE = """\n%s\n"""', TINY)


def test_the_future_comes_first() -> None:
    assert source_of("SIZE = 1", f"from __future__ import annotations\n{TINY}").startswith("from __future__")


def test_a_class_that_is_defined_twice_is_told() -> None:
    module = module_of(notebook("class GRUCell: a = 1", "x = 1", "class GRUCell: a = 2"))
    assert module.notes == ("GRUCell is defined 2 times, in cells 1, 3; the last counts",)
    assert names(module)["GRUCell"].a == 2


def test_every_line_has_its_place() -> None:
    module = module_of(notebook("# a comment\nimport os\n", "x = 1\n\n@os.register\nclass GRUCell:\n    b = os\n"))
    assert module.source.splitlines() == ["import os", "@os.register", "class GRUCell:", "    b = os"]
    assert [module.place(n) for n in range(6)] == [None, (1, 2), (2, 3), (2, 4), (2, 5), None]


# Broken ones


def test_a_cell_that_is_not_python_is_told() -> None:
    module = module_of(notebook("def f(:\n", TINY))
    assert module.notes == ("cell 1 is left out, line 1: invalid syntax",)
    assert failure_of(notebook("x = 1", "x = 1\nclass GRUCell:\n  def f(:\n")) == "cell 2, line 3: invalid syntax"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "the notebook is broken"),
        (b"3", "the notebook is broken"),
        (b"{}", "the notebook is broken"),
        (b'{"nbformat": 4}', "the notebook is broken"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}', "the notebook is broken"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [3]}', "the notebook is broken"),
        (b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}', "of another format"),
        (notebook(), "the notebook has no code"),
        (notebook("", "  \n"), "the notebook has no code"),
        (notebook("class GRUCell:\n    x = " + "-" * 100_000 + "1"), "cell 1"),
        (notebook("class GRUCell: x = '\0'"), "cell 1"),
    ],
)
def test_a_broken_notebook_is_told(data: bytes, text: str) -> None:
    assert text in failure_of(data)


def test_an_older_format_is_read_and_told() -> None:
    cell = {
        "cell_type": "code",
        "input": TINY.splitlines(True),
        "language": "python",
        "outputs": [],
        "collapsed": False,
    }
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": [cell], "metadata": {}}],
    }
    module = module_of(json.dumps(old).encode())
    assert module.source == TINY
    assert module.notes == ("the notebook is of format 3; it was read as format 4",)


# Examined


def check(path: Path, *arguments: str) -> Any:
    return gru("check", path, "--effort", "quick", *arguments)


def written(folder: Path, *cells: str) -> Path:
    path = folder / "hw.ipynb"
    path.write_bytes(notebook(*cells))
    return path


def test_a_right_notebook_is_right(tmp_path: Path) -> None:
    path = written(tmp_path, "%matplotlib inline\nimport matplotlib.pyplot as plt", HEAD, CLASS, "while True: pass")
    done = check(path)
    assert done.exit_code == 0, done.output


def test_a_wrong_notebook_is_wrong(tmp_path: Path) -> None:
    done = check(written(tmp_path, WRONG))
    assert done.exit_code == 1
    assert "the factor h_prev is missing" in done.stdout


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (
            ("x = 1", "\nimport nowhere\nclass GRUCell: x = nowhere"),
            "ModuleNotFoundError: No module named 'nowhere' (cell 2, line 2)",
        ),
        (
            ("class GRUCell:\n    def __init__(self, a, b):\n        self.x = 1 / 0",),
            "ZeroDivisionError: division by zero (step 1, cell 1, line 3)",
        ),
        (("class GRUCell(:",), "reason     cell 1, line 1: invalid syntax"),
    ],
)
def test_messages_name_the_cell_and_the_line(cells: tuple[str, ...], text: str, tmp_path: Path) -> None:
    assert text in check(written(tmp_path, *cells)).stdout


def test_without_nbformat_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "nbformat", None)
    path = written(tmp_path, RIGHT)
    for arguments in (["check", str(path)], ["grade", str(tmp_path), "--out", str(tmp_path / "out")]):
        done = gru(*arguments)
        assert done.exit_code == 2
        assert "pip install nbformat" in done.stderr


@pytest.mark.full
def test_notebooks_of_a_class_are_graded(tmp_path: Path) -> None:
    course = tmp_path / "class"
    (course / "bo").mkdir(parents=True)
    (course / "al.ipynb").write_bytes(notebook(RIGHT))
    (course / "bo" / "gates.py").write_text("def f(): ...", encoding="utf-8")
    (course / "bo" / "hw.ipynb").write_bytes(notebook("from gates import f", WRONG, "class GRUCell(GRUCell): g = f"))
    arguments = ["grade", str(course), "--out", str(tmp_path / "out"), "--effort", "quick"]
    done = gru(*arguments)
    assert done.exit_code == 0, done.output
    assert "2 students: 1 right, 1 wrong" in done.stdout
    assert "bo: GRUCell is defined 2 times, in cells 2, 3; the last counts" in done.stdout


@pytest.mark.full
def test_pytest_takes_a_notebook(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\n")
    path = written(pytester.mkdir("theirs"), RIGHT)
    tests = pytester.makepyfile(
        """
        import pytest
        @pytest.mark.parametrize("check", ["equation-10", "state"])
        def test_it(require_right, check):
            require_right(check)
        """
    )
    arguments = ("-p", "gru.pytest_plugin", f"--submission={path}", "--submission-effort", "quick", tests)
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=2)
