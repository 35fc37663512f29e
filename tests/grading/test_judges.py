"""The processes that grade: what comes back from them, and that none is left behind."""

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gru.grading.judges import JudgeError, Judges, Stopped
from tests.waiting import lives, until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="threads grade where nothing can be forked")


def test_each_is_asked_for_one_after_another() -> None:
    with Judges(lambda number: {"square": number**2, "pid": os.getpid()}, 2) as judges:
        answers = [judges.ask(number) for number in range(5)]
    assert [answer["square"] for answer in answers] == [0, 1, 4, 9, 16]
    assert os.getpid() not in {answer["pid"] for answer in answers}


def test_what_each_has_started_is_put_away_by_itself_at_the_end(tmp_path: Path) -> None:
    def done() -> None:
        (tmp_path / str(os.getpid())).touch()

    with Judges(lambda number: {"pid": os.getpid()}, 2, done) as judges:
        pid = judges.ask(0)["pid"]
        assert not list(tmp_path.iterdir())
    assert str(pid) in {path.name for path in tmp_path.iterdir()}
    assert str(os.getpid()) not in {path.name for path in tmp_path.iterdir()}


def test_one_that_is_told_to_end_while_objects_are_collected_ends() -> None:
    def answer(number: int) -> dict[str, Any]:
        # What is raised in a callback of the collection is heard by nobody.
        gc.callbacks.append(lambda phase, info: os.kill(os.getpid(), signal.SIGTERM))
        return {"pid": os.getpid()}

    with Judges(answer, 1) as judges:
        assert judges.ask(0)["pid"] != judges.ask(1)["pid"]


def _killed(when: Callable[[], bool]) -> Callable[[int], dict[str, Any]]:
    def answer(number: int) -> dict[str, Any]:
        if when():
            os.kill(os.getpid(), signal.SIGKILL)
        return {"number": number}

    return answer


def test_one_that_is_killed_is_started_again(tmp_path: Path) -> None:
    flag = tmp_path / "killed"

    def once() -> bool:
        if flag.exists():
            return False
        flag.touch()
        return True

    with Judges(_killed(once), 1) as judges:
        assert judges.ask(7) == {"number": 7}


def test_one_that_is_killed_again_and_again_is_given_up_and_the_next_is_graded() -> None:
    def answer(number: int) -> dict[str, Any]:
        return _killed(lambda: number == 0)(number)

    with Judges(answer, 1) as judges:
        with pytest.raises(JudgeError, match="2 times"):
            judges.ask(0)
        assert judges.ask(1) == {"number": 1}


def test_one_that_is_told_to_end_puts_away_what_it_is_at(tmp_path: Path) -> None:
    begun, put_away = tmp_path / "begun", tmp_path / "put away"

    def answer(number: int) -> dict[str, Any]:
        try:
            begun.touch()
            time.sleep(600)
        finally:
            put_away.touch()
        return {}

    raised: list[BaseException] = []

    def ask(judges: Judges) -> None:
        try:
            judges.ask(0)
        except Stopped as error:
            raised.append(error)

    with Judges(answer, 1) as judges:
        asking = Thread(target=ask, args=(judges,))
        asking.start()
        until(begun.exists)
        judges.stop()
        asking.join()
    assert raised
    assert put_away.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends them on Linux alone")
def test_they_are_gone_with_the_process_that_asks(tmp_path: Path) -> None:
    source = """
import os, time
from gru.grading.judges import Judges
def answer(number):
    print(os.getpid(), flush=True)
    time.sleep(600)
Judges(answer, 1).ask(0)
"""
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: not lives(pid))
