"""Submissions that answer the same as an earlier one get its result: hand-ins of a class are often alike. What is asked
next, and the result in the end, depend on the answers alone. As long as a submission answers as another one did, byte
for byte, it is asked the same, and in the end it has the same result. It judges nothing.
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
"""The most answers that are kept, as hashes: a bound on the memory that a large class takes. With one more, all are
forgotten: answers that many have in common come again soon."""


class Memory(Generic[T]):
    """By the hash of all answers so far: the next question, or the result.

    It is for submissions that are asked the same first question, on the same problems.
    """

    def __init__(self) -> None:
        self._after: dict[bytes, Put | T | None] = {}

    def __contains__(self, said: bytes) -> bool:
        return said in self._after

    def after(self, said: bytes) -> Put | T | None:
        """The next question, or the result; None where neither is known."""
        return self._after.get(said)

    def keep(self, steps: dict[bytes, Put | T | None]) -> None:
        """Keep what came after each answer; None stands for the rest of what was asked."""
        self._after |= steps
        if len(self._after) > MOST:
            self._after = dict(steps)


class RememberedProcess(SubmissionProcess, Generic[T]):
    """A process whose submission is asked what others were asked, for as long as it answers as they did.

    Args:
        memory: What the other submissions of the class have answered.
        begin: A text on all that the questions depend on, such as the seed.
        given: The arguments of `SubmissionProcess`.
    """

    def __init__(self, memory: Memory[T], begin: str, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._memory, self._said = memory, _hash(begin.encode())
        self._steps: dict[bytes, Put | T | None] = {}
        self._tells_all = True
        self._alone = False
        self._heard: deque[tuple[list[Told], Generator[Told]]] = deque()

    def came_of(self, ask: Callable[[Self], T]) -> T:
        """The result that `ask` gives; or, without calling it, that of another submission which has answered the same.

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
        """The result of a submission that has answered the same; None as soon as this one answers otherwise.

        What it has answered by then is not asked again.
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
            # The failure is raised again where `ask` comes to it.
            return None
        return asked

    def told(self, put: Put) -> Generator[Told]:
        """The answers to the jobs: first those that were heard before, then those that come. Raises as `run`."""
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
        """The answers to the jobs, as they come; questions and answers are noted."""
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
    """The hash of these bytes, part by part."""
    whole = hashlib.sha256(repr([len(part) for part in parts]).encode())
    for part in parts:
        whole.update(part)
    return whole.digest()
