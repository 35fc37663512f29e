"""A course's own adapter: `--adapter` drives what is not found, and is itself to blame for what is wrong in it."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from gru.examiner import Examination, examine
from gru.grading.gradebook import Gradebook
from gru.report.adapted import source
from gru.submission.process import SubmissionProcess
from gru.submission.taught import Taught
from tests.commands import gru

FILES = Path(__file__).with_name("files")

UNUSUAL = """\
import numpy as np


class Rec:
    def __init__(self, a, b):
        self.A, self.B, self.c = np.random.randn(a, b), np.random.randn(b, b), np.zeros(b)

    def go(self, inp, state):
        self.keep = inp, state
        self.out = np.tanh(inp @ self.A + state @ self.B + self.c)
        return {"new": self.out}

    def come_back(self, up):
        inp, state = self.keep
        d = up * (1 - self.out**2)
        return {"A": inp.T @ d, "B": state.T @ d, "c": d.sum(0), "in": d @ self.A.T, "st": d @ self.B.T}
"""
"""A plain RNN whose passes have names that nobody looks for."""

COURSE = """\
from gru.adapter import Adapter


class Course(Adapter):
    target = "Rec"
    forward_name, backward_name = "go", "come_back"
    dx, dh = "returned['in']", "returned['st']"
"""

PASSES = "    forward_name, backward_name = 'go', 'come_back'\n"


def examined(path: Path, adapter: Path | None = None, name: str | None = None) -> Examination:
    taught = None if adapter is None else Taught.read(adapter)
    with SubmissionProcess(path, adapter=taught, name=name) as process:
        return examine(process, effort="quick")


@pytest.fixture
def unusual(tmp_path: Path) -> Path:
    path = tmp_path / "unusual.py"
    path.write_text(UNUSUAL)
    return path


def course(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "course.py"
    path.write_text(text)
    return path


def test_without_an_adapter_an_unusual_api_is_no_verdict(unusual: Path) -> None:
    assert examined(unusual).reason == "another_api"


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("old", "new", "check"),
    [("", "", None), ("1 - self.out**2", "1 - self.out", "gradient-A"), ("d @ self.B.T", "d @ self.B", "gradient-dh")],
)
def test_with_an_adapter_of_a_few_lines_it_is_judged(
    old: str, new: str, check: str | None, unusual: Path, tmp_path: Path
) -> None:
    unusual.write_text(UNUSUAL.replace(old, new))
    examination = examined(unusual, course(tmp_path, COURSE))
    assert examination.verdict == ("right" if check is None else "wrong")
    assert check is None or examination.outcome(check).status in ("wrong", "inherited")


@pytest.mark.one_in(5)
@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("class C(Adapter:\n", "line 2: it is not Python"),
        ("raise OSError('no')\n", "line 2: OSError: no"),
        ("x = 1\n", "defines no class that is derived from Adapter"),
        ("class C(Adapter):\n    target = 'Rec'\n    foward_name = 'go'\n", "line 4: an adapter has no attribute"),
        ("class C(Adapter):\n    target = 'Rec'\n    forward_name = 'run'\n", "line 4: Rec has no method 'run'"),
        (
            f"class C(Adapter):\n    target = 'Rec'\n{PASSES}    gradients = {{'A': 'dA'}}\n",
            "line 5: nothing is at 'dA' after backward",
        ),
        (
            f"class C(Adapter):\n    target = 'Rec'\n{PASSES}"
            "    def forward(self, made, x, h):\n        return made.go(x, h)['old']\n",
            "line 6: KeyError: 'old'",
        ),
        (
            f"class C(Adapter):\n    target = 'Rec'\n    construct = {{'a': 'input', 'b': 'hidden'}}\n{PASSES}"
            "    def forward(self, made, x, h):\n        return made.go(x, h)['new'][:, :2]\n",
            "line 6: what forward of Rec gives does not behave",
        ),
        (
            f"class C(Adapter):\n    target = 'Rec'\n{PASSES}    def forward(self, made, x, h):\n"
            "        out = made.go(x.copy(), h)\n        x *= 2\n        return out\n",
            "line 7: it changes what it is given",
        ),
    ],
)
def test_what_is_wrong_with_an_adapter_is_told_with_its_line_and_is_no_verdict(
    body: str, text: str, unusual: Path, tmp_path: Path
) -> None:
    examination = examined(unusual, course(tmp_path, f"from gru.adapter import Adapter\n{body}"))
    assert (examination.verdict, examination.reason) == ("not_examined", "adapter_failed")
    assert examination.text.startswith("course.py")
    assert text in examination.text


@pytest.mark.full
def test_a_loss_whose_arguments_have_names_of_their_own_takes_an_adapter_of_three_lines(tmp_path: Path) -> None:
    source = (FILES / "fused_loss.py").read_text()
    header = "lossFun(inputs, targets, hprev):"
    assert source.count(header) == 1
    source = source.replace(header, "go(one, two, three):\n    inputs, targets, hprev = one, two, three")
    (tmp_path / "script.py").write_text(source)
    (tmp_path / "course.py").write_text(
        "from gru.adapter import Adapter\n\n\nclass Course(Adapter):\n"
        "    target = 'go'\n    forward_roles = ('inputs', 'targets', 'h')\n"
    )
    assert examined(tmp_path / "script.py").verdict == "not_examined"
    examination = examined(tmp_path / "script.py", tmp_path / "course.py")
    assert examination.verdict == "right"
    assert examination.api is not None
    assert examination.api.loss


@pytest.mark.full
def test_an_adapter_for_other_names_leaves_a_file_as_it_is(tmp_path: Path) -> None:
    examination = examined(FILES / "lists.py", course(tmp_path, COURSE))
    assert examination.verdict == "right"


@pytest.mark.full
@pytest.mark.parametrize(
    "name", ["lists", "functions_with_cache", "sequence_batch_first", "dict_columns", "fused_loss"]
)
def test_the_adapter_that_is_written_drives_the_file_that_it_was_found_in(name: str, tmp_path: Path) -> None:
    written = tmp_path / "course.py"
    shown = gru("adapt", FILES / f"{name}.py", "--out", written)
    assert shown.exit_code == 0, shown.output
    found, again = examined(FILES / f"{name}.py"), examined(FILES / f"{name}.py", written)
    assert again.verdict == found.verdict == "right"
    assert found.api is not None
    assert again.api is not None
    assert again.api.gradients == found.api.gradients


@pytest.mark.full
@pytest.mark.one_in(8)
@pytest.mark.parametrize(
    "name",
    [
        "engine", "numbers_in_lists", "targets_without_a_loss", "three_calls", "train_step_answers_its_state",
        "compiled_with_an_optimizer", "maker_of_passes", "saved_in_a_context", "static_passes", "objects_of_the_module",
        "methods_of_one_object", "steps_then_bptt", "answers_its_way_back", "lstm_columns", "penalty_on_weights",
    ],
)  # fmt: skip
def test_the_adapter_that_is_written_says_all_that_was_found(name: str, tmp_path: Path) -> None:
    with SubmissionProcess(FILES / f"{name}.py") as found:
        assert found.api is not None
        written = course(tmp_path, source(found.api, name))
        with SubmissionProcess(FILES / f"{name}.py", adapter=Taught.read(written)) as driven:
            assert driven.api is not None
            # What else was tried is known only of what was looked for.
            assert replace(driven.api, part_of=found.api.part_of) == found.api


def test_a_name_chooses_what_is_examined(tmp_path: Path) -> None:
    path = tmp_path / "two.py"
    path.write_text(UNUSUAL.replace("def go", "def forward").replace("def come_back", "def backward"))
    path.write_text(path.read_text() + "\n\nclass Other(Rec):\n    def backward(self, up):\n        return {'A': up}\n")
    assert examined(path, name="Rec").verdict == "right"
    assert "no Third; it defines Rec, Other" in examined(path, name="Third").text


@pytest.mark.full
def test_a_class_is_graded_by_a_course_s_adapter_which_counts_into_resume(unusual: Path, tmp_path: Path) -> None:
    handed_in, out = tmp_path / "in", tmp_path / "out"
    handed_in.mkdir()
    unusual.rename(handed_in / "alice.py")
    (handed_in / "bob.py").write_text((FILES / "lists.py").read_text())
    taught = course(tmp_path, COURSE)

    def keys(*more: str) -> dict[str, tuple[str, str]]:
        options = ["--out", str(out), "--adapter", str(taught), "--effort", "quick", "--seed", "0", *more]
        ran = gru("grade", handed_in, *options)
        assert ran.exit_code == 0, ran.output
        with Gradebook(out) as gradebook:
            assert {r.sha256 for r in gradebook.records()} == {
                hashlib.sha256(path.read_bytes()).hexdigest() for path in handed_in.iterdir()
            }
            return gradebook.keys()

    first = keys()
    assert {name: verdict for name, (_, verdict) in first.items()} == {"alice": "right", "bob": "right"}
    assert keys("--resume") == first
    taught.write_text(f"{COURSE}# another text\n")
    again = keys("--resume")
    assert all(again[name][0] != first[name][0] for name in first)


@pytest.mark.full
def test_pytest_takes_a_course_s_adapter(unusual: Path, tmp_path: Path, pytester: pytest.Pytester) -> None:
    taught = course(tmp_path, COURSE)
    options = ("-p", "gru.pytest_plugin", f"--submission={unusual}", f"--submission-adapter={taught}")
    ran = pytester.runpytest_subprocess(*options, "--submission-effort=quick", "--pyargs", "gru.verification")
    outcomes = ran.parseoutcomes()
    assert outcomes["passed"] > 0
    assert "failed" not in outcomes
    missing = pytester.runpytest_subprocess(*options[:3], "--submission-adapter=none.py")
    missing.stderr.fnmatch_lines(["*--submission-adapter*none.py*"])
