"""Filling in an adapter whose object can be made: layouts, states, parameters, where the gradients are.

What is found is what the forward pass behaves as. What a course's adapter says is taken as it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .adapter import Adapter
from .answer import AnotherApiError, Answer
from .arguments import Given
from .behaviour import adds_up, behaves, moving, numbers, places_of_states, upstream, values_of
from .calls import backward_roles, forward_roles, taken_back, with_the_last
from .fixed import chosen_in, fixed_sizes
from .gradients import find
from .layouts import arranged, has_steps
from .names import STATE_NAMES
from .places import arrays_in, attributes_of
from .source import names_returned, parameters_of
from .two_states import answer_is_crossed, seconds_of, upstream_is_crossed
from .updates import by_changes

SIZES = {"batch": 2, "input": 3, "hidden": 5, "steps": 4, "output": 7}
"""Sizes whose multiples and sums differ, so that a shape tells what it is made of."""

RESET = re.compile(r"^(reset|flush|clear)(_?(state|gradients|cache|hidden|h))?$|^init_?(state|hidden)$", re.IGNORECASE)
"""Methods that begin anew, which users of a class call between one sequence and the next."""

CELLS = (("BF", "BF"), ("F", "F"), ("FB", "FB"), ("BF", None), ("FB", None), ("F", None))
SEQUENCES = tuple(
    (x, h)
    for x, states in (
        ("TBF", ("BF", "1BF", None)),
        ("BTF", ("BF", "1BF", None)),
        ("TFB", ("FB", None)),
        ("FBT", ("FB", None)),
        ("BFT", ("BF", None)),
        ("[BF]", ("BF", None)),
        ("[FB]", ("FB", None)),
        ("TF", ("F", "BF", "FB", None)),
        ("[F]", ("F", None)),
        ("FT", ("F", "FB", None)),
        ("#BT", ("BF", "1BF", None)),
        ("#TB", ("BF", "1BF", None)),
        ("#T", ("F", "BF", "FB", None)),
    )
    for h in states
)
"""Layouts of the input and the first state that are tried, the most telling first."""

MOST_ERRORS = 50
"""How many different exceptions are kept, to tell where they come from."""


class Tried:
    """What was tried in vain: the last fault of each way, for the message to the teacher.

    `alike` says that backward is tried at sizes that are all alike, of the ways in `raised` alone: there it raised in
    the file's own lines where they differ. `states` says where in the last answer arrays are that behave as states, by
    place, layout and width: of how many parameters each is made.

    Args:
        turn: Is called before each trial, and raises where there were enough.
    """

    def __init__(self, turn: Callable[[], None]) -> None:
        self.turn = turn
        self.faults: dict[str, str] = {}
        self._errors: dict[str, BaseException] = {}
        self.answered = self.fitted = self.behaved = self.alike = False
        self.raised: dict[str, str] = {}
        self.states: dict[tuple[str, str, str], int] = {}

    def note(self, way: str, error: BaseException) -> None:
        """Remember the last fault of a way."""
        text = f"{type(error).__name__}: {str(error)[:120]}"
        # The last of each text: most of many layouts raise the same.
        kept = [(t, e) for t, e in self._errors.items() if t != text][-MOST_ERRORS:]
        self._errors = dict(kept) | {text: error}
        self.faults[way] = text

    @property
    def errors(self) -> list[BaseException]:
        """What was raised, the last of each text, in the order in which it was."""
        return list(self._errors.values())


def sizes_of(adapter: Adapter) -> dict[str, int]:
    """Sizes at which an adapter can be run."""
    sizes = SIZES | dict(adapter.fixed)
    steps = sizes["steps"] if has_steps(adapter.x_layout) else 1
    return {**sizes, "steps": steps, "batch": sizes["batch"] if adapter.rows else 1}


def driven(adapter: Adapter, module: Any, of: tuple[Any, bool], tried: Tried) -> Adapter | None:
    """The adapter with everything filled in, for the first layouts in which forward behaves as one.

    Args:
        adapter: One whose object can be made.
        module: The module of the file.
        of: What has the passes, and whether they are its methods.
        tried: Is told what goes wrong.
    """
    if tried.alike and _way_back(adapter) not in tried.raised:
        return None
    made = adapter.make(SIZES)
    adapter.alike = tried.alike
    adapter.turn, said = tried.turn, adapter.said
    if "lazy" not in said:
        adapter.lazy = not any(True for _ in arrays_in(adapter.seen(made)))
    if "reset_name" not in said and not isinstance(made, Given):
        adapter.reset_name = next((n for n in dir(made) if RESET.match(n) and _is_plain(getattr(made, n))), None)
    for fixed in (
        (adapter.fixed,) if "fixed" in said else fixed_sizes(adapter.seen(made), module, chosen_in(adapter.construct))
    ):
        adapter.fixed = fixed
        for state_at, both_ways in (*((name, False) for name in _kept_in(adapter)), (None, False), (None, True)):
            if both_ways and not tried.fitted:
                # Nothing that was answered has the shape of states, in whatever order they depend on steps.
                break
            adapter.state_at = state_at
            if found := _in_some_layout(adapter, of, tried, both_ways=both_ways):
                return found
    return None


def _kept_in(adapter: Adapter) -> Iterator[str]:
    """The attribute in which an object keeps the state that it is not given: what a step has answered, by its name."""
    sizes = SIZES | dict(adapter.fixed)
    for layout in ("BF", "F", "FB"):
        try:
            made = adapter.make(sizes)
            returned = adapter._callable(made, adapter.forward_name)(arranged(numbers(adapter, sizes)[0], layout))
        except Exception:
            continue
        for name, value in attributes_of(made).items():
            if STATE_NAMES.match(name) and isinstance(value, np.ndarray) and value is returned:
                yield name
        return


def _is_plain(method: Any) -> bool:
    """Whether it can be called without arguments."""
    return callable(method) and all(p.default is not p.empty for p in parameters_of(method))


def _in_some_layout(adapter: Adapter, of: tuple[Any, bool], tried: Tried, *, both_ways: bool) -> Adapter | None:
    sizes = SIZES | dict(adapter.fixed)
    holder, method = of
    layouts = _layouts(adapter)
    for roles, carried in _roles_of(adapter, holder, sizes, method=method):
        adapter.forward_roles, adapter.carried = roles, max(carried, 1)
        for one_row in (adapter.one_row,) if "one_row" in adapter.said else (False, True):
            for x_layout, h_layout in layouts:
                several = "B" in x_layout and (h_layout is None or "B" in h_layout)
                if (carried > 0 or adapter.state_at is not None) != (h_layout is not None) or (one_row and not several):
                    continue
                if both_ways and not has_steps(x_layout):
                    continue
                steps = sizes["steps"] if has_steps(x_layout) else 1
                at = {**sizes, "steps": steps, "batch": 1 if one_row or not several else sizes["batch"]}
                adapter.x_layout, adapter.h_layout, adapter.one_row = x_layout, h_layout, one_row
                for found in answering(adapter, at, tried, both_ways=both_ways):
                    if complete(found, at, of, tried):
                        return found
    return None


def _layouts(adapter: Adapter) -> list[tuple[str, str | None]]:
    """The layouts that are tried: those that are said, or all."""
    kind, said = type(adapter), adapter.said
    found = [
        (x, h)
        for x, h in (*CELLS, *SEQUENCES)
        if ("x_layout" not in said or x == kind.x_layout) and ("h_layout" not in said or h == kind.h_layout)
    ]
    return found or [(kind.x_layout, kind.h_layout)]


def _roles_of(
    adapter: Adapter, holder: Any, sizes: Mapping[str, int], *, method: bool
) -> Iterator[tuple[tuple[str, ...], int]]:
    """What forward may be given, and how many first states are among it."""
    if adapter.said & {"forward", "forward_roles"}:
        roles, carried = tuple(type(adapter).forward_roles), type(adapter).carried
        yield from ((roles, carried), (roles, 0))
    else:
        yield from forward_roles(getattr(holder, adapter.forward_name), adapter.make(sizes), method=method)


def answering(adapter: Adapter, sizes: Mapping[str, int], tried: Tried, *, both_ways: bool) -> Iterator[Adapter]:
    """The adapters, with the place of the states, for which forward gives states that behave as states."""
    tried.turn()
    way = f"{adapter.target}.{adapter.forward_name}"
    adapter.second = type(adapter).second
    try:
        adapter._sizes = sizes
        made = adapter.made_for(sizes)
        x, h_0 = numbers(adapter, sizes)
        returned = adapter.forwarded(made, arranged(x, adapter.x_layout), adapter._first(h_0, sizes))
    except Exception as error:
        tried.note(way, error)
        return
    tried.answered = True
    kind, said = type(adapter), adapter.said
    tried.states = {}
    for state, out_layout, width in places_of_states(adapter, returned, made, sizes):
        tried.fitted = True
        if ("state" in said and state != kind.state) or ("out_layout" in said and out_layout != kind.out_layout):
            continue
        _begin(adapter, state, out_layout, width)
        try:
            if behaves(adapter, sizes, both_ways=both_ways):
                tried.behaved = True
                tried.states[state, out_layout, width] = len(moving(adapter, sizes))
        except Exception as error:
            tried.note(way, error)
    # A gate that is answered too behaves as a state, and is made of fewer parameters; so is an LSTM's c.
    made_of, kinds = tried.states, [at[1:] for at in tried.states]
    for at in sorted(made_of, key=lambda at: (kinds.index(at[1:]), -made_of[at])):
        _begin(adapter, *at)
        tried.states = made_of
        yield adapter


def _begin(adapter: Adapter, state: str, out_layout: str, width: str) -> None:
    """Put the states at a place, and forget what was found for another."""
    adapter.state, adapter.out_layout, adapter.width = state, out_layout, width
    for name in ("second", "second_width", "parameters", "gradients", "dx", "dh", "dc"):
        setattr(adapter, name, getattr(type(adapter), name))


def complete(adapter: Adapter, sizes: Mapping[str, int], of: tuple[Any, bool], tried: Tried) -> bool:
    """Fill in the parameters and where their gradients are; whether anything of a gradient is shown."""
    holder, method = of
    way, said = _way_back(adapter), adapter.said
    if tried.alike:
        sizes = {**sizes, "input": sizes["hidden"], "batch": sizes["hidden"] if sizes["batch"] > 1 else 1}
    if adapter.backward_name and "backward" not in said:
        answer = adapter.run(sizes, values_of(adapter, sizes), *numbers(adapter, sizes))
        adapter.names_returned = names_returned(adapter.passes_back(holder), adapter.source)
        if "backward_roles" not in said:
            names = [p.name for p in parameters_of(getattr(holder, adapter.forward_name, None), method=method)]
            answered = names_returned(getattr(holder, adapter.forward_name, None), adapter.source)
            adapter.backward_roles = backward_roles(taken_back(adapter, of), adapter, answer.made, names, answered)
            if _has_the_last_apart(adapter, answer):
                adapter.backward_roles = with_the_last(adapter.backward_roles, taken_back(adapter, of))
    takes_two = {"delta_c", "deltas"} & set(adapter.backward_roles) and "second" not in said
    roles = adapter.backward_roles
    seconds: list[tuple[str | None, str | None]] = [(adapter.second, adapter.second_width)]
    if takes_two:
        seconds = [*seconds_of(adapter, sizes, tried.states)]
        if all(width for _, width in seconds) and "deltas" not in roles:
            # Where no second state is as the first, it may be the gradient of the last state, and that is 0.
            seconds.append((None, None))
    first = adapter.state
    for second, width in seconds:
        adapter.state, adapter.second, adapter.second_width = first, second, width
        adapter.backward_roles = roles
        if takes_two and second is None:
            adapter.backward_roles = tuple("number" if r == "delta_c" else r for r in roles)
        taken = taken_back(adapter, of) if takes_two and "state" not in said else []
        if second and not width and taken and upstream_is_crossed(adapter, tried.states, holder, taken):
            adapter.state, adapter.second = second, first
        if "parameters" not in said:
            adapter.parameters = ()
            adapter.parameters = tuple(moving(adapter, sizes))
        if not adapter.parameters:
            return False
        layouts = (adapter.out_layout, *(("BF",) if adapter.out_layout == "F" else ()))
        for delta_layout in (type(adapter).delta_layout,) if "delta_layout" in said else layouts:
            adapter.delta_layout = delta_layout
            try:
                _gradients(adapter, sizes)
            except Exception as error:
                tried.note(way, error)
                if _is_of_shapes(error, adapter):
                    tried.raised.setdefault(way, tried.faults[way])
                continue
            if adapter.gradients or by_changes(adapter, sizes, of) or adapter.dx or adapter.dh:
                if "one_row" not in said and _is_for_one_column(adapter, sizes):
                    adapter.one_row = True
                if "accumulates" not in said:
                    adapter.accumulates = adds_up(adapter, sizes)
                return True
    return False


def _has_the_last_apart(adapter: Adapter, answer: Answer) -> bool:
    """Whether forward answers the last state a second time, beside all states."""
    returned = adapter._returned
    if not isinstance(returned, tuple) or not has_steps(adapter.out_layout):
        return False
    last = arranged(answer.states[-1:], adapter.last_layout)
    return any(isinstance(part, np.ndarray) and np.array_equal(part, last) for part in returned)


def _way_back(adapter: Adapter) -> str:
    return f"{adapter.target}.{adapter.backward_name}"


def _is_of_shapes(error: Exception, adapter: Adapter) -> bool:
    """Whether arrays do not go together in a line of the file itself."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    own = trace is not None and trace.tb_frame.f_globals.get("__name__") == adapter.module.__name__
    return own and isinstance(error, ValueError | IndexError)


def _is_for_one_column(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether it is written for one sample as a column."""
    if sizes["batch"] == 1 or "FB" not in adapter.x_layout:
        return False
    x, h_0 = numbers(adapter, sizes)
    values = values_of(adapter, sizes)
    return sums_no_vector(adapter, adapter.run(sizes, values, x, h_0, upstream(adapter, sizes)), values)


def sums_no_vector(adapter: Adapter, answer: Answer, values: Mapping[str, Any]) -> bool:
    """Whether, with several samples, the gradient of no vector is a sum over them: then they are more than it is for.

    Where only some gradients are sums, the others are mistakes.
    """
    vectors, unsummed = set(), set()
    for place, at in adapter.gradients.items():
        if min(values[place].shape, default=1) == 1 or values[place].ndim == 1:
            vectors.add(place)
        try:
            answer.gradient(at, values[place])
        except AnotherApiError:
            unsummed.add(place)
    return bool(vectors) and vectors == unsummed


def _gradients(adapter: Adapter, sizes: Mapping[str, int]) -> None:
    """Find the gradients, by two runs with different upstream gradients."""
    x, h_0 = numbers(adapter, sizes)
    values = values_of(adapter, sizes)
    answer, other = (adapter.run(sizes, values, x, h_0, upstream(adapter, sizes, seed)) for seed in (2, 3))
    find(adapter, answer, other, x, sizes, values)
    if not {adapter.dh, adapter.dc} & {None, *adapter.names_returned} and answer_is_crossed(adapter, sizes):
        adapter.dh, adapter.dc = adapter.dc, adapter.dh
