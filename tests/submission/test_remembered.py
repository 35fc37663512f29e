"""What came of a submission that has answered the same: each has the verdict that it has by itself."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gru.examiner import Examination, examine
from gru.submission import remembered
from gru.submission.process import SubmissionProcess
from gru.submission.remembered import Memory, RememberedProcess
from tests.edited import edited
from tests.submission.test_process import IN_BACKWARD, IN_FORWARD, RIGHT, with_line

WRONG = with_line(IN_BACKWARD, "self.dzr = self.dzr * 2")

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text)
        return path

    return write


def renamed(text: str) -> str:
    """The same formulas in other words."""
    return edited(text, ("h_p", "old"), ("in_grad", "above"))


def together(memory: Memory[Examination], path: Path) -> tuple[Examination, int]:
    """The examination of a file that is one of several, and how often it was judged for that."""
    judged = []

    def ask(process: SubmissionProcess) -> Examination:
        judged.append(examine(process, effort="quick"))
        return judged[-1]

    with RememberedProcess(memory, "quick", path, time_limit=2) as process:
        return process.came_of(ask), len(judged)


def by_itself(path: Path) -> Examination:
    with SubmissionProcess(path, time_limit=2) as process:
        return examine(process, effort="quick")


@pytest.mark.parametrize("text", [RIGHT, WRONG], ids=["right", "wrong"])
def test_files_that_answer_the_same_are_judged_once(text: str, write: Write) -> None:
    memory = Memory[Examination]()
    first, of_first = together(memory, write(text))
    second, of_second = together(memory, write(renamed(text)))
    assert (of_first, of_second) == (1, 0)
    assert first == second == by_itself(write(text))


def later(line: str, calls: int) -> str:
    """The right submission, with a line that is run once backward has been called so often."""
    counts = with_line(IN_BACKWARD, "GRUCell.calls += 1")
    counts = counts.replace("class GRUCell:\n", "class GRUCell:\n    calls = 0\n")
    return counts.replace(IN_BACKWARD, f"{IN_BACKWARD}        if GRUCell.calls > {calls}:\n            {line}\n")


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("text", "verdict", "reason"),
    [
        pytest.param(later("import os; os._exit(3)", 30), "not_examined", "crashed", id="ends in the midst"),
        pytest.param(later("raise ValueError('thirty')", 30), "wrong", None, id="raises in the midst"),
        pytest.param(later("self.dzr = [1]", 30), "wrong", None, id="no array in the midst"),
        pytest.param(later("self.dzr = self.dzr * 2", 30), "wrong", None, id="other values in the midst"),
        pytest.param(with_line(IN_BACKWARD, "while True: pass"), "not_examined", "timed_out", id="never ends"),
        pytest.param(RIGHT.replace("def sigmoid", "def sigmoid("), "not_examined", "not_python", id="is no Python"),
        pytest.param("class GRUCell:\n    pass\n", "wrong", None, id="no methods"),
        pytest.param(with_line(IN_FORWARD, "self.h = np.random.rand()"), "right", None, id="random, then not"),
    ],
)
def test_one_that_answers_otherwise_is_judged_as_by_itself(
    text: str, verdict: str, reason: str | None, write: Write
) -> None:
    memory, path = Memory[Examination](), write(text)
    for known in (RIGHT, WRONG):
        together(memory, write(known))
    examination, judged = together(memory, path)
    assert (examination.verdict, examination.reason, judged) == (verdict, reason, 0 if verdict == "right" else 1)
    assert examination == by_itself(path)


def test_what_is_raised_is_told_by_the_file_s_own_line(write: Write) -> None:
    memory, raises = Memory[Examination](), with_line(IN_BACKWARD, "raise ValueError('no')")
    texts = []
    for text in (raises, f"\n\n{raises}"):
        examination, judged = together(memory, write(text))
        assert judged == 1
        texts.append(str(examination.outcomes))
    line = raises[: raises.index("raise ValueError")].count("\n") + 1
    assert f"line={line}" in texts[0] or f"line {line}" in texts[0]
    assert texts[0] != texts[1]


def test_a_full_memory_begins_anew(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 1)
    memory = Memory[Examination]()
    judged = [together(memory, write(text))[1] for text in (RIGHT, renamed(RIGHT), WRONG, RIGHT, RIGHT)]
    assert judged == [1, 0, 1, 1, 0]


def test_an_interruption_is_not_kept(write: Write) -> None:
    memory = Memory[Examination]()

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with RememberedProcess(memory, "quick", write(RIGHT)) as process, pytest.raises(KeyboardInterrupt):
        process.came_of(partial(examine, effort="quick", on_progress=interrupt))
    assert together(memory, write(RIGHT)) == (by_itself(write(RIGHT)), 1)
