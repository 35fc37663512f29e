"""A child process and the pipes to it: bytes in and bytes out. Every wait has an end, and nothing is left behind.

It knows neither frames nor submissions, and believes nothing that the process says of itself.
"""

import contextlib
import os
import queue
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from threading import Lock, Thread
from typing import IO, Protocol

from gru.submission.starter import Forked

CHUNK = 2**16
"""Bytes that are read at once: what a pipe holds."""

WIDE = 2**20
"""Bytes that a pipe is made to hold where a process is to go on before its answers are read: as far as Linux lets
everybody go. It is two dozen answers, or the longest."""

MAX_WAITING = 64
"""The most chunks that are taken from the process before somebody asks for them; with more, the process waits."""

AT_ONCE = getattr(select, "PIPE_BUF", 0)
"""Bytes that a pipe takes without blocking when it is said to be ready; where nothing says so, none."""

KEPT = 2**14
"""Bytes of what a process writes to standard error that are kept: the last ones."""

GLANCE = 0.25
"""Seconds between two looks whether a process is still there: a child of it may keep the pipe open."""


EXITING = 2.0
"""Seconds that a process may take to end once the system has closed its output."""


class ReadTimeoutError(Exception):
    """The bytes that were waited for did not come in time."""


class Connection(Protocol):
    """What serves a submission, as the other side sees it: bytes in, bytes out. `Channel` is one to a process."""

    @property
    def pid(self) -> int:
        """The id of the process that the submission runs in."""

    def read_ahead(self) -> None:
        """From now on several answers are awaited at once."""

    def feed(self, messages: Iterable[bytes]) -> None:
        """Send all messages, one after the other, while others read the answers."""

    def send(self, message: bytes) -> None:
        """Send one message, with nothing else on its way."""

    def read(self, count: int, deadline: float) -> bytes:
        """Exactly so many bytes of the answers. Raises ReadTimeoutError and EOFError."""

    @property
    def written(self) -> bytes:
        """The end of what the submission has printed so far."""

    def ended(self) -> int | None:
        """The exit status of what has ended; None where it lives on."""

    def kill(self) -> int:
        """End it at once; its exit status."""

    def close(self) -> None:
        """End it, and give back what it took."""


def started(command: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """A process for a channel: with pipes, and a session of its own."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, bufsize=0, start_new_session=True
    )


class Channel:
    """A process that reads from its standard input and writes to its standard output.

    Of what it writes to standard error the end is kept. It leads a session of its own, so that neither a
    Ctrl-C at the terminal reaches it nor anything it starts outlives it.
    """

    def __init__(self, process: "subprocess.Popen[bytes] | Forked") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._input: IO[bytes] = process.stdin
        self._output: IO[bytes] = process.stdout
        self._errors: IO[bytes] = process.stderr
        self._written, self._taking = b"", Lock()
        self._chunks: queue.Queue[bytes] = queue.Queue(MAX_WAITING)
        self._buffer = bytearray()
        self._messages: queue.SimpleQueue[Iterable[bytes] | None] = queue.SimpleQueue()
        self._ahead = self._is_wide = False
        for target in (self._drain, self._write):
            Thread(target=target, daemon=True).start()
        if not AT_ONCE:
            self.read_ahead()

    @property
    def pid(self) -> int:
        """The id of the process, which is that of its session and its group too."""
        return self._process.pid

    def read_ahead(self) -> None:
        """From now on take what the process writes before somebody asks for it, so that it need not wait.

        One answer by itself comes sooner without.
        """
        if not (self._ahead or self._is_wide):
            self._is_wide = _widened(self._output)
            if not self._is_wide:
                self._ahead = True
                Thread(target=self._pump, daemon=True).start()

    def feed(self, messages: Iterable[bytes]) -> None:
        """Send all messages, one after the other, while others read the answers."""
        self._messages.put(messages)

    def send(self, message: bytes) -> None:
        """Send one message, with nothing else on its way: at once where that cannot block, which is faster."""
        if len(message) <= AT_ONCE and select.select([], [self._input], [], 0)[1]:
            with contextlib.suppress(OSError, ValueError):
                self._input.write(message)
        else:
            self.feed([message])

    def read(self, count: int, deadline: float) -> bytes:
        """Exactly so many bytes of the output.

        Raises ReadTimeoutError where they have not come by `deadline` (of `time.monotonic`), and
        EOFError where there will be no more.
        """
        while len(self._buffer) < count:
            chunk = self._next_chunk(deadline)
            if not chunk:
                raise EOFError
            self._buffer += chunk
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def _next_chunk(self, deadline: float) -> bytes:
        while True:
            gone = self._process.poll() is not None
            remaining = deadline - time.monotonic()
            chunk = self._chunk(max(0.0, min(remaining, GLANCE)))
            if chunk is not None:
                return chunk
            if gone:
                return b""
            if remaining <= 0:
                raise ReadTimeoutError

    def _chunk(self, seconds: float) -> bytes | None:
        """What there is of the output, or comes within so many seconds; empty at its end."""
        if not self._ahead:
            return self._output.read(CHUNK) if select.select([self._output], [], [], seconds)[0] else None
        try:
            return self._chunks.get(timeout=seconds)
        except queue.Empty:
            return None

    @property
    def written(self) -> bytes:
        """The end of what the process has written to standard error so far."""
        if AT_ONCE:
            with contextlib.suppress(OSError, ValueError):
                self._take()
        return self._written

    def ended(self) -> int | None:
        """The exit status of a process whose output is at its end; None where it lives on all the same."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(EXITING)
        return None

    def kill(self) -> int:
        """End the process and its whole group, at once; its exit status, negative for a signal."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        status = self._process.wait()
        self._make_room()
        return status

    def _make_room(self) -> None:
        """Let a pump that waits for room go on to the end of the output."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._chunks.get_nowait()

    def _pump(self) -> None:
        with self._output, contextlib.suppress(OSError, ValueError):
            while chunk := self._output.read(CHUNK):
                self._chunks.put(chunk)
            self._chunks.put(b"")

    def _drain(self) -> None:
        with self._errors, contextlib.suppress(OSError, ValueError):
            if AT_ONCE:
                while select.select([self._errors], [], []) and self._take():
                    pass
            else:
                while chunk := self._errors.read(CHUNK):
                    self._keep(chunk)

    def _take(self) -> bool:
        """Keep what there is of standard error, which is at most what a pipe holds; False at its end."""
        with self._taking:
            if not select.select([self._errors], [], [], 0)[0]:
                return True
            chunk = self._errors.read(CHUNK)
            self._keep(chunk)
            return bool(chunk)

    def _keep(self, chunk: bytes) -> None:
        self._written = (self._written + chunk)[-KEPT:]

    def _write(self) -> None:
        # A process that has ended is noticed where its answers are read.
        with contextlib.suppress(OSError, ValueError):
            while (messages := self._messages.get()) is not None:
                for message in messages:
                    rest = memoryview(message)
                    while rest:
                        rest = rest[self._input.write(rest) :]

    def close(self) -> None:
        """End the process, and give back what it took."""
        self.kill()
        self._messages.put(None)
        with contextlib.suppress(OSError):
            self._input.close()
            if not self._ahead:
                self._output.close()


def _widened(pipe: IO[bytes]) -> bool:
    """Whether a pipe holds more now. A thread that reads ahead would do it too, and wake up at every answer."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, WIDE)
    except (ImportError, AttributeError, OSError):
        return False
    return True
