"""Processes that grade beside this one: forked from it, asked for one submission after another, and ended with it.

What comes back is a record as data. They write no gradebook, and know nothing of a terminal.
"""

import gc
import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock
from types import TracebackType
from typing import Any, NoReturn, Self

from gru.submission.worker.lockdown import die_with

ENDING = 10.0
"""Seconds that a process may take to put away what it is at, before it is killed."""

COLLECTED_EVERY = 100_000
"""Objects that are made, and not given back, before what is unused is looked for in the midst of a submission."""

GLANCE = 0.005
"""Seconds between two looks at a process that is ending."""

STARTS = 2
"""How often a submission is begun whose process ends before it has answered."""

Answer = Callable[[int], dict[str, Any]]
"""Grades the submission of this number; the record as data."""

Done = Callable[[], None]
"""Puts away, at the end, what `answer` has started in the process that grades."""

_forking = Lock()


class Stopped(Exception):
    """The run has been interrupted while this submission was under way."""


class JudgeError(Exception):
    """A process that grades has ended before it had answered."""


class Judge:
    """A process that grades. Everything that `answer` needs is there when it is forked, and never sent."""

    def __init__(self, answer: Answer, done: Done) -> None:
        self._answer, self._done = answer, done
        self._ended = False
        self._start()

    def _start(self) -> None:
        # One at a time, so that no process holds an end of another's pipes.
        with _forking:
            numbers, self._to = os.pipe()
            self._from, records = os.pipe()
            parent = os.getpid()
            self._pid = os.fork()
            if self._pid == 0:
                os.close(self._to)
                os.close(self._from)
                _serve(self._answer, self._done, numbers, records, parent)
            os.close(numbers)
            os.close(records)
        self._records = os.fdopen(self._from, "rb")

    def ask(self, number: int) -> dict[str, Any]:
        """The record of the submission of this number. Raises JudgeError, and Stopped once it is told to end."""
        for _ in range(STARTS):
            with suppress(OSError):
                os.write(self._to, f"{number}\n".encode())
            line = self._records.readline()
            if line.endswith(b"\n"):
                record: dict[str, Any] = json.loads(line)
                return record
            if self._ended:
                raise Stopped
            # What has ended it, such as a system that is short of memory, may pass.
            self._put_away()
            self._start()
        raise JudgeError(f"the process that was to grade it has ended, {STARTS} times")

    def stop(self) -> None:
        """Tell it to put away what it is at, and to end."""
        self._ended = True
        with suppress(OSError):
            os.kill(self._pid, signal.SIGTERM)

    def close(self) -> None:
        """End it, and wait until it is gone."""
        self.stop()
        self._put_away()

    def _put_away(self) -> None:
        os.close(self._to)
        self._records.close()
        deadline = time.monotonic() + ENDING
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(GLANCE)


class Thread:
    """What stands in for a judge where processes cannot be forked: the thread that asks grades itself."""

    def __init__(self, answer: Answer, done: Done) -> None:
        self.ask, self.close = answer, done

    def stop(self) -> None:
        """Nothing to be told: `answer` sees for itself that a run is to end."""


class Judges:
    """So many judges, each of which grades for one thread at a time; a context manager, which ends them."""

    def __init__(self, answer: Answer, count: int, done: Done = lambda: None) -> None:
        kind = Judge if hasattr(os, "fork") else Thread
        self._all = [kind(answer, done) for _ in range(count)]
        self._free: SimpleQueue[Judge | Thread] = SimpleQueue()
        for judge in self._all:
            self._free.put(judge)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for judge in self._all:
            judge.close()

    def ask(self, number: int) -> dict[str, Any]:
        """As `Judge.ask`, of one that is free."""
        judge = self._free.get()
        try:
            return judge.ask(number)
        finally:
            self._free.put(judge)

    def stop(self) -> None:
        """Tell all to put away what they are at; what is asked raises Stopped."""
        for judge in self._all:
            judge.stop()


def _serve(answer: Answer, done: Done, numbers: int, records: int, parent: int) -> NoReturn:
    """Grade what is asked for, until nobody asks any more. What the other process would do at its end is not done."""
    status = 1
    told_to_end = False

    def stop(number: int, frame: Any) -> NoReturn:
        # An exception is lost where it is raised in a callback of the collection of objects: it is noted, too.
        nonlocal told_to_end
        told_to_end = True
        raise Stopped

    # What is loaded by now stays: no collection need look through it again. Most of what a submission leaves behind is
    # collected after it: to look for that again and again took a seventh of the time.
    gc.freeze()
    gc.set_threshold(COLLECTED_EVERY)
    try:
        # A Ctrl-C at the terminal comes to both; the other process says what it means for this one.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, stop)
        die_with(parent)
        with os.fdopen(numbers, "rb") as asked, os.fdopen(records, "wb", buffering=0) as answers:
            for count, line in enumerate(asked):
                answers.write(json.dumps(answer(int(line))).encode() + b"\n")
                gc.collect()
                if told_to_end:
                    raise Stopped
                if count == 0:
                    # The right answers, which have been measured now, stay as well.
                    gc.freeze()
        status = 0
    except (Stopped, BrokenPipeError):
        status = 0
    finally:
        try:
            done()
        finally:
            os._exit(status)
