"""The worker: imports one submission and puts the problems that come down the pipe to its cells.

A program of its own, `python -I -S -B worker.py`, that needs the standard library and NumPy only. It
never sees the package or a right answer, and judges nothing.
"""

import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

MOST_ABSENT = 8
"""How many packages that are not here a file may import without using them."""

Read = Callable[[int], bytes]
Write = Callable[[bytes], None]

PACKAGE = "submission_folder"
"""The package that a submission is a module of, so that `from .other import f` finds the file beside it."""


def main() -> NoReturn:
    """Serve one submission until there are no more requests; what it registered with `atexit` is not run.

    The argument is JSON: the process id of the `parent`, and the folders of the `packages` that can be imported.
    """
    given = json.loads(sys.argv.pop())
    read, write = _private_pipes()
    # There is no terminal to debug in: a `breakpoint()` that was left in is passed over.
    sys.breakpointhook = lambda *arguments, **options: None
    lockdown = _load_beside("lockdown")
    lockdown.die_with(given["parent"])
    sys.meta_path.append(lockdown.Packages(given["packages"]))
    protocol, exercise, unrolled, counting = map(_load_beside, ("protocol", "exercise", "unrolled", "counting"))
    parts = Parts(protocol, exercise, unrolled, counting, _load_adapters())
    try:
        settings, source = read_settings(read, parts)
        lockdown.limit(**settings["limits"])
        try:
            lockdown.shut(**settings["confinement"])
        except Exception as error:
            write(parts.protocol.pack({"kind": "not confined", "text": f"{type(error).__name__}: {error}"}))
            os._exit(1)
        served = Served(source, settings, read, write, parts)
        while True:
            served.answer()
    except EOFError:
        os._exit(0)
    except BrokenPipeError:
        os._exit(1)


class Parts(NamedTuple):
    """The modules that serve a submission: the worker loads them by their paths."""

    protocol: ModuleType
    exercise: ModuleType
    unrolled: ModuleType
    counting: ModuleType
    adapters: ModuleType


def read_settings(read: Read, parts: Parts) -> tuple[dict[str, Any], bytes]:
    """What the other side says before all else, and the source of the submission."""
    settings, _ = parts.protocol.read_header(read)
    return settings, read(settings["length"])


class Served:
    """One submission, imported from its source, and the answers to what is asked of it.

    `read` gives requests and raises EOFError where there are no more; `write` takes answers. Making one tells that the
    submission is ready; where it is refused, that is told, and EOFError is raised.
    """

    def __init__(self, source: bytes, settings: dict[str, Any], read: Read, write: Write, parts: Parts) -> None:
        self._path, self._read, self._write, self._parts = settings["path"], read, write, parts
        self._call_frame = cache(lambda where, step: self._packed("call", where=where, step=step))
        self._kept: list[Any] = []
        sys.path.insert(0, settings["root"])
        api = settings["api"]
        self._before_call("import", 0)
        try:
            module, absent = _executed(source, self._path, parts.counting, parts.adapters)
            self._cell_class, self._driver = _class_or_driver(module, source, api, parts.adapters, absent)
        except _Refused as refusal:
            self._refuse(refusal.reason, text=refusal.text[:1000])
        except BaseException as error:
            raised = {"where": "import", "step": 0, **self._described(error)}
            self._refuse("out_of_memory" if raised["type"] == "MemoryError" else "import_failed", raised=raised)
        if self._driver is not None:
            self._write(self._packed("ready", api=self._driver.described()))
            return
        other_name = {} if api["cell"] in vars(module) else {"judged_as": self._cell_class.__name__}
        self._write(self._packed("ready", **other_name))
        self._cells = parts.unrolled.Unrolled(self._cell_class, parts.exercise.taken)

    def answer(self) -> None:
        """Read the next request, and write the answer to it. Raises EOFError where there is none."""
        protocol = self._parts.protocol
        job, length = protocol.read_header(self._read)
        shapes = ((job["dtype"], tuple(shape)) for shape in job["arrays"].values())
        arrays = dict(zip(job["arrays"], protocol.read_arrays(self._read, length, shapes), strict=True))
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
        driver = self._driver
        try:
            if job["kind"] == "shapes":
                return self._packed("values", shapes=driver.shapes(job["sizes"]))
            values, odd = driver.answer(job["sizes"], arrays, before=job["before"])
            return self._packed("values", values, odd=odd)
        except BaseException as error:
            return self._packed("raised", raised={"where": driver.where, "step": 0, **self._described(error)})

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


def _load_adapters() -> ModuleType:
    """The package of adapters beside this file, under a name that says nothing of what examines.

    It stands among the modules, as it finds its parts by its name.
    """
    name, folder = "_adapters", Path(__file__).with_name("adapters")
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class _Refused(Exception):
    """A file that is no submission, for a reason of the contract."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason, self.text = reason, text


def _executed(source: bytes, path: str, counting: ModuleType, adapters: ModuleType) -> tuple[ModuleType, Any]:
    """The module of the file with these bytes, and what an import raised that was put off.

    A package that is not here is an obstacle only where it is used. Raises _Refused, and whatever the file raises.
    """
    module = _module(path)
    try:
        code = counting.countable(source, path)
    except SyntaxError as error:
        at = f" (line {error.lineno})" if error.lineno else ""
        raise _Refused("not_python", f"the file is not Python: {error.msg}{at}") from None
    except (ValueError, RecursionError) as error:
        raise _Refused("not_python", f"the file is not Python: {error}") from None
    absent = None
    for _ in range(MOST_ABSENT):
        try:
            exec(code, module.__dict__)
            return module, absent
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if not package or package in sys.modules or not adapters.stand_in(package, source):
                raise
            if absent is None or adapters.is_used(package, source):
                absent = error
            module = _module(path)
    exec(code, module.__dict__)
    return module, absent


def _cell_class(module: ModuleType, api: dict[str, Any]) -> Any:
    """The class of the file, where it has the layer's API; None where another API has to be found."""
    found = vars(module).get(api["cell"])
    return found if issubclass(type(found), type) and _other_api(found, api) is None else None


def _class_or_driver(
    module: ModuleType, source: bytes, api: dict[str, Any], adapters: ModuleType, absent: Any
) -> tuple[Any, Any]:
    """The class to examine and None, or None and what drives another API. Raises as `_driver`, and what is absent."""
    cell_class = _cell_class(module, api)
    if cell_class is None:
        driver = _driver(module, source, api, adapters, absent)
        return (driver, None) if isinstance(driver, type) else (None, driver)
    if absent is not None and adapters.is_used(absent.name.partition(".")[0], source):
        raise absent
    return cell_class, None


def _driver(module: ModuleType, source: bytes, api: dict[str, Any], adapters: ModuleType, absent: Any) -> Any:
    """What drives a file in another API, or its class with the layer's API and another name.

    Raises _Refused where neither is found.
    """
    name, text = api["cell"], ""
    try:
        if api["adapted"]:
            return adapters.Driver(adapters.found_in(module, source.decode("utf-8", "replace")))
    except adapters.AnotherApiError as error:
        text = f"; {error}"
    if absent is not None:
        # Why nothing was found may be what is missing.
        raise absent
    if name not in vars(module):
        named_otherwise = _named_otherwise(module, api)
        if len(named_otherwise) == 1:
            return named_otherwise[0]
        if named_otherwise:
            several = ", ".join(cell.__name__ for cell in named_otherwise)
            raise _Refused("no_gru_cell", f"the file defines no class {name}, and several with its methods: {several}")
        reason = "another_api" if text and adapters.looks_like_one(module) else "no_gru_cell"
        raise _Refused(reason, _no_class(module, name, api["others"]) + text)
    found = vars(module)[name]
    if not issubclass(type(found), type):
        raise _Refused("no_gru_cell", f"{name} is a {type(found).__name__}; expected a class")
    raise _Refused("another_api", f"{_other_api(found, api)}{text}")


def _named_otherwise(module: ModuleType, api: dict[str, Any]) -> list[type]:
    """The classes of the file that have the layer's API under another name; not those that others of them refine."""
    found = [
        cell
        for cell in dict.fromkeys(value for value in vars(module).values() if issubclass(type(value), type))
        if cell.__module__ == module.__name__ and cell.__name__ not in api["others"] and _is_alike(cell, api)
    ]
    return [cell for cell in found if not any(other is not cell and issubclass(other, cell) for other in found)]


def _is_alike(cell_class: type, api: dict[str, Any]) -> bool:
    """Whether a class is made of two sizes, and its methods take the layer's arguments one by one."""
    try:
        made = inspect.signature(cell_class.__init__)  # type: ignore[misc]
        methods = [inspect.signature(getattr(cell_class, name)) for name in ("forward", "backward")]
    except (AttributeError, TypeError, ValueError):
        return False
    if any(p.kind is p.VAR_POSITIONAL for method in methods for p in method.parameters.values()):
        return False
    # A layer over whole sequences may take as many; a cell's backward begins with the old states, as forward has them.
    forward, backward = (list(method.parameters)[1:] for method in methods)
    count = len(api["states"])
    return (
        forward[1 : 1 + count] == backward[:count]
        and _binds(made, ["input_size", "hidden_size"])
        and _other_api(cell_class, api) is None
    )


def _other_api(cell_class: Any, api: dict[str, Any]) -> str | None:
    """What is said of a class whose methods cannot take the arguments they are given; None where they can."""
    for name in ("forward", "backward"):
        arguments = api[name]
        method = getattr(cell_class, name, None)
        try:
            signature = inspect.signature(method)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            # What has no signature is found out by calling it.
            continue
        if not any(_binds(signature, arguments[:count]) for count in _counts(arguments, api["optional"])):
            takes = ", ".join(list(signature.parameters)[1:])
            cell, asked = api["cell"], ", ".join(arguments)
            return f"{cell} has another API: it has {name}({takes}), and the chapter's has {name}({asked})"
    return None


def _counts(arguments: list[str], optional: list[str]) -> Iterator[int]:
    """With how many of its arguments a method may be called: all, or without the last ones that are optional."""
    count = len(arguments)
    yield count
    while count and arguments[count - 1] in optional:
        count -= 1
        yield count


def _binds(signature: inspect.Signature, arguments: list[str]) -> bool:
    try:
        signature.bind(None, *arguments)
    except TypeError:
        return False
    return True


def _no_class(module: ModuleType, name: str, others: dict[str, str]) -> str:
    """What is said of a file without the class; one that has the class of another layer is told so."""
    there = next((other for other in others if other in vars(module)), None)
    hint = f"; it defines {there}, which --layer {others[there]} examines" if there else ""
    return f"the file defines no class {name}{hint}"


def _module(path: str) -> ModuleType:
    """An empty module for the file, in a package that is its folder; the folder is importable too."""
    folder = str(Path(path).parent)
    package = ModuleType(PACKAGE)
    package.__path__ = [folder]
    spec = ModuleSpec(f"{PACKAGE}.{Path(path).stem.replace('.', '_')}", None, origin=path)
    module = module_from_spec(spec)
    module.__file__ = path
    sys.modules |= {PACKAGE: package, spec.name: module}
    sys.path.insert(0, folder)
    return module


if __name__ == "__main__":
    main()
