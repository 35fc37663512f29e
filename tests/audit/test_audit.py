"""`gru audit` on three graders: one that is weak, one that is close, and a script with an API of its own."""

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from gru.audit.advice import _Trial
from gru.audit.cells import right_cells, wrong_cells
from gru.audit.edits import edits
from gru.audit.watch import Use
from gru.cli import commands as cli
from gru.layers.registry import form_named
from gru.mistakes import catalogue

GRADERS = Path(__file__).parents[2] / "examples" / "graders"

SCRIPT = """\
import numpy as np
from work.answer import MyCell

cell = MyCell(1, 1)
h = cell.step(np.ones((1, 1)), np.full((1, 1), 0.5))
print(cell.back(np.ones((1, 1))))
raise SystemExit(abs(cell.back(np.ones((1, 1))) - 0.5) > 0.45)
"""
"""It prints one number, and is content with anything near it."""

BELOW = """\
class MyCell:
    def __init__(self, inputs, hidden):
        self.cell = GRUCell(inputs, hidden)

    def step(self, x, h):
        self.h = h
        return self.cell.forward(x, h, np.full((3, 1), 0.5), np.full((3, 1), 0.5))

    def back(self, upstream):
        self.cell.backward(self.h, upstream)
        return self.cell.dh.item()
"""


@pytest.fixture(autouse=True)
def without_settings_of_this_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs these tests asks for, such as coverage, is not for the graders."""
    for name in os.environ:
        if name.startswith(("PYTEST", "COV_")):
            monkeypatch.delenv(name)


def audit(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.main, ["audit", "--jobs", "1", *map(str, arguments)], catch_exceptions=False)


def of_grader(name: str, *arguments: str | Path) -> Result:
    return audit("--tests", GRADERS / name, "--module", GRADERS / "student.py", *arguments)


@pytest.mark.full
def test_a_weak_grader_is_told_what_it_lets_through_and_what_would_catch_it(tmp_path: Path) -> None:
    page = tmp_path / "audit.html"
    answer = of_grader("first.py", "--only", "13", "--json", tmp_path / "audit.json", "--html", page)
    assert answer.exit_code == 1
    passed = (wrong := len(catalogue(13))) - 1
    assert answer.output.startswith(f"{passed} of {wrong} wrong cells pass, and 8 of 8 right ones\n")
    advice = re.search(r"use\n +\d+ of (\d+)  a first state, h_p, that is not zero\n +(\d+) of \d+  and", answer.output)
    assert advice is not None
    assert advice.groups() == (str(passed), str(passed))
    found = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert found["checks"] == [{"check": "equation-13", "wrong": wrong, "passed": passed}]
    assert [cell["result"] for cell in found["cells"] if cell["right"]] == ["passed"] * 8
    text = page.read_text(encoding="utf-8")
    assert "the sign of dwr is wrong throughout" in text
    assert "self.dwr = -(h_p.T @ self.dzr)" in text


@pytest.mark.full
def test_a_close_grader_lets_nothing_through() -> None:
    answer = of_grader("mended.py", "--only", "24", "--only", "state")
    assert re.match(r"0 of [3-9]\d wrong cells pass, and 8 of 8 right ones\n", answer.output)
    assert answer.exit_code == 0


@pytest.mark.full
def test_a_script_with_an_api_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run by the command as it is typed, in the folder above."""
    monkeypatch.chdir(tmp_path.parent)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "__init__.py").touch()
    (tmp_path / "grade.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "below.py").write_text(BELOW, encoding="utf-8")
    places = ("--tests", tmp_path / "grade.py", "--module", tmp_path / "work" / "answer.py")
    answer = audit(
        *places,
        "--command",
        f"{sys.executable} {tmp_path.name}/grade.py",
        "--below",
        tmp_path / "below.py",
        "--only",
        "state",
    )
    assert answer.output.startswith("3 of 3 wrong cells pass, and 8 of 8 right ones\n")
    assert "unchecked  state: every wrong cell passes" in answer.output
    assert "  3 of 3  " in answer.output
    assert "a second use of the same cell, with other arguments" in answer.output


@pytest.mark.full
def test_runs_that_are_kept_are_not_run_again(tmp_path: Path) -> None:
    count, tests = tmp_path / "count", tmp_path / "grader"
    tests.mkdir()
    script = f'import student\nopen({str(count)!r}, "a").write("x")\n'
    (tests / "test_it.py").write_text(f"{script}\n\ndef test_it():\n    pass\n", encoding="utf-8")

    def runs() -> int:
        before = len(count.read_text()) if count.exists() else 0
        command = (
            "--command",
            f"{sys.executable} {tests / 'test_it.py'}".replace(str(tests), "."),
            "--keep",
            tests / "kept",
        )
        audit("--tests", tests, "--module", tests / "student.py", "--only", "state", *command)
        return len(count.read_text()) - before

    # Two runs see whether the tests are sound, and what they do; the rest are the cells'.
    assert (runs(), runs()) == (2 + 8 + 3, 2)
    (tests / "test_it.py").write_text(f"{script}# other tests\n", encoding="utf-8")
    assert runs() == 2 + 8 + 3


SOUND = "from student import GRUCell\n\n\n"


@pytest.mark.full
@pytest.mark.parametrize(
    ("source", "says"),
    [
        pytest.param("", "there is no test in test_it.py: pytest has collected nothing", marks=pytest.mark.full),
        ("def test_it():\n    pass\n", "they import another file, or none"),
        pytest.param(
            f"{SOUND}def test_it():\n    while True:\n        pass\n",
            "had not ended after 2 s on a right cell",
            marks=pytest.mark.full,
        ),
        pytest.param(
            f"{SOUND}def test_it():\n    assert GRUCell.backwards\n",
            "the tests fail on a right cell in the place of student.py",
            marks=pytest.mark.full,
        ),
    ],
    ids=["empty", "imports-nothing", "hangs", "fails"],
)
def test_tests_that_tell_nothing_are_refused(tmp_path: Path, source: str, says: str) -> None:
    (tmp_path / "test_it.py").write_text(source, encoding="utf-8")
    answer = audit("--tests", tmp_path / "test_it.py", "--module", tmp_path / "student.py", "--time-limit", "2")
    assert answer.exit_code == 2
    assert says in " ".join(answer.output.split())


@pytest.mark.full
def test_tests_for_another_form_are_told_which(tmp_path: Path) -> None:
    source = f"""{SOUND}import numpy as np


def test_it():
    one = np.ones((1, 1))
    cell = GRUCell(1, 1)
    cell.forward(one, 2 * one, 9 * np.ones((3, 1)), 9 * np.ones((3, 1)))
    assert cell.h > 1.9
"""
    (tmp_path / "test_it.py").write_text(source, encoding="utf-8")
    answer = audit("--tests", tmp_path / "test_it.py", "--module", tmp_path / "student.py")
    assert answer.exit_code == 2
    assert "they pass on one of --form swapped" in " ".join(answer.output.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--tests", "nowhere.py", "--module", "student.py"], "there are no tests at"),
        (["--tests", "test_it.py", "--module", "student.ipynb"], "expected a Python file"),
        (["--tests", "test_it.py", "--module", "a/b/student.py"], "there is no folder"),
        (
            ["--tests", "test_it.py", "--module", "student.py", "--command", "no-such-program", "--only", "9"],
            "cannot be run",
        ),
        (["--tests", "test_it.py", "--module", "student.py", "--only", "17"], "there is no wrong cell"),
        (["--tests", "test_it.py", "--module", "student.py", "--json", "/nowhere/x.json"], "cannot write"),
    ],
    ids=["no-tests", "no-python", "no-folder", "no-command", "no-cells", "no-output"],
)
def test_bad_input_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_it.py").write_text(SOUND, encoding="utf-8")
    answer = audit(*arguments)
    assert answer.exit_code == 2
    assert says in " ".join(answer.output.split())


SOLUTION = right_cells(form_named("chapter", "rnn"))[0].source.replace("class RNNCell", "class RNNCell(Base)")
SOLUTION = SOLUTION.replace("import numpy as np", "import numpy as np\nfrom base import Base", 1)
GRADER_OF_RNN = """\
import numpy as np
from student import RNNCell

def test_dW_dh_and_db() -> None:
    random = np.random.default_rng(0)
    x, h, W, U, b, delta = map(random.normal, [0] * 6, [1] * 6, [(1, 2), (1, 3), (3, 3), (2, 3), (1, 3), (1, 3)])
    cell = RNNCell(2, 3)
    cell.forward(x, h, W, U, b)
    cell.backward(h, delta)
    dz = delta * (1 - np.tanh(h @ W + x @ U + b) ** 2)
    assert np.allclose(cell.dW, h.T @ dz) and np.allclose(cell.dh, dz @ W.T) and np.allclose(cell.db, dz)
"""


@pytest.mark.full
def test_wrong_cells_are_made_of_a_solution_of_the_teachers_own(tmp_path: Path) -> None:
    """The grader looks at neither dU nor dx, and sees one row. σ is not used: what is changed there is no mistake."""
    (tmp_path / "mine.py").write_text(SOLUTION, encoding="utf-8")
    (tmp_path / "base.py").write_text("class Base:\n    pass\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(GRADER_OF_RNN, encoding="utf-8")
    at = ("--tests", tmp_path / "test_it.py", "--module", tmp_path / "student.py", "--layer", "rnn")
    page, data = tmp_path / "page.html", tmp_path / "data.json"
    answer = audit(*at, "--solution", tmp_path / "mine.py", "--json", data, "--html", page)
    assert answer.exit_code == 1, answer.output
    document = json.loads(data.read_text(encoding="utf-8"))
    passing = [c for c in document["cells"] if c["result"] == "passed" and not c["right"]]
    assert Counter(cell["wrong_in"] for cell in passing) == {"rnn/dU": 2, "rnn/dx": 2, "rnn/db": 1, "rnn/h": 1}
    assert document["left_out"] == {"unchanged": 9, "unexamined": 0}
    assert "what the tests do not see\n     2 of 6  rnn/dU\n     2 of 6  rnn/dx\n" in answer.output
    assert "stands where self.dz.sum(axis=0, keepdims=True) belongs (rnn/db)" in answer.output
    assert "What the tests do not see" in page.read_text(encoding="utf-8")


def test_a_solution_that_is_wrong_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "mine.py"
    wrong.write_bytes((GRADERS.parent / "submissions" / "dzr_without_h_prev.py").read_bytes())
    answer = of_grader("first.py", "--solution", wrong)
    assert answer.exit_code == 2
    assert "the solution is wrong in equation-10; expected a right one" in answer.output


def test_changes_of_a_solution_are_python_and_leave_sizes_alone() -> None:
    source = """\
class Cell:
    def backward(self, d):
        if self.n + 1 > 2: raise ValueError("a" + "b")
        self.dW += np.zeros((2 * self.n, 3)) - x[self.n - 1].T @ d  # größe
        return (d * self.r
                + 1)
"""
    found = edits(source)
    for cell in found:
        compile(cell.source, "cell", "exec")
    said = [cell.text.removeprefix("line ") for cell in found]
    assert len(said) == len(set(said)) == 13
    assert said[0] == (
        "4: self.dW = np.zeros((2 * self.n, 3)) - x[self.n - 1].T @ d stands where "
        "self.dW += np.zeros((2 * self.n, 3)) - x[self.n - 1].T @ d belongs"
    )
    assert said[-1] == "5: self.r stands where d * self.r belongs"


def test_what_is_caught_on_the_first_use_stays_caught_with_a_second_one() -> None:
    """One row, a first state of zero and an upstream gradient of ones."""
    form, random = form_named("chapter"), np.random.default_rng(0)
    x, W, U = (random.normal(size=shape) for shape in ((1, 4), (12, 4), (12, 4)))
    h_p, in_grad = np.zeros((1, 4)), np.ones((1, 4))
    use = Use({"x": x, "h_p": h_p, "W": W, "U": U}, {"h_p": h_p, "in_grad": in_grad})
    trial = _Trial(form, right_cells(form)[0], [use])
    for cell in wrong_cells(form, ["equation-24"]):
        once, twice = (trial.differences(cell, frozenset(changes)) for changes in ((), ("again",)))
        assert all(twice.get(name, np.inf) >= once[name] for name in once)
