"""The worker's part of starting ahead: a Python that has loaded what every worker needs is forked for each submission.

It runs no line of a submission itself, and is not confined: each fork shuts itself in before it reads its own. Standard
library only; the other side is `starter`.
"""

import os
import select
import socket
from contextlib import suppress
from typing import NamedTuple

PASSED = 4
"""Descriptors that come with a request: standard input, output and error of the fork, and where its status goes."""

MOST_OPEN = 4096
"""Descriptors that a fork closes: more than this process ever has."""


class _Fork(NamedTuple):
    pid: int
    status: int
    """Where its exit status is written to."""


def forked() -> int:
    """Fork for each request on standard input, which is a socket, until there are no more.

    Returns, in each fork, the process id of this one. A request is answered with the fork's process id; its exit status
    follows, on a pipe of its own, when it has ended.
    """
    # No `gc.freeze`, which would hide what is loaded from `counting`.
    parent, control = os.getpid(), socket.socket(fileno=0)
    forks: dict[int, _Fork] = {}
    while True:
        ready, _, _ = select.select([0, *forks], [], [])
        for descriptor in ready:
            if descriptor != 0:
                _tell(forks.pop(descriptor), descriptor)
                continue
            asked, passed, _, _ = socket.recv_fds(control, 1, PASSED)
            if not asked:
                os._exit(0)
            pid = os.fork()
            if pid == 0:
                # Its descriptor becomes the standard input of the fork, and is not closed with it.
                control.detach()
                _become(passed[:3])
                return parent
            for own in passed[:3]:
                os.close(own)
            forks[os.pidfd_open(pid)] = _Fork(pid, passed[3])
            control.sendall(f"{pid}\n".encode())


def _tell(fork: _Fork, descriptor: int) -> None:
    status = os.waitstatus_to_exitcode(os.waitpid(fork.pid, 0)[1])
    # Where nobody wants to know, that is no matter.
    with suppress(BrokenPipeError):
        os.write(fork.status, f"{status}\n".encode())
    os.close(fork.status)
    os.close(descriptor)


def _become(streams: list[int]) -> None:
    """A session of its own, with these as its standard streams, and no other descriptor."""
    os.setsid()
    for target, descriptor in enumerate(streams):
        os.dup2(descriptor, target)
    os.closerange(3, MOST_OPEN)
