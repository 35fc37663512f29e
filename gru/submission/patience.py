"""How long a worker is waited for: what a busy machine makes it wait for a processor is not counted.

An outcome may not depend on what else a machine does. It reads what the kernel counts, never what a submission says.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gru.submission.channel import Connection, ReadTimeoutError

MOST_PATIENCE = 12
"""The time that is waited at most, in units of the limit, however busy the machine is."""

SHORT = 1 / 20
"""The part of a limit within which nearly all answers come: until then nothing is asked of the kernel."""


def held_up(process: int | str) -> float:
    """Seconds for which a process was ready to run and had no processor; 0 where the system does not count them.

    Args:
        process: Its id, or `thread-self` for the thread that asks.
    """
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{process}/schedstat").read_bytes().split()[1]) / 1e9
    return 0.0


class Patience:
    """Reads what workers send, one after the other, within the time that is left to one submission.

    Args:
        whole: Seconds for all that is waited for.
    """

    def __init__(self, whole: float) -> None:
        self.whole = whole
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was waited."""
        self._waited = self._held_up_before = 0.0
        self._reader, self._reader_held_up = threading.get_ident(), held_up("thread-self")

    def worker_ends(self, channel: Connection) -> None:
        """Note how long a worker was held up, before it is gone."""
        self._held_up_before += held_up(channel.pid)

    def count(self, seconds: float) -> None:
        """Count what was waited."""
        self._waited += seconds

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Wait no longer than that for all that is read in here, where there is more left for the whole."""
        whole, self.whole = self.whole, min(self.whole, self._waited + seconds)
        try:
            yield
        finally:
            self.whole = whole

    def left(self, channel: Connection, enough: float) -> float:
        """The seconds that are left of the whole; looks only where there seem to be fewer than `enough`."""
        left = self.whole - self._waited
        if left < enough:
            left += min(self._held_up(channel), (MOST_PATIENCE - 1) * self.whole)
        return left

    def _held_up(self, channel: Connection) -> float:
        """How long the workers, and the thread that reads, were held up in all."""
        same_thread = threading.get_ident() == self._reader
        reader = held_up("thread-self") - self._reader_held_up if same_thread else 0.0
        return self._held_up_before + held_up(channel.pid) + reader


class Wait:
    """One wait for something that a worker sends.

    Args:
        patience: That of the submission; what is waited here is counted there.
        channel: The pipe to the worker.
        limit: The seconds that it may take.

    Attributes:
        limit: The seconds that what is waited for now may take.
    """

    def __init__(self, patience: Patience, channel: Connection, limit: float) -> None:
        self._patience, self._channel = patience, channel
        self._began = time.monotonic()
        self._set(limit)

    def _set(self, limit: float) -> None:
        self.limit, self._deadline = limit, self._began + SHORT * limit
        self._held_up: float | None = None

    def begin_anew(self, limit: float) -> None:
        """Count what was waited, and wait for the next thing, which may take so many seconds."""
        self.end()
        self._set(limit)

    def read(self, count: int) -> bytes:
        """So many bytes. Raises ReadTimeoutError where they take too long, and EOFError."""
        while True:
            try:
                return self._channel.read(count, self._deadline)
            except ReadTimeoutError:
                if not self._goes_on():
                    raise

    def _goes_on(self) -> bool:
        """Whether there is time left after all, where an idle machine would have had enough."""
        now = held_up(self._channel.pid) + held_up("thread-self")
        if self._held_up is None:
            self._held_up = now
        longer = min(now - self._held_up, (MOST_PATIENCE - 1) * self.limit)
        self._deadline = self._began + self.limit + longer
        return time.monotonic() < self._deadline

    def end(self) -> None:
        """Count what was waited."""
        now = time.monotonic()
        self._patience.count(now - self._began)
        self._began = now
