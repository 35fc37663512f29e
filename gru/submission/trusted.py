"""Cells of our own, put to the same jobs in this process, without any protection.

For the project's own cell, and for tests with planted mistakes. A submission never comes here.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gru.layers.gru.shapes import Sizes
from gru.submission.contract import Array, CellError, Job, Recording
from gru.submission.counting import Counting
from gru.submission.exercise import describe_exception, exercise
from gru.submission.recording import arrays_of, raised_of, recording_of, request_of
from gru.submission.text import cleaned
from gru.submission.unrolled import Unrolled


class TrustedCells:
    """A runner of jobs on a class in the chapter's API, like `SubmissionProcess` on a file."""

    def __init__(self, cell_class: Any) -> None:
        self.cell_class = cell_class
        self._unrolled = Unrolled(cell_class)
        self._kept: list[Any] = []

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        """One recording for each job, in order, as it is done."""
        for job in jobs:
            request, arrays = request_of(job), arrays_of(job)
            answer = exercise(self.cell_class, request, arrays, file=self._file, counting=Counting, kept=self._kept)
            yield recording_of(job, cleaned(answer))

    @property
    def _file(self) -> str | None:
        """The file of the class, whose lines are named where it raises."""
        module = sys.modules.get(getattr(self.cell_class, "__module__", ""))
        return getattr(module, "__file__", None)

    def unroll(self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]) -> list[Array]:
        """What the cells, unrolled over time, answer to `arrays`. Raises CellError."""
        try:
            return self._unrolled.answer(list(sizes), dict(arrays))
        except Exception as error:
            described = cleaned(describe_exception(error, self._file))
            raise CellError(raised_of(self._unrolled.where, self._unrolled.step, **described).text) from error
