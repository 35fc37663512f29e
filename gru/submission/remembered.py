"""What came of submissions that have answered the same before: hand-ins of a class are often alike.

What is asked next, and what comes of it in the end, depends on the answers alone. Where a submission has answered as
another did, byte for byte, it is asked what that one was asked, and the same comes of it. It judges nothing.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, Generic, Self, TypeVar

from gru.submission.contract import Job, Recording, SubmissionFailure
from gru.submission.listener import Told
from gru.submission.process import Put, SubmissionProcess

T = TypeVar("T")

MOST = 2**13
"""Answers that are kept, by what they are a hash of, which bounds the memory that a large class takes. With one more,
all are forgotten: what many have in common comes again soon."""


class Memory(Generic[T]):
    """What was asked, or came of it, after all answers to which these are the hashes.

    It is for submissions of which the same is asked first, on the same problems.
    """

    def __init__(self) -> None:
        self._after: dict[bytes, Put | T | None] = {}

    def __contains__(self, said: bytes) -> bool:
        return said in self._after

    def after(self, said: bytes) -> Put | T | None:
        """What was asked next, or what came of it in the end; None where neither is known."""
        return self._after.get(said)

    def keep(self, steps: dict[bytes, Put | T | None]) -> None:
        """Keep what came after each answer; None stands for the rest of what was asked."""
        self._after |= steps
        if len(self._after) > MOST:
            self._after = dict(steps)


class RememberedProcess(SubmissionProcess, Generic[T]):
    """A process whose submission is asked what others were asked, for as long as it answers as they did.

    Args:
        memory: That of the others.
        begin: What all of them are asked by, such as a seed.
        given: As `SubmissionProcess` has them.
    """

    def __init__(self, memory: Memory[T], begin: str, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._memory, self._said = memory, _hash(begin.encode())
        self._steps: dict[bytes, Put | T | None] = {}
        self._tells_all = True
        self._alone = False
        self._heard: deque[tuple[list[Told], Generator[Told]]] = deque()

    def came_of(self, ask: Callable[[Self], T]) -> T:
        """What comes of it where `ask` asks it; what came of another that has answered the same, without.

        Raises what `ask` raises, and WorkerError.
        """
        known = self._known()
        if known is not None:
            return known
        result = ask(self)
        if self._steps and self._tells_all and self.failure is None:
            self._memory.keep(self._steps | {self._said: result})
        return result

    def _known(self) -> T | None:
        """What came of a submission that has answered the same; None as soon as this one answers otherwise.

        What it has answered by then is not asked of it again.
        """
        try:
            if self.api is not None:
                return None
            while isinstance(asked := self._memory.after(self._said), Put):
                if asked.alone:
                    self.close()
                heard: list[Told] = []
                answers = self._noted(asked)
                self._heard.append((heard, answers))
                for told in answers:
                    heard.append(told)
                    if self._said not in self._memory:
                        return None
        except SubmissionFailure:
            # Whoever asks is told of it when it is asked again.
            return None
        return asked

    def told(self, put: Put) -> Generator[Told]:
        """What is answered to each of the jobs: what was heard before, and then what comes. Raises as `run`."""
        put.alone, self._alone = self._alone, False
        if not self._heard:
            yield from self._noted(put)
            return
        heard, answers = self._heard.popleft()
        with closing(answers):
            yield from heard
            yield from answers
        if self.failure is not None:
            raise self.failure

    def forget(self) -> bool:
        """End the process, so that what comes next is done in another one; not where that is done already."""
        self._alone = True
        return True if self._heard else super().forget()

    def _noted(self, put: Put) -> Generator[Told]:
        """What is answered to each of the jobs, as it comes; what was asked and answered is noted."""
        self._steps[self._said], left = put, len(put.jobs)
        try:
            for told in super().told(put):
                self._said = _hash(self._said, *told)
                self._steps[self._said] = None
                left -= 1
                yield told
        finally:
            self._tells_all = self._tells_all and left == 0

    def _recording(self, job: Job, request: dict[str, Any], told: Told) -> Recording:
        recording = super()._recording(job, request, told)
        # Where it was raised is told by the file's own line.
        self._tells_all = self._tells_all and recording.raised is None
        return recording

    def _asked(self, *given: Any) -> dict[str, Any]:
        self._tells_all = False
        return super()._asked(*given)

    def _unroll_to_the_end(self, *given: Any) -> Any:
        self._tells_all = False
        return super()._unroll_to_the_end(*given)


def _hash(*parts: bytes) -> bytes:
    """What stands for these bytes, part by part."""
    whole = hashlib.sha256(repr([len(part) for part in parts]).encode())
    for part in parts:
        whole.update(part)
    return whole.digest()
