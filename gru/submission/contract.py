"""The contract with a submission: what it is asked to do, what it must show, what came back, and who asks.

It never runs anything and knows no right answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from gru.calculus.arrays import Array
from gru.layer import Form, Sizes
from gru.submission.text import CleanText

if TYPE_CHECKING:
    from gru.submission.driven import Api

Layout = Literal["plain", "read-only", "fortran", "strided"]
Reason = Literal[
    "no_such_file",
    "not_python",
    "import_failed",
    "no_gru_cell",
    "another_api",
    "adapter_failed",
    "timed_out",
    "out_of_memory",
    "crashed",
    "protocol",
]
REASONS: tuple[str, ...] = get_args(Reason)


EMPTY = CleanText("")


@dataclass(frozen=True)
class Description:
    """A description of what a submission showed in place of an array of the right shape and dtype.

    Attributes:
        kind: What sort of thing it is, one of `protocol.DESCRIBED`.
        text: What fits behind "is": "a list", "an array of float64 of shape (4, 3)"; empty where there is nothing.
    """

    kind: str
    text: CleanText = EMPTY

    @property
    def absent(self) -> bool:
        """Whether there is nothing of that name, or something that stands for nothing."""
        return self.kind == "absent"

    @property
    def is_array(self) -> bool:
        """Whether it is an array, of another shape or dtype."""
        return self.kind == "array"

    @property
    def is_nothing(self) -> bool:
        """Whether it holds nothing: it is None, or not there."""
        return self.kind in ("absent", "none")

    @property
    def is_placeholder(self) -> bool:
        """Whether it holds no numbers that could be a result: None, a counter, a word."""
        return self.kind in ("none", "other")


@dataclass(frozen=True)
class Raised:
    """An exception that a call ended in.

    Attributes:
        where: The call.
        type: The name of the exception's type.
        message: What it says.
        step: At which step, counted from 0.
        line: The line in the file; in a notebook that of the code cell `cell`, both counted from 1.
        source: What stands there.
        file: The path, from the folder of the submission, of another file of its own that the line is one of.
        lacks: The attribute that was not there, where that is what was raised.
    """

    where: str
    type: CleanText
    message: CleanText
    step: int | None = None
    line: int | None = None
    cell: int | None = None
    source: CleanText | None = None
    file: CleanText | None = None
    lacks: CleanText | None = None

    @property
    def text(self) -> str:
        """The exception in one sentence."""
        message = f": {self.message}" if self.message else ""
        numbers = (("step", self._count), ("cell", self.cell), ("line", self.line))
        places = [f"{name} {number}" for name, number in numbers if number]
        if self.file and places:
            places[-1] += f" of {self.file}"
        place = f" ({', '.join(places)})" if places else ""
        source = f" in `{self.source}`" if self.source else ""
        return f"{self.where} raised {self.type}{message}{place}{source}"

    @property
    def _count(self) -> int | None:
        """The step as people count, from 1."""
        return None if self.step is None else self.step + 1


@dataclass(frozen=True, eq=False)
class Job:
    """A problem put to a submission's cells, and how they are to be used on it.

    The cells are given the states and δ of `arrays` step by step, whatever they computed before.

    Attributes:
        id: The name of the problem.
        sizes: Rows of the batch, inputs, hidden units, steps.
        form: The form of the layer that is asked for: which arguments there are, and what is shown.
        arrays: The arguments by name, of one dtype: the input, the states and what comes from above with the steps
            on the first axis (`x`, `h_p`, `in_grad`), and the parameters (`W`, `U`).
        layout: How the arguments lie in memory.
        uses: How often the cells are used.
        most: Where above 0, the different numbers are counted that go through exp, tanh and their like, up to so
            many.
        goes_on: Whether it is done with the cells of the job before, which had the same sizes but for the batch.
    """

    id: str
    sizes: Sizes
    form: Form
    arrays: Mapping[str, Array]
    layout: Layout = "plain"
    uses: int = 1
    most: int = 0
    goes_on: bool = False

    @property
    def dtype(self) -> Any:
        """The dtype of all arrays."""
        return self.arrays[self.form.layer.input].dtype

    def changed(self, **arrays: Array) -> "Job":
        """The same job with other arrays under these names."""
        return replace(self, arrays={**self.arrays, **arrays})


Shown = dict[str, Array | Description]
"""Values by name: an array with the steps on the first axis, or what was shown in its place."""


@dataclass(frozen=True, eq=False)
class Use:
    """One run of all cells forward and then backward.

    `changed_later` names what had other bytes at the end of the use than right after the cell's
    own calls.
    """

    after_forward: Shown
    after_backward: Shown
    changed_later: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counted:
    """How many different numbers went through exp, tanh and their like, in `forward` and in `backward`.

    `calls` is how often the cell's own forward was called in backward.
    """

    forward: int
    backward: int
    calls: int


@dataclass(frozen=True, eq=False)
class Recording:
    """The answer of a submission's cells to one job.

    `left` holds the arrays of another shape that a cell had made when it `raised`, and `left_out` the names of the
    arguments that its methods do not take, and were run without.
    """

    job_id: str
    uses: tuple[Use, ...] = ()
    again: Shown | None = None
    split: Shown = field(default_factory=dict)
    changed_arguments: tuple[str, ...] = ()
    counted: Counted | None = None
    raised: Raised | None = None
    left: Shown = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


class SubmissionFailure(Exception):
    """A submission could not be examined, for one of the reasons of the contract."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason: Reason = reason
        self.text = text


class CellError(Exception):
    """A cell of a submission has raised while a network was trained with it."""


class WorkerError(Exception):
    """There is no worker, or no longer, for no fault of the submission: the text says why."""


class KilledError(WorkerError):
    """The worker was ended from outside, as by a system that is short of memory: no fault of the submission."""


class Runner(Protocol):
    """Whatever can put jobs to a submission's cells: its process, or a class of our own."""

    @property
    def api(self) -> "Api | None":
        """How a submission in another API is driven; None for cells in the layer's own. Raises SubmissionFailure."""
        ...

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        """One recording for each job, in order, as it is done. Raises SubmissionFailure."""
        ...

    def forget(self) -> bool:
        """Do all that comes next in a new process, where nothing came before; False where that is not possible."""
        ...

    def with_flag(self, flag: str) -> "AbstractContextManager[Api]":
        """How a submission in another API is driven with a flag of its file switched; meanwhile it is asked so.

        Raises CellError where nothing drives it so, and SubmissionFailure.
        """
        ...

    def shapes(self, sizes: Mapping[str, int]) -> dict[str, tuple[tuple[int, ...], str]]:
        """The shape and the precision of every parameter, of a submission in another API."""
        ...

    def drive(
        self,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Array],
        expected: Sequence[tuple[int, ...]],
        *,
        before: bool,
    ) -> tuple[list[Array], dict[str, CleanText]]:
        """One run of a submission in another API. Raises CellError where it raises, and SubmissionFailure."""
        ...

    def count(
        self,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Array],
        expected: Sequence[tuple[int, ...]],
        most: int,
    ) -> Counted | None:
        """The numbers counted in such a run, up to `most`; None where the submission raised before it was done."""
        ...

    def unroll(self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]) -> list[Array]:
        """What the cells, unrolled over time, answer to `arrays` of float64: arrays of the shapes `expected`.

        What may be asked is told by `unrolled.Unrolled.answer`. Raises CellError where a cell
        raises, and SubmissionFailure.
        """
        ...
