"""How the forward and the backward pass are called: what each argument is, by its name and its place.

Nothing is called here. What a name suggests is tried by `finding`.
"""

from collections.abc import Iterator, Mapping, Sequence
from inspect import Parameter
from typing import Any

from .adapter import Adapter
from .answer import AnotherApiError
from .arguments import OF_ANSWER, OWNER, Given
from .names import ANSWERED, CACHE, DELTA, DELTA_LAST, MODEL, OF_CONTEXT, OPTIMISERS, RATE, TARGETS, role_of, size_named
from .optimiser import OPTIMISER
from .places import arrays_in, attributes_of
from .source import parameters_of

CARRIED = {"x": 0, "h": 1, "c": 2}


def forward_roles(function: Any, made: Any, *, method: bool) -> Iterator[tuple[tuple[str, ...], int]]:
    """The roles of forward's arguments in order, and how many first states are among them; the likeliest first."""
    parameters = parameters_of(function, method=method)
    names = [p.name for p in parameters]
    roles: list[str] = []
    optional = 0
    for position, p in enumerate(parameters):
        role = role_of(p.name, names)
        if role is None and isinstance(made, Given) and hasattr(made, p.name):
            role = p.name
        if role is None and position and not isinstance(made, Given) and MODEL.match(p.name):
            role = _all_parameters(made)
        if role is None and size_named(p.name) and p.default is p.empty and position > 1:
            role = f"size {size_named(p.name)}"
        if role is None and p.default is not p.empty:
            break
        if role in roles and role in CARRIED:
            role = None
        if role is None:
            role = "x" if position == 0 else "h" if "h" not in roles and position == 1 else "?"
        optional += p.default is not p.empty
        roles.append(role)
    if "?" in roles or "x" not in roles:
        return
    if "h" not in roles:
        # The memory cell of a GRU is its only state.
        roles = ["h" if role == "c" else role for role in roles]
    yield tuple(roles), roles.count("h") + roles.count("c")
    if roles.count("h") == 1 and "c" not in roles:
        # One argument may be both states of an LSTM.
        yield tuple("hc" if role == "h" else role for role in roles), 2
    if optional and set(roles[-optional:]) <= {"h", "c"}:
        yield tuple(roles[:-optional]), 0


def _all_parameters(made: Any) -> str | None:
    """The one attribute of an object that is a dict of arrays, where it has one."""
    dicts = [k for k, v in attributes_of(made).items() if isinstance(v, dict) and any(True for _ in arrays_in(v))]
    return dicts[0] if len(dicts) == 1 else None


def backward_roles(
    parameters: Sequence[Parameter], adapter: Any, made: Any, forward: Sequence[str], answered: Mapping[str, str]
) -> tuple[str, ...]:
    """The roles of backward's arguments in order.

    Args:
        parameters: The arguments of the backward pass.
        adapter: What is known of how it is driven.
        made: The object that is driven.
        forward: The names of forward's arguments.
        answered: The names of what forward returns, by their places.

    Raises:
        AnotherApiError: Where no role is found for one that has to be given.
    """
    if adapter.backward_name.startswith(OF_ANSWER) and len(parameters) == 1:
        # A function that forward answered lacks only the upstream gradient.
        return ("delta",)
    as_forward = dict(zip(forward, adapter.forward_roles, strict=False))
    held = [n for n in adapter.construct if n != OWNER and not OF_CONTEXT.match(n)] if isinstance(made, Given) else []
    # A part that is handed on by itself; the states as a whole are known already.
    parts = {
        name: OF_ANSWER + place[len("returned") :]
        for place, name in answered.items()
        if place.count("[") == 1 and place != f"returned{adapter.state}" and not CACHE.search(name)
    }
    roles: list[str] = []
    for p in parameters:
        role = _role(p, roles, as_forward, parts, made, held, names=[q.name for q in parameters])
        if role == "cache" and adapter.state == "":
            # Nothing is answered beside the states: what is kept is in the object.
            role = _kept_for(p, made) or ("" if p.default is not p.empty else role)
        if role == "":
            break
        roles.append(role)
    if "?" in roles or not {"delta", "deltas"} & set(roles):
        raise AnotherApiError(f"{adapter.backward_name} takes {', '.join(p.name for p in parameters)}")
    return tuple(roles)


def with_the_last(roles: tuple[str, ...], parameters: Sequence[Parameter]) -> tuple[str, ...]:
    """The roles, with the gradient for the last state among what may be left out, where backward takes one."""
    for place, p in enumerate(parameters[len(roles) :]):
        if DELTA_LAST.match(p.name) and p.default is None:
            return (*roles, *("None",) * place, "delta_last")
    return roles


def _kept_for(p: Any, made: Any) -> str | None:
    """The attribute with the name of an argument of backward: `_cache` for `cache`."""
    kept = [name for name, value in attributes_of(made).items() if name.strip("_") == p.name and value]
    return kept[0] if kept and not isinstance(made, Given) else None


def _role(
    p: Any,
    roles: Sequence[str],
    as_forward: Mapping[str, str],
    parts: Mapping[str, str],
    made: Any,
    held: Sequence[str],
    names: Sequence[str],
) -> str:
    """The role of one argument; empty where it and all behind it can be left out."""
    name = p.name
    if name in as_forward:
        return as_forward[name]
    if CACHE.search(name):
        return "cache"
    if isinstance(made, Given) and hasattr(made, name):
        return str(name)
    if name in parts:
        return parts[name]
    if len(name) == 1 and name.isupper() and size_named(name):
        return f"size {size_named(name)}"
    is_delta = DELTA.match(name) is not None
    if is_delta and "delta" not in roles:
        return "delta"
    if p.default is not p.empty:
        return ""
    if is_delta and "delta_c" not in roles:
        return "delta_c"
    if RATE.match(name):
        return "number"
    if OPTIMISERS.match(name):
        return OPTIMISER
    if ANSWERED.match(name) and not TARGETS.match(name) and ("h" in as_forward.values() or "prev" in "".join(names)):
        return "state"
    if TARGETS.match(name):
        raise AnotherApiError(f"backward takes {name}, and no upstream gradient")
    if (role := role_of(name, ())) is not None:
        return role
    if size_named(name):
        return f"size {size_named(name)}"
    if not isinstance(made, Given) and hasattr(made, name):
        return str(name)
    if len(held) == 1 and held[0] not in roles:
        return str(held[0])
    if "delta" not in roles and not any(DELTA.match(other) for other in names):
        return "delta"
    if "c" in as_forward.values() and len(parts) == 1 and "delta" in roles and "delta_c" not in roles:
        # Two states and nothing else are answered: the argument that is left is the second one's gradient.
        return "delta_c"
    return "?" if "cache" in roles else "cache"


def taken_back(adapter: Adapter, of: tuple[Any, bool]) -> list[Parameter]:
    """The arguments of the backward pass. What forward has answered is no method."""
    holder, method = of
    is_method = method and not adapter.backward_name.startswith(OF_ANSWER)
    return parameters_of(adapter.passes_back(holder), method=is_method)
