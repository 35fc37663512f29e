"""Where the gradients are: of each parameter, of the input and of the first states.

A gradient belongs to a parameter by its name or its place, never by its value, so that a wrong backward pass
cannot bend the mapping. That it follows the upstream gradient tells it from what an optimiser or a cache keeps.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .adapter import Adapter
from .answer import Answer
from .candidates import Candidates, candidates_in, following
from .layouts import arranged
from .names import DC, DH, DX
from .places import last_name, parts_of, without_holder
from .source import parameters_of
from .spelling import also_at, in_source, name_of, plain, same_place, stands_for

SPELLED = ("d{}", "d_{}", "grad_{}", "{}_grad", "g_{}", "d{}_", "grad{}", "g{}", "delta_{}", "dl_d{}", "dL_d{}")
"""How the gradient of a parameter is called, the commonest first."""

SPELLED_OF_STATES = (*SPELLED, "diff_{}", "{}_diff", "bottom_diff_{}", "d{}_prev", "d{}_next", "d_prev_{}")
"""How that of a first state is called, where `{}` is its name, or what is left of it without a `prev`."""

KIND = re.compile(r"^(weights?|bias(es)?|kernels?)")
"""What a parameter's name may say before it says which one it is."""

OF_BEFORE = re.compile(r"^(prev|last|old|init)_|_?(prev|pre|p|0|old|init|in|t_?1|tm1)$", re.IGNORECASE)
"""What a name says of the step before."""


def find(
    adapter: Adapter, answer: Answer, other: Answer | None, x: Any, sizes: Mapping[str, int], shapes: Mapping[str, Any]
) -> None:
    """Fill in where backward has put the gradients.

    Args:
        adapter: Is given its `gradients`, `dx`, `dh` and `dc`.
        answer: What a run has left.
        other: What a run with another upstream gradient has left; None where there is none to give.
        x: The input of the run.
        sizes: The sizes of the run.
        shapes: The parameters by their places.
    """
    candidates = dict(candidates_in(adapter, answer))
    follow = set(candidates) if other is None else following(candidates, dict(candidates_in(adapter, other)))
    if not adapter.gradients:
        called = {place: in_source(place, adapter.names_returned) for place in candidates}
        also = also_at(adapter, sizes)
        adapter.gradients = of_parameters(adapter.parameters, candidates, follow, shapes, called, also)
    taken = set(adapter.gradients.values())
    shape = (sizes["steps"], sizes["batch"], sizes["input"])
    # A position in an alphabet has no gradient.
    if "F" in adapter.x_layout:
        adapter.dx = adapter.dx or _special(candidates, taken, DX, shape, adapter.x_layout)
    taken |= {adapter.dx} if adapter.dx else set()
    if adapter.h_layout is None:
        return
    h_shape = (1, sizes["batch"], sizes["hidden"])
    _of_states(adapter, {c: v for c, v in candidates.items() if c in follow - taken}, answer.made, h_shape)
    taken |= {place for place in (adapter.dh, adapter.dc) if place}
    if adapter.carried == 1:
        adapter.dh = adapter.dh or _special(candidates, taken, DH, h_shape, adapter.h_layout)
        return
    for pattern, name in ((DC, "dc"), (DH, "dh")):
        place = getattr(adapter, name) or _special(candidates, taken, pattern, h_shape, adapter.h_layout)
        setattr(adapter, name, place)
        taken |= {place} if place else set()
    left = _returned(candidates, taken, h_shape, adapter.h_layout)
    if not adapter.dh and not adapter.dc and len(left) == 2:
        # Without names they come as the states do: h before c.
        adapter.dh, adapter.dc = left
    elif len(left) == 1:
        # Where one has a name, the other is what is left.
        adapter.dh, adapter.dc = adapter.dh or left[0], adapter.dc or left[0]


def _of_states(adapter: Adapter, free: Candidates, made: Any, shape: tuple[int, int, int]) -> None:
    """Fill in the gradients of the first states that are called as forward calls these: `diff_h` of `h_prev`."""
    taken = parameters_of(adapter._callable(made, adapter.forward_name))
    layout = str(adapter.h_layout)
    fitting = {c: plain(name or last_name(c)) for c, (v, name) in free.items() if _has_core(v, shape, layout)}
    for role, attribute in (("h", "dh"), ("c", "dc")):
        if role not in adapter.forward_roles or getattr(adapter, attribute):
            continue
        argument = taken[list(adapter.forward_roles).index(role)].name
        names = (argument, OF_BEFORE.sub("", argument))
        spelled = [plain(form.format(name)) for name in names for form in SPELLED_OF_STATES]
        named = [c for c, name in fitting.items() if name in spelled]
        if len(named) == 1:
            setattr(adapter, attribute, named[0])


def of_parameters(
    parameters: Iterable[str],
    candidates: Candidates,
    follow: set[str],
    shapes: Mapping[str, Any],
    called: Mapping[str, str],
    also: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """For each parameter whose gradient is shown, the place of that.

    Args:
        parameters: The places of the parameters.
        candidates: What may be a gradient.
        follow: The places of those that follow the upstream gradient.
        shapes: The parameters by their places.
        called: For the places of candidates, how a return calls them.
        also: Other places at which the same parameters are, by the first.
    """
    parameters = list(parameters)
    if collected := _collected(parameters, {c: v for c, v in candidates.items() if c in follow}):
        return collected
    found = _spelled(parameters, candidates, called)
    for rule in (_with_one_affix, _abbreviated):
        left = [p for p in parameters if p not in found]
        free = {c: v for c, v in candidates.items() if c in follow and c not in found.values()}
        found |= rule(left, free, shapes)
    for parameter in [p for p in parameters if p not in found]:
        places = (same_place(place, called, parameters) for place in also.get(parameter, ()))
        if (same := next(filter(None, places), None)) is not None:
            found[parameter] = same
    if not found:
        found = _in_order(parameters, candidates, shapes)
    left = [p for p in parameters if p not in found]
    found |= _alone_of_its_shape(left, candidates, follow - set(found.values()), shapes)
    found |= _in_the_same_place(parameters, found, candidates, shapes)
    # A place that fits two parameters is given to neither: no verdict rests on a guess.
    uses = Counter(found.values())
    return {parameter: place for parameter, place in found.items() if uses[place] == 1}


def _collected(parameters: list[str], following: Candidates) -> dict[str, str]:
    """From what the object itself collects all gradients in, `grads[0]['Wz']` for `layers[0].Wz`; all or none.

    What an inner object holds may be that of its last step alone.
    """
    found = {}
    for parameter in parameters:
        own = parts_of(without_holder(parameter))
        for place in following:
            holder, *inside = parts_of(place)
            ends = (inside, [*inside[:-1], re.sub("^d_?", "", inside[-1])]) if inside else ()
            if re.search("grad", holder, re.IGNORECASE) and own[-len(inside) :] in ends:
                found[parameter] = place
                break
    several = len(found) == len(parameters) == len(set(found.values()))
    return found if several else {}


def _in_the_same_place(
    parameters: Sequence[str], found: Mapping[str, str], candidates: Candidates, shapes: Mapping[str, Any]
) -> dict[str, str]:
    """The gradients that stand where those of most other parameters do, by the name alone: `returned['br']` of `br`.

    One that does not follow the upstream gradient is a wrong one there, as where zeros are left.
    """
    ends = {p: re.compile(rf"\b{re.escape(last_name(p))}(?=\W*$)") for p in parameters}
    where = Counter(ends[p].sub("{}", place) for p, place in found.items() if ends[p].search(place))
    place, count = where.most_common(1)[0] if where else ("", 0)
    if count < 2 or 2 * count < len(parameters):
        return {}
    own = {p: place.replace("{}", last_name(p)) for p in parameters if p not in found}
    return {
        p: at
        for p, at in own.items()
        if at in candidates and at not in found.values() and np.shape(candidates[at][0]) == np.shape(shapes[p])
    }


def _spelled(parameters: Sequence[str], candidates: Candidates, called: Mapping[str, str]) -> dict[str, str]:
    """By the usual spellings of the parameter's name, else by the same place in a list or dict."""
    by_name: dict[str, list[str]] = {}
    for place, (_, name) in candidates.items():
        by_name.setdefault(plain(name or last_name(place)), []).append(place)
    found: dict[str, str] = {}
    for parameter in parameters:
        name = name_of(parameter, parameters)
        # Capitals tell `Wh` from `wh` where a file has both.
        for wanted in (spelling.format(name) for spelling in SPELLED):
            places = [p for p in by_name.get(plain(wanted), ()) if p not in found.values()]
            exact = [p for p in places if (candidates[p][1] or last_name(p)) == wanted]
            if places := exact or (places if len(places) == 1 or len({_owner(p) for p in places}) > 1 else []):
                # Of several, such as those of two layers, the one nearest to the parameter is taken. What the driven
                # object has
                # itself for the only parameter of a name is of all steps, what the cell in it has of one.
                only = sum(name_of(other, parameters) == name for other in parameters) == 1
                own = [place for place in places if not _owner(place)] if only else []
                found[parameter] = own[0] if own else max(places, key=lambda place: _in_common(place, parameter))
                break
        else:
            if (same := same_place(parameter, called, parameters)) is not None:
                found[parameter] = same
    return found


def _owner(place: str) -> str:
    return place.rpartition(".")[0]


def _in_common(place: str, parameter: str) -> int:
    """How many characters two places begin with alike."""
    return next((k for k, (a, b) in enumerate(zip(place, parameter, strict=False)) if a != b), len(parameter))


def _with_one_affix(parameters: list[str], free: Candidates, shapes: Mapping[str, Any]) -> dict[str, str]:
    """By what most candidates have before or behind a parameter's name: `nabla_Wz`, `Wz_g`, or the bare name."""
    votes: Counter[tuple[str, str]] = Counter()
    pairs: dict[tuple[tuple[str, str], str], str] = {}
    for parameter in parameters:
        wanted = plain(name_of(parameter, parameters))
        for place, (array, name) in free.items():
            own = plain(name or last_name(place))
            at = own.find(wanted)
            if at < 0 or (own == wanted and not place.startswith("returned")):
                continue
            affix = own[:at], own[at + len(wanted) :]
            # An array of the parameter's shape speaks for an affix; one of another shape may be a wrong gradient.
            votes[affix] += np.shape(array) == _shape(parameter, shapes)
            pairs.setdefault((affix, parameter), place)
    if not votes:
        return {}
    (best, count), *_ = votes.most_common()
    if not count:
        return {}
    return {parameter: pairs[best, parameter] for parameter in parameters if (best, parameter) in pairs}


def _abbreviated(parameters: list[str], free: Candidates, shapes: Mapping[str, Any]) -> dict[str, str]:
    """By a shortened name, `dWu` for `W_update`, where exactly one of each fits the other."""
    found: dict[str, str] = {}
    for is_short_for in (_leaves_out_its_kind, _shortens, stands_for):
        fits: dict[str, list[str]] = {}
        for parameter in (p for p in parameters if p not in found):
            long = name_of(parameter, parameters)
            for place, (array, name) in free.items():
                short = re.sub(r"^(grad|d|g)", "", plain(name or last_name(place)))
                is_free = place not in found.values() and np.shape(array) == _shape(parameter, shapes)
                if is_free and is_short_for(short, long):
                    fits.setdefault(parameter, []).append(place)
        uses = Counter(place for places in fits.values() for place in places)
        found |= {p: places[0] for p, places in fits.items() if len(places) == 1 and uses[places[0]] == 1}
    return found


def _leaves_out_its_kind(short: str, long: str) -> bool:
    """Whether one says no more than of which weight or bias it is: `ih` or `wih` for `weightih`, `bi` for `biasih`."""
    long = plain(long)
    which = KIND.sub("", long)
    if which in ("", long) or not short:
        return False
    return short == which or (len(short) > 1 and short[0] == long[0] and which.startswith(short[1:]))


def _shortens(short: str, long: str) -> bool:
    """Whether the letters of one stand in the other in their order, from the same first letter on."""
    long = plain(long)
    rest = iter(long)
    return len(short) > 1 and short[0] == long[0] and all(letter in rest for letter in short)


def _in_order(parameters: list[str], candidates: Candidates, shapes: Mapping[str, Any]) -> dict[str, str]:
    """What is returned without names, in the order of the parameters: where the shapes say so."""
    returned = [(c, v) for c, (v, _) in candidates.items() if c.startswith("returned[")]
    wanted = [_shape(p, shapes) for p in parameters]
    for start in range(len(returned) - len(parameters) + 1):
        part = returned[start : start + len(parameters)]
        if [np.shape(v) for _, v in part] == wanted:
            return dict(zip(parameters, (c for c, _ in part), strict=True))
    if len(set(wanted)) < len(wanted):
        return {}
    # In a list that an object keeps, where no two parameters have one shape.
    kept: dict[str, list[str]] = {}
    for place in candidates:
        if match := re.match(r"(\w*grad\w*|d\w*)\[\d+\]$", place, re.IGNORECASE):
            kept.setdefault(match[1], []).append(place)
    for places in kept.values():
        if [np.shape(candidates[place][0]) for place in places] == wanted:
            return dict(zip(parameters, places, strict=True))
    return {}


def _alone_of_its_shape(
    parameters: list[str], candidates: Candidates, free: set[str], shapes: Mapping[str, Any]
) -> dict[str, str]:
    """A parameter and a candidate that are each alone of their shape, and whose names are not against it."""
    lengths = Counter(_shape(p, shapes) for p in parameters)
    found = {}
    for parameter in parameters:
        shape = _shape(parameter, shapes)
        like = [c for c in free if np.shape(candidates[c][0]) == shape]
        returned = [c for c in like if c.startswith("returned")]
        called = [c for c in like if plain(candidates[c][1]) in ("grad", "grads", "gradient", "gradients")]
        if lengths[shape] == 1 and len(returned) == 1 and not candidates[returned[0]][1]:
            found[parameter] = returned[0]
        elif lengths[shape] == 1 and len(called) == 1:
            # All weights in one vector, and all gradients in another.
            found[parameter] = called[0]
    return found


def _shape(parameter: str, shapes: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(np.shape(shapes[parameter])) if parameter in shapes else ()


def _special(
    candidates: Candidates, taken: set[str], pattern: re.Pattern[str], shape: tuple[int, int, int], layout: str
) -> str | None:
    """The gradient for the input or a first state: by its name and shape, else the only one returned of its shape."""
    fitting = [c for c, (array, _) in candidates.items() if _has_core(array, shape, layout)]
    named = [c for c in fitting if c not in taken and pattern.match(candidates[c][1] or last_name(c))]
    if named:
        return min(named, key=lambda c: not c.startswith("returned"))
    returned = [c for c in fitting if c.startswith("returned")]
    return returned[0] if len(returned) == 1 and returned[0] not in taken else None


def _returned(candidates: Candidates, taken: set[str], shape: tuple[int, int, int], layout: str) -> list[str]:
    """What is returned of a shape, and is not taken."""
    return [
        c
        for c, (array, _) in candidates.items()
        if c.startswith("returned") and c not in taken and _has_core(array, shape, layout)
    ]


def _has_core(array: Any, shape: tuple[int, int, int], layout: str) -> bool:
    """Whether an array has the lengths of this shape in this layout, axes of length 1 left out."""
    wanted = np.shape(arranged(np.zeros(shape), layout))
    return [n for n in np.shape(array) if n != 1] == [n for n in wanted if n != 1]
