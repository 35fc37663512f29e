"""What a worker says: each of its frames, within the time that is left for it.

Where a frame does not come in time, or is not what was asked for, this says what that means. It sends nothing, and
believes nothing that it reads.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from gru.submission.channel import Connection, ReadTimeoutError
from gru.submission.confinement import Isolation, confinement
from gru.submission.contract import KilledError, Raised, Reason, SubmissionFailure, WorkerError
from gru.submission.limits import START_LIMIT, Limits
from gru.submission.patience import Patience, Wait
from gru.submission.source import Source
from gru.submission.text import cleaned
from gru.submission.worker.protocol import (
    ProtocolError,
    Read,
    header_in,
    most_in_answer,
    read_answer,
    read_arrays,
    read_call,
    read_head,
    read_header,
    read_refusal,
)

SHORT_HEADER = 128
"""Bytes of a header that is kept, as it is likely to come again: a call that the worker tells of has some fifty."""

USUAL_HEADER = 2**11
"""Bytes of the header of an answer that is kept: of one that shows arrays throughout it is far below."""

FROM_OUTSIDE = (1, 2, 3, 9, 15)
"""HUP, INT, QUIT, KILL and TERM: a confined submission cannot send itself these, see `confinement.OWN_SIGNALS`."""

STARTING = "starting"
"""What a worker is doing until it has loaded NumPy."""

ABSENT = "ModuleNotFoundError"
MAY_IMPORT = "the file may import NumPy, SciPy, what belongs to Python, and files beside it"

IMPORT = "the import of the file"
"""What it is doing after its first call."""


class Told(NamedTuple):
    """An answer as it came from a worker: its header, and its arrays."""

    header: bytes
    arrays: bytes

    def read(self, count: int) -> bytes:
        """The arrays, which are read at once."""
        return self.arrays[:count]


ReadValues = Callable[[Read, dict[str, Any], int], Any]
"""Reads the arrays behind a header, given with the length they have together."""


class Listener:
    """Reads the frames of one worker after another.

    Args:
        source: The file that is run; it knows the place of what is raised.
        limits: Seconds and memory.
        isolation: What is asked of the kernel.

    Attributes:
        doing: What the worker is doing, in words: `starting`, `forward at step 2`.
        has_raised: Whether any call into the submission has raised.
        patience: What was waited so far.
    """

    def __init__(self, source: Source, limits: Limits, isolation: Isolation) -> None:
        self.doing = ""
        self.has_raised = False
        self._source, self._limits, self._isolation = source, limits, isolation
        self.patience = Patience(limits.whole)

    def frame(self, channel: Connection, values: ReadValues | None = None) -> dict[str, Any]:
        """The header of the next frame.

        Args:
            channel: The pipe to the worker.
            values: Reads the values that are awaited.

        Returns:
            The header, with what `values` has read as `values`.

        Raises:
            SubmissionFailure: The submission took too long, has crashed, or sends what is no answer.
            WorkerError: The worker has failed for no fault of the submission.
        """
        with self._heard(channel) as wait:
            header, length = read_header(wait.read, _header)
            if header["kind"] == "call" and values is None:
                read_arrays(wait.read, length, ())
            elif header["kind"] in ("values", "raised") and values is not None:
                header = header | {"values": values(wait.read, header, length)}
            elif values is not None or length:
                raise ProtocolError(f"a frame of the kind {header['kind']}")
        return header

    def answer(self, channel: Connection, job: dict[str, Any]) -> Told:
        """The answer to a request, as it came, once the calls are done that the worker tells of.

        Raises as `frame`; that it is an answer to that request is found by `parsed`.
        """
        steps, cell = job["sizes"][3], job["api"]["cell"]
        with self._heard(channel) as wait:
            while True:
                header, length = read_head(wait.read)
                call = _call(header, steps, cell) if len(header) <= SHORT_HEADER else None
                if call is None:
                    break
                read_arrays(wait.read, length, ())
                self.doing = call
                wait.begin_anew(self._limit(channel))
            if length > (most := most_in_answer(job)):
                raise ProtocolError(f"{length} bytes of arrays; at most {most} were asked for")
            return Told(header, wait.read(length) if length else b"")

    def parsed(self, told: Told, job: dict[str, Any]) -> dict[str, Any]:
        """The answer of the worker's `exercise` to a request. Raises SubmissionFailure where it is none."""
        try:
            header = _answer_header(told.header)
            if header["kind"] != "answer":
                raise ProtocolError(f"a frame of the kind {header['kind']}")
            if header.get("id") != job["id"]:
                raise ProtocolError("an answer to another job")
            return read_answer(told.read, header, len(told.arrays), job)
        except ProtocolError as error:
            raise self.nonsense(str(error)) from None

    @contextmanager
    def _heard(self, channel: Connection) -> Iterator[Wait]:
        """Waits for what the worker says; what goes wrong with that is raised as what it means."""
        wait = Wait(self.patience, channel, self._limit(channel))
        try:
            yield wait
        except ProtocolError as error:
            raise self.nonsense(str(error)) from None
        except ReadTimeoutError:
            raise self._timeout(wait.limit) from None
        except EOFError:
            raise self._crash(channel) from None
        finally:
            wait.end()

    def _limit(self, channel: Connection) -> float:
        """Seconds that the next frame may take."""
        if self.doing == STARTING:
            return START_LIMIT
        return min(self._limits.time, self.patience.left(channel, self._limits.time))

    def refusal(self, header: dict[str, Any], reasons: tuple[Reason, ...]) -> SubmissionFailure:
        """Why there is nothing to examine, as a worker has said; `reasons` are those that it may give."""
        try:
            reason, said = read_refusal(header, reasons)
        except ProtocolError as error:
            return self.nonsense(str(error))
        text = said if isinstance(said, str) else Raised(**self.placed(said) | {"step": None}).text
        if reason == "out_of_memory":
            return SubmissionFailure(reason, self.with_memory(text))
        absent = isinstance(said, dict) and said.get("type") == ABSENT
        return SubmissionFailure(reason, f"{text}; {MAY_IMPORT}" if absent else text)

    def placed(self, raised: dict[str, Any]) -> dict[str, Any]:
        """What was raised, with its place in the file."""
        self.has_raised = True
        return self._source.placed(raised)

    def lack_in(self, raised: dict[str, Any]) -> SubmissionFailure | None:
        """Why there is no verdict, where what was raised in a call is what this machine lacks: memory, or a package."""
        told = Raised(**raised)
        if told.type == "MemoryError":
            return SubmissionFailure("out_of_memory", self.with_memory(told.text))
        return SubmissionFailure("import_failed", f"{told.text}; {MAY_IMPORT}") if told.type == ABSENT else None

    def with_memory(self, text: str) -> str:
        """What is said where memory ran out: how much is allowed."""
        return f"{text}; {self._limits.memory} MiB are allowed"

    def _timeout(self, limit: float) -> Exception:
        if self.doing == STARTING:
            return WorkerError(f"the worker has not started within {START_LIMIT:g} s")
        if limit < self._limits.time:
            return SubmissionFailure(
                "timed_out", f"all calls together took more than {self.patience.whole:g} s; the last was {self.doing}"
            )
        guarded = "; what trains belongs below if __name__ == '__main__':" if self.doing == IMPORT else ""
        return SubmissionFailure("timed_out", f"{self.doing} took more than {self._limits.time:g} s{guarded}")

    def _crash(self, channel: Connection) -> Exception:
        status = channel.ended()
        channel.kill()
        if status is None:
            return SubmissionFailure("crashed", f"the process closed its output in {self.doing}")
        how = f"was ended by {_signal_name(-status)}" if status < 0 else f"ended itself with exit status {status}"
        if self.doing == STARTING:
            return WorkerError(f"the worker {how} before it had started")
        if -status in FROM_OUTSIDE and confinement(self._isolation).seccomp:
            return KilledError(f"the worker {how} in {self.doing}; the submission cannot have done that")
        return SubmissionFailure("crashed", f"the process {how} in {self.doing}")

    def nonsense(self, text: str) -> SubmissionFailure:
        """The failure of a worker that sends what is no answer: `text` says what it is."""
        return SubmissionFailure("protocol", f"the process sent something that is no answer: {text}")


def _header(data: bytes) -> dict[str, Any]:
    """As `header_in`, of a frame that a submission may have written: every text in it is cleaned.

    It is not to be changed: what has been read of a short one is kept.
    """
    return _short_header(data) if len(data) <= SHORT_HEADER else _cleaned_header(data)


def _answer_header(data: bytes) -> dict[str, Any]:
    """The same of an answer; the same comes from all hand-ins of a class that show the same things."""
    return _usual_header(data) if len(data) <= USUAL_HEADER else _cleaned_header(data)


def _cleaned_header(data: bytes) -> dict[str, Any]:
    try:
        header: dict[str, Any] = cleaned(header_in(data))
    except RecursionError:
        raise ProtocolError("a header that is nested too deeply") from None
    return header


_short_header = lru_cache(maxsize=256)(_cleaned_header)
_usual_header = lru_cache(maxsize=1024)(_cleaned_header)


@lru_cache(maxsize=1024)
def _call(data: bytes, steps: int, cell: str) -> str | None:
    """What the worker says with this header that it is about to do, in words; None where it tells something else."""
    header = _cleaned_header(data)
    if header["kind"] != "call":
        return None
    where, step = read_call(header, steps, cell)
    return f"{where} at step {step + 1}" if steps > 1 else where


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
