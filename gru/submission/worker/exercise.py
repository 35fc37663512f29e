"""What is done with the cells of a submission on one problem, and nothing else.

Standard library and NumPy only. The worker runs it, and the examining process runs it for cells of our own. It judges
nothing, and compares nothing: what was shown before and after goes over as it is.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np

from .counting import Counting
from .raised import describe_exception, summary
from .shown import as_data, description, held_by, shown_by, stacked, unreadable
from .signatures import taken

BeforeCall = Callable[[str, int], None]


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
        self.made_with = [held_by(cell) for cell in self.cells]
        for _ in range(self.job["uses"]):
            arguments = _Arguments(self.arrays, self.job["layout"], self.api)
            if self.job.get("most"):
                self.counted(arguments)
            else:
                self.use(arguments)
        if self.job["uses"] > 1:
            self.answer["again"] = self.backward_again()

    def finish(self) -> None:
        """Ask the cells for what can be asked even after a call has failed."""
        if self.cells:
            self.answer["split"] = self.split(self.cells[0])

    def left(self) -> dict[str, str]:
        """The values of another shape that the cell had computed when it raised: one may be the reason.

        A buffer that it was constructed with is no result of its formulas.
        """
        if self.where not in ("forward", "backward"):
            return {}
        cell, made_with = self.cells[self.step], self.made_with[self.step]
        there = shown_by(cell, self.after_backward).items()
        odd = {name: v["text"] for name, v in there if isinstance(v, dict) and v["kind"] == "array"}
        held = held_by(cell)
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
            forward.append(shown_by(cell, self.after_forward))
        result = {"forward": stacked(forward), "forward_later": self.later(self.after_forward)}
        result |= {"backward": {}, "backward_later": {}, "arguments": {}}
        self.answer["uses"].append(result)
        between()
        try:
            backward = []
            for step, cell in reversed(list(enumerate(self.cells))):
                self.call("backward", step)
                cell.backward(*arguments.of_backward[step][: self.takes["backward"]])
                backward.append(shown_by(cell, self.after_backward))
            backward.reverse()
            result |= {"backward": stacked(backward), "backward_later": self.later(self.after_backward)}
        finally:
            result["arguments"] = arguments.left(self.arguments)

    def later(self, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
        """The values of all cells now; none where there is only one cell, which no other can have changed."""
        return stacked([shown_by(cell, shapes) for cell in self.cells]) if len(self.cells) > 1 else {}

    def backward_again(self) -> dict[str, Any] | None:
        """The gradients of one more backward pass; None for cells that allow only one after a forward."""
        arguments = _Arguments(self.arrays, self.job["layout"], self.api)
        try:
            for step, cell in reversed(list(enumerate(self.cells))):
                self.call("backward", step)
                cell.backward(*arguments.of_backward[step][: self.takes["backward"]])
            return stacked([shown_by(cell, self.gradients) for cell in self.cells])
        except BaseException:
            return None

    def split(self, cell: Any) -> dict[str, Any]:
        """The blocks that `split_params` returns by itself, for each parameter that is stacked."""
        _, input_size, hidden_size, _ = self.job["sizes"]
        sizes = {"input": input_size, "hidden": hidden_size}
        split: dict[str, Any] = {}
        for parameter, (rows, names) in self.api["split"].items():
            split |= self.split_one(cell, parameter, sizes[rows], names)
        return split

    def split_one(self, cell: Any, parameter: str, size: int, names: list[str]) -> dict[str, Any]:
        self.call("split_params", 0)
        expected = len(names)
        try:
            method = cell.split_params
        except BaseException as error:
            return dict.fromkeys(names, unreadable(error))
        try:
            blocks = list(islice(method(_laid_out(self.arrays[parameter], "plain"), size), expected + 1))
        except BaseException as error:
            return dict.fromkeys(names, description("unreadable", f"lost: split_params raised {summary(error)}"))
        if len(blocks) != expected:
            count = len(blocks) if len(blocks) < expected else f"more than {expected}"
            return dict.fromkeys(names, description("part", f"one of {count} blocks; expected {expected}"))
        return {name: as_data(block, self.blocks[name]) for name, block in zip(names, blocks, strict=True)}


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
        return stacked([{name: as_data(value, shapes[name]) for name, value in at.items()} for at in left])


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
