"""A submission in a process of its own: started once, put many jobs, killed when its time is up.

Nothing that the process says is believed: an answer has the shapes that were asked for, or the
process has failed. It never imports a submission, and knows no right answer.
"""

import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gru.layer import Form, Sizes
from gru.layers.registry import form_named, other_cells
from gru.submission.channel import Channel, Connection, ReadTimeoutError, started
from gru.submission.confinement import FULL, Confinement, Isolation, confinement, packages
from gru.submission.contract import Array, CellError, Counted, Job, Reason, Recording, SubmissionFailure
from gru.submission.driven import Api, api_in, shapes_in
from gru.submission.limits import CALLS_IN_ALL, LEAST_MEMORY, MEMORY_LIMIT, START_LIMIT, TIME_LIMIT
from gru.submission.protocol import (
    ProtocolError,
    Read,
    header_in,
    pack,
    read_answer,
    read_arrays,
    read_call,
    read_counts,
    read_header,
    read_refusal,
    read_values,
)
from gru.submission.recording import api_of, arrays_of, raised_of, recording_of, request_of
from gru.submission.source import Source
from gru.submission.starter import Starter
from gru.submission.taught import Taught
from gru.submission.text import CleanText, clean_text, cleaned, last_lines

MOST_NOTES = 8
"""How many notes on a file are told."""

SHORT_HEADER = 128
"""Bytes of a header that is kept, as it is likely to come again: a call that the worker tells of has some fifty."""

JOBS_A_MESSAGE = 16
"""How many jobs go over in one message."""

STARTS = 3
"""How often a worker is started that ends before it has run a line of the submission: that is a fault of the
machine's, and passes."""

FROM_OUTSIDE = (1, 2, 3, 9, 15)
"""HUP, INT, QUIT, KILL and TERM: a confined submission cannot send itself these, see `confinement.OWN_SIGNALS`."""

IMPORT = "the import of the file"
"""What the worker is doing after its only call before it is ready."""

WORKER = Path(__file__).with_name("worker.py")

ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
"""What a worker is told of the environment: what an interpreter needs to start, and no secrets."""

SINGLE_THREADED = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Threads of BLAS cost address space, and are slower on small matrices."""

REFUSALS: tuple[Reason, ...] = (
    "not_python",
    "import_failed",
    "no_gru_cell",
    "another_api",
    "out_of_memory",
    "adapter_failed",
)
"""The reasons for which the worker itself says that there is nothing to examine; the last where there is an adapter."""


DRIVEN: dict[str, Any] = {"sizes": (0, 0, 0, 1), "api": {"cell": "construction"}}
"""What a submission in another API can be doing, as `read_values` is told of a job."""

ReadValues = Callable[[Read, dict[str, Any], int], Any]
"""Reads the arrays behind a header, given with the length they have together."""


class WorkerError(Exception):
    """There is no worker, or no longer, for no fault of the submission: the text says why."""


class KilledError(WorkerError):
    """The worker was ended from outside, as by a system that is short of memory: no fault of the submission."""


class SubmissionProcess:
    """A runner of jobs on the class of a file, such as `GRUCell`; a context manager, started on entering.

    `time_limit` is in seconds, for one call into the submission; `whole_limit` for all of them
    together, by default twelve times that; `memory_limit` in MiB, of address space. `isolation` is
    what is asked of the kernel. `root` is the folder of all that the submission may read and import,
    by default the file's own. `form` is that of the layer whose class is run, by default the chapter's GRU. `name`
    is the class or the function that is taken, by default the first that can be; `adapter`
    is a teacher's, that tells how it is driven. With a `starter`, and where the kernel shuts it in, the process is a
    fork of one that is started ahead. Raises ValueError on limits that leave no room to run, and ConfinementError where
    the isolation is not to be had.
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
        adapter: Taught | None = None,
        starter: Starter | None = None,
    ) -> None:
        if not time_limit > 0:
            raise ValueError(f"time_limit={time_limit}: expected seconds, more than 0")
        if memory_limit < LEAST_MEMORY:
            raise ValueError(f"memory_limit={memory_limit}: a worker needs at least {LEAST_MEMORY} MiB")
        self.path = os.fspath(path)
        self.time_limit, self.memory_limit = time_limit, memory_limit
        self.whole_limit = CALLS_IN_ALL * time_limit if whole_limit is None else whole_limit
        if isolation == "strict":
            confinement(isolation)
        self.isolation, self._root, self._form = isolation, root, form
        self.failure: SubmissionFailure | None = None
        self._source = Source(self.path)
        self._waited = 0.0
        self._channel: Connection | None = None
        self._ready = False
        self._api: Api | None = None
        self._name, self._starter = name, starter
        self._adapter = adapter
        self._said: tuple[str, ...] = ()
        self._doing = ""
        self._printed: tuple[CleanText, ...] = ()
        self._has_raised = False

    @property
    def form(self) -> Form:
        """The form of the layer whose class is run."""
        return form_named() if self._form is None else self._form

    @property
    def confinement(self) -> Confinement:
        """What the process is shut in by."""
        return confinement(self.isolation)

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to know beside the verdict, once the process has run: of a notebook, of the class taken."""
        driven = (self._adapter.note,) if self._adapter else ()
        return (*self._source.notes, *driven, *self._said)

    @property
    def has_raised(self) -> bool:
        """Whether any call has raised, or the submission has failed to run."""
        return self._has_raised or self.failure is not None

    @property
    def printed(self) -> tuple[CleanText, ...]:
        """The last lines that the submission has printed, and what the interpreter has said in it."""
        if self._channel is not None:
            self._printed = last_lines(self._channel.written) or self._printed
        return self._printed

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if it runs; a later `run` starts another."""
        if self._channel is not None:
            self._channel.close()
            self._printed = self.printed
            self._channel = None

    def forget(self) -> bool:
        """End the process, so that what comes next is done in another one."""
        self.close()
        return True

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        """One recording for each job, in order, as it is done.

        Raises SubmissionFailure where the submission fails to run, and again for all later jobs;
        WorkerError where the worker does not start, or is ended from outside again and again.
        """
        if self.failure is not None:
            raise self.failure
        put = list(jobs)
        left = len(put)
        try:
            for recording in self._run_to_the_end(put):
                left -= 1
                yield recording
        except SubmissionFailure as failure:
            self.failure = failure
            raise
        finally:
            if left:
                # Answers to jobs that nobody asks for any more would be taken for others.
                self.close()

    @property
    def api(self) -> Api | None:
        """How a submission in another API is driven; None for one in the layer's own. Raises SubmissionFailure."""
        if self.failure is not None:
            raise self.failure
        try:
            self._started()
        except SubmissionFailure as failure:
            self.failure = failure
            raise
        return self._api

    def shapes(self, sizes: Mapping[str, int]) -> dict[str, tuple[tuple[int, ...], str]]:
        """The shape and the precision of every parameter of a submission in another API. Raises as `drive`."""
        answer = self._asked({"kind": "shapes", "sizes": sizes}, {}, ())
        assert self._api is not None
        try:
            return shapes_in(answer.get("shapes"), self._api)
        except ProtocolError as error:
            self.failure = self._protocol_failure(str(error))
            raise self.failure from None

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
        request = {"kind": "drive", "sizes": sizes, "before": before}
        answer = self._asked(request, arrays, [("f8", shape) for shape in expected])
        odd = answer.get("odd")
        if type(odd) is not dict or not all(type(text) is str for text in odd.values()):
            self.failure = self._protocol_failure("texts that are none")
            raise self.failure
        return answer["values"], odd

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
        answer = self._answered(request, arrays, [("f8", shape) for shape in expected])
        try:
            counts = read_counts(answer.get("counted"), request)
        except ProtocolError as error:
            self.failure = self._protocol_failure(str(error))
            raise self.failure from None
        found = None if counts is None else Counted(**counts)
        was_cut_short = found is not None and found.backward > most
        return found if was_cut_short or not isinstance(answer["values"], dict) else None

    def _asked(
        self, request: dict[str, Any], arrays: Mapping[str, Array], expected: Sequence[tuple[str, tuple[int, ...]]]
    ) -> dict[str, Any]:
        """The answer of a submission in another API to one request. Raises CellError where it raised."""
        answer = self._answered(request, arrays, expected)
        if isinstance(answer["values"], dict):
            raise CellError(raised_of(**self._placed(answer["values"])).text)
        return answer

    def _answered(
        self, request: dict[str, Any], arrays: Mapping[str, Array], expected: Sequence[tuple[str, tuple[int, ...]]]
    ) -> dict[str, Any]:
        """The same, with what it raised as `values` where it did."""
        if self.failure is not None:
            raise self.failure
        channel = self._started()
        header = request | {"dtype": "f8", "arrays": {name: array.shape for name, array in arrays.items()}}
        self._doing = "forward and backward" if "delta" in arrays else "forward"
        done = False
        try:
            channel.send(pack(header, arrays.values()))
            answer = self._frame(
                values=lambda read, header, length: read_values(read, header, length, DRIVEN, expected)
            )
            done = True
        except SubmissionFailure as failure:
            self.failure = failure
            raise
        finally:
            if not done:
                self.close()
        return answer

    def unroll(self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]) -> list[Array]:
        """What the cells, unrolled over time, answer to `arrays` of float64: arrays of the shapes `expected`.

        What may be asked is told by `unrolled.Unrolled.answer`; each such request is one call of
        `time_limit`. Raises CellError where a cell raises, and what `run` raises.
        """
        if self.failure is not None:
            raise self.failure
        done = False
        try:
            answer = self._unroll_to_the_end(sizes, arrays, expected)
            done = True
        except SubmissionFailure as failure:
            self.failure = failure
            raise
        finally:
            if not done:
                self.close()
        if isinstance(answer, dict):
            raise CellError(raised_of(**self._placed(answer)).text)
        return answer

    def _run_to_the_end(self, jobs: Sequence[Job]) -> Iterator[Recording]:
        """The recordings of all jobs. Where the worker is ended from outside, all are done again, and told once."""
        told = 0
        for left in reversed(range(STARTS)):
            try:
                for number, recording in enumerate(self._run(jobs), 1):
                    if number > told:
                        told = number
                        yield recording
                return
            except KilledError:
                if not left:
                    raise
                self._begin_anew()

    def _unroll_to_the_end(
        self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]
    ) -> list[Array] | dict[str, Any]:
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
                self._begin_anew()
                if goes_back:
                    self._unroll(*self._went_forward)
        raise AssertionError

    def _begin_anew(self) -> None:
        """End the process, and forget the time that was waited for it; a later call starts another."""
        self.close()
        self._waited = 0.0

    def _unroll(
        self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]
    ) -> list[Array] | dict[str, Any]:
        channel = self._started()
        self._require_own_api()
        shapes = {name: array.shape for name, array in arrays.items()}
        api = api_of(self.form)
        request = {"kind": "sequence", "sizes": sizes, "dtype": "f8", "arrays": shapes, "api": api}
        self._doing = "backward" if "upstream" in arrays else "forward"
        channel.send(pack(request, arrays.values()))
        answer: list[Array] | dict[str, Any] = self._frame(
            values=lambda read, header, length: read_values(
                read, header, length, request, [("f8", shape) for shape in expected]
            )
        )["values"]
        return answer

    def _started(self) -> Connection:
        """The channel to a process that has imported the file."""
        if self._channel is None or not self._ready:
            self._source.code()
            for left in reversed(range(STARTS)):
                if self._channel is None:
                    self._start()
                try:
                    self._wait_until_ready()
                    break
                except WorkerError:
                    self.close()
                    if not left:
                        raise
        assert self._channel is not None
        return self._channel

    def _start(self) -> None:
        """Start the process, where there is a file for it; it goes on by itself to import the file."""
        self._ready = False
        with suppress(SubmissionFailure):
            source = self._source.code()
            self._doing = "starting"
            self._channel = self._opened()
            taught = [] if self._adapter is None else [self._adapter.source.encode()]
            self._channel.feed([pack(self._settings(self._channel.pid, len(source))), source, *taught])

    def _opened(self) -> Connection:
        """A worker that waits for what it is told. Raises WorkerError."""
        kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        # A process that is forked again and again must be out of reach of what runs in a fork.
        forks = self._starter is not None and self.confinement.level == FULL
        given = json.dumps(
            {"parent": os.getpid(), "packages": packages(), "forks": forks, "files": self.confinement.files}
        )
        command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", str(WORKER), given]
        start = self._starter.start if self._starter is not None and forks else started
        try:
            return Channel(start(command, kept | SINGLE_THREADED))
        except (OSError, RuntimeError, MemoryError) as error:
            # Too few descriptors, processes, threads, or too little memory.
            raise WorkerError(f"no worker can be started: {error}") from error

    @property
    def sha256(self) -> str | None:
        """The hash of the bytes that are run; None where there are none."""
        return self._source.sha256

    def _settings(self, pid: int, length: int) -> dict[str, Any]:
        """What a worker with this process id is told before it runs the file, whose `length` bytes come next."""
        path = Path(self.path).resolve()
        root = path.parent if self._root is None else self._root.resolve()
        seconds = None if math.isinf(self.whole_limit) else math.ceil(self.whole_limit * (os.cpu_count() or 1)) + 1
        return {
            "kind": "settings",
            "path": str(path),
            "api": {**api_of(self.form), "others": other_cells(self.form.layer.id)},
            "length": length,
            "name": self._name,
            "adapter": None if self._adapter is None else self._adapter.settings,
            "limits": {"memory": self.memory_limit, "seconds": seconds},
            "root": str(root),
            "confinement": self.confinement.settings(root, pid),
        }

    def _require_own_api(self) -> None:
        """Raise SubmissionFailure where cells are asked for, and the submission is in another API."""
        if self._api is not None:
            raise SubmissionFailure("another_api", f"it has another API than the layer's: {self._api.text}")

    def _run(self, jobs: Sequence[Job]) -> Iterator[Recording]:
        channel = self._started()
        self._require_own_api()
        requests = [request_of(job) for job in jobs]
        channel.read_ahead()
        channel.feed(_messages(jobs, requests))
        for job, request in zip(jobs, requests, strict=True):
            answer = self._answer(job, request)
            if answer["raised"] is not None:
                answer["raised"] = self._placed(answer["raised"])
            raised = answer["raised"]
            if raised is not None and raised["type"] == "MemoryError":
                raise SubmissionFailure("out_of_memory", self._out_of_memory(raised_of(**raised).text))
            yield recording_of(job, answer)

    def _wait_until_ready(self) -> None:
        header = self._frame()
        if header["kind"] == "not confined" and self._doing == "starting":
            raise WorkerError(f"the worker could not be confined: {header.get('text')}")
        if header["kind"] == "call" and self._doing == "starting":
            # Only one: each frame is given the time of a call, and a file could send them for ever.
            self._doing = IMPORT
            header = self._frame()
        if header["kind"] == "refused":
            raise self._refusal(header)
        if header["kind"] != "ready":
            raise self._protocol_failure(f"a frame of the kind {header['kind']} where ready was expected")
        notes = header.get("notes")
        if type(notes) is not list or not all(type(note) is str for note in notes):
            raise self._protocol_failure("notes that are no texts")
        self._ready = True
        self._said = tuple(clean_text(note) for note in notes[:MOST_NOTES])
        self._api = None
        if "api" in header:
            try:
                self._api = api_in(header["api"])
            except ProtocolError as error:
                raise self._protocol_failure(str(error)) from None

    def _answer(self, job: Job, request: dict[str, Any]) -> dict[str, Any]:
        """The worker's answer to a job, once the calls that it tells of are done."""
        header = self._frame(request)
        while header["kind"] == "call":
            header = self._frame(request)
        answer: dict[str, Any] = header["answer"]
        return answer

    def _frame(self, job: dict[str, Any] | None = None, values: ReadValues | None = None) -> dict[str, Any]:
        """The header of the next frame; with the answer to `job`, or the values that are awaited, in it."""
        assert self._channel is not None
        channel, began = self._channel, time.monotonic()
        limit = START_LIMIT if self._doing == "starting" else min(self.time_limit, self.whole_limit - self._waited)

        def read(count: int) -> bytes:
            return channel.read(count, began + limit)

        try:
            header, length = read_header(read, _header)
            if header["kind"] == "call" and values is None:
                read_arrays(read, length, ())
                if job is not None:
                    self._doing = _doing(header, job)
            elif header["kind"] == "answer" and job is not None:
                if header.get("id") != job["id"]:
                    raise ProtocolError("an answer to another job")
                header = header | {"answer": read_answer(read, header, length, job)}
            elif header["kind"] in ("values", "raised") and values is not None:
                header = header | {"values": values(read, header, length)}
            elif job is not None or values is not None or length:
                raise ProtocolError(f"a frame of the kind {header['kind']}")
        except ProtocolError as error:
            raise self._protocol_failure(str(error)) from None
        except ReadTimeoutError:
            raise self._timeout() from None
        except EOFError:
            raise self._crash() from None
        finally:
            self._waited += time.monotonic() - began
        return header

    def _refusal(self, header: dict[str, Any]) -> SubmissionFailure:
        try:
            reason, said = read_refusal(header, REFUSALS if self._adapter else REFUSALS[:-1])
        except ProtocolError as error:
            return self._protocol_failure(str(error))
        text = said if isinstance(said, str) else raised_of(**self._placed(said) | {"step": None}).text
        return SubmissionFailure(reason, self._out_of_memory(text) if reason == "out_of_memory" else text)

    def _placed(self, raised: dict[str, Any]) -> dict[str, Any]:
        """What was raised, with its place in the file."""
        self._has_raised = True
        return self._source.placed(raised)

    def _out_of_memory(self, text: str) -> str:
        return f"{text}; {self.memory_limit} MiB are allowed"

    def _timeout(self) -> Exception:
        if self._doing == "starting":
            return WorkerError(f"the worker has not started within {START_LIMIT:g} s")
        if self._waited + self.time_limit > self.whole_limit:
            return SubmissionFailure(
                "timed_out", f"all calls together took more than {self.whole_limit:g} s; the last was {self._doing}"
            )
        return SubmissionFailure("timed_out", f"{self._doing} took more than {self.time_limit:g} s")

    def _crash(self) -> Exception:
        assert self._channel is not None
        status = self._channel.ended()
        self._channel.kill()
        if status is None:
            return SubmissionFailure("crashed", f"the process closed its output in {self._doing}")
        how = f"was ended by {_signal_name(-status)}" if status < 0 else f"ended itself with exit status {status}"
        if self._doing == "starting":
            return WorkerError(f"the worker {how} before it had started")
        if -status in FROM_OUTSIDE and self.confinement.seccomp:
            return KilledError(f"the worker {how} in {self._doing}; the submission cannot have done that")
        return SubmissionFailure("crashed", f"the process {how} in {self._doing}")

    def _protocol_failure(self, text: str) -> SubmissionFailure:
        return SubmissionFailure("protocol", f"the process sent something that is no answer: {text}")


def _messages(jobs: Sequence[Job], requests: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    """The jobs as frames, several in one message."""
    frames = [
        pack({"kind": "job", **request}, arrays_of(job).values()) for job, request in zip(jobs, requests, strict=True)
    ]
    for first in range(0, len(frames), JOBS_A_MESSAGE):
        yield b"".join(frames[first : first + JOBS_A_MESSAGE])


def _header(data: bytes) -> dict[str, Any]:
    """As `header_in`, of a frame that a submission may have written: every text in it is cleaned.

    It is not to be changed: the same calls are told again and again, and what has been read of one is kept.
    """
    return _short_header(data) if len(data) <= SHORT_HEADER else _cleaned_header(data)


def _cleaned_header(data: bytes) -> dict[str, Any]:
    try:
        header: dict[str, Any] = cleaned(header_in(data))
    except RecursionError:
        raise ProtocolError("a header that is nested too deeply") from None
    return header


_short_header = lru_cache(maxsize=256)(_cleaned_header)


def _doing(header: dict[str, Any], job: dict[str, Any]) -> str:
    """What the worker says it is about to do, in words."""
    where, step = read_call(header, job["sizes"][3], job["api"]["cell"])
    return f"{where} at step {step + 1}" if job["sizes"][3] > 1 else where


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
