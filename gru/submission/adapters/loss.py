"""A fused loss: one call that goes forward and backward over a sequence, and answers a loss and all gradients.

It takes no upstream gradient: the loss itself is differentiated. The function of a module or the method of a class;
two of them, where one gives the loss and the other the gradients; or three methods, where a forward pass comes first.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import FunctionType
from typing import Any

import numpy as np

from .adapter import OF_ANSWER, Adapter, AnotherApiError, Answer, Given, parts_answered
from .behaviour import moving, numbers, values_of
from .completing import SIZES, by_changes, sums_no_vector
from .construction import chosen_in, constructions, fixed_sizes, holders
from .gradients import find
from .layouts import arranged
from .names import BACKWARD, FORWARD, LOSS, RATE, SIZE_OF, C, H, X
from .source import definitions, names_returned, own, parameters_of
from .targets import ALPHABET, positions, targets

INPUTS = re.compile(r"^(inputs?|xs?|x_?seq|tokens|chars|seq|x_?train|x_batch|sentence|sequence)$", re.IGNORECASE)
TARGETS = re.compile(r"^(targets?|ys?|labels?|y_?true|outputs?|y_?train|y_batch|t)$", re.IGNORECASE)
GOES_BACK = re.compile(r"bptt|grad|back", re.IGNORECASE)
PREDICTED = re.compile(
    r"^(y|ys|y_?hats?|y_?preds?|outputs?|outs?|o|p|ps|probs?|pred(iction)?s?|logits|scores?)$", re.IGNORECASE
)
"""What a loss may be given of what forward has answered, where something else is the targets."""

INPUT_KINDS = ("tokens", "ids", "TFB", "TF", "TBF", "BTF", "[FB]")
"""What the input may be: a list or an array of positions in an alphabet, or vectors in a layout."""


class Loss(Adapter):
    """A function or method that goes forward and backward in one call, or a few that do it one after the other.

    Inputs that are positions in an alphabet are those of the largest entry of each step of `x`.
    """

    is_loss = True
    first_name = ""
    """The method that goes forward before the loss and the gradients are asked for; empty where there is none."""
    first_roles: Sequence[str] = ()
    several = False
    """Whether the loss is one over a list of sequences, and the gradients are those of one."""
    loss_at = ""
    input_kind = "tokens"
    target_kind = "tokens"
    takes_rows = False
    """Whether a batch of several sequences can be given."""
    dx = dh = None

    def run(self, sizes: Any, values: Any, x: Any, h_0: Any, delta: Any = None, **options: Any) -> Any:
        """One call, which is forward and backward; the loss is the only state, of shape (1, 1, 1)."""
        told = options.get("told", str)
        told("construction")
        self.turn()
        self._sizes, self._values = sizes, values
        made = self.make(sizes)
        for place, value in values.items():
            self.parameter(made, place)[...] = value
        if self.rate_at:
            setattr(made, self.rate_at, self.rate)
        if options.get("before"):
            self._call(made, x[..., ::-1] + 0.25, h_0, str)
            if self.reset_name:
                getattr(made, self.reset_name)()
        returned, gradients = self._call(made, x, h_0, told, options.get("aims"))
        loss = np.asarray(self._value(made, returned, self.loss_at), float)
        if loss.size != 1:
            raise AnotherApiError(f"{self.forward_name} returns no loss")
        answer = Answer(made, loss.reshape(1, 1, 1))
        answer.returned = gradients
        return answer

    @property
    def one_sequence(self) -> dict[str, int]:
        """The sizes at which it is tried."""
        return {**SIZES, **self.fixed, "batch": 1}

    def depends_on_order(self) -> bool:
        """Whether the loss is another one, by more than rounding, where two steps change places."""
        sizes = self.one_sequence
        x, h_0 = numbers(self, sizes)
        values = values_of(self, sizes)
        other = x[[1, 0, *range(2, len(x))]]
        one, two = (float(self.run(sizes, values, given, h_0).states.item()) for given in (x, other))
        return bool(abs(one - two) > 64 * np.finfo(float).eps * max(abs(one), abs(two)))

    def reads_every_row(self) -> bool:
        """Whether a batch of two sequences can be given, of which each moves the loss."""
        kinds = [kind for kind in (self.input_kind, self.target_kind, self.h_layout) if kind not in (None, "classes")]
        if self.several or not all("B" in str(kind) for kind in kinds):
            return False
        sizes = {**self.one_sequence, "batch": 2}
        x, h_0 = numbers(self, sizes)
        values = values_of(self, sizes)
        try:
            answer = self.run(sizes, values, x, h_0)
            others = [x * np.where(np.arange(2) == row, 0.5, 1)[:, None] for row in range(2)]
            moved = [self.run(sizes, values, other, h_0, aims=x).states for other in others]
        except Exception:
            return False
        loss = answer.states
        each_moves = np.isfinite(loss).all() and not any(np.array_equal(loss, other) for other in moved)
        return bool(each_moves) and not sums_no_vector(self, answer, values)

    def reads_every_step(self) -> bool:
        """Whether the input of each step by itself moves the loss: where one does not, the targets are too few."""
        sizes = self.one_sequence
        x, h_0 = numbers(self, sizes)
        values = values_of(self, sizes)
        loss = self.run(sizes, values, x, h_0).states
        for step in range(len(x)):
            other = x.copy()
            other[step] = np.roll(other[step], 1, axis=-1)
            if np.array_equal(self.run(sizes, values, other, h_0, aims=x).states, loss):
                return False
        return True

    def _call(self, made: Any, x: Any, h_0: Any, told: Callable[[str], Any], aims: Any = None) -> tuple[Any, Any]:
        """What the call that gives the loss returns, and the one that gives the gradients: often the same.

        Its targets are those of `x`, or of `aims`, where that is given.
        """
        told("forward")
        aimed = self._targets(x if aims is None else aims)
        given = {"inputs": _put(x, self.input_kind), "targets": aimed, **self._given_states(h_0)}
        if self.first_name:
            answered = self._callable(made, self.first_name)(*self._arguments(made, self.first_roles, given))
            given |= parts_answered(answered, (*self.forward_roles, *self.backward_roles))
        several = {name: [given[name]] for name in ("inputs", "targets")} if self.several else {}
        returned = self._callable(made, self.forward_name)(*self._arguments(made, self.forward_roles, given | several))
        if self.backward_name == self.forward_name:
            return returned, returned
        told("backward")
        return returned, self._callable(made, self.backward_name)(*self._arguments(made, self.backward_roles, given))

    def _given_states(self, h_0: Any) -> dict[str, Any]:
        first = self._first(h_0, self._sizes)
        return dict(zip(("h", "c"), first if isinstance(first, tuple) else (first,), strict=False))

    def _targets(self, x: Any) -> Any:
        found = targets(x, self.target_kind, self._sizes["output"])
        if self.target_kind in ("tokens", "positions"):
            return [int(position) for position in found]
        return found if self.target_kind in ("ids", "classes") else arranged(found, self.target_kind)

    @property
    def rows(self) -> bool:
        """Whether several sequences can be given at once."""
        return self.takes_rows

    @property
    def is_sequence(self) -> bool:
        """A loss is one over several steps."""
        return True

    def describe(self) -> str:
        """One line on what is driven, for a report."""
        shown = f"{len(self.gradients)} of {len(self.parameters)} parameters' gradients"
        what = "characters" if self.input_kind in ALPHABET else "vectors"
        given = "a batch of sequences" if self.takes_rows else "a sequence"
        return f"{self.forward_name}, a loss over {given} of {what}; {shown}{self.without_use()}"


def _put(x: Any, kind: str) -> Any:
    if kind in ALPHABET:
        return positions(x) if kind == "tokens" else np.array(positions(x))
    return arranged(x, kind)


def losses(module: Any, source: str, name: str | None) -> Iterator[Loss]:
    """Adapters for the functions and methods of a file that look like a loss, each way of being given."""
    tree = {definition.name: definition for definition in definitions(source)}
    functions = {k: v for k, v in own(module).items() if isinstance(v, FunctionType)}
    for loss, back in _pairs(functions):
        if name in (None, loss, back):
            made = holders(module, tree, loss, functions[loss])
            yield from _ways(_Calls(module, source, loss, functions, loss, back), made, method=False)
    for kind_name, kind in own(module).items():
        if not isinstance(kind, type) or name not in (None, kind_name):
            continue
        methods = {n: v for base in kind.__mro__[-2::-1] for n, v in vars(base).items() if isinstance(v, FunctionType)}
        for loss, back, first in (*((*pair, "") for pair in _pairs(methods)), *_triples(methods)):
            calls = _Calls(module, source, kind_name, methods, loss, back, first)
            yield from _ways(calls, constructions(kind), method=True)


def _pairs(functions: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A function that gives a loss and all gradients, or the two that give one each; a sum before a mean."""
    likely = sorted((n for n in functions if LOSS.search(n)), key=lambda n: "total" not in n)
    for name in likely:
        if not GOES_BACK.search(name) or re.search("loss|forward|fwd", name, re.IGNORECASE):
            yield name, name
    for loss in (n for n in likely if not GOES_BACK.search(n)):
        yield from ((loss, back) for back in functions if GOES_BACK.search(back) and back != loss)


def _triples(methods: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A method that gives the loss and one that gives the gradients, after a third that goes forward."""
    for loss in (n for n in methods if re.search("loss|cost|entropy", n, re.IGNORECASE) and not GOES_BACK.search(n)):
        for first in (n for n in methods if FORWARD.search(n) and n != loss):
            yield from ((loss, back, first) for back in methods if BACKWARD.search(back) and back not in (first, loss))


def _roles(
    function: Any, *, method: bool, held: Sequence[str], answered: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The roles of a call's arguments in order; `?` for one that is not known.

    Args:
        function: What is called.
        method: Whether it is one.
        held: The names of what it is given beside the inputs.
        answered: Where what a forward pass has answered is, by the names that this gives to it; None without one.
    """
    parameters = parameters_of(function, method=method)
    aims = [p.name for p in parameters if TARGETS.match(p.name)]
    roles: list[str] = []
    for p in parameters:
        name = p.name
        kinds = (("inputs", INPUTS), ("targets", TARGETS), ("h", H), ("c", C), ("number", RATE), ("inputs", X))
        if name in held:
            roles.append(name)
            continue
        # `y` is the answer beside a `target`, and by itself the target.
        if answered is not None and aims != [name] and (name in answered or PREDICTED.match(name)):
            roles.append(answered.get(name, OF_ANSWER))
            continue
        role = next((role for role, pattern in kinds if pattern.match(name) and role not in roles), None)
        if p.default is not p.empty and (role is None or role == "number"):
            break
        if role is None and name.lower() in SIZE_OF:
            role = f"size {SIZE_OF[name.lower()]}"
        roles.append(role or "?")
    return tuple(roles)


@dataclass(frozen=True)
class _Calls:
    """What is called of a file: the names of the loss, of what gives the gradients, and of what goes forward first."""

    module: Any
    source: str
    target: str
    functions: Mapping[str, Any]
    loss: str
    back: str
    first: str = ""

    def roles(self, held: Sequence[str], *, method: bool) -> Iterator[dict[str, tuple[str, ...]]]:
        """What each is given, where that is known of all: with what forward has answered as a whole, or a part."""
        if not self.first:
            loss, back = (_roles(self.functions[n], method=method, held=held) for n in (self.loss, self.back))
            if "?" not in loss and {"inputs", "targets"} <= set(loss):
                yield {"forward_roles": loss, "backward_roles": loss if "?" in back else back}
            return
        answer = names_returned(self.functions[self.first], self.source)
        names = {name: OF_ANSWER + place[len("returned") :] for place, name in answer.items()}
        first = _roles(self.functions[self.first], method=method, held=held)
        loss, back = (
            _roles(self.functions[n], method=method, held=held, answered=names) for n in (self.loss, self.back)
        )
        if "inputs" in first and "?" not in (*first, *loss, *back) and "targets" in (*loss, *back):
            # What stands for a part under another name is none of those that are known by theirs.
            known = {*first, *loss, *back}
            unnamed = [at for at in names.values() if at.count("[") == 1 and at not in known]
            for whole in dict.fromkeys((OF_ANSWER, f"{OF_ANSWER}[0]", *unnamed)):
                parts = (tuple(whole if role == OF_ANSWER else role for role in roles) for roles in (loss, back))
                yield {"first_roles": first, **dict(zip(("forward_roles", "backward_roles"), parts, strict=True))}


def _ways(calls: _Calls, constructs: Iterable[dict[str, Any]], *, method: bool) -> Iterator[Loss]:
    base = {"target": calls.target, "forward_name": calls.loss, "backward_name": calls.back, "x_layout": "TF"}
    base |= {"first_name": calls.first, "source": calls.source, "out_layout": "F"}
    for construct in constructs:
        for roles in calls.roles(() if method else tuple(construct), method=method):
            yield from layouts_of(calls.module, {**base, **roles, "construct": construct})


def layouts_of(module: Any, given: Mapping[str, Any]) -> Iterator[Loss]:
    """Adapters for a loss whose calls and roles are `given`: each kind of inputs, targets and first states."""
    states = {role for name, part in given.items() if name.endswith("_roles") for role in part}
    try:
        made = Loss(module, **given).make(SIZES)
    except Exception:
        return
    layouts = ("FB", "F", "BF") if "h" in states else (None,)
    for fixed, inputs in product(fixed_sizes(made, module, chosen_in(given["construct"])), INPUT_KINDS):
        wanted = (
            inputs,
            *(("tokens",) if inputs == "ids" else ()),
            *(() if inputs in ALPHABET else (_of_last(inputs),)),
            *(("classes",) if inputs != "ids" else ()),
            *(() if inputs in ALPHABET else ("positions",)),
        )
        for target, h_layout, several in product(dict.fromkeys(wanted), layouts, (False, True)):
            if several and (given["forward_name"] == given["backward_name"] or given["first_name"]):
                continue
            yield Loss(
                module, **given, h_layout=h_layout, carried=1 + ("c" in states), fixed=fixed,
                input_kind=inputs, target_kind=target, several=several,
            )  # fmt: skip


def _of_last(layout: str) -> str:
    """The layout of one step of a sequence in this one."""
    return layout.strip("[]").replace("T", "")


def completed(adapter: Loss) -> bool:
    """Fill in where the loss, the parameters and the gradients are; whether any gradient is shown."""
    sizes = adapter._sizes = adapter.one_sequence
    x, h_0 = numbers(adapter, sizes)
    made = adapter.make(sizes)
    adapter.turn()
    for place in loss_places(adapter._call(made, x, h_0, str)[0]):
        adapter.loss_at, adapter.parameters = place, ()
        adapter.parameters = tuple(moving(adapter, sizes))
        if adapter.parameters:
            break
    values = values_of(adapter, sizes)
    answer = adapter.run(sizes, values, x, h_0)
    if not adapter.parameters or not np.isfinite(answer.states).all():
        return False
    holder = adapter.module if isinstance(made, Given) else type(made)
    adapter.names_returned = names_returned(getattr(holder, adapter.backward_name), adapter.source)
    # The last state is answered too: it is told from a gradient by this, that it does not depend on the targets.
    find(adapter, answer, adapter.run(sizes, values, x, h_0, aims=np.roll(x, 1, -1)), x, sizes, values)
    adapter.dx = adapter.dh = adapter.dc = None
    adapter.takes_rows = adapter.reads_every_row()
    return bool(adapter.gradients) or by_changes(adapter, sizes, (holder, not isinstance(made, Given)))


def loss_places(returned: Any) -> Iterator[str]:
    """The places of single numbers in what a function returns: one of them may be the loss."""
    if isinstance(returned, tuple | list):
        yield from (f"[{i}]" for i, v in enumerate(returned) if np.ndim(v) < 3 and np.size(v) == 1)
    elif isinstance(returned, dict):
        yield from (f"['{k}']" for k, v in returned.items() if np.size(v) == 1)
    elif np.size(returned) == 1:
        yield ""
