"""One question to a worker, and its one answer; a failure of the submission is kept, and raised by what comes later.

It starts no process, and believes no answer: arrays have the shapes that were asked for, or the submission has failed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gru.calculus.arrays import Array
from gru.submission.contract import CellError, Raised, SubmissionFailure
from gru.submission.keeper import Keeper
from gru.submission.listener import Listener
from gru.submission.worker.protocol import pack, read_values

Values = list[Array] | dict[str, Any]
"""The arrays that were asked for, or what was raised in their place."""


class Asking:
    """Asks the worker of a submission.

    Args:
        keeper: Keeps the worker.
        listener: Reads what it says.

    Attributes:
        failure: Why the submission cannot be examined any further; None where it can.
    """

    def __init__(self, keeper: Keeper, listener: Listener) -> None:
        self.failure: SubmissionFailure | None = None
        self._keeper, self._listener = keeper, listener

    @contextmanager
    def keeping_failures(self) -> Iterator[None]:
        """Within this, a failure of the submission is kept; it is raised again where this is entered later."""
        if self.failure is not None:
            raise self.failure
        with self.noting_failures():
            yield

    @contextmanager
    def noting_failures(self) -> Iterator[None]:
        """Within this, a failure of the submission is kept, whether or not there was one before."""
        try:
            yield
        except SubmissionFailure as failure:
            self.failure = failure
            raise

    @contextmanager
    def one_exchange(self) -> Iterator[None]:
        """The same, and whatever ends it early ends the process: its answer would be taken for a later one."""
        done = False
        try:
            with self.keeping_failures():
                yield
            done = True
        finally:
            if not done:
                self._keeper.close()

    def answer(
        self,
        request: dict[str, Any],
        arrays: Mapping[str, Array],
        expected: Sequence[tuple[int, ...]],
        *,
        doing: str,
        calls: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The header of the answer to a request, with its `Values` as `values`.

        Args:
            request: What is asked.
            arrays: The arrays of float64 that go with it, by name.
            expected: The shapes of what comes back.
            doing: What the worker is doing meanwhile, in words.
            calls: What it can have called where it raises, as `read_values` is told of a job; by default the request.

        Raises:
            SubmissionFailure: The submission took too long, has crashed, or sends what is no answer.
            WorkerError: The worker has failed for no fault of the submission.
        """
        channel, shapes = self._keeper.ready(), [("f8", shape) for shape in expected]
        header = {**request, "dtype": "f8", "arrays": {name: array.shape for name, array in arrays.items()}}
        self._listener.doing = doing
        channel.send(pack(header, arrays.values()))
        return self._listener.frame(
            channel, values=lambda read, header, length: read_values(read, header, length, calls or request, shapes)
        )

    def unless_raised(self, values: Values) -> list[Array]:
        """The arrays of an answer. Raises CellError where the submission has raised in their place."""
        if isinstance(values, dict):
            with self.one_exchange():
                raised = self.placed(values)
            raise CellError(Raised(**raised).text)
        return values

    def placed(self, raised: dict[str, Any]) -> dict[str, Any]:
        """What was raised, with its place in the file. Raises SubmissionFailure where this machine lacks something."""
        raised = self._listener.placed(raised)
        if failure := self._listener.lack_in(raised):
            raise failure
        return raised

    def nonsense(self, text: str) -> SubmissionFailure:
        """The failure of a submission whose process sends what is no answer; it is kept."""
        self.failure = self._listener.nonsense(text)
        return self.failure
