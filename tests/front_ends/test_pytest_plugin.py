"""`pytest --submission FILE` as an instructor runs it: what passes, what fails, and what a failure says."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import gru.pytest_plugin
from gru import GRUCell
from gru.examiner import CHECKS, Examination, examine
from gru.layers.gru.equations import EXPOSED
from gru.submission.contract import Job, Recording
from gru.submission.trusted import TrustedCells
from gru.verification.examinations import Examinations

ROOT = Path(__file__).parents[2]
IDS = [
    *(f"test_{check}" for check in ("interface", "state", "split", "merge")),
    *(f"test_equation[{equation.number}-{equation.name}]" for equation in EXPOSED),
]

RIGHT = (ROOT / "examples" / "submissions" / "right.py").read_text(encoding="utf-8")

BASE = RIGHT.replace("class GRUCell", "class Right")
"""A right cell for others to be made of, in the same file: a submission cannot import the project's own."""

NO_H_PREV = f"""{BASE}
class GRUCell(Right):
    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        self.dzr = (self.dzn @ self.wn.T) * self.r * (1 - self.r)
        self.dwr, self.dur = h_p.T @ self.dzr, self.x.T @ self.dzr
        self.merge_params()
        self.dh = in_grad * (1 - self.z) + (self.dzn @ self.wn.T) * self.r + self.dzr @ self.wr.T + self.dzz @ self.wz.T
        self.dx = self.dzn @ self.un.T + self.dzr @ self.ur.T + self.dzz @ self.uz.T
"""

TORCH = f"""{BASE}
class GRUCell(Right):
    def forward(self, x, h_p, W, U):
        self.get_params(W, U)
        self.x = x
        self.z, self.r = sigmoid(h_p @ self.wz + x @ self.uz), sigmoid(h_p @ self.wr + x @ self.ur)
        self.n = np.tanh(self.r * (h_p @ self.wn) + x @ self.un)
        self.h = self.z * h_p + (1 - self.z) * self.n
    def backward(self, h_p, in_grad):
        self.dzz = in_grad * (h_p - self.n) * self.z * (1 - self.z)
        self.dzn = in_grad * (1 - self.z) * (1 - self.n**2)
        self.dzr = self.dzn * (h_p @ self.wn) * self.r * (1 - self.r)
        self.dwn, self.dun = h_p.T @ (self.dzn * self.r), self.x.T @ self.dzn
        self.dwr, self.dur = h_p.T @ self.dzr, self.x.T @ self.dzr
        self.dwz, self.duz = h_p.T @ self.dzz, self.x.T @ self.dzz
        self.merge_params()
        self.dh = in_grad * self.z + (self.dzn * self.r) @ self.wn.T + self.dzr @ self.wr.T + self.dzz @ self.wz.T
        self.dx = self.dzn @ self.un.T + self.dzr @ self.ur.T + self.dzz @ self.uz.T
"""


def backward_then(*statements: str) -> str:
    """A submission whose `backward` is right, and then does this."""
    lines = "".join(f"        {statement}\n" for statement in statements)
    return f"""{BASE}
class GRUCell(Right):
    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
{lines}"""


TESTS = ("-p", "gru.pytest_plugin", "--pyargs", "gru.verification")


class Judged:
    """A folder with one test that is about no cell, from which submissions in a folder below are judged."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        pytester.makepyfile(test_other="def test_other(): pass")
        self.folder = pytester.mkdir("hand_in")

    def run(self, source: str, *options: str, name: str = "alice.py") -> pytest.RunResult:
        """What pytest says of a submission with this source."""
        (self.folder / name).write_text(source, encoding="utf-8")
        submission = (f"--submission=hand_in/{name}", "--submission-effort=quick")
        return self.pytester.runpytest_inprocess(*TESTS, "test_other.py", *submission, "-rA", *options)


@pytest.fixture(autouse=True)
def few_examples() -> Iterator[None]:
    """The tests that are run inside these draw few examples."""
    settings.register_profile("before", settings.default)
    settings.register_profile("few", settings.default, max_examples=15)
    settings.load_profile("few")
    yield
    settings.load_profile("before")


@pytest.fixture
def judged(pytester: pytest.Pytester) -> Judged:
    return Judged(pytester)


def counts(result: pytest.RunResult) -> dict[str, int]:
    """How many tests ended how, but for those that were deselected."""
    return {how: count for how, count in result.parseoutcomes().items() if how in ("passed", "failed", "xfailed")}


def ended(result: pytest.RunResult, how: str) -> set[str]:
    """The names of the tests that ended so: PASSED, FAILED, XFAIL."""
    return {match[1] for line in result.outlines if (match := re.match(rf"{how} \S*?::(\S+)", line))}


def of_equations(numbers: Iterable[int]) -> set[str]:
    return {f"test_equation[{e.number}-{e.name}]" for e in EXPOSED if e.number in numbers}


@pytest.mark.full
def test_a_right_submission_passes_every_test(judged: Judged) -> None:
    result = judged.run(RIGHT)
    assert counts(result) == {"passed": len(CHECKS)}
    assert ended(result, "PASSED") == set(IDS)
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.full
def test_the_header_says_what_is_examined(judged: Judged) -> None:
    result = judged.run(RIGHT, "-k", "split", "--submission-seed=3")
    result.stdout.fnmatch_lines(
        ["submission: hand_in/alice.py, seed 3, effort quick", "convention: h = (1 - z) * h_prev + z * h̃"]
    )


@pytest.mark.full
def test_tests_that_are_not_about_a_cell_are_deselected(judged: Judged) -> None:
    judged.run(RIGHT, "-k", "split or other").assert_outcomes(passed=1, deselected=len(CHECKS) + 1)


@pytest.mark.full
def test_without_a_submission_the_own_cell_is_examined(judged: Judged) -> None:
    result = judged.pytester.runpytest_inprocess(*TESTS, "test_other.py")
    assert counts(result) == {"passed": len(CHECKS) + 1}
    result.stdout.no_fnmatch_line("submission:*")


@pytest.mark.full
def test_a_mistake_fails_its_equation_and_what_follows_from_it_is_expected(judged: Judged) -> None:
    result = judged.run(NO_H_PREV, "-k", "8-dzz or 10-dzr or 13-dwr")
    assert (ended(result, "FAILED"), ended(result, "XFAIL")) == (of_equations([10]), of_equations([13]))
    assert counts(result) == {"passed": 1, "failed": 1, "xfailed": 1}


@pytest.mark.full
def test_one_mistake_fails_one_equation_and_its_consequences_are_expected(judged: Judged) -> None:
    result = judged.run(NO_H_PREV)
    assert ended(result, "FAILED") == {"test_equation[10-dzr]"}
    assert ended(result, "XFAIL") == of_equations([13, 14, 19, 20, 23, 24])
    assert counts(result) == {"passed": len(CHECKS) - 7, "failed": 1, "xfailed": 6}
    result.stdout.fnmatch_lines(
        ["XFAIL *13-dwr* equation (13), dwr: inherited, a right formula on wrong values; wrong: (10)"]
    )


@pytest.mark.full
def test_a_failure_says_what_is_wrong_and_where(judged: Judged) -> None:
    result = judged.run(NO_H_PREV, "-k", "10-dzr")
    result.stdout.fnmatch_lines(
        [
            "E   AssertionError: equation (10), dzr: wrong",
            "E     at         batch 1, input 1, hidden 1, problem 1,1,1,1/ordinary/float64/0",
            "E                submission   measured   submission / measured",
            "E     note       (13) (14) (19) (20) (23) (24) inherit it",
            "E     help       the factor h_prev is missing: *",
            "E     again      gru check hand_in/alice.py --only equation-10 --problem 1,1,1,1/ordinary/float64/0",
            # Hypothesis's own words for it have changed between its versions.
            "E   F* is_right_on(",
            "E       problem=find('1,1,1,1/ordinary/float64/0'),",
        ],
        consecutive=False,
    )


@pytest.mark.parametrize("style", ["auto", "long"])
@pytest.mark.full
def test_a_failure_shows_no_code_but_the_test(style: str, judged: Judged) -> None:
    result = judged.run(NO_H_PREV, "-k", "10-dzr", f"--tb={style}")
    places = {match[1] for line in result.outlines if (match := re.match(r"(\S+\.py):\d+: ", line))}
    assert {Path(place).name for place in places} == {"test_submission.py"}


@pytest.mark.full
def test_a_falsifying_example_shrinks_to_the_smallest_sizes(judged: Judged) -> None:
    """The cell is used once more with one row more, so that a problem with two shows it."""
    result = judged.run(
        backward_then("if self.dzz.shape[1] > 1 and len(h_p) > 2: self.dx = 2 * self.dx"), "-k", "24-dx"
    )
    result.stdout.fnmatch_lines(
        ["E     at         batch 3, input 1, hidden 2, *", "E       problem=find('2,1,2,1/ordinary/float64/0'),"]
    )


@pytest.mark.full
def test_a_mistake_that_only_the_battery_shows_is_found(judged: Judged) -> None:
    result = judged.run(backward_then("if len(h_p) == 9: self.dx = 2 * self.dx"), "-k", "24-dx")
    result.stdout.fnmatch_lines(["E     at         batch 9, *", "E       problem=find('0:23'),"])


@pytest.mark.full
def test_a_mistake_that_only_drawn_problems_show_is_found(judged: Judged) -> None:
    """The battery is right of all equations; the one that is wrong fails, and what it spoils is inherited."""
    slip = "if len(h_p) == 4 and self.x.shape[1] != 2: "
    result = judged.run(
        backward_then(f"{slip}self.dzz = 2 * self.dzz", f"{slip}self.duz = self.x.T @ self.dzz"),
        "-k",
        "8-dzz or 16-duz",
    )
    assert ended(result, "FAILED") == {"test_equation[8-dzz]"}
    assert ended(result, "XFAIL") == {"test_equation[16-duz]"}
    result.stdout.fnmatch_lines(["E       problem=find('4,1,1,1/ordinary/float64/0'),"])


@pytest.mark.full
def test_another_form_of_the_gru_costs_the_equations_where_it_departs(judged: Judged) -> None:
    result = judged.run(TORCH)
    assert ended(result, "FAILED") == {"test_equation[3-n]", "test_equation[4-h]"}
    assert not ended(result, "XFAIL") & of_equations([1, 2])
    assert counts(result)["xfailed"] > 10


@pytest.mark.full
@pytest.mark.parametrize(
    ("source", "test", "message"),
    [
        (backward_then("self.dW = self.dW[1:]"), "merge", "*dW is an array of float64 of shape (2, 1); expected *"),
        (backward_then("self.dx = np.zeros_like(self.dx)"), "24-dx", "*dx is zero everywhere*"),
        (backward_then("raise RuntimeError('no idea')"), "interface", "*backward raised RuntimeError: no idea *"),
        (
            backward_then("raise RuntimeError('no idea')"),
            "24-dx",
            "*because    interface is wrong: backward raised *",
        ),
        ("class GRUCell(:", "24-dx", "*equation (24), dx: not examined (not python)"),
        ("import os; os._exit(3)", "24-dx", "*reason     the process ended itself with exit status 3 *"),
    ],
)
def test_a_failure_has_its_true_reason(source: str, test: str, message: str, judged: Judged) -> None:
    result = judged.run(source, "-k", test)
    assert counts(result) == {"failed": 1}
    result.stdout.fnmatch_lines([f"E  {message}"])


@pytest.mark.full
def test_an_endless_loop_is_waited_for_once_and_loses_nothing(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []

    def noted(*arguments: Any, **options: Any) -> Examination:
        examination = examine(*arguments, **options)
        waited.extend([examination] if examination.reason == "timed_out" else [])
        return examination

    monkeypatch.setattr("gru.verification.examinations.examine", noted)
    forever = (
        "\n    def forward(self, x, h_p, W, U):\n        while len(x) == 3: pass\n        super().forward(x, h_p, W, U)"
    )
    result = judged.run(NO_H_PREV + forever, "--submission-time-limit=2")
    assert counts(result) == {"failed": len(CHECKS)}
    assert len(waited) == 1
    told = [line for line in result.outlines if line == "E     reason     forward took more than 2 s"]
    assert len(told) == len(CHECKS)
    result.stdout.fnmatch_lines(["E     help       the factor h_prev is missing: *", "E     cut short  timed out"])


@pytest.mark.full
def test_an_endless_loop_on_a_drawn_problem_says_on_which(judged: Judged) -> None:
    source = backward_then("while len(h_p) == 4 and self.x.shape[1] != 2: pass")
    result = judged.run(source, "--submission-time-limit=2", "-k", "split or merge")
    assert counts(result) == {"failed": 2}
    result.stdout.fnmatch_lines(
        ["E     reason     backward took more than 2 s, on batch 4, *(problem 4,*", "E*right until*"]
    )


@pytest.mark.full
def test_junit_carries_equation_status_and_error(judged: Judged) -> None:
    judged.run(NO_H_PREV, "-k", "8-dzz or 10-dzr or 13-dwr or split", "--junitxml=results.xml")
    cases = ElementTree.parse(judged.pytester.path / "results.xml").iter("testcase")
    properties = {case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")} for case in cases}
    wrong = properties["test_equation[10-dzr]"]
    assert (wrong["check"], wrong["equation"], wrong["status"]) == ("equation-10", "10", "wrong")
    assert float(wrong["error"] or 0) > 1
    assert wrong["problem"] == "1,1,1,1/ordinary/float64/0"
    assert properties["test_equation[8-dzz]"]["status"] == "right"
    assert properties["test_equation[13-dwr]"]["status"] == "inherited"
    assert properties["test_split"].keys() == {"check", "status", "error"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--submission=nobody.py"], "--submission nobody.py: there is no such file"),
        (["--submission=."], "--submission .: it is a folder; expected a Python file"),
        (
            ["--submission=hand_in/alice.py", "--submission-time-limit=0"],
            "--submission-time-limit=0.0: expected seconds",
        ),
        (
            ["--submission=hand_in/alice.py", "--submission-memory-limit=1"],
            "--submission-memory-limit=1: a worker needs",
        ),
        (
            ["--submission=hand_in/alice.py", "--submission-seed=-1"],
            "'-1' is no seed; expected a whole number, 0 or more",
        ),
    ],
)
def test_what_cannot_be_run_is_a_usage_error(options: list[str], message: str, judged: Judged) -> None:
    (judged.folder / "alice.py").write_text(RIGHT, encoding="utf-8")
    result = judged.pytester.runpytest_inprocess(*TESTS, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


@pytest.mark.full
def test_a_file_of_any_name_is_examined(judged: Judged) -> None:
    result = judged.run(NO_H_PREV, "-k", "10-dzr", name="Ålice 门.py")
    result.stdout.fnmatch_lines(
        ["submission: hand_in/Ålice 门.py, *", "E     again      gru check 'hand_in/Ålice 门.py' --only *"]
    )


@pytest.mark.parametrize(("cell", "passed"), [(RIGHT, len(CHECKS)), (NO_H_PREV, len(CHECKS) - 7)])
@pytest.mark.full
def test_the_documented_example_tests_a_cell_of_another_repository(
    cell: str, passed: int, pytester: pytest.Pytester
) -> None:
    example = (gru.pytest_plugin.__doc__ or "").partition("::\n")[2].replace("\n    ", "\n")
    pytester.makepyfile(my_package=cell, test_my_package=example)
    pytester.syspathinsert()
    assert pytester.runpytest_inprocess("-p", "gru.pytest_plugin").parseoutcomes()["passed"] == passed


@pytest.mark.full
def test_a_grade_uses_the_derandomised_profile_of_the_project() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "test_split"]
    answer = subprocess.run(
        [*command, "--submission", "examples/submissions/right.py"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        cwd=ROOT,
    )
    assert "Hypothesis profile: fixed\n" in answer.stdout
    assert "1 passed" in answer.stdout


class Counted(TrustedCells):
    """Cells that count the problems put to them."""

    def __init__(self) -> None:
        super().__init__(GRUCell)
        self.put: list[str] = []

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        put = list(jobs)
        self.put += [put[0].id] if put else []
        return super().run(put)


def test_each_problem_is_put_once_however_many_tests_ask() -> None:
    cells = Counted()
    examinations = Examinations("alice.py", cells, effort="quick")
    assert examinations.found("state").outcome.status == "right"
    drawn = len(cells.put)
    for check in CHECKS[::5]:
        assert examinations.found(check).outcome.status == "right"
    # What counts the evaluations of a backward pass puts one problem twice.
    assert len(cells.put) == drawn == len({*cells.put}) + 1


@pytest.mark.full
def test_the_seed_decides_which_problems_are_put() -> None:
    put = []
    for seed in (0, 0, 1):
        cells = Counted()
        Examinations("alice.py", cells, seed=seed, effort="quick").found("merge")
        put.append(cells.put)
    assert put[0] == put[1] != put[2]
