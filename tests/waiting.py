"""Waiting for what happens, in whatever time it takes."""

import time
from collections.abc import Callable
from pathlib import Path

GIVEN_UP = 600.0
"""Seconds after which something is taken never to happen: no machine is that busy, and no test depends on less."""


def until(happened: Callable[[], bool]) -> None:
    """Return once it has happened. Raises AssertionError where it does not."""
    end = time.monotonic() + GIVEN_UP
    while not happened():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether there is a process of this id that has not ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
