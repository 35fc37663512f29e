"""One run of a teacher's tests on one cell: in a copy of their folder, with an end, and nothing left behind.

It knows exit statuses and no test framework; the tests run unconfined, as their owner runs them.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Literal, Self

from gru.audit.cells import Cell

Result = Literal["passed", "failed", "timed_out"]

MOST_FILES, MOST_BYTES = 5_000, 100 * 2**20
"""More than that is not the folder of a test: it is copied for every run."""

NOT_COPIED = ("__pycache__", ".git", ".hg", ".venv", "venv", "node_modules", ".tox", ".mypy_cache", ".pytest_cache")
"""Folders that no test needs. Compiled files among them: one of another cell would be taken for this cell's."""

TAIL = 30
"""Lines of output that are kept of a run."""

PYTEST = ("-x", "-q", "-p", "no:cacheprovider")
"""A run ends at the first test that fails, and writes nothing for the next."""

PRELOADED = ("numpy", "pytest", "hypothesis")
"""What a run would spend most of its time on loading; what is not installed is left out."""

STARTER = Path(__file__).with_name("starter.py")


class AuditError(Exception):
    """Tests that cannot be audited, and why."""


@dataclass(frozen=True)
class Grader:
    """The tests of a teacher, and where they look for a student's module.

    Attributes:
        root: The folder that is copied for every run.
        place: Where its copy stands, in another folder.
        folder: Where the tests are run, as seen from the copy: where the command was typed, if that is in it or above.
        target: The file or folder of the tests, in it.
        module: The file that stands for the student's, in it.
        command: What runs the tests in place of pytest; its exit status 0 says that they pass.
        time_limit: Seconds for one run.
        below: Python that is put below each cell, as tests of another API need.
    """

    root: Path
    place: Path
    folder: Path
    target: Path
    module: Path
    command: tuple[str, ...] = ()
    time_limit: float = 60.0
    below: str = ""

    @property
    def title(self) -> str:
        """The tests as they are named."""
        return str(self.place / self.target)

    @property
    def student(self) -> str:
        """The student's module as it is named."""
        return str(self.place / self.module)

    def source_of(self, cell: Cell) -> str:
        """The file that is put in the student's place."""
        return f"{cell.source}\n\n{self.below}" if self.below else cell.source


def grader_at(
    target: Path,
    module: Path,
    root: Path | None = None,
    command: Sequence[str] = (),
    time_limit: float = 60.0,
    below: str = "",
) -> Grader:
    """The tests at these places.

    Args:
        target: The file or folder of the tests.
        module: The file that stands for a student's.
        root: The folder that is copied; by default the nearest that holds both.
        command: What runs the tests; by default pytest.
        time_limit: Seconds for one run.
        below: Python that is put below each cell, as tests of another API need.

    Raises:
        AuditError: There are none, or too much would be copied.
    """
    target, module = target.resolve(), module.resolve()
    if not target.exists():
        raise AuditError(f"there are no tests at {target}")
    if module.suffix != ".py":
        raise AuditError(f"the module is {module.name}; expected a Python file, which the tests import")
    beside = target if target.is_dir() else target.parent
    common = Path(os.path.commonpath([beside, module.parent])) if root is None else root.resolve()
    for what, path in (("the tests", beside), ("the module", module.parent)):
        if not path.is_relative_to(common):
            raise AuditError(f"{what} are not in {common}, which --root names")
    if not module.parent.is_dir():
        raise AuditError(f"there is no folder {module.parent} for the module")
    _require_small(common)
    here = Path.cwd()
    place = common.relative_to(here) if common.is_relative_to(here) else Path()
    folder = Path(os.path.relpath(here, common)) if place.parts or here.is_relative_to(common) else Path()
    at, student = (path.relative_to(common) for path in (target, module))
    return Grader(common, place, folder, at, student, tuple(command), time_limit, below)


def files_of(root: Path) -> Iterator[Path]:
    """The files that are copied, in a fixed order."""
    for place, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_COPIED)
        yield from (Path(place, name) for name in sorted(files))


def _require_small(root: Path) -> None:
    size = 0
    for count, path in enumerate(files_of(root), 1):
        with suppress(OSError):
            size += path.lstat().st_size
        if count > MOST_FILES or size > MOST_BYTES:
            raise AuditError(
                f"{root} is copied for every run, and holds more than {MOST_FILES:,} files or {MOST_BYTES >> 20} MiB; "
                "name the smallest folder with the tests and the module in it: --root FOLDER"
            )


@dataclass(frozen=True)
class Ran:
    """How one run has ended."""

    result: Result
    status: int | None
    seconds: float
    tail: tuple[str, ...] = ()


class Runs:
    """Runs of the tests, one after another; a context manager, which ends what is under way."""

    def __init__(self, tests: Grader) -> None:
        self._tests = tests
        self._starter: subprocess.Popen[bytes] | None = None
        self._compiled = TemporaryDirectory(prefix="gru-audit-", ignore_cleanup_errors=True)
        self._under_way: int | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the run that is under way, and all that it has started; there is none after it."""
        self._closed = True
        if self._under_way is not None:
            with suppress(OSError):
                os.killpg(self._under_way, signal.SIGKILL)
        if self._starter is not None:
            assert self._starter.stdin is not None
            assert self._starter.stdout is not None
            # It ends its own run first, of which nothing may be known here yet.
            self._starter.stdin.close()
            self._starter.wait()
            self._starter.stdout.close()
        self._compiled.cleanup()

    def run(self, source: str) -> Ran:
        """Run the tests on this file."""
        tests = self._tests
        if self._closed:
            raise AuditError("the audit has ended")
        with _copy(tests.root, tests.place) as (root, output):
            module = root / tests.module
            module.write_text(source, encoding="utf-8")
            folder = (root / tests.folder).resolve()
            environment = _environment(module.parent, "" if tests.command else self._compiled.name)
            began = time.monotonic()
            if tests.command:
                status = self._by_command(folder, environment, output)
            elif hasattr(os, "fork"):
                status = self._by_fork(folder, environment, output, self._pytest(folder, root))
            else:
                command = [sys.executable, "-m", "pytest", *self._pytest(folder, root)]
                status = self._by_command(folder, environment, output, command)
            seconds = time.monotonic() - began
            lines = output.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        result: Result = "timed_out" if status is None else "passed" if status == 0 else "failed"
        return Ran(result, status, seconds, tuple(line.replace(str(root), ".") for line in lines))

    def _pytest(self, folder: Path, root: Path) -> list[str]:
        return [*PYTEST, os.path.relpath(root / self._tests.target, folder)]

    def _by_command(
        self, folder: Path, environment: dict[str, str], output: Path, command: Sequence[str] = ()
    ) -> int | None:
        """The exit status of a command; None where it had no end in time."""
        with output.open("wb") as file:
            try:
                process = subprocess.Popen(
                    command or self._tests.command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise AuditError(f"the command cannot be run: {error}") from None
        self._under_way = process.pid
        try:
            return process.wait(self._tests.time_limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._under_way = None

    def _by_fork(self, folder: Path, environment: dict[str, str], output: Path, arguments: list[str]) -> int | None:
        """The exit status of pytest in a fork of a Python that has loaded it; None where it had no end in time."""
        run = {"module": "pytest", "arguments": arguments, "folder": str(folder), "output": str(output)}
        if self._starter is None:
            self._starter = subprocess.Popen(
                [sys.executable, "-P", str(STARTER), *PRELOADED],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                bufsize=0,
                start_new_session=True,
            )
        assert self._starter.stdin is not None
        self._starter.stdin.write(json.dumps(run | {"environment": environment}).encode() + b"\n")
        self._under_way = self._number(None)
        status = self._number(self._tests.time_limit)
        if status is None:
            with suppress(OSError):
                os.killpg(self._under_way or 0, signal.SIGKILL)
            self._number(None)
        self._under_way = None
        return status

    def _number(self, seconds: float | None) -> int | None:
        """The next number that the starter says; None where it is not there in time."""
        assert self._starter is not None
        assert self._starter.stdout is not None
        if not select.select([self._starter.stdout], [], [], seconds)[0]:
            return None
        line = self._starter.stdout.readline()
        if not line:
            raise AuditError("the process that starts the tests has ended, as by a system that is short of memory")
        return int(line)


@contextmanager
def _copy(root: Path, inside: Path) -> Iterator[tuple[Path, Path]]:
    """A copy of a folder, in folders of other names, gone afterwards; and the file for what a run prints."""
    with TemporaryDirectory(prefix="gru-audit-", ignore_cleanup_errors=True) as place:
        copy = Path(place).resolve() / "tests" / inside
        shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
        yield copy, Path(place).resolve() / "output"


def _environment(module: Path, compiled: str) -> dict[str, str]:
    """The environment of a run: this one, and the path of the module, unless that is in a package.

    One thread of BLAS for each run, as several runs are under way at once. Nothing is written where the tests'
    packages are; what a fork compiles is kept for the next.
    """
    path = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    if not (module / "__init__.py").exists():
        path.insert(0, str(module))
    own = {"PYTHONPATH": os.pathsep.join(path)} if path else {}
    own |= {"PYTHONPYCACHEPREFIX": compiled} if compiled else {"PYTHONDONTWRITEBYTECODE": "1"}
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, **own}
