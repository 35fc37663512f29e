"""A submission run in this process, without any protection, by the worker's own code: for a place without processes.

That place is a page in a browser, which shuts in all of it. A submission on a machine of its own never comes here.
"""

import os
from collections.abc import Iterable, Iterator
from itertools import chain

from gru.submission.channel import Connection
from gru.submission.process import SubmissionProcess
from gru.submission.worker.serving import Served, read_settings


class Here:
    """Stands for a `Channel` where the worker's code runs in this process: it works when an answer is read.

    Nothing ends a call that takes too long.
    """

    def __init__(self) -> None:
        self._requests: Iterator[bytes] = iter(())
        self._asked, self._answered = bytearray(), bytearray()
        self._served: Served | None = None

    @property
    def pid(self) -> int:
        """The id of this process."""
        return os.getpid()

    def read_ahead(self) -> None:
        """Nothing to do: there is one thread."""

    def feed(self, messages: Iterable[bytes]) -> None:
        """Keep the messages until answers are read."""
        self._requests = chain(self._requests, messages)

    def send(self, message: bytes) -> None:
        """Keep the message until its answer is read."""
        self.feed([message])

    def read(self, count: int, deadline: float) -> bytes:
        """Exactly so many bytes of the answers. Raises EOFError where nothing more is asked."""
        while len(self._answered) < count:
            self._go_on()
        return _taken(self._answered, count)

    def _go_on(self) -> None:
        """Do what is asked for next. Raises EOFError where that is nothing."""
        if self._served is None:
            settings, source, adapter = read_settings(self._next)
            try:
                self._served = Served(source, adapter, settings, self._next, self._answered.extend)
            except EOFError:
                # Why it was refused has been told.
                if not self._answered:
                    raise
        else:
            self._served.answer()

    def _next(self, count: int) -> bytes:
        while len(self._asked) < count:
            try:
                self._asked += next(self._requests)
            except StopIteration:
                raise EOFError from None
        return _taken(self._asked, count)

    @property
    def written(self) -> bytes:
        """Nothing: what is printed here goes to the output of this process."""
        return b""

    def ended(self) -> int | None:
        """None: this process lives on."""
        return None

    def kill(self) -> int:
        """Forget the submission."""
        self._served = None
        return 0

    def close(self) -> None:
        """Forget the submission."""
        self.kill()


def _taken(buffer: bytearray, count: int) -> bytes:
    """The first bytes of a buffer, which loses them."""
    data = bytes(buffer[:count])
    del buffer[:count]
    return data


class SubmissionHere(SubmissionProcess):
    """As a `SubmissionProcess`, in this process: no limit of time or memory holds, and nothing shuts it in."""

    def _opened(self) -> Connection:
        return Here()
