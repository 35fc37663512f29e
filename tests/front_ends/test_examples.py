"""The examples: each is a cell in the chapter's API, and is wrong exactly where its author slipped."""

from functools import cache
from pathlib import Path

import pytest

from gru.examiner import Examination, examine
from gru.submission.process import SubmissionProcess
from tests.effort import of_this_run

SUBMISSIONS = Path(__file__).parents[2] / "examples" / "submissions"

WRONG: dict[str, set[str]] = {
    "right.py": set(),
    "accumulates.py": {"state"},
    "averaged_over_batch.py": {f"equation-{number}" for number in range(11, 17)},
    "batch_of_one.py": {"interface"},
    "dh_forgets_z_path.py": {"equation-23"},
    "dzr_without_h_prev.py": {"equation-10"},
    "merged_r_first.py": {"merge"},
    "overwrites_in_grad.py": {"state"},
    "sigmoid_derivative_for_tanh.py": {"equation-9"},
    "swapped_gate.py": {"equation-4"},
    "untransposed_dx.py": {"equation-24"},
}
"""The checks that are wrong in each file."""

NAMED: dict[str, tuple[str, str]] = {
    "averaged_over_batch.py": ("equation-11", "equation-11/averaged"),
    "dh_forgets_z_path.py": ("equation-23", "equation-23/no-dzz-wz-T"),
    "dzr_without_h_prev.py": ("equation-10", "equation-10/no-h-prev"),
    "sigmoid_derivative_for_tanh.py": ("equation-9", "equation-9/sigmoid-derivative"),
    "swapped_gate.py": ("equation-4", "convention/swapped"),
}
"""The first wrong check of a file, and the id of its mistake, where there is one of that kind."""


@cache
def examined(name: str) -> Examination:
    """The examination of an example in a process of its own, as `gru check` does it."""
    with SubmissionProcess(SUBMISSIONS / name) as process:
        return examine(process, effort=of_this_run())


def test_every_example_is_in_the_table() -> None:
    assert {path.name for path in SUBMISSIONS.glob("*.py")} == WRONG.keys()


@pytest.mark.one_in(8)
@pytest.mark.parametrize("name", WRONG)
def test_an_example_is_wrong_exactly_where_it_says(name: str) -> None:
    examination = examined(name)
    wrong = {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"}
    assert wrong == WRONG[name]
    assert examination.verdict == ("wrong" if wrong else "right")


@pytest.mark.full
@pytest.mark.parametrize("name", NAMED)
def test_the_mistake_is_named(name: str) -> None:
    check, id = NAMED[name]
    mistake = examined(name).outcome(check).mistake
    assert mistake is not None
    assert id in mistake.ids
