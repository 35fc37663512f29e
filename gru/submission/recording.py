"""Between the contract and plain data: a `Job` as a request, an answer to it as a `Recording`.

It never runs anything, and takes answers whose texts are `cleaned`.
"""

from typing import Any

from gru.layers.gru.parameters import GATES
from gru.layers.gru.shapes import shape_of
from gru.submission.contract import FORWARD, GRADIENTS, KEPT, Array, Description, Job, Raised, Recording, Shown, Use
from gru.submission.text import CleanText

ARGUMENTS = ("x", "h_p", "in_grad", "W", "U")
"""The arrays of a job, in the order in which they go over the pipe."""

BLOCKS = tuple(stacked + gate for stacked in ("w", "u") for gate in GATES)
"""The blocks that `split_params` returns: first those of W, then those of U."""


def request_of(job: Job) -> dict[str, Any]:
    """What `exercise` is told of a job beside its arrays: JSON throughout."""
    groups = {"kept": KEPT, "forward": FORWARD, "gradients": GRADIENTS, "split": BLOCKS}
    return {
        "id": job.id,
        "sizes": list(job.sizes),
        "layout": job.layout,
        "uses": job.uses,
        "arrays": {name: list(array.shape) for name, array in arrays_of(job).items()},
        "dtype": f"f{job.x.dtype.itemsize}",
        "shapes": {g: {name: list(shape_of(name, job.sizes)) for name in names} for g, names in groups.items()},
    }


def arrays_of(job: Job) -> dict[str, Array]:
    """The arrays of a job by name."""
    return {name: getattr(job, name) for name in ARGUMENTS}


def recording_of(job: Job, answer: dict[str, Any]) -> Recording:
    """The recording in an answer of `exercise` to a job."""
    return Recording(
        job_id=job.id,
        uses=tuple(Use(_shown(use["forward"]), _shown(use["backward"]), tuple(use["later"])) for use in answer["uses"]),
        again=None if answer["again"] is None else _shown(answer["again"]),
        split=_shown(answer["split"]),
        changed_arguments=tuple(answer["changed"]),
        raised=None if answer["raised"] is None else raised_of(**answer["raised"]),
        left={name: Description(text) for name, text in answer["left"].items()},
    )


def raised_of(where: str, step: int | None, type: CleanText, message: CleanText, line: int | None) -> Raised:
    """An exception as `exercise` describes it, cleaned."""
    return Raised(where, type, message, step, line)


def _shown(values: dict[str, Any]) -> Shown:
    return {
        name: Description(value["text"], value["absent"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }
