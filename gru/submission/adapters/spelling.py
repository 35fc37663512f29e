"""How the places of parameters and of gradients are called in a file, and which two go together by that.

Names and places alone: no value is looked at, so that a wrong gradient bends nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

from .adapter import Adapter
from .behaviour import fresh
from .places import arrays_in, last_name, parts_of, without_holder


def also_at(adapter: Adapter, sizes: Mapping[str, int]) -> dict[str, list[str]]:
    """Where else in a fresh object its parameters are: `params[0]` for `Wx`. What a pass keeps of them is no place."""
    made = fresh(adapter, sizes)
    places: dict[int, list[str]] = {}
    for place, array in arrays_in(made, each=True):
        places.setdefault(id(array), []).append(place)
    return {
        parameter: [place for place in places.get(id(adapter.parameter(made, parameter)), ()) if place != parameter]
        for parameter in adapter.parameters
    }


def name_of(parameter: str, parameters: Iterable[str]) -> str:
    """The name of a parameter: of `W['z']`, where there is a `b['z']` as well, `Wz`."""
    name = last_name(parameter)
    if not parameter.endswith("']") or sum(last_name(other) == name for other in parameters) == 1:
        return name
    return "".join(parts_of(parameter)[-2:])


def in_source(place: str, names: Mapping[str, str]) -> str:
    """A place, with the name that a `return` gives to the thing around it: `dW['z']` for `returned[2]['z']`."""
    inside = max((known for known in names if place.startswith(known)), key=len, default="")
    return names[inside] + place[len(inside) :] if inside else place


def plain(name: str) -> str:
    """A name without what people write in different ways: capitals and underscores."""
    return name.lower().replace("_", "")


LETTERS = {
    "update": "zu", "reset": "r", "candidate": "hncg", "cand": "hncg", "new": "nhcg", "tilde": "hncg", "forget": "f",
    "input": "ixu", "output": "oy", "cell": "cg", "weight": "wu", "weights": "wu", "kernel": "wk", "bias": "b",
    "biases": "b", "recurrent": "uhr", "hidden": "hu",
}  # fmt: skip
"""The letters that stand for a word in a short name."""


def stands_for(short: str, long: str) -> bool:
    """Whether the letters of a short name each stand for one word of a long one: `W_z` for `update_gate_weights`."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", long) if word.lower() != "gate"]
    letters = plain(short)
    if len(letters) != len(words) or len(words) > MOST_WORDS or not set(words) & LETTERS.keys():
        return False
    fits = [[letter in LETTERS.get(word, word if len(word) == 1 else "") for word in words] for letter in letters]
    return any(all(fits[k][at] for k, at in enumerate(order)) for order in permutations(range(len(words))))


MOST_WORDS = 4
"""How many words the name of a parameter may have: those of a longer one have too many orders."""


def same_place(place: str, candidates: Mapping[str, str], parameters: Sequence[str]) -> str | None:
    """The gradient of `params[0]` is `grads[0]`, of `W.data` it is `W.grad`, of `params['W']` `grads['W']`.

    Of `W['z']`, where there is a `b['z']` as well, it is `dW['z']`, `grads['W']['z']` or `grads['z']['W']`.
    """
    if (holder := without_holder(place)) != place:
        for end in (f"{holder}.{name}" for name in ("grad", "gradient", "dW", "diff", "d", "g", "dv")):
            if end in candidates:
                return end
    key = re.search(r"(\[[^\]]*\])$", place)
    if not key:
        return None
    one_of_several = sum(other.endswith(key[1]) for other in parameters) > 1
    for candidate, called in candidates.items():
        named = not candidate.startswith("returned") or key[1].startswith("['") or candidate.count("[") > 1
        is_gradient = re.search(r"grad|^d|returned|\.d", candidate) and candidate != place
        alike = _last_two(called) == _last_two(place) if one_of_several else candidate.endswith(key[1])
        if is_gradient and named and alike:
            return candidate
    beside = [candidate for candidate in candidates if _is_in_another_holder(parts_of(candidate), parts_of(place))]
    return beside[0] if len(beside) == 1 else None


def _is_in_another_holder(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two places differ in what holds the array alone: `fw.g['Wz']` and `fw.p['Wz']`."""
    differ = [a != b for a, b in zip(one, other, strict=False)]
    return len(one) == len(other) and sum(differ) == 1 and differ[-2:-1] == [True]


def _last_two(place: str) -> frozenset[str]:
    """The last two parts of a place in any order, without what says that they are of gradients."""
    of_gradients = r"^(grads?|gradients?|deltas?|d|g)(?=.)|(grads?|gradients?)$"
    return frozenset(re.sub(of_gradients, "", plain(part)) for part in parts_of(place)[-2:])
