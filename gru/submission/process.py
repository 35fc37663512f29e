"""A submission in a process of its own: started once, put many jobs, killed when its time is up.

Nothing that the process says is believed: an answer has the shapes that were asked for, or the
process has failed. It never imports a submission, and knows no right answer.
"""

import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gru.calculus.arrays import Array
from gru.layer import Form, Sizes
from gru.submission.asking import Asking, Values
from gru.submission.channel import Connection
from gru.submission.confinement import Confinement, Isolation, confinement
from gru.submission.contract import Counted, Job, KilledError, Recording, SubmissionFailure
from gru.submission.keeper import STARTS, Keeper, Wanted, launched
from gru.submission.limits import CALLS_IN_ALL, LEAST_MEMORY, MEMORY_LIMIT, TIME_LIMIT, Limits
from gru.submission.listener import Listener, Told
from gru.submission.recording import api_of, arrays_of, recording_of, request_of
from gru.submission.source import Source
from gru.submission.text import CleanText
from gru.submission.worker.protocol import ProtocolError, pack, read_counts

if TYPE_CHECKING:
    from gru.submission.driven import Api
    from gru.submission.starter import Starter
    from gru.submission.taught import Taught

JOBS_A_MESSAGE = 16
"""How many jobs go over in one message."""

DRIVEN: dict[str, Any] = {"sizes": (0, 0, 0, 1), "api": {"cell": "construction"}}
"""What a submission in another API can be doing, as `read_values` is told of a job."""


class Put:
    """Jobs as they are put to a submission's process, to whichever that is.

    Attributes:
        jobs: The jobs.
        requests: What `exercise` is told of each, beside its arrays.
        alone: Whether nothing was done before in the process.
    """

    alone = False

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs = tuple(jobs)
        self.requests = tuple(request_of(job) for job in self.jobs)
        self._messages: dict[int, bytes] = {}

    def messages(self) -> Iterator[bytes]:
        """The jobs as frames, several in one message; each is made when it is first wanted."""
        for first in range(0, len(self.jobs), JOBS_A_MESSAGE):
            if first not in self._messages:
                here = slice(first, first + JOBS_A_MESSAGE)
                self._messages[first] = b"".join(map(_frame, self.jobs[here], self.requests[here]))
            yield self._messages[first]


def _frame(job: Job, request: dict[str, Any]) -> bytes:
    return pack({"kind": "job", **request}, arrays_of(job).values())


class SubmissionProcess:
    """A runner of jobs on the class of a file, such as `GRUCell`; a context manager, started on entering.

    Args:
        path: The file.
        time_limit: Seconds for one call into the submission.
        memory_limit: MiB of address space.
        whole_limit: Seconds for all calls together; by default twelve times `time_limit`.
        isolation: What is asked of the kernel.
        root: The folder of all that the submission may read and import; by default the file's own.
        form: That of the layer whose class is run; by default the chapter's GRU.
        name: The class or the function that is taken; by default the first that can be.
        adapter: A teacher's, that tells how the submission is driven.
        starter: Where given, and where the kernel shuts the process in, it is a fork of one that is started ahead.

    Raises:
        ValueError: The limits leave no room to run.
        ConfinementError: This machine does not give the isolation.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
        whole_limit: float | None = None,
        isolation: Isolation = "auto",
        root: Path | None = None,
        form: Form | None = None,
        name: str | None = None,
        adapter: "Taught | None" = None,
        starter: "Starter | None" = None,
    ) -> None:
        if not time_limit > 0:
            raise ValueError(f"time_limit={time_limit}: expected seconds, more than 0")
        if memory_limit < LEAST_MEMORY:
            raise ValueError(f"memory_limit={memory_limit}: a worker needs at least {LEAST_MEMORY} MiB")
        if isolation == "strict":
            confinement(isolation)
        self.path = os.fspath(path)
        limits = Limits(time_limit, CALLS_IN_ALL * time_limit if whole_limit is None else whole_limit, memory_limit)
        self._wanted = Wanted(self.path, limits, isolation, root, form, name, adapter)
        self._starter = starter
        self._flag: dict[str, str] = {}
        self._switched: Api | None = None
        self._source = Source(self.path)
        self._listener = Listener(self._source, limits, isolation)
        self._keeper = Keeper(self._wanted, self._source, self._listener, self._opened)
        self._asking = Asking(self._keeper, self._listener)

    def _opened(self) -> Connection:
        """A worker that waits for what it is told. Raises WorkerError."""
        return launched(self.confinement, self._starter)

    @property
    def form(self) -> Form:
        """The form of the layer whose class is run."""
        return self._wanted.form

    @property
    def confinement(self) -> Confinement:
        """What the process is shut in by."""
        return self._wanted.confinement

    @property
    def sha256(self) -> str | None:
        """The hash of the bytes that are run; None where there are none."""
        return self._source.sha256

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to know beside the verdict, once the process has run: of a notebook, of the class taken."""
        driven = (self._wanted.adapter.note,) if self._wanted.adapter else ()
        return (*self._source.notes, *driven, *self._keeper.said)

    @property
    def failure(self) -> SubmissionFailure | None:
        """Why the submission cannot be examined any further; None where it can."""
        return self._asking.failure

    @property
    def has_raised(self) -> bool:
        """Whether any call has raised, or the submission has failed to run."""
        return self._listener.has_raised or self.failure is not None

    @property
    def printed(self) -> tuple[CleanText, ...]:
        """The last lines that the submission has printed, and what the interpreter has said in it."""
        return self._keeper.printed

    @property
    def pid(self) -> int | None:
        """The id of the process; None where none runs."""
        return None if self._keeper.channel is None else self._keeper.channel.pid

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if it runs; a later `run` starts another."""
        self._keeper.close()

    def forget(self) -> bool:
        """End the process, so that what comes next is done in another one."""
        self.close()
        return True

    # Cells in the layer's own API

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        """One recording for each job, in order, as it is done.

        Raises SubmissionFailure where the submission fails to run, and again for all later jobs;
        WorkerError where the worker does not start, or is ended from outside again and again.
        """
        put = Put(jobs)
        with closing(self.told(put)) as answers:
            for job, request, answer in zip(put.jobs, put.requests, answers, strict=True):
                yield self._recording(job, request, answer)

    def told(self, put: Put) -> Generator[Told]:
        """What is answered to each of the jobs, as it comes. Raises as `run`."""
        left = len(put.jobs)
        try:
            with self._asking.keeping_failures():
                for answer in self._told_to_the_end(put):
                    left -= 1
                    yield answer
        finally:
            if left:
                # An answer that nobody waits for any more would be taken for the answer to another job.
                self.close()

    def _told_to_the_end(self, put: Put) -> Iterator[Told]:
        """The answers to all jobs. Where the worker is ended from outside, all are done again, and told once."""
        told = 0
        for left in reversed(range(STARTS)):
            try:
                channel = self._ready_in_own_api()
                channel.read_ahead()
                channel.feed(put.messages())
                for number, request in enumerate(put.requests, 1):
                    answer = self._listener.answer(channel, request)
                    if number > told:
                        told = number
                        yield answer
                return
            except KilledError:
                if not left:
                    raise
                self._keeper.begin_anew()

    def _recording(self, job: Job, request: dict[str, Any], told: Told) -> Recording:
        """What an answer says. Raises SubmissionFailure where it is none, or this machine lacks what is needed."""
        # What was answered before a failure may be read after it.
        with self._asking.noting_failures():
            answer = self._listener.parsed(told, request)
            if answer["raised"] is not None:
                answer["raised"] = self._asking.placed(answer["raised"])
        return recording_of(job, answer)

    def _ready_in_own_api(self) -> Connection:
        """The pipe to a worker with cells. Raises SubmissionFailure where the submission is in another API."""
        channel = self._keeper.ready()
        if self._keeper.api is not None:
            raise SubmissionFailure("another_api", f"it has another API than the layer's: {self._keeper.api.text}")
        return channel

    def unroll(self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]) -> list[Array]:
        """What the cells, unrolled over time, answer to `arrays` of float64: arrays of the shapes `expected`.

        What may be asked is told by `unrolled.Unrolled.answer`; each such request is one call of
        `time_limit`. Raises CellError where a cell raises, and what `run` raises.
        """
        with self._asking.one_exchange():
            values = self._unroll_to_the_end(sizes, arrays, expected)
        return self._asking.unless_raised(values)

    def _unroll_to_the_end(
        self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]
    ) -> Values:
        """As `_unroll`. The cells of a worker that is ended from outside go forward again before backward."""
        goes_back = "upstream" in arrays
        if not goes_back:
            self._went_forward = (sizes, arrays, expected)
        for left in reversed(range(STARTS)):
            try:
                return self._unroll(sizes, arrays, expected)
            except KilledError:
                if not left:
                    raise
                self._keeper.begin_anew()
                if goes_back:
                    self._unroll(*self._went_forward)
        raise AssertionError

    def _unroll(self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]) -> Values:
        self._ready_in_own_api()
        request = {"kind": "sequence", "sizes": sizes, "api": api_of(self.form)}
        doing = "backward" if "upstream" in arrays else "forward"
        values: Values = self._asking.answer(request, arrays, expected, doing=doing)["values"]
        return values

    # A submission in another API

    @property
    def api(self) -> "Api | None":
        """How a submission in another API is driven; None for one in the layer's own. Raises SubmissionFailure."""
        with self._asking.keeping_failures():
            self._keeper.ready()
        return self._keeper.api

    @contextmanager
    def with_flag(self, flag: str) -> "Iterator[Api]":
        """How the file is driven with one of its flags switched; all that is asked meanwhile is asked of it so.

        Raises CellError where nothing drives it so, and what `run` raises.
        """
        from gru.submission.driven import api_in

        self._flag = {"flag": flag}
        try:
            answer = self._asked({"kind": "vary"}, {}, ())
            self._asking.unless_raised(answer["values"])
            try:
                self._switched = api_in(answer.get("api"))
            except ProtocolError as error:
                raise self._asking.nonsense(str(error)) from None
            yield self._switched
        finally:
            self._flag, self._switched = {}, None

    def shapes(self, sizes: Mapping[str, int]) -> dict[str, tuple[tuple[int, ...], str]]:
        """The shape and the precision of every parameter of a submission in another API. Raises as `drive`."""
        answer = self._asked({"kind": "shapes", "sizes": sizes}, {}, ())
        self._asking.unless_raised(answer["values"])
        api = self._switched or self._keeper.api
        assert api is not None
        from gru.submission.driven import shapes_in

        try:
            return shapes_in(answer.get("shapes"), api)
        except ProtocolError as error:
            raise self._asking.nonsense(str(error)) from None

    def drive(
        self,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Array],
        expected: Sequence[tuple[int, ...]],
        *,
        before: bool,
    ) -> tuple[list[Array], dict[str, CleanText]]:
        """One run of a submission in another API, as `adapters.Driver.answer` does it: arrays of float64 as expected.

        With them what is said of gradients that are not there, by name. Raises CellError where it raises, and what
        `run` raises.
        """
        answer = self._asked({"kind": "drive", "sizes": sizes, "before": before}, arrays, expected)
        values, odd = self._asking.unless_raised(answer["values"]), answer.get("odd")
        if type(odd) is not dict or not all(type(text) is str for text in odd.values()):
            raise self._asking.nonsense("something else where texts were expected")
        return values, odd

    def count(
        self,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Array],
        expected: Sequence[tuple[int, ...]],
        most: int,
    ) -> Counted | None:
        """The numbers that go through exp, tanh and their like in one run, counted up to `most` in each pass.

        None where it raised before it came so far. Raises what `run` raises.
        """
        request = {"kind": "drive", "sizes": sizes, "before": False, "most": most}
        answer = self._asked(request, arrays, expected)
        try:
            counts = read_counts(answer.get("counted"), request)
        except ProtocolError as error:
            raise self._asking.nonsense(str(error)) from None
        found = None if counts is None else Counted(**counts)
        was_cut_short = found is not None and found.backward > most
        return found if was_cut_short or not isinstance(answer["values"], dict) else None

    def _asked(
        self, request: dict[str, Any], arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]
    ) -> dict[str, Any]:
        """The answer of a submission in another API to one request; what it raised stands as its `values`."""
        doing = "forward and backward" if "delta" in arrays else "forward"
        with self._asking.one_exchange():
            return self._asking.answer(request | self._flag, arrays, expected, doing=doing, calls=DRIVEN)
