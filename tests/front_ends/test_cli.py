"""The command `gru` on real files: what is printed, what is written, and the exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from click.testing import Result

from gru import __version__, seed
from gru.cli import checking
from gru.cli.check import check as check_command
from gru.cli.options import CHAPTER, warn_of
from gru.examiner import CHECKS, TRAINING
from gru.examiner.outcome import Reason, Status, Verdict
from gru.examining import examine_file
from gru.problem import Effort
from gru.report import feedback
from gru.submission import starter
from gru.submission.confinement import Confinement, confinement
from tests.commands import gru
from tests.edited import edited
from tests.forms import FORMS

ROOT = Path(__file__).parents[2]

RIGHT = """\
import numpy as np


def sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


class GRUCell:
    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size

    def split_params(self, w, size):
        return w[:size], w[size : 2 * size], w[2 * size :]

    def get_params(self, W, U):
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)

    def forward(self, x, h_p, W, U):
        self.get_params(W, U)
        self.x = x
        self.z = sigmoid(h_p @ self.wz + x @ self.uz)
        self.r = sigmoid(h_p @ self.wr + x @ self.ur)
        self.n = np.tanh((self.r * h_p) @ self.wn + x @ self.un)
        self.h = (1 - self.z) * h_p + self.z * self.n

    def backward(self, h_p, in_grad):
        self.dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)
        self.dzn = in_grad * self.z * (1 - self.n**2)
        self.dzr = (self.dzn @ self.wn.T) * h_p * self.r * (1 - self.r)
        self.dwn, self.dun = (self.r * h_p).T @ self.dzn, self.x.T @ self.dzn
        self.dwr, self.dur = h_p.T @ self.dzr, self.x.T @ self.dzr
        self.dwz, self.duz = h_p.T @ self.dzz, self.x.T @ self.dzz
        self.merge_params()
        self.dh = in_grad * (1 - self.z) + (self.dzn @ self.wn.T) * self.r + self.dzr @ self.wr.T + self.dzz @ self.wz.T
        self.dx = self.dzn @ self.un.T + self.dzr @ self.ur.T + self.dzz @ self.uz.T

    def merge_params(self):
        self.dW = np.concatenate((self.dwz, self.dwr, self.dwn))
        self.dU = np.concatenate((self.duz, self.dur, self.dun))
"""


WRONG = edited(RIGHT, ("(self.dzn @ self.wn.T) * h_p * self.r", "(self.dzn @ self.wn.T) * self.r"))
SWAPPED = (
    RIGHT.replace("(1 - self.z) * h_p + self.z * self.n", "self.z * h_p + (1 - self.z) * self.n")
    .replace("(self.n - h_p)", "(h_p - self.n)")
    .replace("in_grad * self.z * (1 - self.n", "in_grad * (1 - self.z) * (1 - self.n")
    .replace("in_grad * (1 - self.z) +", "in_grad * self.z +")
)
QUICK = ("--effort", "quick")

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a submission into an empty folder, which is the current one; its name."""
    monkeypatch.chdir(tmp_path)

    def write(contents: str | bytes = RIGHT, name: str = "alice.py") -> str:
        path = Path(name)
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        return name

    return write


def check(*arguments: str) -> Result:
    return gru("check", *QUICK, *arguments)


def files_here() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def results_of(*arguments: str) -> list[dict[str, Any]]:
    """The results in the JSON document of `gru check`."""
    check(*arguments, "--json", "results.json")
    results: list[dict[str, Any]] = json.loads(Path("results.json").read_text(encoding="utf-8"))["results"]
    return results


# A verdict


def test_a_right_file_is_right(write: Write) -> None:
    done = check(write())
    assert done.exit_code == checking.ALL_RIGHT
    assert done.stdout.startswith("alice.py: right\n")
    assert "every derivative (8)–(24)" in done.stdout
    assert done.stderr == ""


def test_a_wrong_file_is_shown_with_both_values_and_the_mistake(write: Write) -> None:
    done = check(write(WRONG))
    assert done.exit_code == checking.SOME_WRONG
    assert done.stdout.startswith("alice.py: wrong\n")
    for line in (
        "equation (10), dzr: wrong",
        "             submission   measured   submission / measured",
        "  [0, 0]       0.017185   0.003386                  5.0753",
        "  note       (13) (14) (19) (20) (23) (24) inherit it",
        "  help       the factor h_prev is missing: dzr = (dzn @ Wh.T) * h_prev * r * (1 - r)",
        "  again      gru check alice.py --only equation-10 --problem 0:0",
    ):
        assert line in done.stdout.splitlines()


def test_the_command_that_runs_a_case_again_does_so(write: Write) -> None:
    done = check(write(WRONG))
    (again,) = (line for line in done.stdout.splitlines() if line.startswith("  again"))
    repeated = gru(*again.split()[2:])
    assert repeated.exit_code == checking.SOME_WRONG
    assert "  [0, 0]       0.017185   0.003386                  5.0753" in repeated.stdout
    assert "equation-8 " not in repeated.stdout


@pytest.mark.full
def test_several_files_are_each_reported_and_summed_up(write: Write) -> None:
    done = check(write(), write(WRONG, "bob.py"), write("(", "nobody.py"))
    assert done.exit_code == checking.SOME_WRONG
    verdicts = [line for line in done.stdout.splitlines() if line.startswith(("alice.py:", "bob.py:", "nobody.py:"))]
    assert verdicts == ["alice.py: right", "bob.py: wrong", "nobody.py: not examined (not python)"]
    assert done.stdout.splitlines()[-1] == "3 files: 1 right, 1 wrong, 1 not examined"


@pytest.mark.skipif(not starter.AVAILABLE, reason="workers are forked on Linux only")
def test_the_workers_of_several_files_are_forked_from_one_process(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def noted(*arguments: Any, **options: Any) -> Any:
        given.append(options["starter"])
        return examine_file(*arguments, **options)

    monkeypatch.setattr(checking, "examine_file", noted)
    assert check(write(), write(WRONG, "bob.py"), "--problem", "0").exit_code == checking.SOME_WRONG
    assert check(write(), "--problem", "0").exit_code == checking.ALL_RIGHT
    first, second, alone = given
    assert first is second
    assert first is not None
    assert alone is None


@pytest.mark.parametrize(
    ("verdicts", "own_failure", "status"),
    [
        (["right", "right"], False, 0),
        (["right", "not_examined", "wrong"], False, 1),
        (["right", "not_examined"], False, 3),
        (["wrong"], True, 70),
    ],
)
def test_the_exit_status_tells_the_worst(verdicts: list[str], own_failure: bool, status: int) -> None:
    assert checking.exit_status(verdicts, own_failure=own_failure) == status


def test_only_some_checks_can_be_asked_for(write: Write) -> None:
    assert (
        check(write(WRONG), "--only", "equation-9", "--only", "merge", "--problem", "0").exit_code == checking.ALL_RIGHT
    )
    (result,) = results_of("alice.py", "--only", "equation-10", "--problem", "0")
    assert [outcome["check"] for outcome in result["outcomes"]] == ["equation-10"]


def test_one_problem_can_be_asked_for(write: Write) -> None:
    done = check(write(WRONG), "--problem", "2,3,4,1/ordinary/float64/5")
    assert "problem 2,3,4,1/ordinary/float64/5" in done.stdout
    assert "batch 2, input 3, hidden 4" in done.stdout


def test_an_index_alone_is_a_problem_of_the_seed(write: Write) -> None:
    assert "problem 4:7," in check(write(), "--problem", "7", "--seed", "4").stdout


@pytest.mark.full
def test_another_seed_gives_other_numbers(write: Write) -> None:
    name = write(WRONG)
    assert results_of(name, "--seed", "1")[0]["outcomes"] != results_of(name, "--seed", "2")[0]["outcomes"]


def test_another_convention_is_wrong_by_default_and_right_where_it_is_asked_for(write: Write) -> None:
    name = write(SWAPPED)
    plain = check(name)
    assert plain.exit_code == checking.SOME_WRONG
    assert "z weighs the old state here" in plain.stdout
    asked = check(name, "--convention", "swapped")
    assert asked.exit_code == checking.ALL_RIGHT
    assert "  convention h = z * h_prev + (1 - z) * h̃" in asked.stdout.splitlines()


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("level", "told", "kept"),
    [
        ("none", "alice.py: wrong", "equation"),
        ("location", "equation (10), dzr: wrong", "missing"),
        ("hint", "a factor or a term is missing", "h_prev is missing"),
    ],
)
def test_a_teacher_sets_how_much_is_told(write: Write, level: str, told: str, kept: str) -> None:
    done = check(write(WRONG), "--feedback", level, "--json", "results.json")
    assert done.exit_code == checking.SOME_WRONG
    assert told in done.stdout
    assert kept not in done.stdout + Path("results.json").read_text(encoding="utf-8").replace('"equation', "")


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("source", "exit_code"), [(RIGHT, checking.ALL_RIGHT), (WRONG, checking.SOME_WRONG)])
def test_the_only_class_with_the_api_is_judged_under_another_name(write: Write, source: str, exit_code: int) -> None:
    done = check(write(source.replace("GRUCell", "MyGRU")))
    assert done.exit_code == exit_code
    assert "  note       judged as MyGRU" in done.stdout.splitlines()


@pytest.mark.full
def test_of_several_classes_with_the_api_none_is_judged(write: Write) -> None:
    other = RIGHT.replace("GRUCell", "MyGRU")
    done = check(write(f"{other}\n\n{RIGHT.replace('GRUCell', 'Second')}"))
    assert done.exit_code == checking.SOME_NOT_EXAMINED
    assert "several with its methods: MyGRU, Second" in done.stdout
    done = check(write(f"{other}\n\nclass Refined(MyGRU):\n    pass\n"))
    assert done.exit_code == checking.ALL_RIGHT
    assert "judged as Refined" in done.stdout


@pytest.mark.full
def test_a_class_that_is_defined_twice_is_told(write: Write) -> None:
    line = RIGHT.splitlines().index("class GRUCell:") + 1
    done = check(write(f'"""\nclass GRUCell is mine.\n"""\n{RIGHT}'))
    assert "is defined" not in done.stdout
    done = check(write(f"{RIGHT}\nclass GRUCell(GRUCell):\n    pass\n"))
    assert f"GRUCell is defined 2 times, in lines {line}, {len(RIGHT.splitlines()) + 2}; the last counts" in done.stdout


def test_a_layer_over_sequences_is_not_taken_for_a_cell(write: Write) -> None:
    done = check(write(RIGHT.replace("GRUCell", "Layer").replace("def backward(self, h_p", "def backward(self, xs")))
    assert done.exit_code == checking.SOME_NOT_EXAMINED
    assert "judged as" not in done.stdout


# Bad input


@pytest.mark.one_in(5)
@pytest.mark.parametrize(
    ("contents", "reason", "text"),
    [
        ("", "no_gru_cell", "GRUCell"),
        ("class Cell: pass\n", "no_gru_cell", "GRUCell"),
        ("class GRUCell(:\n", "not_python", "line 1"),
        (bytes(range(256)), "not_python", ""),
        ("import nothing_of_this_name\n", "import_failed", "nothing_of_this_name"),
        ("1 / 0\n", "import_failed", "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_examined_is_told_why(write: Write, contents: str | bytes, reason: str, text: str) -> None:
    done = check(write(contents), "--json", "results.json")
    assert done.exit_code == checking.SOME_NOT_EXAMINED
    (result,) = json.loads(Path("results.json").read_text(encoding="utf-8"))["results"]
    assert (result["verdict"], result["reason"]) == ("not_examined", reason)
    assert text in result["text"]
    assert f"alice.py: not examined ({reason.replace('_', ' ')})" in done.stdout
    assert f"  reason     {result['text']}" in done.stdout.splitlines()


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("contents", "check_id", "text"),
    [
        (
            edited(RIGHT, ("self.x = x", "raise ValueError('no rows')")),
            "interface",
            "forward raised ValueError: no rows (step 1, line 21) in `raise ValueError('no rows')`",
        ),
        (
            edited(RIGHT, ("self.dx = self.dzn @ self.un.T", "self.dx = np.zeros((2, 3))  #")),
            "equation-24",
            "dx is an array of float64 of shape (2, 3); expected an array of float64 of shape (batch, input) = (1, 1)",
        ),
        (
            RIGHT.replace("self.dh =", "self.unheard ="),
            "interface",
            "dh is never set, and the chapter's API requires it",
        ),
    ],
)
def test_a_wrong_call_or_shape_is_told(write: Write, contents: str, check_id: str, text: str) -> None:
    done = check(write(contents), "--json", "results.json")
    assert done.exit_code == checking.SOME_WRONG
    (result,) = json.loads(Path("results.json").read_text(encoding="utf-8"))["results"]
    (outcome,) = (o for o in result["outcomes"] if o["check"] == check_id)
    assert outcome["status"] == "wrong"
    assert outcome["text"] == text
    assert f"  found      {text}" in done.stdout.splitlines()


def test_single_precision_is_judged_as_such_and_told(write: Write) -> None:
    single = RIGHT.replace(
        "def forward(self, x, h_p, W, U):\n", "def forward(self, *given):\n        x, h_p, W, U = self.single(given)\n"
    )
    single = single.replace("in_grad):\n", "in_grad):\n        h_p, in_grad = self.single((h_p, in_grad))\n")
    single += "\n    def single(self, arrays):\n        return [array.astype(np.float32) for array in arrays]\n"
    done = check(write(single))
    assert done.exit_code == checking.ALL_RIGHT
    assert "  precision  answers in single precision (float32); judged at single precision" in done.stdout.splitlines()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", ["a b.py", "门控.py", "-x.py", "[red]bold.py"])
def test_any_name_of_a_file_will_do(write: Write, name: str) -> None:
    done = check("--", write(name=name))
    assert done.exit_code == checking.ALL_RIGHT
    assert done.stdout.startswith(f"{name}: right\n")


# The command line


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "name a Python file with a class GRUCell"),
        (("alice.py", "--only", "equation-25"), "no check has the id 'equation-25'"),
        (("alice.py", "--problem", "one"), "no problem has the id 'one'"),
        (("alice.py", "--seed", "-1"), "expected a whole number, 0 or more, or random"),
        (("alice.py", "--effort", "much"), "'much' is not one of"),
        (("alice.py", "--feedback", "some"), "'some' is not one of"),
        (("alice.py", "--convention", "keras"), "no convention has the id 'keras'; there are chapter, "),
        (("alice.py", "--time-limit", "0"), "0.0 is not in the range x>0"),
        (("alice.py", "--memory-limit", "0"), "0 is not in the range 192<=x<="),
        (("alice.py", "--json", "nowhere/results.json"), "cannot write nowhere/results.json: No such file"),
        (("alice.py", "--json", "alice.py"), "it is one of the files to be examined"),
        (("alice.py", "--json", "."), "it is there already, and is no regular file"),
        (("--explain-limit", "split"), "'split' is not the check of an equation"),
    ],
)
def test_a_wrong_command_line_is_told_before_any_work(write: Write, arguments: tuple[str, ...], text: str) -> None:
    write()
    done = gru("check", *arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert text in " ".join(done.stderr.split())
    assert files_here() == ["alice.py"]


def test_the_choices_are_those_of_the_package() -> None:
    choices = {o.name: getattr(o.type, "choices", None) for o in check_command.params}
    assert tuple(choices["effort"] or ()) == get_args(Effort)
    assert tuple(choices["feedback"] or ()) == feedback.LEVELS
    assert CHAPTER in FORMS


@pytest.mark.full
def test_the_isolation_is_told(write: Write) -> None:
    write(RIGHT)
    (result,) = results_of("alice.py", "--isolation", "process")
    assert result["isolation"] == "process"
    assert results_of("alice.py")[0]["isolation"] == confinement("auto").level


def test_what_the_kernel_does_not_give_is_told_once_or_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Confinement(None, False, ("the kernel has no Landlock: too old",))
    monkeypatch.setattr("gru.submission.confinement._of_the_kernel", lambda: bare)
    write(RIGHT)
    warn_of.cache_clear()
    done = check("alice.py", "./alice.py", "--problem", "0")
    assert done.exit_code == 0
    assert done.stderr.count("a submission can read and write your files and use the network") == 1
    refused = check("alice.py", "--isolation", "strict")
    assert refused.exit_code == 2
    assert "too old; --isolation auto goes without" in refused.stderr


def test_a_gigabyte_is_too_much_unless_it_is_allowed(write: Write) -> None:
    name = write(RIGHT.replace("self.x = x\n", "self.x = x\n        np.ones(2**27)\n"))
    (result,) = results_of(name)
    assert (result["verdict"], result["reason"]) == ("not_examined", "out_of_memory")


def test_a_limit_can_be_explained_without_a_file() -> None:
    done = gru("check", "--explain-limit", "equation-10")
    assert done.exit_code == 0
    assert done.stdout.startswith("limit of equation (10), dzr, on problem 2,3,4,3/ordinary/float64/0\n")
    assert "unit roundoff of float64" in done.stdout


def test_an_equation_and_a_mistake_can_be_explained() -> None:
    assert gru("explain", "10").stdout.startswith("equation (10), dzr\n")
    assert gru("explain", "equation-10/no-h-prev").stdout.startswith("equation-10/no-h-prev: the factor h_prev is")


def test_an_unknown_topic_is_a_mistake_of_usage() -> None:
    done = gru("explain", "equation-10/no-h-pre")
    assert done.exit_code == 2
    assert "equation-10/no-h-prev" in done.stderr


def test_the_version_is_told() -> None:
    assert gru("--version").stdout == f"gru, version {__version__}\n"


# The document

NUMBER = {"type": ["number", "null"]}
SIZES = {"type": "integer", "minimum": 1}
OUTCOME = {
    "check": {"enum": [*CHECKS, TRAINING]},
    "equation": {"type": ["integer", "null"]},
    "name": {"type": ["string", "null"]},
    "status": {"enum": list(get_args(Status))},
    "error": NUMBER,
    "limit": NUMBER,
    "detects": NUMBER,
    "problem": {"type": ["string", "null"]},
    "sizes": {
        "type": ["object", "null"],
        "properties": dict.fromkeys(("batch", "input", "hidden", "steps"), SIZES),
        "required": ["batch", "input", "hidden", "steps"],
        "additionalProperties": False,
    },
    "values": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "index": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                "submission": NUMBER,
                "measured": NUMBER,
            },
            "required": ["index", "submission", "measured"],
        },
    },
    "mistake": {
        "type": ["object", "null"],
        "properties": {
            "id": {"type": ["string", "null"]},
            "text": {"type": "string"},
            "formula": {"type": ["string", "null"]},
        },
        "required": ["id", "text", "formula"],
        "additionalProperties": False,
    },
    "text": {"type": "string"},
}
RESULT = {
    "submission": {"type": "string"},
    "sha256": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"},
    "verdict": {"enum": list(get_args(Verdict))},
    "reason": {"enum": [None, *get_args(Reason)]},
    "text": {"type": "string"},
    "isolation": {"type": "string"},
    "convention": {"enum": list(FORMS)},
    "api": {"type": ["string", "null"]},
    "recognised": {"type": ["object", "null"]},
    "seed": {"type": "integer", "minimum": 0},
    "seconds": {"type": "number", "minimum": 0},
    "notes": {"type": "array", "items": {"type": "string"}},
    "outcomes": {
        "type": "array",
        "items": {"type": "object", "properties": OUTCOME, "required": list(OUTCOME), "additionalProperties": False},
    },
}
SCHEMA = {
    "type": "object",
    "properties": {
        "schema": {"const": 1},
        "version": {"const": __version__},
        "results": {
            "type": "array",
            "items": {"type": "object", "properties": RESULT, "required": list(RESULT), "additionalProperties": False},
        },
    },
    "required": ["schema", "version", "results"],
    "additionalProperties": False,
}


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


@pytest.mark.one_in(4)
@pytest.mark.parametrize("level", feedback.LEVELS)
def test_the_document_follows_its_schema(write: Write, level: str) -> None:
    spoilt = edited(RIGHT, ("self.r = sigmoid(", "self.r = np.nan * sigmoid("))
    files = (write(), write(WRONG, "wrong.py"), write(spoilt, "nan.py"), write("(", "broken.py"))
    check(*files, "--json", "results.json", "--feedback", level, "--problem", "0")
    document = json.loads(Path("results.json").read_text(encoding="utf-8"), parse_constant=_no_constant)
    jsonschema.validate(document, SCHEMA)
    assert [result["submission"] for result in document["results"]] == list(files)
    assert [result["verdict"] for result in document["results"]] == [
        "right",
        "wrong",
        "wrong",
        "not_examined",
    ]


def test_the_document_replaces_what_was_there_and_leaves_nothing_beside_it(write: Write) -> None:
    Path("results.json").write_text("old")
    results_of(write())
    assert files_here() == ["alice.py", "results.json"]


def test_the_document_is_whole_or_as_it_was(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("results.json").write_text("old")

    def fail(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    done = check(write(), "--json", "results.json")
    assert done.exit_code == checking.OWN_FAILURE
    assert done.stderr == "gru: cannot write results.json: No space left on device\n"
    assert Path("results.json").read_text() == "old"
    assert files_here() == ["alice.py", "results.json"]


# Failures of ours, and interruptions


def test_a_failure_of_ours_is_no_verdict(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("gru.examiner.examine", fail)
    done = gru("check", write(), "--json", "results.json", is_to_fail=True)
    assert done.exit_code == checking.OWN_FAILURE
    assert "gru: failed on alice.py; this is a mistake of gru, not a verdict" in done.stderr
    assert json.loads(Path("results.json").read_text())["results"] == []


def test_what_was_found_before_an_interruption_is_written(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    first = checking._examine

    def interrupt(file: str, request: checking.Request) -> Any:
        if file == "bob.py":
            raise KeyboardInterrupt
        return first(file, request)

    monkeypatch.setattr(checking, "_examine", interrupt)
    done = check(write(), write(WRONG, "bob.py"), "--json", "results.json")
    assert done.exit_code == checking.INTERRUPTED
    assert done.stderr == "gru: interrupted\n"
    assert [r["submission"] for r in json.loads(Path("results.json").read_text())["results"]] == ["alice.py"]


# The whole process


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gru", *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
    )


def test_the_module_is_the_command(write: Write) -> None:
    done = run("check", write(WRONG), *QUICK)
    assert done.returncode == checking.SOME_WRONG
    assert "  [0, 0]       0.017185   0.003386                  5.0753" in done.stdout
    assert done.stderr == ""


@pytest.mark.full
def test_a_terminal_without_the_chapters_letters_gets_escapes(write: Write) -> None:
    done = run("check", write(name="门控.py"), *QUICK, PYTHONIOENCODING="latin-1")
    assert done.returncode == checking.ALL_RIGHT
    assert done.stdout.startswith("\\u95e8\\u63a7.py: right\n")


def modules_after(code: str) -> set[str]:
    """The modules that are loaded once a fresh interpreter has run this code."""
    code = f"import sys; from gru.cli import main\ntry: {code}\nfinally: print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60, check=False, env=environment
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["check", "--help"]])
def test_help_does_not_wait_for_numpy(arguments: list[str]) -> None:
    loaded = modules_after(f"main({arguments})")
    assert "click" in loaded
    assert not {"numpy", "scipy", "rich"} & loaded


@pytest.mark.full
def test_a_check_loads_neither_scipy_nor_rich(write: Write) -> None:
    loaded = modules_after(f"main({['check', write(), *QUICK]})")
    assert "numpy" in loaded
    assert not {"scipy", "rich", "hypothesis", "pytest"} & loaded


@pytest.mark.full
def test_a_right_verdict_on_known_problems_says_so_and_a_seed_can_be_drawn(write: Write) -> None:
    def heading(*options: str) -> str:
        done = check(write(), *options)
        assert done.exit_code == 0
        return done.stdout.partition("  check  ")[0]

    known = "a file that knows the problems of seed 0 can pass; --seed random draws others"
    assert known in heading()
    assert known not in heading("--seed", "3")
    assert "seed random" not in heading("--seed", "random")


@pytest.mark.parametrize("text", ["-1", "1.5", "", "\u0661", "9" * 21, "Random"])
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a whole number, 0 or more, or random"):
        seed.read(text)
