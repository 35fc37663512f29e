"""What the worker does with an adapter: it tells what there is at given sizes, and runs forward and backward.

Plain data and arrays only, in the order that `Described` tells: the examining process decides what to ask.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from .adapter import Adapter, settled
from .answer import AnotherApiError
from .flags import flags_of, switched
from .made import in_words
from .places import last_name

UPDATES = "updates"
"""The name under which it is said that backward updates the parameters."""

TAKEN = ("x", "h_0", "dx", "dh", "updates")
"""Names with a meaning of their own between worker and examiner: no parameter is called so there."""

CHANGES = "changes "
"""Before the name of what the passes are given: they write into it."""

SINGLE = "single "
"""Before the name of a gradient: it has single precision."""


ALWAYS = (
    "target", "construct", "forward_name", "backward_name", "forward_roles", "backward_roles", "x_layout", "h_layout",
    "out_layout", "state", "parameters", "gradients", "dx", "dh",
)  # fmt: skip
"""What an adapter says in any case, in this order: with all of it, nothing is left to be found."""

NEVER = ("source", "names_returned", "said", "read_only", "turn", "passed_over", "part_of", "is_loss", "is_assumed")
"""What no adapter says: what is known of the file, and what was tried."""


class Driver:
    """One adapter in the worker, put to requests.

    `vary` finds the adapter of the same file with a flag switched; None where nothing drives it so.
    """

    def __init__(self, adapter: Adapter, vary: Callable[[str], Adapter | None] = lambda flag: None) -> None:
        self.adapter = adapter
        self.where, self.step = "forward", 0
        self._vary = vary
        self._varied: dict[str, Driver] = {}

    @contextmanager
    def with_flag(self, flag: str) -> Iterator["Driver"]:
        """What drives the file with a flag switched, as long as it is. Raises AnotherApiError where nothing does."""
        with switched(self.adapter.module, flag):
            if flag not in self._varied:
                found = self._vary(flag)
                if found is None:
                    raise AnotherApiError(f"nothing drives it with {flag} switched")
                self._varied[flag] = Driver(found)
            yield self._varied[flag]

    def described(self) -> dict[str, Any]:
        """What is driven, as JSON: how a report calls it, what can be given and what is shown."""
        adapter = self.adapter
        names = _names(adapter)
        return {
            "text": adapter.describe(),
            "target": adapter.target,
            "names": list(names),
            "shown": [name for name, place in names.items() if place in adapter.gradients],
            "gradients": {
                name: adapter.names_returned.get(at, at)
                for name, place in names.items()
                if (at := adapter.gradients.get(place)) is not None
            },
            "dx": adapter.dx is not None,
            "dh": adapter.shows_dh,
            "h_0": adapter.h_layout is not None,
            "rows": adapter.rows,
            "sequence": adapter.is_sequence,
            "last_only": adapter.last_only,
            "loss": adapter.is_loss,
            "assumed": adapter.is_assumed,
            "inputs": getattr(adapter, "input_kind", ""),
            "targets": getattr(adapter, "target_kind", ""),
            "accumulates": adapter.accumulates,
            "alike": adapter.alike,
            "takes_last": adapter.takes_last,
            "flags": flags_of(adapter.module),
            "part_of": "; ".join(f"{way} raised {fault}" for way, fault in adapter.part_of.items()),
            "first": adapter.carried,
            "answers": adapter.answers,
            "sizes": dict(adapter.fixed),
            "adapter": said_by(adapter),
        }

    def shapes(self, sizes: Mapping[str, int]) -> dict[str, Any]:
        """The shapes and the precision of the parameters, by name, at these sizes."""
        self.where = "construction"
        made = settled(self.adapter, self.adapter.make(sizes), sizes)
        arrays = {name: self.adapter.parameter(made, place) for name, place in _names(self.adapter).items()}
        return {name: [*array.shape, int(array.dtype.itemsize)] for name, array in arrays.items()}

    def answer(
        self,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Any],
        *,
        before: bool,
        turn: Callable[[], None] = lambda: None,
    ) -> tuple[list[Any], dict[str, str]]:
        """The states, and where there is a `delta` the gradients: of the parameters, then dx, then dh, as shown.

        With `before`, the same object is used once before on other numbers. `turn` is called when forward is done and
        backward comes. A gradient that has another shape, or is not there, is NaN, and a text by
        its name says what is there instead.
        """
        adapter, names = self.adapter, _names(self.adapter)
        values = {place: arrays[f"p {name}"] for name, place in names.items()}
        x, h_0, delta = arrays["x"], arrays.get("h_0"), arrays.get("delta")
        odd: dict[str, str] = {}

        def told(where: str) -> None:
            self.where = where
            if where == "backward":
                turn()

        with np.errstate(all="ignore"):
            last = arrays.get("delta_last")
            answer = adapter.run(sizes, values, x, h_0, delta, delta_last=last, before=before, told=told)
            found = [np.asarray(answer.states, float)]
            if delta is None:
                return found, odd

            def shown(name: str, place: str, like: Any, read: Callable[[], Any]) -> None:
                try:
                    found.append(np.asarray(read(), float))
                    if answer.is_single(place):
                        odd[SINGLE + name] = "single precision"
                except AnotherApiError as error:
                    odd[name] = str(error)
                    found.append(np.full(np.shape(like), np.nan))

            for name, place in names.items():
                if (at := adapter.gradients.get(place)) is not None:
                    like = values[place]
                    shown(name, at, like, partial(answer.gradient, at, like))
            if adapter.dx is not None:
                shown("dx", adapter.dx, x, partial(answer.restored, adapter.dx, adapter.x_layout, x))
            if adapter.shows_dh and h_0 is not None:
                shown("dh", str(adapter.dh), h_0[None], partial(adapter.first_gradient, answer, h_0))
            odd |= {CHANGES + name: "it is written into" for name in answer.changed}
            if any(not np.array_equal(adapter.parameter(answer.made, p), v) for p, v in values.items()):
                odd[UPDATES] = "backward changes the parameters itself"
        return found, odd

    @property
    def watched(self) -> tuple[Any, str]:
        """What goes forward: the class or the module that it is in, and its name."""
        module, adapter = self.adapter.module, self.adapter
        holder = getattr(module, adapter.owner or adapter.target, None)
        return (holder if isinstance(holder, type) else module), adapter.forward_name


def _names(adapter: Adapter) -> dict[str, str]:
    """The parameters' places by the shortest names that tell them apart, and from what is no parameter."""
    short = [last_name(place) for place in adapter.parameters]
    names = {
        place if short.count(name) > 1 else name: place for name, place in zip(short, adapter.parameters, strict=True)
    }
    return {f"self.{place}" if name in TAKEN else name: place for name, place in names.items()}


def said_by(adapter: Adapter) -> dict[str, Any]:
    """All that an adapter has to say for the same API to be driven, as JSON."""
    # What a course says is said again.
    ours = str(__package__)
    kinds = [kind for kind in type(adapter).__mro__ if issubclass(kind, Adapter) and kind.__module__.startswith(ours)]
    defaults = {name: value for kind in reversed(kinds) for name, value in vars(kind).items() if _is_data(name, value)}
    defaults["family"] = ""
    names = [*ALWAYS, *(name for name in defaults if name not in (*ALWAYS, *NEVER))]
    said = {name: _written(getattr(adapter, name)) for name in names}
    return {name: value for name, value in said.items() if name in ALWAYS or value != _written(defaults[name])}


def _written(value: Any) -> Any:
    """The value of an attribute in words; at the top a tuple is a list, and is written as a tuple again."""
    return in_words(list(value) if isinstance(value, tuple) else value)


def _is_data(name: str, value: Any) -> bool:
    return (
        not name.startswith("_")
        and not callable(value)
        and not isinstance(value, property | staticmethod | classmethod)
    )


__all__ = ["AnotherApiError", "Driver"]
