"""A submission has the time of its limit on a busy machine too, and no more than that on an idle one."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from gru.submission import patience
from gru.submission.channel import ReadTimeoutError
from gru.submission.patience import MOST_PATIENCE, Patience, Wait, held_up

WORKER = 4711


class Machine:
    """A machine whose clock goes on while something is waited for; a worker has a processor for a share of the time.

    It is a pipe too, on which an answer comes once the worker has worked for so many seconds.
    """

    pid = WORKER

    def __init__(self, share: float, work: float) -> None:
        self.share, self.work, self.now = share, work, 0.0

    def monotonic(self) -> float:
        return self.now

    def held_up(self, process: int | str) -> float:
        return self.now * (1 - self.share) if process == WORKER else 0.0

    def read(self, count: int, deadline: float) -> bytes:
        done = self.work / self.share
        self.now = max(self.now, min(done, deadline))
        if done > deadline:
            raise ReadTimeoutError
        return bytes(count)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def made(share: float, work: float) -> Machine:
        here = Machine(share, work)
        monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=here.monotonic))
        monkeypatch.setattr(patience, "held_up", here.held_up)
        return here

    return made


@pytest.mark.parametrize("share", [1.0, 0.5, 0.2])
def test_an_answer_in_time_is_read_on_a_busy_machine_too(machine: Any, share: float) -> None:
    here = machine(share, work=9.0)
    assert Wait(Patience(120), here, 10.0).read(3) == bytes(3)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.2])
def test_an_answer_that_takes_too_long_is_not_waited_for(machine: Any, share: float) -> None:
    here = machine(share, work=11.0)
    with pytest.raises(ReadTimeoutError):
        Wait(Patience(120), here, 10.0).read(3)
    # A twentieth of the limit passes before anything is counted.
    assert here.now * share <= 11.0


def test_there_is_an_end_to_patience(machine: Any) -> None:
    here = machine(share=0.001, work=1.0)
    with pytest.raises(ReadTimeoutError):
        Wait(Patience(120), here, 10.0).read(3)
    assert here.now == MOST_PATIENCE * 10.0


@pytest.mark.parametrize(("share", "left"), [(1.0, 0.0), (0.5, 4.0)])
def test_all_waits_together_are_counted_without_what_the_machine_took(machine: Any, share: float, left: float) -> None:
    here, whole = machine(share, work=4.0), Patience(8.0 if share == 0.5 else 4.0)
    wait = Wait(whole, here, 10.0)
    wait.read(3)
    wait.end()
    assert whole.left(here, enough=10.0) == pytest.approx(left)


def test_a_process_that_is_not_there_was_not_held_up() -> None:
    assert held_up(2**22 + 1) == 0.0
