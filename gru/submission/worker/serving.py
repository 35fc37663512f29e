"""The worker: imports one submission and puts the problems that come down the pipe to its cells.

A program of its own, `python -I -S -B serving.py`, that needs the standard library and NumPy only. It
never sees the package or a right answer, and judges nothing.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

LONGEST_NOTE = 300
"""Characters of a note on the file that are sent."""

Read = Callable[[int], bytes]
Write = Callable[[bytes], None]


def main() -> NoReturn:
    """Serve one submission until there are no more requests; what it registered with `atexit` is not run.

    The argument is JSON: the process id of the `parent`, the folders of the `packages` that can be imported, and
    whether it `forks`: then each of its forks serves one submission. `files` are the arguments of `lockdown.Files`.
    """
    given = json.loads(sys.argv.pop())
    # There is no terminal to debug in: a `breakpoint()` that was left in is passed over.
    sys.breakpointhook = lambda *arguments, **options: None
    lockdown = _load_beside("lockdown")
    lockdown.die_with(given["parent"])
    sys.meta_path.append(lockdown.Packages(given["packages"]))
    protocol, exercise, unrolled, counting = map(_load_beside, ("protocol", "exercise", "unrolled", "counting"))
    parts = Parts(protocol, exercise, unrolled, counting, _load_beside("loading"), _Kept().load)
    files = lockdown.Files(**given["files"]) if given["files"] else None
    if given["forks"]:
        lockdown.die_with(_load_beside("forking").forked())
    read, write = _private_pipes()
    try:
        settings, source, adapter = read_settings(read, parts)
        lockdown.limit(**settings["limits"])
        try:
            lockdown.shut(files, **settings["confinement"])
        except Exception as error:
            write(parts.protocol.pack({"kind": "not confined", "text": f"{type(error).__name__}: {error}"}))
            os._exit(1)
        served = Served(source, adapter, settings, read, write, parts)
        while True:
            served.answer()
    except EOFError:
        os._exit(0)
    except BrokenPipeError:
        os._exit(1)


class Parts(NamedTuple):
    """The modules that serve a submission: the worker loads them by their paths.

    `load` gives those by name that few submissions need: `_adapters`, `_needed` and `_guards`.
    """

    protocol: ModuleType
    exercise: ModuleType
    unrolled: ModuleType
    counting: ModuleType
    loading: ModuleType
    load: Callable[[str], ModuleType]


def read_settings(read: Read, parts: Parts) -> tuple[dict[str, Any], bytes, bytes]:
    """What the other side says before all else, the source of the submission, and that of a teacher's adapter."""
    settings, _ = parts.protocol.read_header(read)
    return settings, read(settings["length"]), read(settings["adapter"]["length"] if settings["adapter"] else 0)


class Served:
    """One submission, imported from its source, and the answers to what is asked of it.

    `read` gives requests and raises EOFError where there are no more; `write` takes answers. Making one tells that the
    submission is ready; where it is refused, that is told, and EOFError is raised.
    """

    def __init__(
        self, source: bytes, adapter: bytes, settings: dict[str, Any], read: Read, write: Write, parts: Parts
    ) -> None:
        self._path, self._read, self._write, self._parts = settings["path"], read, write, parts
        self._call_frame = cache(lambda where, step: self._packed("call", where=where, step=step))
        self._kept: list[Any] = []
        sys.path.insert(0, settings["root"])
        taught = (settings["adapter"]["path"], adapter) if settings["adapter"] else None
        asked = parts.loading.Asked(self._path, settings["api"], settings["name"], taught, **settings["trials"])
        self._before_call("import", 0)
        try:
            loaded = parts.loading.loaded(
                source, asked, parts.counting.countable, parts.load, lambda: self._before_call("search", 0)
            )
        except parts.loading.Refused as refusal:
            self._refuse(refusal.reason, text=refusal.text[:1000])
        except BaseException as error:
            raised = {"where": "import", "step": 0, **self._described(error)}
            self._refuse("out_of_memory" if raised["type"] == "MemoryError" else "import_failed", raised=raised)
        self._cell_class, self._driver = loaded.cell_class, loaded.driver
        driven = {} if self._driver is None else {"api": self._driver.described()}
        self._write(self._packed("ready", notes=[note[:LONGEST_NOTE] for note in loaded.notes], **driven))
        if self._driver is None:
            self._cells = parts.unrolled.Unrolled(self._cell_class, parts.exercise.taken)

    def answer(self) -> None:
        """Read the next request, and write the answer to it. Raises EOFError where there is none."""
        protocol = self._parts.protocol
        job, length = protocol.read_header(self._read)
        shapes = ((job["dtype"], tuple(shape)) for shape in job["arrays"].values())
        read = protocol.read_arrays(self._read, length, shapes)
        arrays = {name: array.copy() for name, array in zip(job["arrays"], read, strict=True)}
        if self._driver is not None:
            self._write(self._driven(job, arrays))
        elif job["kind"] == "sequence":
            self._write(self._values(job, arrays))
        else:
            self._write(protocol.pack_answer(job["id"], self._exercised(job, arrays)))

    def _exercised(self, job: dict[str, Any], arrays: dict[str, Any]) -> dict[str, Any]:
        counting = self._parts.counting.Counting
        answer: dict[str, Any] = self._parts.exercise.exercise(
            self._cell_class, job, arrays, self._before_call, self._path, counting, self._kept
        )
        return answer

    def _values(self, job: dict[str, Any], arrays: dict[str, Any]) -> bytes:
        """What the cells, unrolled over time, answer."""
        cells = self._cells
        try:
            return self._packed("values", cells.answer(job["api"], job["sizes"], arrays))
        except BaseException as error:
            return self._packed("raised", raised={"where": cells.where, "step": cells.step, **self._described(error)})

    def _driven(self, job: dict[str, Any], arrays: dict[str, Any]) -> bytes:
        """What a submission in another API answers: the shapes of its parameters, or a run forward and backward."""
        driver, counted = self._driver, {}
        try:
            if job["kind"] == "shapes":
                return self._packed("values", shapes=driver.shapes(job["sizes"]))
            if job.get("most"):
                with self._parts.counting.Counting(*driver.watched, job["most"]) as count:
                    counted["counted"] = count.found
                    values, odd = driver.answer(job["sizes"], arrays, before=False, turn=count.turn)
            else:
                values, odd = driver.answer(job["sizes"], arrays, before=job["before"])
            return self._packed("values", values, odd=odd, **counted)
        except BaseException as error:
            raised = {"where": driver.where, "step": 0, **self._described(error)}
            return self._packed("raised", raised=raised, **counted)

    def _before_call(self, where: str, step: int) -> None:
        self._write(self._call_frame(where, step))

    def _refuse(self, reason: str, **why: Any) -> NoReturn:
        self._write(self._packed("refused", reason=reason, **why))
        raise EOFError

    def _described(self, error: BaseException) -> dict[str, Any]:
        described: dict[str, Any] = self._parts.exercise.describe_exception(error, self._path)
        return described

    def _packed(self, kind: str, arrays: Any = (), /, **header: Any) -> bytes:
        frame: bytes = self._parts.protocol.pack({"kind": kind, **header}, arrays)
        return frame


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


def _load_beside(name: str) -> ModuleType:
    """The module in the file of this name beside this one; the package it belongs to is out of sight."""
    spec = spec_from_file_location(f"_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Kept:
    """Modules beside this file that few submissions need: read before the lockdown, run when they are asked for.

    The package of adapters stands among the modules then, under a name that says nothing of what examines.
    """

    def __init__(self) -> None:
        adapters = Path(__file__).parents[1] / "adapters"
        files = {f"_adapters.{path.stem}": path for path in adapters.glob("*.py")}
        files["_adapters"] = files.pop("_adapters.__init__")
        files["_needed"] = Path(__file__).with_name("needed.py")
        files["_guards"] = Path(__file__).with_name("guards.py")
        self.sources = {name: path.read_bytes() for name, path in files.items()}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec of a module that was read; None for any other."""
        if name not in self.sources:
            return None
        return ModuleSpec(name, self, is_package=name == "_adapters")  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Nothing special: the usual module is made."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the source in the module."""
        exec(compile(self.sources[module.__name__], f"<{module.__name__}>", "exec"), module.__dict__)

    def load(self, name: str) -> ModuleType:
        """The module, run where it has not been."""
        sys.meta_path.insert(0, self)
        try:
            return import_module(name)
        finally:
            sys.meta_path.remove(self)


if __name__ == "__main__":
    main()
