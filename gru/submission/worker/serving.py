"""One submission served: the problems that come down the pipe are put to its cells, and the answers go back.

Standard library and NumPy only. It judges nothing, and runs no line of a submission before it is shut in.
"""

import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

from . import lockdown, protocol
from .counting import Counting
from .exercise import exercise
from .loading import Asked, loaded
from .raised import describe_exception
from .running import Refused
from .unrolled import Unrolled

LONGEST_NOTE = 300
"""Characters of a note on the file that are sent."""

Read = Callable[[int], bytes]
Write = Callable[[bytes], None]


def serve(readable: dict[str, Any] | None, *, forks: bool) -> NoReturn:
    """Serve one submission until there are no more requests.

    Args:
        readable: The arguments of `lockdown.Files`; None where the kernel does not limit what is read.
        forks: Whether this process stays, and each of its forks serves one submission.
    """
    files = lockdown.Files(**readable) if readable else None
    if forks:
        from .forking import forked

        lockdown.die_with(forked())
    read, write = _private_pipes()
    try:
        settings, source, adapter = read_settings(read)
        lockdown.limit(**settings["limits"])
        try:
            lockdown.shut(files, **settings["confinement"])
        except Exception as error:
            write(protocol.pack({"kind": "not confined", "text": f"{type(error).__name__}: {error}"}))
            os._exit(1)
        served = Served(source, adapter, settings, read, write)
        while True:
            served.answer()
    except EOFError:
        os._exit(0)
    except BrokenPipeError:
        os._exit(1)


def read_settings(read: Read) -> tuple[dict[str, Any], bytes, bytes]:
    """The settings, the source of the submission, and that of a teacher's adapter: they are sent first."""
    settings, _ = protocol.read_header(read)
    return settings, read(settings["length"]), read(settings["adapter"]["length"] if settings["adapter"] else 0)


class Served:
    """One submission, imported from its source, and the answers to what is asked of it.

    `read` gives requests and raises EOFError where there are no more; `write` takes answers. Making one tells that the
    submission is ready; where it is refused, that is told, and EOFError is raised.
    """

    def __init__(self, source: bytes, adapter: bytes, settings: dict[str, Any], read: Read, write: Write) -> None:
        self._path, self._read, self._write = settings["path"], read, write
        self._call_frame = cache(lambda where, step: self._packed("call", where=where, step=step))
        self._kept: list[Any] = []
        sys.path.insert(0, settings["root"])
        taught = (settings["adapter"]["path"], adapter) if settings["adapter"] else None
        asked = Asked(self._path, settings["api"], settings["name"], taught, **settings["trials"])
        self._before_call("import", 0)
        try:
            found = loaded(source, asked, lambda: self._before_call("search", 0))
        except Refused as refusal:
            self._refuse(refusal.reason, text=refusal.text[:1000])
        except BaseException as error:
            raised = {"where": "import", "step": 0, **describe_exception(error, self._path)}
            self._refuse("out_of_memory" if raised["type"] == "MemoryError" else "import_failed", raised=raised)
        self._cell_class, self._driver = found.cell_class, found.driver
        driven = {} if self._driver is None else {"api": self._driver.described()}
        self._write(self._packed("ready", notes=[note[:LONGEST_NOTE] for note in found.notes], **driven))
        if self._driver is None:
            self._cells = Unrolled(self._cell_class)

    def answer(self) -> None:
        """Read the next request, and write the answer to it. Raises EOFError where there is none."""
        job, length = protocol.read_header(self._read)
        shapes = ((job["dtype"], tuple(shape)) for shape in job["arrays"].values())
        read = protocol.read_arrays(self._read, length, shapes)
        arrays = {name: array.copy() for name, array in zip(job["arrays"], read, strict=True)}
        if self._driver is not None:
            self._write(self._driven(job, arrays))
        elif job["kind"] == "sequence":
            self._write(self._values(job, arrays))
        else:
            answer = exercise(self._cell_class, job, arrays, self._before_call, self._path, self._kept)
            self._write(protocol.pack_answer(job["id"], answer))

    def _values(self, job: dict[str, Any], arrays: dict[str, Any]) -> bytes:
        """The answer of the cells, unrolled over time."""
        cells = self._cells
        try:
            return self._packed("values", cells.answer(job["api"], job["sizes"], arrays))
        except BaseException as error:
            raised = {"where": cells.where, "step": cells.step, **describe_exception(error, self._path)}
            return self._packed("raised", raised=raised)

    def _driven(self, job: dict[str, Any], arrays: dict[str, Any]) -> bytes:
        """The answer of a submission in another API: the shapes of its parameters, or a run forward and backward."""
        if flag := job.get("flag"):
            try:
                with self._driver.with_flag(flag) as driver:
                    return self._put_to(driver, job, arrays)
            except BaseException as error:
                raised = {"where": "construction", "step": 0, **describe_exception(error, self._path)}
                return self._packed("raised", raised=raised)
        return self._put_to(self._driver, job, arrays)

    def _put_to(self, driver: Any, job: dict[str, Any], arrays: dict[str, Any]) -> bytes:
        counted = {}
        try:
            if job["kind"] == "vary":
                return self._packed("values", api=driver.described())
            if job["kind"] == "shapes":
                return self._packed("values", shapes=driver.shapes(job["sizes"]))
            if job.get("most"):
                owner, forward = driver.watched
                with Counting(owner, forward, job["most"]) as count:
                    counted["counted"] = count.found
                    values, odd = driver.answer(job["sizes"], arrays, before=False, turn=count.turn)
            else:
                values, odd = driver.answer(job["sizes"], arrays, before=job["before"])
            return self._packed("values", values, odd=odd, **counted)
        except BaseException as error:
            raised = {"where": driver.where, "step": 0, **describe_exception(error, self._path)}
            return self._packed("raised", raised=raised, **counted)

    def _before_call(self, where: str, step: int) -> None:
        self._write(self._call_frame(where, step))

    def _refuse(self, reason: str, **why: Any) -> NoReturn:
        self._write(self._packed("refused", reason=reason, **why))
        raise EOFError

    def _packed(self, kind: str, arrays: Any = (), /, **header: Any) -> bytes:
        return protocol.pack({"kind": kind, **header}, arrays)


def _private_pipes() -> tuple[Read, Write]:
    """How to read requests and write answers, on descriptors that no print or input reaches.

    What a submission prints goes to standard error, line by line, so that it is there when a call does not come to
    an end; what it reads is empty.
    """
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]

    def read(count: int) -> bytes:
        data = requests.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def write(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[answers.write(rest) :]

    return read, write
