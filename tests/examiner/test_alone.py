"""What a class or a module keeps from one cell to the next is a mistake of the state, and of no equation."""

from pathlib import Path

import pytest

from gru.examiner import examine
from gru.submission.process import SubmissionProcess
from tests.edited import edited

RIGHT = Path(__file__).parents[2] / "examples" / "submissions" / "right.py"

SLOPE = "self.dzr = (self.dzn @ self.wn.T) * h_p * self.r * (1 - self.r)"

KEPT = {
    "by shape": (SLOPE, "self.dzr = (self.dzn @ self.wn.T) * h_p * MEMO.setdefault(h_p.shape, self.r * (1 - self.r))"),
    "by x alone": (SLOPE, SLOPE + " * MEMO.setdefault(self.x.tobytes(), 1 + h_p[0, 0] ** 2) / (1 + h_p[0, 0] ** 2)"),
}
OF_THE_LAST = (SLOPE, SLOPE.replace("self.r * (1 - self.r)", "MEMO['r'] * (1 - MEMO['r'])"))
WRONG = {"at more than one unit": (SLOPE, SLOPE.replace("self.wn.T", "self.wn"))}


def judged(tmp_path: Path, old: str, new: str, source: str = RIGHT.read_text(encoding="utf-8")) -> set[str]:
    file = tmp_path / "cell.py"
    file.write_text("MEMO = {}\n" + edited(source, (old, new)), encoding="utf-8")
    with SubmissionProcess(file) as process:
        examination = examine(process, effort="quick")
    return {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"}


@pytest.mark.full
@pytest.mark.parametrize("words", ["by shape", pytest.param("by x alone", marks=pytest.mark.full)])
def test_what_is_kept_between_cells_is_charged_to_state_alone(tmp_path: Path, words: str) -> None:
    assert judged(tmp_path, *KEPT[words]) == {"state"}


def test_a_formula_that_is_wrong_in_a_later_problem_only_stays_wrong(tmp_path: Path) -> None:
    assert judged(tmp_path, *WRONG["at more than one unit"]) == {"equation-10"}


def test_what_is_taken_from_the_cell_of_another_step_is_charged_to_state_alone(tmp_path: Path) -> None:
    old, new = OF_THE_LAST
    source = RIGHT.read_text(encoding="utf-8")
    kept = source.replace("    def backward(", "        MEMO['r'] = self.r\n\n    def backward(")
    assert kept != source
    assert judged(tmp_path, old, new, kept) == {"state"}
