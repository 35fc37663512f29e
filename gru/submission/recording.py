"""Between the contract and plain data: a `Job` as a request, an answer to it as a `Recording`.

It never runs anything, and takes answers whose texts are `cleaned`.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gru.layers.gru.parameters import GATES
from gru.layers.gru.shapes import shape_of
from gru.submission.contract import (
    FORWARD,
    GRADIENTS,
    KEPT,
    Array,
    Counted,
    Description,
    Job,
    Raised,
    Recording,
    Shown,
    Use,
)
from gru.submission.text import CleanText

ARGUMENTS = ("x", "h_p", "in_grad", "W", "U")
"""The arrays of a job, in the order in which they go over the pipe."""

PASSED = {"x": "x", "h_p": "h_p", "W": "W", "U": "U", "h_p of backward": "h_p", "in_grad": "in_grad"}
"""The arguments of `forward(x, h_p, W, U)` and then those of `backward(h_p, in_grad)`, and what each is."""

BLOCKS = tuple(stacked + gate for stacked in ("w", "u") for gate in GATES)
"""The blocks that `split_params` returns: first those of W, then those of U."""


def request_of(job: Job) -> dict[str, Any]:
    """What `exercise` is told of a job beside its arrays: JSON throughout."""
    groups = {"kept": KEPT, "forward": FORWARD, "gradients": GRADIENTS, "split": BLOCKS}
    shapes = {g: {name: list(shape_of(name, job.sizes)) for name in names} for g, names in groups.items()}
    shapes["arguments"] = {name: list(shape_of(quantity, job.sizes)) for name, quantity in PASSED.items()}
    return {
        "id": job.id,
        "sizes": list(job.sizes),
        "layout": job.layout,
        "uses": job.uses,
        "most": job.most,
        "goes_on": job.goes_on,
        "arrays": {name: list(array.shape) for name, array in arrays_of(job).items()},
        "dtype": f"f{job.x.dtype.itemsize}",
        "shapes": shapes,
    }


def arrays_of(job: Job) -> dict[str, Array]:
    """The arrays of a job by name."""
    return {name: getattr(job, name) for name in ARGUMENTS}


def recording_of(job: Job, answer: dict[str, Any]) -> Recording:
    """The recording in an answer of `exercise` to a job.

    What has changed is found here, from the values before and after: of that nobody's word is taken.
    """
    return Recording(
        job_id=job.id,
        uses=tuple(_use_of(use) for use in answer["uses"]),
        again=None if answer["again"] is None else _shown(answer["again"]),
        split=_shown(answer["split"]),
        changed_arguments=tuple(_changed_arguments(job, answer["uses"])),
        counted=None if answer["counted"] is None else Counted(**answer["counted"]),
        raised=None if answer["raised"] is None else raised_of(**answer["raised"]),
        left={name: Description(text) for name, text in answer["left"].items()},
    )


def raised_of(
    where: str, step: int | None, type: CleanText, message: CleanText, line: int | None, cell: int | None = None
) -> Raised:
    """An exception as `exercise` describes it, cleaned; `cell` is the notebook's that the line is one of."""
    return Raised(where, type, message, step, line, cell)


def _use_of(use: dict[str, Any]) -> Use:
    pairs = ((use["forward"], use["forward_later"]), (use["backward"], use["backward_later"]))
    changed = {name: None for before, after in pairs for name in after if not _is_same(before[name], after[name])}
    return Use(_shown(use["forward"]), _shown(use["backward"]), tuple(changed))


def _changed_arguments(job: Job, uses: list[dict[str, Any]]) -> Iterator[str]:
    """The names of the arguments that a cell has left with other bytes than they were given."""
    changed = {
        quantity
        for use in uses
        for name, quantity in PASSED.items()
        if name in use["arguments"] and not _is_same(_passed(job, quantity), use["arguments"][name])
    }
    return (name for name in ARGUMENTS if name in changed)


def _passed(job: Job, quantity: str) -> Array:
    """The argument at every step: W and U are the same at all."""
    array: Array = getattr(job, quantity)
    return array if quantity not in ("W", "U") else np.broadcast_to(array, (job.sizes.steps, *array.shape))


def _is_same(before: Any, after: Any) -> bool:
    """Whether two arrays hold the same bytes, NaN included; or two descriptions say the same."""
    if isinstance(before, dict) or isinstance(after, dict):
        return type(before) is type(after) and bool(before == after)
    return bool(before.dtype == after.dtype and before.shape == after.shape and before.tobytes() == after.tobytes())


def _shown(values: dict[str, Any]) -> Shown:
    return {
        name: Description(value["text"], value["absent"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }
