"""Single precision in files in other APIs: buffers of it are an API, a value that was rounded to it is a mistake."""

from pathlib import Path

import pytest

from gru.examiner import examine
from gru.submission.process import SubmissionProcess
from tests.edited import edited
from tests.effort import of_this_run

LISTS = Path(__file__).with_name("files") / "lists.py"

PARAMETERS = "self.params = [Wx, Wh, b]"
GRADIENTS = "[np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]"

IN_BUFFERS = {
    PARAMETERS: "self.params = [p.astype('f4') for p in (Wx, Wh, b)]",
    GRADIENTS: "[np.zeros_like(p) for p in self.params]",
}


@pytest.mark.full
@pytest.mark.parametrize(
    ("changes", "verdict", "check"),
    [
        (IN_BUFFERS, "right", None),
        ({GRADIENTS: "[np.zeros_like(p, dtype='f4') for p in self.params]"}, "right", None),
        ({"[0][...] = dWx": "[0][...] = dWx.astype('f4')"}, "wrong", "equation-12"),
        (IN_BUFFERS | {"dr = dhr * h_prev * r": "dr = dhr * r"}, "wrong", "equation-10"),
        (IN_BUFFERS | {"dx = da @ Wx.T": "dx = 1.5 * da @ Wx.T"}, "wrong", "equation-24"),
    ],
    ids=["buffers", "gradients", "rounded", "wrong-in-buffers", "wrong-input-in-buffers"],
)
def test_what_is_single_by_its_dtype_is_judged_at_single_precision(
    changes: dict[str, str], verdict: str, check: str | None, tmp_path: Path
) -> None:
    (tmp_path / "gru.py").write_text(edited(LISTS, *changes.items()))
    with SubmissionProcess(tmp_path / "gru.py") as process:
        examination = examine(process, effort=of_this_run())
    wrong = [outcome.check for outcome in examination.outcomes if outcome.status == "wrong"]
    assert (examination.verdict, next(iter(wrong), None)) == (verdict, check)
    assert (examination.precision == "float32") == (GRADIENTS in changes)
    # A number in single precision is none that a document in JSON can hold.
    values = [
        number for o in examination.outcomes for entry in o.values for number in (entry.submission, entry.measured)
    ]
    assert all(isinstance(number, float) for number in values)
