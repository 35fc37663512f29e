"""What is known of one submission when its examination is over: the unit of every report.

Only data. It knows no format.
"""

from dataclasses import dataclass

from gru.examiner.outcome import Examination
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.submission.text import CleanText


@dataclass(frozen=True)
class Result:
    """An examination, and what was examined in which way.

    `submission` is the path as it was given, `sha256` that of its bytes (None where they cannot be
    read), `problem` the id of the one problem that was asked for (None for the whole battery),
    `asked` the form of the layer that was asked for, `notes` what there is to know beside, `printed` the last lines
    that it printed, where they are to be shown.
    With `in_process` it was a class, and `submission` is its name.
    """

    submission: str
    sha256: str | None
    examination: Examination
    seconds: float
    isolation: str = "process"
    problem: str | None = None
    asked: Form = CHAPTER
    notes: tuple[str, ...] = ()
    printed: tuple[CleanText, ...] = ()
    in_process: bool = False

    @property
    def form(self) -> Form:
        """The form that it is judged by: the one that was asked for, or in another API the one that it is."""
        return self.examination.form if self.examination.api else self.asked
