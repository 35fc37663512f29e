"""What is done with the cells of a submission on one problem, and nothing else.

Standard library and NumPy only. The worker runs it, and the examining process runs it for cells of our own. It judges
nothing, and compares nothing: what was shown before and after goes over as it is.
"""

import os
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from .counting import Counting
from .signatures import taken

BeforeCall = Callable[[str, int], None]

MESSAGE_LENGTH = 300
"""How much of an exception's message, or of a dtype's name, is kept: enough to recognise it."""

_DOUBLE = np.dtype(np.float64)


def exercise(
    cell_class: Any,
    job: dict[str, Any],
    arrays: dict[str, Any],
    before_call: BeforeCall = lambda where, step: None,
    file: str | None = None,
    kept: list[Any] | None = None,
) -> dict[str, Any]:
    """The answer of a class of cells to a job, as plain data. Never raises because of the cell.

    Args:
        cell_class: The class.
        job: `sizes` (batch, input, hidden, steps), `layout`, `uses`, `api`, as `recording.api_of` makes it, and
            `shapes`: for each of the groups `kept`, `forward`, `gradients`, `arguments` and `split` the shape of each
            name. Where it has a `most`, the numbers are counted that go through exp, tanh and their like.
        arrays: The arguments: such as x (steps, batch, input), h_p and in_grad (steps, batch, hidden), and the
            parameters W and U.
        before_call: Is told the method and the step before each call into the cell.
        file: The file whose line is named where an exception comes from.
        kept: Holds the cells of the job before, and is given those of this one; a job that `goes_on` uses them again,
            with its own arrays.

    Returns:
        `uses` (for each: `forward` and `backward` as they were after a cell's own call, `forward_later` and
        `backward_later` as they were after those of all cells, where there are several, and `arguments` as they were
        left), `again`, `split`, `counted` (None, or what `counting.Counting.found` holds), `raised`, `left` (which
        arrays of another shape were there when it was raised), and `left_out`: the optional arguments that a method
        does not take. A value is an array with the steps on the first axis, or a description `{"kind", "text"}` of
        what was there instead.
    """
    kept = [] if kept is None else kept
    trial = _Trial(cell_class, job, arrays, before_call)
    if job["goes_on"] and len(kept) == job["sizes"][3]:
        trial.cells.extend(kept)
    try:
        trial.run()
    except BaseException as error:
        trial.answer["raised"] = {"where": trial.where, "step": trial.step, **describe_exception(error, file)}
        trial.answer["left"] = trial.left()
    trial.finish()
    kept[:] = trial.cells
    return trial.answer


class _Trial:
    """One problem under way: the cells, the call that is being made, and what came of it so far."""

    def __init__(self, cell_class: Any, job: dict[str, Any], arrays: dict[str, Any], before_call: BeforeCall) -> None:
        self.cell_class, self.job, self.arrays, self.before_call = cell_class, job, arrays, before_call
        self.api = job["api"]
        self.where, self.step = self.api["cell"], 0
        self.takes: dict[str, int] = {}
        shapes = {group: {n: tuple(s) for n, s in names.items()} for group, names in job["shapes"].items()}
        self.after_forward = shapes["kept"] | shapes["forward"]
        self.after_backward = self.after_forward | shapes["gradients"]
        self.gradients, self.blocks, self.arguments = shapes["gradients"], shapes["split"], shapes["arguments"]
        self.cells: list[Any] = []
        self.made_with: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {
            "uses": [],
            "again": None,
            "split": {},
            "counted": None,
            "raised": None,
            "left": {},
            "left_out": [],
        }

    def run(self) -> None:
        """The way of the chapter's network: a cell a step, all forward, then all backward."""
        _, input_size, hidden_size, steps = self.job["sizes"]
        for step in range(len(self.cells), steps):
            self.call(self.api["cell"], step)
            self.cells.append(self.cell_class(input_size, hidden_size))
        self.takes = {name: self.count_taken(name) for name in ("forward", "backward")}
        self.made_with = [_held_by(cell) for cell in self.cells]
        for _ in range(self.job["uses"]):
            arguments = _Arguments(self.arrays, self.job["layout"], self.api)
            if self.job.get("most"):
                self.counted(arguments)
            else:
                self.use(arguments)
        if self.job["uses"] > 1:
            self.answer["again"] = self.backward_again()

    def finish(self) -> None:
        """What is asked of the cells even where a call has failed."""
        if self.cells:
            self.answer["split"] = self.split(self.cells[0])

    def left(self) -> dict[str, str]:
        """What the cell that raised had computed by then in another shape: that may be why it did.

        A buffer that it was constructed with is no result of its formulas.
        """
        if self.where not in ("forward", "backward"):
            return {}
        cell, made_with = self.cells[self.step], self.made_with[self.step]
        shown = _shown(cell, self.after_backward).items()
        odd = {name: v["text"] for name, v in shown if isinstance(v, dict) and v["kind"] == "array"}
        held = _held_by(cell)
        kept = {name for name in held.keys() & made_with.keys() if held[name] is made_with[name]}
        return {name: text for name, text in odd.items() if name not in kept}

    def call(self, where: str, step: int) -> None:
        self.where, self.step = where, step
        self.before_call(where, step)

    def count_taken(self, where: str) -> int:
        """How many of its arguments a method is called with."""
        names = self.api[where]
        count = taken(self.cells[0], where, self.api)
        self.answer["left_out"] += [name for name in names[count:] if name not in self.answer["left_out"]]
        return count

    def counted(self, arguments: "_Arguments") -> None:
        """One use, of which the numbers are counted that go through exp, tanh and their like."""
        with Counting(self.cell_class, "forward", self.job["most"]) as count:
            self.answer["counted"] = count.found
            self.use(arguments, count.turn)

    def use(self, arguments: "_Arguments", between: Callable[[], None] = lambda: None) -> None:
        """All cells forward, then all backward; what the forward pass showed stays where backward fails.

        `between` is called before backward, when everything that forward shows has been read.
        """
        forward = []
        for step, cell in enumerate(self.cells):
            self.call("forward", step)
            cell.forward(*arguments.of_forward[step][: self.takes["forward"]])
            forward.append(_shown(cell, self.after_forward))
        result = {"forward": _stacked(forward), "forward_later": self.later(self.after_forward)}
        result |= {"backward": {}, "backward_later": {}, "arguments": {}}
        self.answer["uses"].append(result)
        between()
        try:
            backward = []
            for step, cell in reversed(list(enumerate(self.cells))):
                self.call("backward", step)
                cell.backward(*arguments.of_backward[step][: self.takes["backward"]])
                backward.append(_shown(cell, self.after_backward))
            backward.reverse()
            result |= {"backward": _stacked(backward), "backward_later": self.later(self.after_backward)}
        finally:
            result["arguments"] = arguments.left(self.arguments)

    def later(self, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
        """What all cells show now; nothing where there is only one, which no other can have changed."""
        return _stacked([_shown(cell, shapes) for cell in self.cells]) if len(self.cells) > 1 else {}

    def backward_again(self) -> dict[str, Any] | None:
        """The gradients of one more backward pass; None for cells that allow only one after a forward."""
        arguments = _Arguments(self.arrays, self.job["layout"], self.api)
        try:
            for step, cell in reversed(list(enumerate(self.cells))):
                self.call("backward", step)
                cell.backward(*arguments.of_backward[step][: self.takes["backward"]])
            return _stacked([_shown(cell, self.gradients) for cell in self.cells])
        except BaseException:
            return None

    def split(self, cell: Any) -> dict[str, Any]:
        """The blocks that `split_params` returns by itself, for each parameter that is stacked."""
        _, input_size, hidden_size, _ = self.job["sizes"]
        sizes = {"input": input_size, "hidden": hidden_size}
        split: dict[str, Any] = {}
        for stacked, (rows, names) in self.api["split"].items():
            split |= self.split_one(cell, stacked, sizes[rows], names)
        return split

    def split_one(self, cell: Any, stacked: str, size: int, names: list[str]) -> dict[str, Any]:
        self.call("split_params", 0)
        expected = len(names)
        try:
            method = cell.split_params
        except BaseException as error:
            return dict.fromkeys(names, _unreadable(error))
        try:
            blocks = list(islice(method(_laid_out(self.arrays[stacked], "plain"), size), expected + 1))
        except BaseException as error:
            return dict.fromkeys(names, _description("unreadable", f"lost: split_params raised {_summary(error)}"))
        if len(blocks) != expected:
            count = len(blocks) if len(blocks) < expected else f"more than {expected}"
            return dict.fromkeys(names, _description("part", f"one of {count} blocks; expected {expected}"))
        return {name: _as_data(block, self.blocks[name]) for name, block in zip(names, blocks, strict=True)}


class _Arguments:
    """Fresh copies of all that is passed to the cells in one use, by step; the parameters are shared.

    `backward` gets a copy of a state of its own: a cell that overwrites its arguments is found by what is
    left of them, and its derivatives are still judged on the numbers of the problem.
    """

    def __init__(self, arrays: dict[str, Any], layout: str, api: dict[str, Any]) -> None:
        shared = {name: _laid_out(arrays[name], layout) for name in api["parameters"]}
        steps = range(len(arrays[api["input"]]))

        def at(step: int, names: list[str]) -> list[Any]:
            return [shared[name] if name in shared else _laid_out(arrays[name][step], layout) for name in names]

        self.of_forward = [at(step, api["forward"]) for step in steps]
        self.of_backward = [at(step, api["backward"]) for step in steps]

    def left(self, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
        """The arguments as they are now, named as in `shapes`: those of `forward`, then those of `backward`."""
        steps = zip(self.of_forward, self.of_backward, strict=True)
        left = [dict(zip(shapes, (*forward, *backward), strict=True)) for forward, backward in steps]
        return _stacked([{name: _as_data(value, shapes[name]) for name, value in at.items()} for at in left])


def _laid_out(array: Any, layout: str) -> Any:
    """A fresh copy of a matrix in the layout asked for; NaN lies between the entries of a strided one."""
    if layout == "fortran":
        return np.array(array, order="F")
    if layout == "strided":
        wide = np.full([2 * length for length in array.shape], np.nan, array.dtype)
        wide[::2, ::2] = array
        return wide[::2, ::2]
    copy = np.array(array, order="C")
    copy.flags.writeable = layout != "read-only"
    return copy


def _shown(cell: Any, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """What the cell shows under each name: a private copy, or a description of what is there instead."""
    with np.errstate(all="ignore"):
        return {name: _read(cell, name, shape) for name, shape in shapes.items()}


def _held_by(cell: Any) -> dict[str, Any]:
    """What the cell itself holds, by name: the objects, without a call into the submission's code."""
    try:
        return dict(object.__getattribute__(cell, "__dict__"))
    except BaseException:
        return {}


def _read(cell: Any, name: str, shape: tuple[int, ...]) -> Any:
    try:
        value = getattr(cell, name)
    except BaseException as error:
        return _unreadable(error)
    return _as_data(value, shape)


def _as_data(value: Any, shape: tuple[int, ...]) -> Any:
    """A copy of an array of real floating-point numbers of this shape; else a description.

    Asks `np.ndarray` itself, not the value: a subclass may say anything of its shape and dtype.
    Nothing is copied that has another shape: it may be larger than memory.
    """
    if type(value) is np.ndarray and value.dtype is _DOUBLE and value.shape == shape:
        # Nearly all are this, and an array of no other class says the truth.
        return value.copy()
    if not issubclass(type(value), np.ndarray):
        return _description(_kind(value), _with_article(_type_name(value)))
    own_shape, dtype = np.ndarray.shape.__get__(value), np.ndarray.dtype.__get__(value)
    if dtype.kind != "f" or dtype.itemsize < 4 or own_shape != shape:
        return _description("array", f"an array of {str(dtype)[:MESSAGE_LENGTH]} of shape {own_shape}")
    return np.array(value, np.float32 if dtype.itemsize == 4 else np.float64, order="C", subok=False)


def _stacked(shown: list[dict[str, Any]]) -> dict[str, Any]:
    """One dict by name, made of one dict a step: arrays with the steps on the first axis, or the first odd description.

    Steps of both precisions give single precision, the one they have in common.
    """
    if len(shown) == 1:
        return {name: value if isinstance(value, dict) else value[np.newaxis] for name, value in shown[0].items()}
    stacked = {}
    with np.errstate(all="ignore"):
        for name in shown[0]:
            values = [at_step[name] for at_step in shown]
            odd = next((value for value in values if isinstance(value, dict)), None)
            stacked[name] = np.array(values, min(v.dtype for v in values)) if odd is None else odd
    return stacked


def describe_exception(error: BaseException, file: str | None) -> dict[str, Any]:
    """An exception as plain data: its type, its message, the attribute that it lacked, and the last line in a file.

    That is `file`, or another in its folder or below, which is then named from there. Running out of memory has one
    name, whoever noticed it first.
    """
    kind = "MemoryError" if issubclass(type(error), MemoryError) else _type_name(error)
    said = {"type": kind, "message": _message(error), "lacks": _lacked(error)}
    return {**said, **_place(sys.exc_info()[2], file)}


def _lacked(error: BaseException) -> str | None:
    """The name of the attribute that was not there, where that is what was raised."""
    try:
        name = error.name if issubclass(type(error), AttributeError) else None  # type: ignore[attr-defined]
    except BaseException:
        return None
    return str.__str__(name)[:MESSAGE_LENGTH] if issubclass(type(name), str) else None


def _place(traceback: TracebackType | None, file: str | None) -> dict[str, Any]:
    """The `line` and the `file` of the last frame in a file of the submission's own; None where it is `file` itself."""
    for tb in reversed(list(_walk(traceback))):
        other = tb.tb_frame.f_code.co_filename
        if file is not None and _is_own(other, file):
            return {"line": tb.tb_lineno, "file": None if other == file else os.path.relpath(other, _folder(file))}
    return {"line": None, "file": None}


def _is_own(other: str, file: str) -> bool:
    """Whether a file is the submission's: it lies with it, and neither in an environment nor with this module."""
    if other == file:
        return True
    installed = {"site-packages", "dist-packages"}.intersection(Path(other).parts)
    return other.startswith(_folder(file) + os.sep) and not installed and not other.startswith(_folder(__file__))


def _folder(file: str) -> str:
    return str(Path(file).absolute().parent)


def _walk(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _unreadable(error: BaseException) -> dict[str, Any]:
    if issubclass(type(error), AttributeError):
        return _description("absent", "")
    return _description("unreadable", f"unreadable: reading it raised {_summary(error)}")


def _description(kind: str, text: str) -> dict[str, Any]:
    """What is there in place of an array: a kind of `protocol.DESCRIBED`, and what fits behind "is"."""
    return {"kind": kind, "text": text}


def _kind(value: Any) -> str:
    """What sort of thing it is that is no array."""
    if value is None:
        return "none"
    return "sequence" if issubclass(type(value), (list, tuple)) else "other"


def _with_article(kind: str) -> str:
    if kind == "NoneType":
        return "None"
    return f"an {kind}" if kind[:1].lower() in tuple("aeiou") else f"a {kind}"


def _type_name(value: Any) -> str:
    """The name of the type, asked of `type` itself: a metaclass may answer anything."""
    return str(type.__dict__["__name__"].__get__(type(value)))[:MESSAGE_LENGTH]


def _summary(error: BaseException) -> str:
    return f"{_type_name(error)}: {_message(error)}".rstrip(": ")


def _message(error: BaseException) -> str:
    """The exception's own words; its `__str__` may do anything."""
    try:
        return str.__str__(str(error)[:MESSAGE_LENGTH])
    except BaseException:
        return ""
