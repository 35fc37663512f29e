"""A Python that has loaded what every run needs, and is forked for each run: `python -P starter.py numpy pytest`.

A line of JSON on standard input is a run; its process id, and then its exit status, are lines on standard output.
Standard library only. It is ended with its standard input, and ends the run that is under way.
"""

import gc
import json
import os
import runpy
import select
import signal
import sys
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

GLANCE = 0.02
"""Seconds between two looks at a run, where the system has no descriptor for a process."""


def main(modules: list[str]) -> dict[str, Any] | None:
    """Serve runs until the input ends; in the process of a run, return what that is."""
    _load(modules)
    while line := _line():
        run: dict[str, Any] = json.loads(line)
        pid = os.fork()
        if pid == 0:
            return run
        # In both processes, so that it is so before anything else happens in either.
        with suppress(OSError):
            os.setpgid(pid, pid)
        _answer(pid)
        _wait(pid)
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        _answer(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return None


def _load(modules: list[str]) -> None:
    there = set(sys.modules)
    plugins = entry_points(group="pytest11") if "PYTEST_DISABLE_PLUGIN_AUTOLOAD" not in os.environ else ()
    for name in (*modules, *(plugin.module for plugin in plugins)):
        # What cannot be imported here is told where it is wanted.
        with suppress(Exception):
            import_module(name)
    for name in sys.modules.keys() - there:
        if "." not in name:
            # pytest warns of a plugin that it cannot rewrite any more, but for one whose docstring says so.
            sys.modules[name].__doc__ = f"{sys.modules[name].__doc__ or ''}\nPYTEST_DONT_REWRITE"
    # What is loaded stays, and need not be looked through in every run.
    gc.freeze()


def _line() -> bytes:
    """The next line of the input, and nothing of what is behind it: `select` has to see that."""
    line = b""
    while not line.endswith(b"\n") and (character := os.read(0, 1)):
        line += character
    return line


def _answer(number: int) -> None:
    os.write(1, f"{number}\n".encode())


def _wait(pid: int) -> None:
    """Wait until the run has ended, and leave it to be waited for; end it where nobody listens any more."""
    descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    while True:
        watched = [0] if descriptor is None else [0, descriptor]
        ready = select.select(watched, [], [], GLANCE if descriptor is None else None)[0]
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            break
        if 0 in ready:
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            os._exit(1)
    if descriptor is not None:
        os.close(descriptor)


def become(run: dict[str, Any]) -> None:
    """Run a module as `python -m` does, in a folder and an environment, its output in a file."""
    with suppress(OSError):
        os.setpgid(0, 0)
    null, output = (
        os.open(os.devnull, os.O_RDONLY),
        os.open(run["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    )
    for descriptor, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, target)
    os.chdir(run["folder"])
    os.environ.clear()
    os.environ.update(run["environment"])
    sys.argv = [run["module"], *run["arguments"]]
    sys.path[0:0] = [run["folder"], *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    runpy.run_module(run["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    wanted = main(sys.argv[1:])
    if wanted is not None:
        become(wanted)
