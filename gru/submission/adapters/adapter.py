"""An adapter: one API as data, and what is done with it. A course's own adapter is a subclass of `Adapter`."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from .layouts import arranged, has_steps, restored
from .places import last_name, read


class AnotherApiError(Exception):
    """A submission cannot be driven in this way."""


class Adapter:
    """How the API of one file is driven, and where its values are found.

    A subclass says by its attributes what is so in its course, or overrides `make`, `forward` and
    `backward`. Places are written as Python reads them (`Wz`, `params[0]`, `grads['Wz']`), and begin
    at the object that `make` returns, or with `returned` at what `backward` returns.

    Attributes:
        target: The name of the class, or of the function that goes forward.
        construct: Arguments of the class by name: a size (`input`, `hidden`, `output`, `batch`, `steps`)
            or a value.
        parameters: The places of the parameters, of the kind of float arrays that can be written into.
        gradients: For each parameter whose gradient is shown, the place of that.
        x_layout, h_layout, out_layout, delta_layout: Layouts of the input, of the first state (None where there
            is none to give), of what forward answers and of what backward is given (see `layouts`).
        state: The place of the states in what forward returns; with `made.` before it, in the object.
        dx, dh: The places of the gradients for the input and the first state; None where they are not shown.
        forward_name, backward_name: Methods of the class, or functions of the file.
        forward_roles, backward_roles: What they are given, in order: `x`, `h`, `delta`, `cache`, or a place.
        source: The text of the file, of which the names in a `return` are read.
        fixed: Sizes that are written into the file, and cannot be chosen.
        lazy: Whether the parameters are made in the first call of forward.
        accumulates: Whether a second backward pass adds to the gradients.
    """

    target = "GRUCell"
    construct: Mapping[str, Any] = {}
    parameters: Sequence[str] = ()
    gradients: Mapping[str, str] = {}
    x_layout = out_layout = "F"
    h_layout: str | None = "F"
    delta_layout: str | None = None
    state = ""
    dx: str | None = None
    dh: str | None = None
    forward_name, backward_name = "forward", "backward"
    forward_roles: Sequence[str] = ("x", "h")
    backward_roles: Sequence[str] = ("delta",)
    accumulates = False
    names_returned: Sequence[str] = ()
    fixed: Mapping[str, int] = {}
    source = ""
    lazy = False
    one_row = False

    def __init__(self, module: Any, **different: Any) -> None:
        self.module = module
        for name, value in different.items():
            if not hasattr(type(self), name):
                raise TypeError(f"an adapter has no attribute {name!r}")
            setattr(self, name, value)

    # What a course may override

    def make(self, sizes: Mapping[str, int]) -> Any:
        """A fresh object with parameters of the shapes for these sizes."""
        arguments = {name: resolved(value, self.module, sizes) for name, value in self.construct.items()}
        return getattr(self.module, self.target)(**arguments)

    def forward(self, made: Any, x: Any, h: Any) -> Any:
        """What the submission's forward pass returns, given its own layouts."""
        return self._callable(made, self.forward_name)(*self._arguments(made, self.forward_roles, x=x, h=h))

    def backward(self, made: Any, delta: Any, cache: Any, x: Any, h: Any) -> Any:
        """What the submission's backward pass returns; `cache` is what forward returned beside the states."""
        roles = {"delta": delta, "cache": cache, "x": x, "h": h}
        return self._callable(made, self.backward_name)(*self._arguments(made, self.backward_roles, **roles))

    # What is done with it

    def run(
        self,
        sizes: Mapping[str, int],
        values: Mapping[str, Any],
        x: Any,
        h_0: Any,
        delta: Any = None,
        *,
        before: bool = False,
        told: Callable[[str], None] = lambda where: None,
    ) -> "Answer":
        """One run forward, and backward where there is a `delta`.

        Args:
            sizes: `batch`, `input`, `hidden`, `steps`, `output` by name.
            values: The parameters by their places; those that are left out stay as they were made.
            x: (steps, batch, input).
            h_0: (batch, hidden).
            delta: (steps, batch, hidden), the gradient of the loss for the states.
            before: Whether the same object is used once before, on other numbers.
            told: Is told what is called.

        Raises:
            AnotherApiError: Where something is not found or has another shape.
        """
        told("construction")
        made = settled(self, self.make(sizes), sizes)
        for place, value in values.items():
            self.parameter(made, place)[...] = value
        if before:
            other = None if h_0 is None else h_0[..., ::-1] * 0.5
            self._run(made, sizes, x[..., ::-1] + 0.25, other, None if delta is None else delta + 0.5, told)
        return self._run(made, sizes, x, h_0, delta, told)

    def _run(
        self, made: Any, sizes: Mapping[str, int], x: Any, h_0: Any, delta: Any, told: Callable[[str], None]
    ) -> "Answer":
        told("forward")
        shape = (sizes["steps"], sizes["batch"], sizes["hidden"])
        given_x = arranged(x, self.x_layout)
        given_h = None if self.h_layout is None or h_0 is None else arranged(h_0[None], self.h_layout)
        returned = self.forward(made, given_x, given_h)
        answer = Answer(made, self._states(made, returned, shape))
        if delta is not None:
            told("backward")
            given = arranged(delta, self.delta_layout or self.out_layout)
            answer.returned = self.backward(made, given, self._cache(returned), given_x, given_h)
        return answer

    def parameter(self, made: Any, place: str) -> Any:
        """The array of a parameter, to be written into."""
        return read(made, place)

    @property
    def rows(self) -> bool:
        """Whether more than one row of a batch can be given at once."""
        return (
            not self.one_row
            and "B" in self.x_layout
            and (self.h_layout is None or "B" in self.h_layout)
            and "B" in self.out_layout
        )

    @property
    def is_sequence(self) -> bool:
        """Whether several steps are given at once."""
        return has_steps(self.x_layout)

    is_loss = False

    def gradient(self, answer: "Answer", place: str, like: Any) -> Any:
        """The gradient at a place, in the shape of `like`. Raises AnotherApiError."""
        value = np.asarray(self._at(answer, place))
        fits = value.dtype.kind in "fi" and _core(value) == _core(like)
        # What an update could not subtract, or would blow up, is no gradient: (h,) from (h, 1) gives (h, h).
        if not fits or np.broadcast_shapes(value.shape, like.shape) != like.shape:
            raise AnotherApiError(f"{place} has shape {value.shape}; expected {like.shape}")
        return np.array(value, float).reshape(like.shape)

    def restored(self, answer: "Answer", place: str, layout: str, like: Any) -> Any:
        """The gradient of an input at a place, (steps, batch, features) again. Raises AnotherApiError."""
        value, wanted = np.asarray(self._at(answer, place)), np.asarray(arranged(like, layout))
        if value.dtype.kind not in "fi" or _core(value) != _core(wanted):
            raise AnotherApiError(f"{place} has shape {value.shape}; expected {wanted.shape}")
        return np.asarray(restored(np.array(value, float).reshape(wanted.shape), layout, like.shape))

    def _at(self, answer: "Answer", place: str) -> Any:
        try:
            if place.startswith("returned"):
                return read(answer.returned, place[len("returned") :])
            return read(answer.made, place)
        except (LookupError, AttributeError, TypeError) as error:
            raise AnotherApiError(f"{place} is not there after backward") from error

    def _states(self, made: Any, returned: Any, shape: tuple[int, int, int]) -> Any:
        place = self.state
        value = read(made, place[len("made.") :]) if place.startswith("made.") else read(returned, place)
        states = restored(value, self.out_layout, (1, *shape[1:]) if self.last_only else shape)
        if states is None:
            raise AnotherApiError(f"forward gives no states of shape {shape}")
        return states

    @property
    def last_only(self) -> bool:
        """Whether forward answers with the last state only."""
        return has_steps(self.x_layout) and not has_steps(self.out_layout)

    def _cache(self, returned: Any) -> Any:
        """What forward returned beside the states: the other one of two, else the list of all others."""
        if self.state.startswith("made.") or not isinstance(returned, tuple):
            return returned
        position = int(self.state.strip("[").partition("]")[0] or 0) if self.state else 0
        others = [value for index, value in enumerate(returned) if index != position]
        return others[0] if len(others) == 1 else (others[-1] if others else None)

    def _callable(self, made: Any, name: str) -> Any:
        return getattr(self.module if isinstance(made, SimpleNamespace) else made, name)

    def _arguments(self, made: Any, roles: Sequence[str], **given: Any) -> list[Any]:
        return [given[role] if role in given else None if role == "None" else read(made, role) for role in roles]

    def describe(self) -> str:
        """One line on what is driven, for a report."""
        names = {"T": "a sequence", "[": "a sequence as a list", "B": "a batch"}
        taken = next((text for axis, text in names.items() if axis in self.x_layout), "one sample")
        what = f"{self.target}, {taken} at a time"
        shown = f"{len(self.gradients)} of {len(self.parameters)} parameters' gradients"
        extra = [name for name, place in (("dx", self.dx), ("dh", self.dh)) if place is None]
        adds = ", gradients added up" if self.accumulates else ""
        return f"{what}; {shown}{adds}" + (f"; {' and '.join(extra)} not shown" if extra else "")

    def names(self) -> dict[str, str]:
        """The parameters' places by the shortest names that tell them apart."""
        short = [last_name(place) for place in self.parameters]
        return {
            place if short.count(name) > 1 else name: place for name, place in zip(short, self.parameters, strict=True)
        }


class Answer:
    """What one run has left: the object, the states (steps, batch, hidden), what backward returned."""

    def __init__(self, made: Any, states: Any) -> None:
        self.made, self.states, self.returned = made, states, None


def settled(adapter: Adapter, made: Any, sizes: Mapping[str, int]) -> Any:
    """The object once it has its parameters: some are made in the first call of forward only."""
    if adapter.lazy:
        x, h_0 = (
            np.zeros((sizes["steps"], sizes["batch"], sizes["input"])),
            np.zeros((1, sizes["batch"], sizes["hidden"])),
        )
        given_h = None if adapter.h_layout is None else arranged(h_0, adapter.h_layout)
        adapter.forward(made, arranged(x, adapter.x_layout), given_h)
    return made


def resolved(value: Any, module: Any, sizes: Mapping[str, int]) -> Any:
    """An argument of a constructor: a size by its name, what makes itself from sizes, or the value itself."""
    if hasattr(value, "resolve"):
        return value.resolve(module, sizes)
    if isinstance(value, dict):
        return {key: resolved(inner, module, sizes) for key, inner in value.items()}
    return sizes.get(value, value) if isinstance(value, str) else value


def _core(array: Any) -> tuple[int, ...]:
    return tuple(length for length in array.shape if length != 1)
