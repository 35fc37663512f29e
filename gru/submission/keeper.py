"""The process in which a submission is run: started, awaited until it has imported the file, ended, started again.

It sends no job and reads no answer. It never imports a submission.
"""

import json
import math
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gru.layer import Form
from gru.layers.registry import form_named, other_cells
from gru.submission.channel import Channel, Connection, started
from gru.submission.confinement import FULL, Confinement, Isolation, confinement, packages
from gru.submission.contract import Reason, SubmissionFailure, WorkerError
from gru.submission.limits import CALLS_IN_ALL, MOST_TRIALS, TRIALS_A_SIGN, Limits
from gru.submission.listener import IMPORT, STARTING, Listener
from gru.submission.recording import api_of
from gru.submission.source import Source
from gru.submission.text import CleanText, clean_text, last_lines
from gru.submission.worker.protocol import ProtocolError, pack

if TYPE_CHECKING:
    from gru.submission.driven import Api
    from gru.submission.starter import Starter
    from gru.submission.taught import Taught

MOST_NOTES = 8
"""How many notes on a file are told."""

STARTS = 3
"""How often a worker is started again that ends before it has run a line of the submission: such a fault of the machine
passes."""

SEARCH = "the search for how it is driven, in a few trials of many,"
"""What the worker is doing after each later call before it is ready."""

WORKER = Path(__file__).parent / "worker" / "program.py"

ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
"""What a worker is told of the environment: what an interpreter needs to start, and no secrets."""

SINGLE_THREADED = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Threads of BLAS cost address space, and are slower on small matrices."""

REFUSALS: tuple[Reason, ...] = (
    "not_python",
    "import_failed",
    "no_gru_cell",
    "another_api",
    "out_of_memory",
    "adapter_failed",
)
"""The reasons that a worker may give why there is nothing to examine; the last only where there is an adapter."""


@dataclass(frozen=True)
class Wanted:
    """What is to be run of which file, and how it is shut in; see `process.SubmissionProcess`."""

    path: str
    limits: Limits
    isolation: Isolation = "auto"
    root: Path | None = None
    asked: Form | None = None
    name: str | None = None
    adapter: "Taught | None" = None

    @property
    def form(self) -> Form:
        """The form of the layer whose class is run."""
        return form_named() if self.asked is None else self.asked

    @property
    def confinement(self) -> Confinement:
        """What the process is shut in by."""
        return confinement(self.isolation)

    def settings(self, pid: int, length: int) -> dict[str, Any]:
        """What a worker with this process id is told before it runs the file, whose `length` bytes come next."""
        path = Path(self.path).resolve()
        root = path.parent if self.root is None else self.root.resolve()
        whole = self.limits.whole
        seconds = None if math.isinf(whole) else math.ceil(whole * (os.cpu_count() or 1)) + 1
        return {
            "kind": "settings",
            "path": str(path),
            "api": {**api_of(self.form), "others": other_cells(self.form.layer.id)},
            "length": length,
            "name": self.name,
            "trials": {"most": MOST_TRIALS, "a_sign": TRIALS_A_SIGN},
            "adapter": None if self.adapter is None else self.adapter.settings,
            "limits": {"memory": self.limits.memory, "seconds": seconds},
            "root": str(root),
            "confinement": self.confinement.settings(root, pid),
        }


class Keeper:
    """Keeps one worker for a submission; starts another where that has ended.

    Args:
        wanted: What is run.
        source: The file.
        listener: Reads what the worker says.
        opened: Starts a worker, and returns the pipe to it.

    Attributes:
        api: How a submission in another API is driven, once a worker was ready; None for one in the layer's own.
        said: What the worker has to say of the file beside that.
        channel: The pipe to the worker; None where there is none.
    """

    def __init__(self, wanted: Wanted, source: Source, listener: Listener, opened: Callable[[], Connection]) -> None:
        self.api: Api | None = None
        self.said: tuple[str, ...] = ()
        self.channel: Connection | None = None
        self._wanted, self._source, self._listener, self._opened = wanted, source, listener, opened
        self._ready = False
        self._printed: tuple[CleanText, ...] = ()

    @property
    def printed(self) -> tuple[CleanText, ...]:
        """The last lines that the submission has printed, and what the interpreter has said in it."""
        if self.channel is not None:
            self._printed = last_lines(self.channel.written) or self._printed
        return self._printed

    def close(self) -> None:
        """End the process, if it runs."""
        if self.channel is not None:
            self._listener.patience.worker_ends(self.channel)
            self.channel.close()
            self._printed = self.printed
            self.channel = None

    def begin_anew(self) -> None:
        """End the process, and forget the time that was waited for it; a later call starts another."""
        self.close()
        self._listener.patience.begin_anew()

    def ready(self) -> Connection:
        """The pipe to a worker that has imported the file.

        Raises:
            SubmissionFailure: There is nothing in the file to examine, or it fails to run.
            WorkerError: No worker can be started.
        """
        if self.channel is None or not self._ready:
            self._source.code()
            for left in reversed(range(STARTS)):
                if self.channel is None:
                    self.start()
                try:
                    # This holds also where all calls together have no limit, as in a training.
                    with self._listener.patience.at_most(CALLS_IN_ALL * self._wanted.limits.time):
                        self._wait_until_ready()
                    break
                except WorkerError:
                    self.close()
                    if not left:
                        raise
        assert self.channel is not None
        return self.channel

    def start(self) -> None:
        """Start the process, where there is a file for it; it goes on by itself to import the file."""
        self._ready = False
        with suppress(SubmissionFailure):
            source, adapter = self._source.code(), self._wanted.adapter
            self._listener.doing = STARTING
            self.channel = self._opened()
            taught = [] if adapter is None else [adapter.source.encode()]
            self.channel.feed([pack(self._wanted.settings(self.channel.pid, len(source))), source, *taught])

    def _wait_until_ready(self) -> None:
        assert self.channel is not None
        listener = self._listener
        header = listener.frame(self.channel)
        if header["kind"] == "not confined" and listener.doing == STARTING:
            raise WorkerError(f"the worker could not be confined: {header.get('text')}")
        if header["kind"] == "call" and listener.doing == STARTING:
            listener.doing = IMPORT
            header = listener.frame(self.channel)
        # They are counted: each frame is given the time of a call, and a file could send them for ever.
        for _ in range(math.ceil(MOST_TRIALS / TRIALS_A_SIGN)):
            if header["kind"] != "call":
                break
            listener.doing = SEARCH
            header = listener.frame(self.channel)
        if header["kind"] == "refused":
            raise listener.refusal(header, REFUSALS if self._wanted.adapter else REFUSALS[:-1])
        if header["kind"] != "ready":
            raise listener.nonsense(f"a frame of the kind {header['kind']} where ready was expected")
        notes = header.get("notes")
        if type(notes) is not list or not all(type(note) is str for note in notes):
            raise listener.nonsense("notes that are no texts")
        self._ready = True
        self.said = tuple(clean_text(note) for note in notes[:MOST_NOTES])
        self.api = None
        if "api" in header:
            # Most submissions have the layer's own.
            from gru.submission.driven import api_in

            try:
                self.api = api_in(header["api"])
            except ProtocolError as error:
                raise listener.nonsense(str(error)) from None


def launched(shut_in: Confinement, starter: "Starter | None") -> Connection:
    """A worker that waits for what it is told.

    Args:
        shut_in: What it will be shut in by.
        starter: Where given, and where the kernel shuts the worker in, the worker is a fork of this one.

    Returns:
        The pipe to it.

    Raises:
        WorkerError: It cannot be started.
    """
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # A process that is forked again and again must be out of reach of what runs in a fork.
    forks = starter is not None and shut_in.level == FULL
    given = json.dumps({"parent": os.getpid(), "packages": packages(), "forks": forks, "files": shut_in.files})
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(WORKER), given]
    start = starter.start if starter is not None and forks else started
    try:
        return Channel(start(command, kept | SINGLE_THREADED))
    except (OSError, RuntimeError, MemoryError) as error:
        # Too few descriptors, processes, threads, or too little memory.
        raise WorkerError(f"no worker can be started: {error}") from error
