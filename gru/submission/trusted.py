"""Cells of our own, given the same jobs in this process, without any protection.

For the project's own cell, and for tests with planted mistakes. A submission never comes here.
"""

import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from gru.calculus.arrays import Array
from gru.layer import Form, Sizes
from gru.layers.registry import form_named
from gru.submission.contract import CellError, Job, Raised, Recording
from gru.submission.recording import api_of, arrays_of, recording_of, request_of
from gru.submission.text import cleaned
from gru.submission.worker.exercise import exercise
from gru.submission.worker.raised import describe_exception
from gru.submission.worker.unrolled import Unrolled


@contextmanager
def _warnings_as_in_a_process() -> Iterator[None]:
    """No warning of a cell is an error or is printed, whatever the caller's settings: the verdict is the process's."""
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("ignore")
        yield


class TrustedCells:
    """A runner of jobs on a class in the chapter's API, like `SubmissionProcess` on a file.

    `form` is that of the layer whose class it is, by default the chapter's GRU.
    """

    def __init__(self, cell_class: Any, form: Form | None = None) -> None:
        self.cell_class, self._form = cell_class, form
        self._unrolled = Unrolled(cell_class)
        self._kept: list[Any] = []

    api = None

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        """One recording for each job, in order, as it is done."""
        for job in jobs:
            request, arrays = request_of(job), arrays_of(job)
            with _warnings_as_in_a_process():
                answer = exercise(self.cell_class, request, arrays, file=self._file, kept=self._kept)
            yield recording_of(job, cleaned(answer))

    def forget(self) -> bool:
        """False: a class of our own cannot be run in a new process."""
        return False

    @property
    def _file(self) -> str | None:
        """The file of the class, whose lines are named where it raises."""
        module = sys.modules.get(getattr(self.cell_class, "__module__", ""))
        return getattr(module, "__file__", None)

    def with_flag(self, flag: str) -> NoReturn:
        """A class of our own is in the layer's API."""
        raise NotImplementedError

    def shapes(self, sizes: Mapping[str, int]) -> NoReturn:
        """A class of our own is in the layer's API."""
        raise NotImplementedError

    def drive(self, sizes: Mapping[str, int], arrays: Any, expected: Any, *, before: bool) -> NoReturn:
        """A class of our own is in the layer's API."""
        raise NotImplementedError

    def count(self, sizes: Mapping[str, int], arrays: Any, expected: Any, most: int) -> NoReturn:
        """A class of our own is in the layer's API."""
        raise NotImplementedError

    def unroll(self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]) -> list[Array]:
        """What the cells, unrolled over time, answer to `arrays`. Raises CellError."""
        try:
            api = api_of(form_named() if self._form is None else self._form)
            with _warnings_as_in_a_process():
                return self._unrolled.answer(api, list(sizes), dict(arrays))
        except Exception as error:
            described = cleaned(describe_exception(error, self._file))
            raise CellError(Raised(self._unrolled.where, step=self._unrolled.step, **described).text) from error
