"""Recordings that no honest cell gives: all that a worker can say, put in the place of what a cell showed.

What reaches the examiner is a `Recording` of the contract, whatever a submission does in its own process.
So these are all the kinds of values that a submission can show: an array of the right shape with any
numbers in it, in one of two precisions, or a description of what is there instead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.layer import Sizes
from gru.submission.contract import CellError, Description, Job, Raised, Recording, Shown, Use

Value = Array | Description
Odd = Callable[[Value], Value]
"""What is shown in place of a value."""


def _array(change: Callable[[Array], Array]) -> Odd:
    """A change of the numbers of an array; what is no array stays as it is."""

    def odd(value: Value) -> Value:
        with np.errstate(all="ignore"):
            return value if isinstance(value, Description) else change(value)

    return odd


def _with_one(number: float) -> Odd:
    def change(value: Array) -> Array:
        changed = value.copy()
        changed.flat[value.size // 2] = number
        return changed

    return _array(change)


ODD: dict[str, Odd] = {
    "a list": lambda value: Description("sequence", "a list"),
    "another shape": lambda value: Description("array", "an array of float64 of shape (7, 7)"),
    "nothing": lambda value: Description("absent"),
    "zeros": _array(np.zeros_like),
    "ones": _array(np.ones_like),
    "NaN": _array(lambda value: np.full_like(value, np.nan)),
    "infinity": _array(lambda value: np.full_like(value, -np.inf)),
    "the largest number": _array(lambda value: np.full_like(value, np.finfo(value.dtype).max)),
    "the smallest number": _array(lambda value: np.full_like(value, np.finfo(value.dtype).smallest_subnormal)),
    "one NaN": _with_one(np.nan),
    "one infinity": _with_one(np.inf),
    "one large number": _with_one(1e30),
    "float32": _array(lambda value: value.astype(np.float32)),
    "a wrong sign": _array(np.negative),
    "a thousandth more": _array(lambda value: value * 1.001),
    "the largest of both signs": _array(
        lambda value: (
            np.where(np.arange(value.size).reshape(value.shape) % 2, 1, -1).astype(value.dtype)
            * np.finfo(value.dtype).max
        )
    ),
}
"""Everything that can be shown in place of a value, by kind."""

WHEN: dict[str, Callable[[Job], bool]] = {
    "always": lambda job: True,
    "hidden 1": lambda job: job.sizes.hidden == 1,
    "hidden above 1": lambda job: job.sizes.hidden > 1,
    "one row": lambda job: job.sizes.batch == 1,
    "several steps": lambda job: job.sizes.steps > 1,
    "twice": lambda job: job.uses > 1,
    "single precision": lambda job: job.dtype == np.float32,
    "a zero state": lambda job: not job.arrays["h_p"].any(),
    "companions": lambda job: "+" in job.id,
    "no companions": lambda job: "+" not in job.id,
    "never": lambda job: False,
}
"""The problems on which something odd is shown."""

IN = ("forward", "backward", "later", "again", "split", "left", "all")
"""The part of a recording in which it is shown."""


@dataclass(frozen=True)
class Oddity:
    """One odd thing: under which name, which kind of value, on which problems, in which part of the answer."""

    name: str
    kind: str
    when: str
    where: str = "all"

    def put(self, job: Job, recording: Recording) -> Recording:
        """The recording with it, where the job is one of those on which it is shown."""
        if not WHEN[self.when](job):
            return recording
        uses = tuple(self._use(use) for use in recording.uses)
        again = self._shown(recording.again, "again") if recording.again else recording.again
        split = self._shown(recording.split, "split")
        left = {self.name: Description("array", "an array of float64 of shape (9, 9)")} if self.where == "left" else {}
        raised = Raised("backward", "ValueError", "odd", 0, 3) if self.where == "left" else recording.raised
        changed = ("x",) if self.where == "later" else ()
        return replace(
            recording, uses=uses, again=again, split=split, left=left, raised=raised, changed_arguments=changed
        )

    def _use(self, use: Use) -> Use:
        later = tuple({*use.changed_later, self.name}) if self.where == "later" else use.changed_later
        if self.where == "left":
            return Use(use.after_forward, {}, later)
        return Use(self._shown(use.after_forward, "forward"), self._shown(use.after_backward, "backward"), later)

    def _shown(self, shown: Shown, where: str) -> Shown:
        if self.where not in ("all", where) or self.name not in shown:
            return shown
        return shown | {self.name: ODD[self.kind](shown[self.name])}


def _of_one_step(recording: Recording, step: int) -> Recording:
    def here(shown: Shown) -> Shown:
        return {n: v if isinstance(v, Description) else v[step : step + 1] for n, v in shown.items()}

    uses = [
        replace(use, after_forward=here(use.after_forward), after_backward=here(use.after_backward))
        for use in recording.uses
    ]
    return replace(recording, uses=tuple(uses))


class Replayed:
    """A runner that gives recordings again, with odd things in them."""

    api = None

    def __init__(self, recorded: Mapping[str, Recording], oddities: Iterable[Oddity]) -> None:
        self._recorded, self._oddities = recorded, tuple(oddities)

    def _known(self, id: str) -> Recording:
        """What was recorded: of new cells what was of used ones, of one step by itself what was of it among others."""
        if id in self._recorded:
            return self._recorded[id]
        whole, _, step = id.partition("+step")
        if step:
            return _of_one_step(self._known(whole), int(step))
        return self._recorded.get(id.replace("+new", "+again")) or self._recorded[id.removesuffix("+new")]

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        """The recording of each job, odd where it is to be."""
        for job in jobs:
            recording = self._known(job.id)
            for oddity in self._oddities:
                recording = oddity.put(job, recording)
            yield recording

    def forget(self) -> bool:
        """What is recorded is all there is."""
        return False

    def unroll(self, sizes: Sizes, arrays: Mapping[str, Array], expected: Sequence[tuple[int, ...]]) -> list[Any]:
        """No cell is there to be unrolled."""
        raise CellError("forward raised ValueError")
