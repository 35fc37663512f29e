"""A fused loss: a function of characters, targets and a first state that returns the loss and all gradients.

Its parameters are arrays of the module. It takes no upstream gradient: the loss itself is differentiated.
"""

import re
from collections.abc import Iterator, Mapping
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from .adapter import Adapter, AnotherApiError
from .layouts import arranged
from .places import last_name

LOSS = re.compile(r"loss|lossfun|bptt|forward_?backward|fwd_?bwd|train_?step|cost", re.IGNORECASE)
INPUTS = re.compile(r"^(inputs?|xs?|x_?seq|tokens|chars|seq)$", re.IGNORECASE)
TARGETS = re.compile(r"^(targets?|ys?|labels?|y_?true|outputs?)$", re.IGNORECASE)
STATE = re.compile(r"^(h_?prev|h_?0|h|hs?_?prev|prev_?h|state|hidden)$", re.IGNORECASE)
NOT_PARAMETERS = re.compile(r"^(m|d|mem|v|g|grad)_?[A-Z]")
"""What an optimiser keeps for each parameter, and the gradients."""


class Loss(Adapter):
    """A function of the module that goes forward and backward in one call.

    The inputs are drawn as one-hot rows of `x`: the function is given their positions.
    """

    is_loss = True
    dx = dh = None
    loss_at = 0

    def make(self, sizes: Mapping[str, int]) -> Any:
        """The arrays of the module, which the function reads."""
        return SimpleNamespace(**arrays_of(self.module))

    def run(self, sizes: Any, values: Any, x: Any, h_0: Any, delta: Any = None, **options: Any) -> Any:
        """One call, which is forward and backward; the loss is the only state, of shape (1, 1, 1)."""
        options.get("told", str)("construction")
        made = self.make(sizes)
        for place, value in values.items():
            self.parameter(made, place)[...] = value
        options.get("told", str)("forward")
        inputs = [int(i) for i in np.argmax(x[:, 0], axis=-1)]
        targets = [int(i) for i in np.argmin(x[:, 0], axis=-1)]
        given = {"inputs": inputs, "targets": targets}
        if self.h_layout is not None:
            given["h"] = arranged(h_0[None], self.h_layout)
        returned = getattr(self.module, self.forward_name)(*(given[role] for role in self.forward_roles))
        loss = np.asarray(returned[self.loss_at], float)
        if loss.size != 1:
            raise AnotherApiError(f"{self.forward_name} returns no loss")
        answer = _Lost(made, loss.reshape(1, 1, 1))
        answer.returned = returned
        return answer

    def describe(self) -> str:
        """One line on what is driven, for a report."""
        shown = f"{len(self.gradients)} of {len(self.parameters)} parameters' gradients"
        return f"{self.forward_name}, a loss over a sequence of characters, parameters of the module; {shown}"


class _Lost:
    """What one call has left."""

    def __init__(self, made: Any, states: Any) -> None:
        self.made, self.states, self.returned = made, states, None


def arrays_of(module: Any) -> dict[str, Any]:
    """The arrays of a module that may be parameters."""
    return {
        name: value
        for name, value in vars(module).items()
        if type(value) is np.ndarray and value.dtype.kind == "f" and not NOT_PARAMETERS.match(name)
        and value.flags.writeable and 0 < value.ndim < 3
    }  # fmt: skip


def sizes_of(arrays: Mapping[str, Any]) -> dict[str, int]:
    """The hidden and the input size that are written into the file: of a square array, and of those beside it."""
    squares = [a.shape[0] for a in arrays.values() if a.ndim == 2 and a.shape[0] == a.shape[1]]
    if not squares:
        raise AnotherApiError("no parameter is (hidden, hidden)")
    hidden = max(squares, key=squares.count)
    others = [n for a in arrays.values() if a.ndim == 2 and hidden in a.shape for n in a.shape if n not in (hidden, 1)]
    return {"hidden": hidden, "input": max(others, key=others.count) if others else hidden}


def losses(module: Any, functions: Mapping[str, FunctionType]) -> Iterator[Loss]:
    """Adapters for the functions of a module that look like a fused loss."""
    import inspect

    for name, function in functions.items():
        if not LOSS.search(name):
            continue
        roles = []
        for parameter in inspect.signature(function).parameters.values():
            kinds = (("inputs", INPUTS), ("targets", TARGETS), ("h", STATE))
            role = next((role for role, pattern in kinds if pattern.match(parameter.name)), None)
            if role is None and parameter.default is not parameter.empty:
                break
            roles.append(role)
        if None in roles or not {"inputs", "targets"} <= set(roles):
            continue
        for h_layout in ("FB", "F", "BF") if "h" in roles else (None,):
            yield Loss(module, target=name, forward_name=name, forward_roles=tuple(roles), x_layout="TF",
                       h_layout=h_layout, out_layout="F", fixed=sizes_of(arrays_of(module)))  # fmt: skip


def gradient_places(adapter: Loss, returned: Any, names: tuple[str, ...]) -> dict[str, str]:
    """For each parameter the place of its gradient: by the names in the `return`, by keys, else in order of shapes."""
    arrays = arrays_of(adapter.module)
    found: dict[str, str] = {}
    for name, array in arrays.items():
        wanted = {f"d{name}", f"d_{name}", f"grad_{name}", f"{name}_grad"}
        for position, value in enumerate(returned):
            if position < len(names) and names[position] in wanted and np.shape(value) == array.shape:
                found[name] = f"returned[{position}]"
            if isinstance(value, dict):
                keys = [key for key in value if key in wanted or key == name]
                if keys:
                    found[name] = f"returned[{position}]['{keys[0]}']"
    return found


__all__ = ["Loss", "gradient_places", "last_name", "losses"]
