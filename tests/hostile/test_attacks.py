"""Every file in `attacks/` is a submission that wants more than it has earned. Its docstring says what comes of it.

`Comes of it: VERDICT, WHAT`: WHAT is the reason where it is not examined, else the checks that are wrong. Each is run
beside a right cell, a wrong one and `worker.py`, which it may import, and whatever comes of it, no report of it holds
anything that steers a terminal, or is long. All run in forks of one process that is started ahead, as in a class: what
one of them leaves there would reach the next.
"""

import re
import shutil
from pathlib import Path

import pytest

from gru.examiner import Examination, examine
from gru.grading.exports import OF_A_CLASS, OF_A_STUDENT, report_of
from gru.grading.record import record_of
from gru.grading.rubric import EQUAL_POINTS
from gru.report.data import json_of
from gru.report.result import Result
from gru.report.text import message
from gru.submission.process import SubmissionProcess

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples" / "submissions"
ATTACKS = sorted(HERE.glob("attacks/*/*.py"))

DEAR = ("perturbs_unless_it_is_counted", "perturbs_with_a_power")
"""Attacks that take a second, and are like another one that is always tried."""

BESIDE = {
    "right_cell.py": EXAMPLES / "right.py",
    "wrong_cell.py": EXAMPLES / "dzr_without_h_prev.py",
    "worker.py": HERE / "worker.py",
}
"""What an attack can import, by the name that it has there."""

TIME_LIMIT = 2.0
"""Seconds for one call: what is no attack on the time takes a hundredth of it."""

LONGEST = 40_000
"""Characters of a report: two hundred lines of a check each, of at most as many characters."""


def _expected(attack: Path) -> tuple[str, list[str]]:
    found = re.search(r"^Comes of it: (\w+)(?:, (.+))?$", attack.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, f"{attack} does not say what comes of it"
    return found[1], found[2].split(", ") if found[2] else []


def _examined(attack: Path, folder: Path) -> Examination:
    for name, file in {**BESIDE, attack.name: attack}.items():
        shutil.copy(file, folder / name)
    with SubmissionProcess(folder / attack.name, time_limit=TIME_LIMIT) as process:
        return examine(process, effort="quick")


def _reports(examination: Examination) -> list[str]:
    """Everything that is told of it."""
    result = Result("cell.py", None, examination, 0.0)
    record = record_of("student", result, EQUAL_POINTS)
    exports = [report_of(form, [record]) for form in (*OF_A_CLASS, *OF_A_STUDENT)]
    return ["\n".join(message(result)), json_of([result]), record.feedback, *exports]


@pytest.mark.parametrize(
    "attack",
    [pytest.param(path, marks=[pytest.mark.full] * (path.stem in DEAR)) for path in ATTACKS],
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_an_attack_comes_to_nothing(attack: Path, tmp_path: Path) -> None:
    verdict, what = _expected(attack)
    examination = _examined(attack, tmp_path)
    wrong = [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"]
    found = [str(examination.reason)] if examination.reason else wrong
    assert (examination.verdict, set(what) <= set(found)) == (verdict, True), (found, examination.text)
    for report in _reports(examination):
        assert not [c for c in report if not c.isprintable() and c not in "\n\t\r"]
        assert len(report) < LONGEST


@pytest.mark.parametrize("cell", ["right", "wrong"])
def test_the_cells_that_attacks_are_made_of_are_judged_as_they_should_be(cell: str, tmp_path: Path) -> None:
    examination = _examined(BESIDE[f"{cell}_cell.py"], tmp_path)
    assert examination.verdict == cell


def test_the_table_of_attacks_names_what_is_there() -> None:
    told = (HERE.parents[1] / "docs" / "security.md").read_text(encoding="utf-8")
    tests = re.findall(r"`(tests/[a-z_/]+(?:\.py)?)`", told)
    attacks = re.findall(r"`(?:tests/hostile/)?attacks/([a-z_/]+(?:\.py)?)`", told)
    assert len(tests) > 10
    assert [name for name in tests if not (HERE.parents[1] / name).exists()] == []
    assert [name for name in attacks if not (HERE / "attacks" / name).exists()] == []
    kinds = {path.parent.name for path in ATTACKS}
    assert kinds <= {name.partition("/")[0] for name in attacks}
