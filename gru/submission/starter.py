"""Workers that are started ahead: one process loads Python and NumPy once, and is forked for each submission.

It is for those who examine many in turn. The process itself runs no line of a submission; `forking` is its part.
"""

import os
import select
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

AVAILABLE = hasattr(os, "pidfd_open") and hasattr(socket, "send_fds")
"""Whether this system has descriptors of processes, and can send descriptors to another process, as Linux can."""

STARTS = 2
"""How often the process is started before it is given up."""


class Forked:
    """A worker that has been forked, with what of `subprocess.Popen` a `Channel` needs."""

    def __init__(self, pid: int, streams: Sequence[int], status: int) -> None:
        self.pid, self._status = pid, status
        self.stdin: IO[bytes] = os.fdopen(streams[0], "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(streams[1], "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(streams[2], "rb", buffering=0)
        self._ended: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None where it lives."""
        return self._read(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended. Raises TimeoutExpired."""
        status = self._read(timeout)
        if status is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(f"worker {self.pid}", timeout)
        return status

    def kill(self) -> None:
        """End it at once, if it lives."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _read(self, timeout: float | None) -> int | None:
        if self._ended is None and select.select([self._status], [], [], timeout)[0]:
            said = os.read(self._status, 16)
            os.close(self._status)
            # If the process that reports the status was killed, the kernel has killed the worker too.
            self._ended = int(said) if said else -int(signal.SIGKILL)
        return self._ended


class Starter:
    """Starts workers by a command that forks; started itself when the first is wanted, and again where it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str], environment: dict[str, str]) -> Forked:
        """A worker that waits for what it is told. Raises OSError where none can be started."""
        for _ in range(STARTS):
            if self._process is None:
                self._control, theirs = socket.socketpair()
                with theirs:
                    null = subprocess.DEVNULL
                    self._process = subprocess.Popen(
                        command,
                        stdin=theirs.fileno(),
                        stdout=null,
                        stderr=null,
                        env=environment,
                        start_new_session=True,
                    )
                self._answers = self._control.makefile("rb")
            with suppress(OSError):
                return self._forked()
            self.close()
        raise OSError("the process that starts workers has ended")

    def _forked(self) -> Forked:
        # Of each pipe the one end is ours and the other the worker's: its input, its output and error, its status.
        pipes = [os.pipe() for _ in range(4)]
        own = [pipes[0][1], *(pipe[0] for pipe in pipes[1:])]
        theirs = [pipes[0][0], *(pipe[1] for pipe in pipes[1:])]
        try:
            socket.send_fds(self._control, [b"f"], theirs)
            line = self._answers.readline()
            if not line:
                raise OSError("no answer")
        except OSError:
            for descriptor in own:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return Forked(int(line), own[:3], own[3])

    def close(self) -> None:
        """End the process, and with it all that it has forked."""
        if self._process is not None:
            self._answers.close()
            self._control.close()
            self._process.kill()
            self._process.wait()
            self._process = None
