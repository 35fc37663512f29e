"""Finding a loss in a file: one call that goes forward and backward, or two or three, one after the other.

The functions of a module, or the methods of a class. What each is given is told by names, and tried.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from .arguments import OF_ANSWER, Given
from .behaviour import moving, numbers, values_of
from .completing import SIZES
from .construction import constructions
from .fixed import chosen_in, fixed_sizes
from .gradients import find
from .held import holders
from .layouts import of_one_step
from .loss import Loss, Unwritten
from .names import BACKWARD, CACHE, FORWARD, LOSS, RATE, C, H, X, size_named, stem
from .source import definitions, names_returned, own, parameters_of
from .targets import ALPHABET, EACH_SEQUENCE, NUMBER
from .updates import by_changes

INPUTS = re.compile(
    r"^(inputs?|source|src|enc(oder)?_?inputs?|xs?|x_?seq|tokens|chars|seq|x_?train|x_batch|sentence|sequence)$",
    re.IGNORECASE,
)
TARGETS = re.compile(
    r"^(targets?|tgt|dec(oder)?_?targets?|ys?|labels?|y_?true|outputs?|y_?train|y_batch|t)$", re.IGNORECASE
)
TRAINS = re.compile(r"^train|train_?step|^fit_|^optimi[sz]e$", re.IGNORECASE)
GOES_BACK = re.compile(r"bptt|grad|back", re.IGNORECASE)
PREDICTED = re.compile(
    r"^(y|ys|y_?hats?|y_?preds?|outputs?|outs?|o|p|ps|probs?|pred(iction)?s?|logits|scores?)$", re.IGNORECASE
)
"""What a loss may be given of what forward has answered, where something else is the targets."""

INPUT_KINDS = ("tokens", "ids", "TFB", "TF", "TBF", "BTF", "[FB]", "FBT")
"""What the input may be: a list or an array of positions in an alphabet, or vectors in a layout."""


def losses(module: Any, source: str, name: str | None) -> Iterator[Loss]:
    """Adapters for the functions and methods of a file that look like a loss, each way of being given."""
    tree = {definition.name: definition for definition in definitions(source)}
    functions = {k: v for k, v in own(module).items() if isinstance(v, FunctionType)}
    for chain in _chains(functions):
        if name in (None, *chain):
            first = chain.first or chain.loss
            made = holders(module, tree, first, functions[first])
            yield from _ways(_Calls(module, source, chain.loss, functions, chain), made, method=False)
    for kind_name, kind in own(module).items():
        if not isinstance(kind, type) or name not in (None, kind_name):
            continue
        methods = {n: v for base in kind.__mro__[-2::-1] for n, v in vars(base).items() if isinstance(v, FunctionType)}
        for chain in _chains(methods):
            yield from _ways(_Calls(module, source, kind_name, methods, chain), constructions(kind), method=True)


class _Chain(NamedTuple):
    """What is called, one after the other: what goes forward, what gives the loss, what gives the gradients.

    `first` is empty where the loss goes forward itself; `back` is `loss` where that goes backward as well. Of `kind`
    is what drives them.
    """

    first: str
    loss: str
    back: str
    kind: type[Loss] = Loss


def _chains(functions: Mapping[str, Any]) -> Iterator[_Chain]:
    """The calls that may give a loss and all gradients, the fewest first; a sum before a mean."""
    likely = sorted((n for n in functions if LOSS.search(n)), key=lambda n: "total" not in n)
    alone = [n for n in likely if not GOES_BACK.search(n) or re.search("loss|forward|fwd", n, re.IGNORECASE)]
    # What trains shows its gradients in an update, where other calls may show them as they are.
    trains = [name for name in alone if TRAINS.search(name)]
    yield from (_Chain("", name, name) for name in alone if name not in trains)
    backs = [n for n in functions if GOES_BACK.search(n)]
    # A forward pass that is given targets may answer the loss.
    aimed = [n for n in functions if FORWARD.search(n) and n not in likely and _takes_targets(functions[n])]
    for loss in (*(n for n in likely if n not in (*backs, *trains)), *(n for n in aimed if n not in backs)):
        yield from (_Chain("", loss, back) for back in _alike(loss, backs))
    passes = [n for n in backs if BACKWARD.search(n)]
    # A whole sequence before one step of it.
    firsts = sorted(
        (n for n in functions if FORWARD.search(n) and n not in backs), key=lambda n: "cell" in n or "step" in n
    )
    for loss in (n for n in functions if re.search("loss|cost|entropy", n, re.IGNORECASE) and n not in backs):
        for first in (n for n in firsts if n != loss):
            yield from (_Chain(first, loss, back) for back in _alike(first, passes))
    yield from (_Chain("", name, name) for name in trains)
    # Even where nothing gives a loss, the backward pass may be given targets.
    aimed = [n for n in passes if _takes_targets(functions[n])]
    yield from (_Chain("", first, back, Unwritten) for first in firsts for back in _alike(first, aimed))


def _alike(name: str, backs: Sequence[str]) -> list[str]:
    """The backward passes, with those first that are called as this forward pass is."""
    return sorted(backs, key=lambda back: stem(back) != stem(name))


def _takes_targets(function: Any) -> bool:
    return any(TARGETS.match(p.name) for p in parameters_of(function))


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
        is_answer = name in answered or PREDICTED.match(name) or CACHE.search(name) if answered is not None else False
        if is_answer and aims != [name]:
            roles.append((answered or {}).get(name, OF_ANSWER))
            continue
        role = next((role for role, pattern in kinds if pattern.match(name) and role not in roles), None)
        if p.default is not p.empty and (role is None or role == "number"):
            break
        if role is None and size_named(name):
            role = f"size {size_named(name)}"
        roles.append(role or "?")
    return tuple(roles)


@dataclass(frozen=True)
class _Calls:
    """A chain of calls in a file, with the functions or methods by name."""

    module: Any
    source: str
    target: str
    functions: Mapping[str, Any]
    chain: _Chain

    def roles(self, held: Sequence[str], *, method: bool) -> Iterator[dict[str, tuple[str, ...]]]:
        """What each is given, where that is known of all: with what was answered before as a whole, or a part."""
        first, loss, back, _ = self.chain
        answers = names_returned(self.functions[first or loss], self.source)
        names = {name: OF_ANSWER + place[len("returned") :] for place, name in answers.items()}

        def roles(name: str, answered: Mapping[str, str] | None) -> tuple[str, ...]:
            return _roles(self.functions[name], method=method, held=held, answered=answered)

        calls = [roles(first, None)] if first else []
        calls.append(roles(loss, names if first else None))
        calls.append(roles(back, None if back == loss else names))
        if "c" in {role for call in calls for role in call} and not any("h" in call for call in calls):
            # The memory cell of a GRU is its only state.
            calls = [tuple("h" if role == "c" else role for role in call) for call in calls]
        if "inputs" not in calls[0] or "targets" not in (*calls[-2], *calls[-1]):
            return
        if len(calls) > 1 and answers and calls[-1].count("?") == 1:
            # One argument that no name tells is what was answered, or a part of that.
            calls[-1] = tuple(OF_ANSWER if role == "?" else role for role in calls[-1])
        if not first and "?" in calls[-1]:
            calls[-1] = calls[0]
        if any("?" in call for call in calls):
            return
        # What stands for a part under another name is none of those that are known by theirs.
        known = {role for call in calls for role in call}
        parts = dict.fromkeys(at.partition("]")[0] + "]" for at in names.values() if at != OF_ANSWER)
        unnamed = [at for at in parts if at not in known]
        for whole in dict.fromkeys((OF_ANSWER, f"{OF_ANSWER}[0]", *unnamed) if OF_ANSWER in known else ("",)):
            told = [tuple(whole if role == OF_ANSWER else role for role in call) for call in calls]
            yield {"first_roles": told[0] if first else (), "forward_roles": told[-2], "backward_roles": told[-1]}


def _ways(calls: _Calls, constructs: Iterable[dict[str, Any]], *, method: bool) -> Iterator[Loss]:
    first, loss, back, kind = calls.chain
    base = {"target": calls.target, "forward_name": loss, "backward_name": back, "x_layout": "TF"}
    base |= {"first_name": first, "source": calls.source, "out_layout": "F"}
    for construct in constructs:
        for roles in calls.roles(() if method else tuple(construct), method=method):
            yield from layouts_of(calls.module, {**base, **roles, "construct": construct}, kind)


def layouts_of(module: Any, given: Mapping[str, Any], kind: type[Loss] = Loss) -> Iterator[Loss]:
    """Adapters for a loss whose calls and roles are `given`: each kind of inputs, targets and first states."""
    states = {role for name, part in given.items() if name.endswith("_roles") for role in part}
    try:
        made = kind(module, **given).make(SIZES)
    except Exception:
        return
    layouts = ("FB", "F", "BF") if "h" in states else (None,)
    chosen = chosen_in(given["construct"])
    sizes = [*fixed_sizes(made, module, chosen)]
    for inputs, h_layout in product(INPUT_KINDS, layouts):
        way = {**given, "h_layout": h_layout, "carried": 1 + ("c" in states), "input_kind": inputs}
        ways = [{**way, "fixed": fixed} for fixed in sizes]
        if given["first_name"]:
            ways = [way for way in ways if kind(module, **way).goes_forward()]
        for (target, is_one), several in product(_target_kinds(inputs, chosen), (False, True)):
            if several and (given["forward_name"] == given["backward_name"] or given["first_name"]):
                continue
            # Every size is tried before the next kind of targets: NumPy takes a single number for all steps.
            yield from (
                kind(
                    module,
                    **{**way, "fixed": way["fixed"] | ({"output": 1} if is_one else {})},
                    target_kind=target,
                    several=several,
                )
                for way in ways
            )


def _target_kinds(inputs: str, chosen: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The kinds of targets that go with a kind of inputs, and whether a row has one output; a single number last."""
    likely = (inputs, "tokens") if inputs in ALPHABET else (inputs, of_one_step(inputs))
    more = () if inputs in ALPHABET else ("positions",)
    yield from ((kind, False) for kind in dict.fromkeys((*likely, *EACH_SEQUENCE, *more)))
    if inputs not in ALPHABET and "output" not in chosen:
        layouts = [layout for layout in (inputs, of_one_step(inputs)) if not layout.startswith("[")]
        yield from ((kind, True) for layout in layouts for kind in (layout, layout.replace("F", "")) if kind)
    yield NUMBER, False


def completed(adapter: Loss) -> bool:
    """Fill in where the loss, the parameters and the gradients are; whether any gradient is shown."""
    sizes = adapter._sizes = adapter.one_sequence
    x, h_0 = numbers(adapter, sizes)
    made = adapter.make(sizes)
    adapter.turn()
    for place in adapter.places(adapter._call(made, x, h_0, str)[0]):
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
    if adapter.is_of_one_output and "B" in adapter.target_kind and not adapter.takes_rows:
        # One row cannot tell (1,) from (1, 1), and outputs (batch,) beside targets (batch, 1) are another loss.
        return False
    return bool(adapter.gradients) or by_changes(adapter, sizes, (holder, not isinstance(made, Given)))
