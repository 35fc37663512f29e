"""A fused loss: one call that goes forward and backward over a sequence, and answers a loss and all gradients.

It takes no upstream gradient: the loss itself is differentiated. The function of a module or the method of a class;
or two of them, where one gives the loss and the other the gradients.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from .adapter import Adapter, AnotherApiError, Answer
from .construction import chosen_in, constructions, fixed_sizes, holders
from .layouts import arranged
from .names import LOSS, RATE, SIZE_OF, C, H, X
from .source import definitions, own, parameters_of

INPUTS = re.compile(r"^(inputs?|xs?|x_?seq|tokens|chars|seq|x_?train|x_batch|sentence|sequence)$", re.IGNORECASE)
TARGETS = re.compile(r"^(targets?|ys?|labels?|y_?true|outputs?|y_?train|y_batch|t)$", re.IGNORECASE)
GOES_BACK = re.compile(r"bptt|grad|back", re.IGNORECASE)

INPUT_KINDS = ("tokens", "ids", "TFB", "TF", "TBF", "BTF", "[FB]")
"""What the input may be: a list or an array of positions in an alphabet, or vectors in a layout."""

SEED = 7
"""Draws the targets that are vectors, or numbers of classes."""


class Loss(Adapter):
    """A function or method that goes forward and backward in one call.

    Inputs that are positions in an alphabet are those of the largest entry of each step of `x`.
    """

    is_loss = True
    loss_at = ""
    input_kind = "tokens"
    target_kind = "tokens"
    dx = dh = None

    def run(self, sizes: Any, values: Any, x: Any, h_0: Any, delta: Any = None, **options: Any) -> Any:
        """One call, which is forward and backward; the loss is the only state, of shape (1, 1, 1)."""
        told = options.get("told", str)
        told("construction")
        self._sizes = sizes
        made = self.make(sizes)
        for place, value in values.items():
            self.parameter(made, place)[...] = value
        if options.get("before"):
            self._call(made, self.forward_name, x[..., ::-1] + 0.25, h_0)
            if self.reset_name:
                getattr(made, self.reset_name)()
        told("forward")
        returned = self._call(made, self.forward_name, x, h_0)
        loss = np.asarray(self._value(made, returned, self.loss_at), float)
        if loss.size != 1:
            raise AnotherApiError(f"{self.forward_name} returns no loss")
        answer = Answer(made, loss.reshape(1, 1, 1))
        answer.returned = returned
        if self.backward_name != self.forward_name:
            told("backward")
            answer.returned = self._call(made, self.backward_name, x, h_0)
        return answer

    def _call(self, made: Any, name: str, x: Any, h_0: Any) -> Any:
        given = {"inputs": _put(x, self.input_kind), "targets": self._targets(x), **self._given_states(h_0)}
        return self._callable(made, name)(*self._arguments(made, self.forward_roles, given))

    def _given_states(self, h_0: Any) -> dict[str, Any]:
        first = self._first(h_0, self._sizes)
        return dict(zip(("h", "c"), first if isinstance(first, tuple) else (first,), strict=False))

    def _targets(self, x: Any) -> Any:
        steps, batch = x.shape[:2]
        if self.target_kind in ("tokens", "ids"):
            positions = [int(i) for i in np.argmin(x[:, 0], axis=-1)]
            return positions if self.target_kind == "tokens" else np.array(positions)
        random = np.random.default_rng(SEED)
        if self.target_kind == "classes":
            return random.integers(0, self._sizes["output"], size=batch)
        return arranged(random.normal(size=(steps, batch, self._sizes["output"])), self.target_kind)

    @property
    def rows(self) -> bool:
        """One sequence at a time."""
        return False

    @property
    def is_sequence(self) -> bool:
        """A loss is one over several steps."""
        return True

    def describe(self) -> str:
        """One line on what is driven, for a report."""
        shown = f"{len(self.gradients)} of {len(self.parameters)} parameters' gradients"
        what = "characters" if self.input_kind in ("tokens", "ids") else "vectors"
        return f"{self.forward_name}, a loss over a sequence of {what}; {shown}"


def _put(x: Any, kind: str) -> Any:
    if kind in ("tokens", "ids"):
        positions = [int(i) for i in np.argmax(x[:, 0], axis=-1)]
        return positions if kind == "tokens" else np.array(positions)
    return arranged(x, kind)


def losses(module: Any, source: str, sizes: Mapping[str, int], name: str | None) -> Iterator[Loss]:
    """Adapters for the functions and methods of a file that look like a fused loss, each way of being given."""
    tree = {definition.name: definition for definition in definitions(source)}
    functions = {k: v for k, v in own(module).items() if isinstance(v, FunctionType)}
    for loss, back in _pairs(functions):
        if name in (None, loss, back):
            make = partial(holders, module, tree, loss, functions[loss])
            yield from _ways(module, source, loss, (loss, back), functions[loss], make(), sizes, method=False)
    for kind_name, kind in own(module).items():
        if not isinstance(kind, type) or name not in (None, kind_name):
            continue
        methods = {n: v for n, v in vars(kind).items() if isinstance(v, FunctionType)}
        for loss, back in _pairs(methods):
            yield from _ways(
                module, source, kind_name, (loss, back), methods[loss], constructions(kind), sizes, method=True
            )


def _pairs(functions: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A function that gives a loss and all gradients, or the two that give one each."""
    likely = [n for n in functions if LOSS.search(n)]
    for name in likely:
        if not GOES_BACK.search(name) or re.search("loss|forward|fwd", name, re.IGNORECASE):
            yield name, name
    for loss in (n for n in likely if not GOES_BACK.search(n)):
        yield from ((loss, back) for back in functions if GOES_BACK.search(back) and back != loss)


def _roles(function: Any, *, method: bool, held: Sequence[str]) -> tuple[str, ...]:
    roles: list[str] = []
    for p in parameters_of(function, method=method):
        name = p.name
        kinds = (("inputs", INPUTS), ("targets", TARGETS), ("h", H), ("c", C), ("number", RATE), ("inputs", X))
        if name in held:
            roles.append(name)
            continue
        role = next((role for role, pattern in kinds if pattern.match(name) and role not in roles), None)
        if p.default is not p.empty and (role is None or role == "number"):
            break
        if role is None and name.lower() in SIZE_OF:
            role = f"size {SIZE_OF[name.lower()]}"
        roles.append(role or "?")
    return tuple(roles)


def _ways(
    module: Any, source: str, target: str, names: tuple[str, str], function: Any, constructs: Any,
    sizes: Mapping[str, int], *, method: bool,
) -> Iterator[Loss]:  # fmt: skip
    loss, back = names
    for construct in constructs:
        roles = _roles(function, method=method, held=() if method else tuple(construct))
        if "?" in roles or not {"inputs", "targets"} <= set(roles):
            continue
        base = {"target": target, "construct": construct, "forward_name": loss, "backward_name": back}
        plain = Loss(module, **base, source=source, forward_roles=roles, out_layout="F", x_layout="TF")
        try:
            made = plain.make(sizes)
        except Exception:
            continue
        for fixed in fixed_sizes(made, module, chosen_in(construct)):
            for inputs in INPUT_KINDS:
                for targets in dict.fromkeys((inputs, "tokens" if inputs == "ids" else "classes")):
                    for h_layout in ("FB", "F", "BF") if "h" in roles else (None,):
                        yield Loss(
                            module, **base, source=source, forward_roles=roles, x_layout="TF", out_layout="F",
                            h_layout=h_layout, carried=1 + ("c" in roles), fixed=fixed, input_kind=inputs,
                            target_kind=targets,
                        )  # fmt: skip


def loss_places(returned: Any) -> Iterator[str]:
    """Where in what is returned one number is, which may be the loss."""
    if isinstance(returned, tuple | list):
        yield from (f"[{i}]" for i, v in enumerate(returned) if np.ndim(v) < 3 and np.size(v) == 1)
    elif isinstance(returned, dict):
        yield from (f"['{k}']" for k, v in returned.items() if np.size(v) == 1)
    elif np.size(returned) == 1:
        yield ""
