"""Between the contract and plain data: a `Job` as a request, an answer to it as a `Recording`.

It never runs anything, and takes answers whose texts are `cleaned`.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2s
from os import urandom
from typing import Any

from gru.calculus.arrays import Array
from gru.layer import Form, Sizes
from gru.submission.contract import Counted, Description, Job, Raised, Recording, Shown, Use

_KEY = urandom(16)
"""What the ids of jobs are hidden by: they tell of a seed, and what is asked with a problem."""


@lru_cache
def api_of(form: Form) -> Mapping[str, Any]:
    """How the cells of a form are driven, in the manner of the chapter's API: JSON throughout.

    `cell` is the class, `forward` and `backward` are the arguments of these methods, `optional` those without
    which a cell is run where it does not take them, `further` the parameters that the form has not and another form
    adds, with that form's id, `input` the argument that is one, `states` the argument, the
    attribute, the argument of backward and its gradient of each state, `parameters` the gradient of each parameter,
    and `split` the rows and the names of the blocks of each parameter that is stacked.
    """
    layer, names = form.layer, [stack.name for stack in form.stacks]
    states = [[c.previous, c.state, c.upstream, form.derivatives[c.previous].name] for c in layer.carried]
    before, upstream = [state[0] for state in states], [state[2] for state in states]
    own = [stack.name for stack in layer.stacks if stack.rows != "1"]
    return {
        "cell": layer.cell,
        "forward": [layer.input, *before, *names],
        "backward": [*before, *upstream],
        "optional": [*(name for name in names if name not in own), *upstream[1:]],
        "further": _further(form),
        "input": layer.input,
        "states": states,
        "parameters": {stack.name: stack.gradient for stack in form.stacks},
        "split": {s.name: [s.rows, list(form.order_of(s))] for s in form.stacks if s.is_stacked and s.rows != "1"},
    }


def _further(form: Form) -> dict[str, str]:
    """The parameters that another form of the same formulas adds to those of a form, each with that form's id."""
    names = [stack.name for stack in form.stacks]
    found: dict[str, str] = {}
    for other in form.layer.forms.values():
        added = [stack.name for stack in other.stacks if stack.name not in names]
        if len(added) == 1 and other.order == form.order and other.id.startswith(f"{form.id}-"):
            found.setdefault(added[0], other.id)
    return found


def request_of(job: Job) -> dict[str, Any]:
    """What `exercise` is told of a job beside its arrays: JSON throughout."""
    return {
        "id": blake2s(job.id.encode(), key=_KEY, digest_size=8).hexdigest(),
        "sizes": list(job.sizes),
        "layout": job.layout,
        "uses": job.uses,
        "most": job.most,
        "goes_on": job.goes_on,
        "arrays": {name: list(array.shape) for name, array in arrays_of(job).items()},
        "dtype": f"f{job.dtype.itemsize}",
        "shapes": _shapes(job.form, job.sizes),
        "api": api_of(job.form),
    }


@lru_cache(maxsize=1024)
def _shapes(form: Form, sizes: Sizes) -> Mapping[str, Mapping[str, list[int]]]:
    """The shapes of all that an answer may show, at every step, by their groups; the same for many jobs."""
    api = api_of(form)
    groups = {
        "kept": form.kept,
        "forward": form.shown_forward,
        "gradients": form.shown_backward,
        "split": [name for _, names in api["split"].values() for name in names],
    }
    shapes = {g: {name: list(form.shape_of(name, sizes)) for name in names} for g, names in groups.items()}
    return shapes | {"arguments": {name: list(form.shape_of(of, sizes)) for name, of in _passed_of(api).items()}}


def _passed_of(api: Mapping[str, Any]) -> dict[str, str]:
    """The arguments of `forward` and then those of `backward`, by a name for each, and what each is."""
    again = {f"{name} of backward": name for name in api["backward"] if name in api["forward"]}
    return (
        {name: name for name in api["forward"]}
        | again
        | {name: name for name in api["backward"] if name not in api["forward"]}
    )


def arrays_of(job: Job) -> dict[str, Array]:
    """The arrays of a job by name, in the order in which they go over the pipe."""
    api = api_of(job.form)
    return {name: job.arrays[name] for name in dict.fromkeys([*api["forward"], *api["backward"]])}


def recording_of(job: Job, answer: dict[str, Any]) -> Recording:
    """The recording in an answer of `exercise` to a job.

    What has changed is found here, from the values before and after: the worker is not asked.
    """
    return Recording(
        job_id=job.id,
        uses=tuple(_use_of(use) for use in answer["uses"]),
        again=None if answer["again"] is None else _shown(answer["again"]),
        split=_shown(answer["split"]),
        changed_arguments=tuple(_changed_arguments(job, answer["uses"])),
        counted=None if answer["counted"] is None else Counted(**answer["counted"]),
        raised=None if answer["raised"] is None else Raised(**answer["raised"]),
        left={name: Description("array", text) for name, text in answer["left"].items()},
        left_out=tuple(answer["left_out"]),
    )


def _use_of(use: dict[str, Any]) -> Use:
    pairs = ((use["forward"], use["forward_later"]), (use["backward"], use["backward_later"]))
    changed = {name: None for before, after in pairs for name in after if not _is_same(before[name], after[name])}
    return Use(_shown(use["forward"]), _shown(use["backward"]), tuple(changed))


def _changed_arguments(job: Job, uses: list[dict[str, Any]]) -> Iterator[str]:
    """The names of the arguments that a cell has left with other bytes than they were given."""
    passed = _passed_of(api_of(job.form))
    changed = {
        of
        for use in uses
        for name, of in passed.items()
        if name in use["arguments"] and not _is_same(job.arrays[of], use["arguments"][name])
    }
    return (name for name in arrays_of(job) if name in changed)


def _is_same(before: Any, after: Any) -> bool:
    """Whether two arrays hold the same bytes, NaN included; or two descriptions say the same.

    A parameter has no steps, and is the same at every one.
    """
    if isinstance(before, dict) or isinstance(after, dict):
        return type(before) is type(after) and bool(before == after)
    times = len(after) if after.ndim > before.ndim else 1
    same_shape = before.shape == after.shape[after.ndim - before.ndim :]
    return bool(before.dtype == after.dtype and same_shape and times * before.tobytes() == after.tobytes())


def _shown(values: dict[str, Any]) -> Shown:
    return {
        name: Description(value["kind"], value["text"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }
