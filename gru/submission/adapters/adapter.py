"""An adapter: one API as data, and what is done with it. A course's own adapter is a subclass of `Adapter`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .answer import AnotherApiError, Answer, answered_at, left_at
from .arguments import OF_ANSWER, OWNER, Given, Kept, both, in_lists, of_two, parts_answered, resolved, size_of
from .chance import begin_anew
from .closures import Closures
from .layouts import arranged, has_steps, of_one_step, restored
from .optimiser import OPTIMISER, Optimiser
from .places import last_name, read


class Adapter:
    """How the API of one file is driven, and where its values are found.

    A subclass says by its attributes what is so in its course, or overrides `make`, `forward` and
    `backward`. Places are written as Python reads them (`Wz`, `params[0]`, `grads['Wz']`), and begin
    at the object that `make` returns, or with `returned` at what `backward` returns.

    Attributes:
        target: The name of the class, or of the function that goes forward.
        family: What else it is than passes over arrays: `loss`, `unwritten loss`, `engine` or `lists`.
        construct: Arguments of the class by name: a size (`input`, `hidden`, `output`, `batch`, `steps`), an array of
            a shape, such as `(input,3*hidden)`, or a value. Of functions, what they are given beside x and h.
        setup: Methods that are called once an object is made, each with its arguments, as `construct` has them.
        owner: The class that functions are methods of, where they are given all parameters.
        parameters: The places of the parameters, of the kind of float arrays that can be written into.
        gradients: For each parameter whose gradient is shown, the place of that.
        x_layout, h_layout, out_layout, delta_layout: Layouts of the input, of the first state (None where there
            is none to give), of what forward answers and of what backward is given (see `layouts`).
        state: The place of the states in what forward returns; with `made.` before it, in the object.
        second: The place of the second state, such as an LSTM's c, where backward is given its gradient too.
        second_width: What that is as wide as, where it is another width: an output beside its state.
        carried: How many states are given: 2 for an LSTM that is given h and c. Then `h` is a tuple of both.
        width: What a state is as wide as: `hidden`, `2*hidden` (two directions), or `output`.
        dx, dh, dc: The places of the gradients for the input and the first states; None where they are not shown.
        makes_passes: Whether the target is a function that answers both passes, which share what it holds.
        forward_name, backward_name: Methods of the class, or functions of the file, or of what was made; a backward
            pass may be a part of what forward answered, such as `answered[1]`.
        forward_roles, backward_roles: What they are given, in order: `x`, `h`, `c`, both states `hc`, `delta`,
            `delta_c`, both gradients `deltas`, `delta_last` for the last state alone, `cache`, the answered `state`,
            a part of what forward answered such as `answered[2]`, a `number`, a size such as `size hidden`, or a place.
        source: The text of the file, of which the names in a `return` are read.
        fixed: Sizes that are written into the file, and cannot be chosen.
        reset_name: The method that is called between one use of an object and the next; None for none.
        state_at: The attribute in which an object keeps its state, where that is not given to forward; None for none.
        each_step: Whether the passes are called once a step, backward from the last step to the first, of an object
            that keeps its state and what its steps leave for backward. Then the layouts are lists.
        back_once: Whether backward is called once for all these steps, with a list that has a gradient for each.
        handed_on: Then the places of what backward leaves for the step before, where its caller adds that to the
            gradient from above; none where the object does it itself.
        rate: What a learning rate is given as: not 0 where gradients show only in what backward does with it.
        rate_at: The attribute that holds the rate, where backward is not given it; None for none.
        idle: What has the name of a parameter, and moves no state.
        lazy: Whether the parameters are made in the first call of forward.
        accumulates: Whether a second backward pass adds to the gradients.
        alike: Whether backward raises in the file's own lines wherever sizes differ, and does not where all are alike.
        passed_over: What else was tried, and what it raised in its own lines, as arrays did not go together; and what
            the target is a part of, where no way to call that was found.
        part_of: Of these, what the target is a part of.
        one_row: Whether a batch may have one row only.
        said: The attributes that a course's own adapter gives: they are not looked for.
        read_only: Whether what is given to the passes cannot be written into.
        turn: Is called before each run, while it is tried how the file is driven.
    """

    target = "GRUCell"
    family = ""
    owner: str | None = None
    construct: Mapping[str, Any] = {}
    setup: Mapping[str, Mapping[str, Any]] = {}
    parameters: Sequence[str] = ()
    gradients: Mapping[str, str] = {}
    x_layout = out_layout = "F"
    h_layout: str | None = "F"
    delta_layout: str | None = None
    state = ""
    second: str | None = None
    second_width: str | None = None
    carried = 1
    width = "hidden"
    dx: str | None = None
    dh: str | None = None
    dc: str | None = None
    makes_passes = False
    forward_name, backward_name = "forward", "backward"
    forward_roles: Sequence[str] = ("x", "h")
    backward_roles: Sequence[str] = ("delta",)
    accumulates = False
    names_returned: Mapping[str, str] = {}
    fixed: Mapping[str, int] = {}
    source = ""
    reset_name: str | None = None
    state_at: str | None = None
    each_step = back_once = False
    handed_on: Sequence[str] = ()
    rate = 0.0
    rate_at: str | None = None
    lazy = False
    idle: Sequence[str] = ()
    one_row = alike = False
    passed_over: Mapping[str, str] = {}
    part_of: Mapping[str, str] = {}
    said: frozenset[str] = frozenset()
    read_only = False
    turn: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, module: Any, **different: Any) -> None:
        self.module = module
        self._answered: Any = None
        self._returned: Any = None
        self._delta_last: Any = None
        self._sizes: Mapping[str, int] = {}
        self._values: Mapping[str, Any] = {}
        self.after_step: Callable[[Any, Any], Any] = lambda made, returned: None
        self._held: tuple[dict[str, int], Any] | None = None
        for name, value in different.items():
            if not hasattr(type(self), name):
                raise TypeError(f"an adapter has no attribute {name!r}")
            setattr(self, name, value)

    # What a course may override

    def make(self, sizes: Mapping[str, int]) -> Any:
        """A fresh object with parameters of the shapes for these sizes."""
        arguments = resolved(self.construct, self.module, sizes)
        target = getattr(self.module, self.target, None)
        if self.makes_passes:
            return Closures(target(**arguments))  # type: ignore[misc]
        made = target(**arguments) if isinstance(target, type) else Given(**arguments)
        for method, given in self.setup.items():
            getattr(made, method)(**resolved(given, self.module, sizes))
        return made

    def forward(self, made: Any, x: Any, h: Any) -> Any:
        """What the submission's forward pass returns, given its own layouts."""
        roles = {"x": x, **of_two("h", "c", "hc", h)}
        return self._callable(made, self.forward_name)(*self._arguments(made, self.forward_roles, roles))

    def backward(self, made: Any, delta: Any, cache: Any, x: Any, h: Any) -> Any:
        """What the submission's backward pass returns; `cache` is what forward returned beside the states."""
        roles = {"cache": cache, "x": x, "state": self._answered, **of_two("h", "c", "hc", h)}
        roles |= parts_answered(self._returned, self.backward_roles)
        roles |= of_two("delta", "delta_c", "deltas", delta) | {"delta_last": self._delta_last}
        return self._callable(made, self.backward_name)(*self._arguments(made, self.backward_roles, roles))

    def made_for(self, sizes: Mapping[str, int]) -> Any:
        """An object for one call that may fail. What functions are given is made once: many calls are tried on it."""
        if self._held is None or self._held[0] != dict(sizes):
            self._held = (dict(sizes), self.make(sizes))
        held = self._held[1]
        if not isinstance(held, Given):
            self._held = None
        return held

    # What is done with it

    def run(
        self,
        sizes: Mapping[str, int],
        values: Mapping[str, Any],
        x: Any,
        h_0: Any,
        delta: Any = None,
        *,
        delta_last: Any = None,
        before: bool = False,
        told: Callable[[str], None] = lambda where: None,
    ) -> Answer:
        """One run forward, and backward where there is a `delta`.

        Args:
            sizes: `batch`, `input`, `hidden`, `steps`, `output` by name.
            values: The parameters by their places; those that are left out stay as they were made.
            x: (steps, batch, input).
            h_0: (batch, hidden), or both states side by side, (batch, 2*hidden).
            delta: (steps, batch, width), the gradient of the loss for the states; side by side where they are two.
            delta_last: (batch, width), what backward is given for the last state apart; None for nothing.
            before: Whether the same object is used once before, on other numbers.
            told: Is told what is called.

        Raises:
            AnotherApiError: Where something is not found or has another shape.
        """
        self.turn()
        told("construction")
        self._delta_last = None if delta_last is None else arranged(delta_last[None], self.last_layout)
        Optimiser.rate = self.rate
        self._sizes, self._values = sizes, values
        made = settled(self, self.make(sizes), sizes)
        for place, value in values.items():
            self.parameter(made, place)[...] = value
        if before:
            # A use with other numbers, and then the method by which the class begins anew.
            other = None if h_0 is None else h_0[..., ::-1] * 0.5
            self._run(made, sizes, x[..., ::-1] + 0.25, other, None if delta is None else delta + 0.5, told)
            if self.reset_name:
                getattr(made, self.reset_name)()
        return self._run(made, sizes, x, h_0, delta, told)

    def _run(
        self, made: Any, sizes: Mapping[str, int], x: Any, h_0: Any, delta: Any, told: Callable[[str], None]
    ) -> Answer:
        told("forward")
        begin_anew(made, self.module)
        given_x, given_h = self._given(arranged(x, self.x_layout)), self._given(self._first(h_0, sizes))
        # Most runs only go forward, and of those nobody asks what they write into.
        kept = Kept() if delta is None else Kept(x=given_x, h_0=given_h)
        if self.state_at and given_h is not None:
            setattr(made, self.state_at, given_h)
        returned = self._returned = self.forwarded(made, given_x, given_h)
        answer = Answer(self.seen(made), self._states(made, returned, sizes), self._values, self.rate)
        if delta is not None:
            told("backward")
            if self.rate_at:
                setattr(made, self.rate_at, self.rate)
            layout = self.delta_layout or self.out_layout
            parts = np.split(delta, [size_of(self.width, sizes)] if self.second else [], axis=-1)
            given = self._given(both(arranged(part, layout) for part in parts))
            kept.keep(delta=given)
            self._answered = answered_at(made, returned, self.state)
            answer.returned = self.seen(self._backwarded(made, given, self._cache(returned), given_x, given_h))
            answer.made = self.seen(made)
        answer.changed = kept.changed()
        return answer

    def forwarded(self, made: Any, x: Any, h: Any) -> Any:
        """What forward returns: of every step, in lists, where it is called once a step, or yields each."""
        if not self.each_step:
            returned = self.forward(made, x, h)
            return list(returned) if isinstance(returned, Iterator) else returned
        return in_lists([self.forward(made, x_t, h) for x_t in x])

    def _backwarded(self, made: Any, delta: Any, cache: Any, x: Any, h: Any) -> Any:
        if not self.each_step or self.back_once:
            return self.backward(made, delta, cache, x, h)
        answered, forward, returned = self._answered, self._returned, []
        parts = delta if isinstance(delta, tuple) else (delta,)
        above: list[Any] = [0.0] * len(parts)
        for t in reversed(range(len(x))):
            self._answered = answered[t]
            self._returned = tuple(part[t] for part in forward) if isinstance(forward, tuple) else forward[t]
            delta_t = both(part[t] + more for part, more in zip(parts, above, strict=True))
            returned.append(self.backward(made, delta_t, cache[t] if isinstance(cache, list) else cache, x[t], h))
            if self.handed_on:
                above = [left_at(made, returned[-1], place) for place in self.handed_on]
            self.after_step(made, returned[-1])
        return in_lists(returned[::-1])

    def _first(self, h_0: Any, sizes: Mapping[str, int]) -> Any:
        """The first state as forward takes it: None where it takes none, a tuple where it takes two."""
        if self.h_layout is None or h_0 is None:
            return None
        return both(arranged(part[None], self.h_layout) for part in np.split(h_0, self.carried, axis=-1))

    def _given(self, value: Any) -> Any:
        """What is given to a pass."""
        if self.read_only:
            for array in value if isinstance(value, list | tuple) else [value]:
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
        return value

    def parameter(self, made: Any, place: str) -> Any:
        """The array of a parameter, to be written into."""
        return read(made, place)

    def seen(self, thing: Any) -> Any:
        """The object, or what a pass returned, as its arrays are looked for in it."""
        return thing

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
    def takes_last(self) -> bool:
        """Whether backward may be given the gradient for the last state apart."""
        return "delta_last" in self.backward_roles

    @property
    def last_layout(self) -> str:
        """The layout of the last state, where that is answered apart: that of the first, or of one step."""
        return self.h_layout or of_one_step(self.out_layout)

    @property
    def is_sequence(self) -> bool:
        """Whether several steps are given at once."""
        return has_steps(self.x_layout)

    is_loss = is_assumed = False

    def gradients_of(self, answer: Answer, values: Mapping[str, Any]) -> dict[str, Any]:
        """Every gradient that is shown, by its parameter, in the shape of that. Raises AnotherApiError."""
        return {place: answer.gradient(at, values[place]) for place, at in self.gradients.items()}

    def _states(self, made: Any, returned: Any, sizes: Mapping[str, int]) -> Any:
        shape = (1 if self.last_only else sizes["steps"], sizes["batch"], size_of(self.width, sizes))
        found = [restored(answered_at(made, returned, self.state), self.out_layout, shape)]
        if self.second:
            shape = (*shape[:2], size_of(self.second_width or self.width, sizes))
            found.append(restored(answered_at(made, returned, self.second), self.out_layout, shape))
        if any(states is None for states in found):
            raise AnotherApiError(f"forward gives no states of shape {shape}")
        return np.concatenate(found, axis=-1)

    def first_gradient(self, answer: Answer, h_0: Any) -> Any:
        """The gradient of the first state, as `h_0` is. Raises AnotherApiError."""
        places = [place for place in (self.dh, self.dc) if place][: self.carried]
        parts = np.split(h_0, self.carried, axis=-1)
        layout = str(self.h_layout)
        found = [answer.restored(at, layout, part[None]) for at, part in zip(places, parts, strict=True)]
        return np.concatenate(found, axis=-1)

    @property
    def shows_dh(self) -> bool:
        """Whether the gradients of all first states are shown."""
        return self.dh is not None and (self.carried == 1 or self.dc is not None)

    @property
    def answers(self) -> str:
        """How wide an answer is, as a text that `size_of` reads."""
        if self.second and self.second_width:
            return f"{self.width}+{self.second_width}"
        return f"2*{self.width}" if self.second else self.width

    @property
    def last_only(self) -> bool:
        """Whether forward answers with the last state only."""
        return has_steps(self.x_layout) and not has_steps(self.out_layout)

    def _cache(self, returned: Any) -> Any:
        """What forward returned beside the states: the last of it."""
        if self.state.startswith("made.") or not isinstance(returned, tuple):
            return returned
        taken = {int(place.strip("[").partition("]")[0] or 0) for place in (self.state, self.second or "") if place}
        others = [value for index, value in enumerate(returned) if index not in (taken or {0})]
        return others[-1] if others else None

    def passes_back(self, holder: Any) -> Any:
        """The backward pass: a method of what holds the passes, or the function that the last forward pass answered."""
        name = self.backward_name
        return self._callable(None, name) if name.startswith(OF_ANSWER) else getattr(holder, name)

    def _callable(self, made: Any, name: str) -> Any:
        if name.startswith(OF_ANSWER):
            return read(self._returned, name[len(OF_ANSWER) :])
        if not isinstance(made, Given):
            return getattr(made, name)
        holder = getattr(self.module, self.owner) if self.owner else self.module
        return getattr(getattr(made, OWNER, holder), name)

    def _arguments(self, made: Any, roles: Sequence[str], given: Mapping[str, Any]) -> list[Any]:
        return [given[role] if role in given else self._constant(role, made) for role in roles]

    def _constant(self, role: str, made: Any) -> Any:
        """What an argument is given that is no array of the problem: a size, a rate, an optimiser, a place."""
        if role == OPTIMISER:
            return Optimiser()
        if role in ("None", "number"):
            return None if role == "None" else self.rate
        return self._sizes[role[len("size ") :]] if role.startswith("size ") else read(made, role)

    def describe(self) -> str:
        """One line on what is driven, for a report."""
        names = {"T": "a sequence", "[": "a sequence as a list", "B": "a batch"}
        if self.each_step:
            names = {"B": "one step of a batch", "F": "one step"}
        taken = next((text for axis, text in names.items() if axis in self.x_layout), "one sample")
        what = f"{self.target}, {taken} at a time"
        shown = f"{len(self.gradients)} of {len(self.parameters)} parameters' gradients"
        extra = [name for name, is_shown in (("dx", self.dx is not None), ("dh", self.shows_dh)) if not is_shown]
        adds = ", gradients added up" if self.accumulates else ""
        return f"{what}; {shown}{adds}" + (f"; {' and '.join(extra)} not shown" if extra else "") + self.without_use()

    def without_use(self) -> str:
        """What the answers do not depend on, for a report."""
        names = ", ".join(last_name(place) for place in self.idle if place not in self.gradients.values())
        return f"; nothing that it answers depends on {names}" if names else ""


def settled(adapter: Adapter, made: Any, sizes: Mapping[str, int]) -> Any:
    """The object once it has its parameters: some are made in the first call of forward only."""
    if adapter.lazy:
        x = np.zeros((sizes["steps"], sizes["batch"], sizes["input"]))
        h_0 = np.zeros((sizes["batch"], adapter.carried * sizes["hidden"]))
        adapter.forwarded(made, arranged(x, adapter.x_layout), adapter._first(h_0, sizes))
    return made
