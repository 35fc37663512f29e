"""Finding an adapter for a file: what it defines, tried by running it, the commonest APIs first.

A way is taken only where the forward pass behaves like one: every state depends on the inputs of its own row,
up to its own step, on the first state and on the parameters. Nothing here looks at whether a gradient is right.
"""

import ast
import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from .adapter import Adapter, AnotherApiError, Answer, resolved, settled
from .layouts import arranged, has_steps, restored
from .loss import LOSS, gradient_places, losses
from .places import arrays_in, last_name

SIZES = {"batch": 2, "input": 3, "hidden": 5, "steps": 4, "output": 7}
"""Sizes whose multiples and sums differ, so that a shape tells what it is made of."""

FORWARD = re.compile(r"forward|fwd|fprop|^__call__$|^step$|feed|_step$|^call$", re.IGNORECASE)
BACKWARD = re.compile(r"backward|backprop|back_prop|bprop|^bptt$|_bwd|^back$|^grad(ient)?s?$", re.IGNORECASE)

SIZE_NAMES = {
    "input": "in_dim input_dim input_size n_in n_input n_inputs num_inputs n_x nx d d_in idim in_size in_features "
    "inputs input_length x_dim xsz n_features num_features feature_size embedding_dim embed_size "
    "embed_dim emb_dim vocab_size "
    "input_units nin in_channels size_in dim_in in_ n_vocab v data_dim i input_shape feature_dim x_size insize",
    "hidden": "hidden_dim hidden_size n_hidden num_hidden num_hiddens n_h nh h hdim units hidden_units hidden n_a size "
    "hsz nhid hid_dim hid_size dim_hidden hidden_length n_units state_size h_dim n_neurons hidden_layer_size cell_size "
    "num_units h_size hiddensize",
    "output": "out_dim output_size n_y ny ysz output_dim n_out num_classes n_classes out_features out_size "
    "output_units nout o num_outputs n_output output_length",
    "batch": "batch_size batch batchsize n minibatch mini_batch_size n_batch b",
    "steps": "seq_len seq_length t n_steps steps sequence_length num_steps time_steps timesteps n_sequence max_len tau",
}
"""Names of sizes, as constructors in use call them."""

SIZE_OF = {name: size for size, names in SIZE_NAMES.items() for name in names.split()}

GUESSES: dict[str, Any] = {
    "lr": 0.01, "learning_rate": 0.01, "eta": 0.01, "seed": 0, "dtype": np.float64, "bias": True, "use_bias": True,
    "scale": 0.1, "std": 0.1, "init_scale": 0.1, "sigma": 0.1, "activation": "tanh", "name": "gru", "stateful": False,
}  # fmt: skip
"""Arguments of constructors that are no sizes, where they have no default."""

STATE_NAMES = re.compile(
    r"^_?(h|h_?t|h_?0|hs|h_?prev|prev_?h|state|hidden|hidden_state|h_?next|a_?prev|x|xs|x_?t|m|v)$"
)
"""Arrays of an object by these names are what it works on, and no parameters."""

CELLS = (("BF", "BF"), ("F", "F"), ("FB", "FB"))
SEQUENCES = tuple(
    (x, h)
    for x, states in (
        ("TBF", ("BF", "1BF", None)),
        ("BTF", ("BF", "1BF", None)),
        ("TFB", ("FB", None)),
        ("FBT", ("FB",)),
        ("BFT", ("BF", None)),
        ("[BF]", ("BF", None)),
        ("[FB]", ("FB", None)),
        ("TF", ("F", "BF", "FB", None)),
        ("[F]", ("F", None)),
        ("FT", ("F", "FB", None)),
    )
    for h in states
)
"""Layouts of the input and the first state that are tried, the most telling first."""


class Tried:
    """What was tried in vain: the last fault of each way, for the message to the teacher."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}

    def note(self, way: str, error: BaseException) -> None:
        """Remember the last fault of a way."""
        self.faults[way] = f"{type(error).__name__}: {str(error)[:120]}"


def found_in(module: Any, source: str, name: str | None = None) -> Adapter:
    """The adapter of the first class or functions of a file that can be driven.

    Raises:
        AnotherApiError: With what was found and what was tried.
    """
    tried = Tried()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for way in (*_classes(module, source, name), *_functions(module, source, name), *_losses(module, source, name)):
            try:
                if (adapter := way(tried)) is not None:
                    return adapter
            except Exception as error:
                tried.note(getattr(way, "__name__", "way"), error)
    raise AnotherApiError(_what_was_found(module, tried))


def _what_was_found(module: Any, tried: Tried) -> str:
    own = _own(module)
    classes = [k for k, v in own.items() if isinstance(v, type)]
    functions = [k for k, v in own.items() if isinstance(v, FunctionType)]
    has = [f"{what} {', '.join(names[:8])}" for what, names in (("class", classes), ("function", functions)) if names]
    last = "; ".join(f"{way}: {text}" for way, text in list(tried.faults.items())[-3:])
    return (
        f"no GRU was found that can be driven: the file defines {' and '.join(has) or 'no class and no function'}"
        + (f" (tried: {last})" if last else "")
        + "; looked for: a class with a forward and a backward pass, or functions *_forward and *_backward"
    )


def _own(module: Any) -> dict[str, Any]:
    """What the file itself defines, helper modules left out; all it names where it defines nothing."""
    names = {k: v for k, v in vars(module).items() if not k.startswith("__")}
    return {k: v for k, v in names.items() if getattr(v, "__module__", None) == module.__name__}


def looks_like_one(module: Any) -> bool:
    """Whether the file defines a class or functions that go forward and backward, in whatever way."""
    own = _own(module)
    kinds = [value for value in own.values() if isinstance(value, type)]
    names = [name for name, value in own.items() if isinstance(value, FunctionType)]
    return any(_method(kind, BACKWARD) for kind in kinds) or any(
        BACKWARD.search(name) or LOSS.search(name) for name in names
    )


# Classes


def _classes(module: Any, source: str, name: str | None) -> Iterator[Callable[[Tried], Adapter | None]]:
    kinds = [(k, v) for k, v in _own(module).items() if isinstance(v, type) and name in (None, k)]
    kinds = [(k, v) for k, v in kinds if _method(v, FORWARD) and _method(v, BACKWARD)]
    for kind, value in sorted(kinds, key=lambda item: _rank(item[0])):
        yield lambda tried, kind=kind, value=value: _of_class(module, source, kind, value, tried)  # type: ignore[misc]


def _rank(name: str) -> tuple[int, int]:
    """GRUs first, then what may be one; a cell before a layer of cells."""
    low = name.lower()
    if "gru" in low:
        return 0, len(low)
    return (2 if re.search("lstm|sigmoid|tanh|relu|linear|loss|adam|sgd|softmax|embed", low) else 1), len(low)


def _method(kind: type, pattern: re.Pattern[str]) -> str | None:
    names = [
        n
        for n in dir(kind)
        if pattern.search(n)
        and callable(getattr(kind, n, None))
        and not (n.startswith("__") and "__call__" not in kind.__dict__)
    ]
    exact = [n for n in names if n in ("forward", "backward")]
    return next(iter(exact or sorted(names, key=lambda n: (n == "__call__", len(n)))), None)


def _of_class(module: Any, source: str, name: str, kind: type, tried: Tried) -> Adapter | None:
    forward, backward = _method(kind, FORWARD), _method(kind, BACKWARD)
    assert forward is not None
    assert backward is not None
    for construct in _constructions(kind):
        base = {"target": name, "construct": construct, "forward_name": forward, "backward_name": backward}
        try:
            adapter = Adapter(module, **base, source=source)
            adapter.make(SIZES)
        except Exception as error:
            tried.note(f"{name}(…)", error)
            continue
        if found := _driven(adapter, module, getattr(kind, forward), getattr(kind, backward), tried, method=True):
            return found
    return None


def _constructions(kind: type) -> Iterator[dict[str, Any]]:
    """Arguments of the constructor: sizes by their names, arrays by theirs, unknown ones in turn."""
    try:
        parameters = list(inspect.signature(kind).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    needed = [
        p
        for p in parameters
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        and (
            p.default is p.empty
            or (SIZE_OF.get(p.name.lower()) and isinstance(p.default, int) and not isinstance(p.default, bool))
        )
    ]
    weights = any(p.name.lower() not in SIZE_OF and _WEIGHT.search(p.name) for p in needed)
    unknown = [
        p.name
        for p in needed
        if (weights and len(p.name) < 4 and _BIAS.search(p.name))
        or (p.name.lower() not in SIZE_OF and p.name.lower() not in GUESSES)
    ]
    known = {p.name: SIZE_OF.get(p.name.lower(), GUESSES.get(p.name.lower())) for p in needed if p.name not in unknown}
    known = _as_capital(known)
    if not unknown:
        yield known
        if "output" in known.values() and "hidden" not in known.values():
            yield {k: "hidden" if v == "output" else v for k, v in known.items()}
    for shapes in _shapes_of(unknown):
        yield known | {n: _Drawn(s) for n, s in shapes.items()}
    if unknown and len(unknown) <= 3:
        for sizes in product(("input", "hidden", "output"), repeat=len(unknown)):
            if len(set(sizes)) == len(sizes):
                yield known | dict(zip(unknown, sizes, strict=True))


def _as_capital(known: dict[str, Any]) -> dict[str, Any]:
    """`H` and `h` are the hidden size, `D` and `d` the input's; `N` the batch's, where no other is."""
    if "hidden" not in known.values() and "n" in known:
        known["n"] = "hidden"
    return known


class _Drawn:
    """A parameter that is given, of a shape such as `input,3*hidden`."""

    def __init__(self, shape: str) -> None:
        self.shape = shape

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """An array of this shape."""
        return np.zeros(shape_of(self.shape, sizes))


def shape_of(text: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape that `input,3*hidden` has at these sizes."""
    lengths = []
    for part in text.split(","):
        total = 0
        for term in part.split("+"):
            factor, _, size = term.rpartition("*")
            total += int(factor or 1) * (int(size) if size.isdigit() else sizes[size])
        lengths.append(total)
    return tuple(lengths)


_BIAS = re.compile(r"^_?b(?!atch)|bias", re.IGNORECASE)
_WEIGHT = re.compile(r"^_?(w|u|v|r|k|theta|weight)", re.IGNORECASE)
_INPUT = re.compile(r"x|i(?!as)|inp", re.IGNORECASE)


def _shapes_of(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """The shapes that weights and biases of these names may have, one assumption for all of them at a time."""
    weights = [n for n in names if _WEIGHT.search(n) and not _BIAS.search(n)]
    biases = [n for n in names if _BIAS.search(n)]
    if not weights or len(weights) + len(biases) != len(names):
        return
    count = len(weights)
    stacks = (1,) if count >= 5 else (3, 1) if count in (2, 3, 4) else (3,)
    for stacked, by_u, columns, bias in product(stacks, (False, True), (False, True), ("k", "1,k", "k,1", "none")):
        if (bias == "none") != (not biases):
            continue
        rows: dict[str, str] = {}
        for name in weights:
            is_input = _is_input(name, weights, by_u)
            size = "hidden+input" if count == 3 and stacked == 1 else "input" if is_input else "hidden"
            width = "hidden" if stacked == 1 else f"{stacked}*hidden"
            rows[name] = f"{width},{size}" if columns else f"{size},{width}"
        for name in biases:
            width = "hidden" if stacked == 1 else f"{stacked}*hidden"
            rows[name] = {"k": width, "1,k": f"1,{width}", "k,1": f"{width},1"}[bias]
        yield rows
    if count == 4:
        # Two gates stacked, and the candidate apart.
        for as_row in (False, True):
            sizes = ["input", "hidden", "input", "hidden"]
            if [_INPUT.search(n[1:]) is None for n in weights[:2]] == [True, False]:
                sizes = ["hidden", "input", "hidden", "input"]
            wide = ["2*hidden", "2*hidden", "hidden", "hidden"]
            rows = {n: f"{a},{b}" for n, a, b in zip(weights, sizes, wide, strict=True)}
            half = "1,{}" if as_row else "{}"
            yield rows | {n: half.format("2*hidden" if k < len(biases) / 2 else "hidden") for k, n in enumerate(biases)}


def _is_input(name: str, weights: Sequence[str], by_u: bool) -> bool:
    """Whether a weight is the input's: by an x in its name where others have none, else by its letter."""
    rest = [n for n in weights if _INPUT.search(n[1:])]
    if rest and len(rest) < len(weights):
        return name in rest
    letters = sorted({n.strip("_")[0].lower() for n in weights})
    if len(letters) < 2:
        return weights.index(name) < len(weights) / 2
    return (name.strip("_")[0].lower() == "u") == by_u


# Functions


def _functions(module: Any, source: str, name: str | None) -> Iterator[Callable[[Tried], Adapter | None]]:
    functions = {k: v for k, v in _own(module).items() if isinstance(v, FunctionType)}
    pairs = []
    for backward in functions:
        if not BACKWARD.search(backward):
            continue
        stem = BACKWARD.sub("", backward)
        for forward in functions:
            if (
                forward != backward
                and not BACKWARD.search(forward)
                and FORWARD.sub("", forward).strip("_") == stem.strip("_")
            ):
                pairs.append((forward, backward))
    pairs = [pair for pair in pairs if name is None or name in pair]
    for forward, backward in sorted(pairs, key=lambda pair: _rank_of_pair(pair[0])):
        yield lambda tried, f=forward, b=backward: _of_functions(module, source, f, b, tried)  # type: ignore[misc]


def _rank_of_pair(name: str) -> tuple[int, int]:
    """A whole sequence before one step of it, which it contains."""
    low = name.lower()
    return (0 if "gru" in low else 2 if "lstm" in low else 1), (1 if re.search("cell|step", low) else 0)


def _of_functions(module: Any, source: str, forward: str, backward: str, tried: Tried) -> Adapter | None:
    tree = {definition.name: definition for definition in _definitions(source)}
    for construct in _holders(module, tree, forward):
        base = {"target": forward, "construct": construct, "forward_name": forward, "backward_name": backward}
        adapter = _Functions(module, **base, source=source)
        try:
            adapter.make(SIZES)
        except Exception as error:
            tried.note(forward, error)
            continue
        f, b = getattr(module, forward), getattr(module, backward)
        if found := _driven(adapter, module, f, b, tried, method=False):
            return found
    return None


def _losses(module: Any, source: str, name: str | None) -> Iterator[Callable[[Tried], Adapter | None]]:
    functions = {k: v for k, v in _own(module).items() if isinstance(v, FunctionType) and name in (None, k)}
    yield lambda tried: _of_losses(module, source, functions, tried)


def _of_losses(module: Any, source: str, functions: Mapping[str, FunctionType], tried: Tried) -> Adapter | None:
    for adapter in losses(module, functions):
        sizes = {**SIZES, **adapter.fixed, "batch": 1}
        x, h_0 = _numbers(sizes)
        try:
            adapter.parameters = ()
            values = _values(adapter, settled(adapter, adapter.make(sizes), sizes), sizes)
            answer = adapter.run(sizes, values, x, h_0)
            moved = [
                p
                for p, v in values.items()
                if adapter.run(sizes, values | {p: 0.5 * v + 0.1}, x, h_0).states != answer.states
            ]
            adapter.parameters = tuple(moved)
            names = _names_returned(getattr(module, adapter.forward_name), source)
            places = gradient_places(adapter, answer.returned, names)
            adapter.gradients = {place: places[place] for place in moved if place in places}
        except Exception as error:
            tried.note(adapter.forward_name, error)
            continue
        if adapter.gradients:
            return adapter
    return None


class _Functions(Adapter):
    """Functions that are given their parameters: the object made is a holder of what they are given."""

    def make(self, sizes: Mapping[str, int]) -> Any:
        return SimpleNamespace(**{n: resolved(v, self.module, sizes) for n, v in self.construct.items()})


class _Called:
    """Parameters that a function of the file makes from sizes."""

    def __init__(self, function: str, arguments: Mapping[str, Any]) -> None:
        self.function, self.arguments = function, arguments

    def resolve(self, module: Any, sizes: Mapping[str, int]) -> Any:
        """What the function makes."""
        return getattr(module, self.function)(**resolved(self.arguments, module, sizes))


@cache
def _definitions(source: str) -> tuple[ast.FunctionDef, ...]:
    """Every function in a source, methods among them."""
    try:
        return tuple(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
    except (SyntaxError, ValueError, RecursionError):
        return ()


def _holders(module: Any, tree: Mapping[str, ast.FunctionDef], forward: str) -> Iterator[dict[str, Any]]:
    """What the functions are given beside x and h: arrays by their names, or one dict of them."""
    names = [p.name for p in inspect.signature(getattr(module, forward)).parameters.values() if p.default is p.empty]
    parameters = [n for n in names if not _role_of(n, names)]
    if len(parameters) == 1 and not _WEIGHT.search(parameters[0]):
        (held,) = parameters
        for function in _makers(module):
            for construct in _constructions(function):
                yield {held: _Called(function.__name__, construct)}
        keys = _keys(tree.get(forward), held)
        for shapes in _shapes_of(keys):
            yield {held: {key: _Drawn(shape) for key, shape in shapes.items()}}
    elif parameters:
        for shapes in _shapes_of(parameters):
            yield {name: _Drawn(shape) for name, shape in shapes.items()}


def _makers(module: Any) -> list[Any]:
    functions = [v for v in _own(module).values() if isinstance(v, FunctionType)]
    return [f for f in functions if re.search("init|make|create|param", f.__name__) and not BACKWARD.search(f.__name__)]


def _keys(function: ast.FunctionDef | None, held: str) -> list[str]:
    """The keys by which a function reads a dict that it is given."""
    keys = []
    for node in ast.walk(function) if function else ():
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key)) if name == held:
                keys.append(key)
    return list(dict.fromkeys(keys))


# How forward and backward are called

_X = re.compile(
    r"^(x|xs|x_?t|x_in|x_?seq|inputs?|inp|data|xt|embeds?|x_batch|sequence|seq|a_prev_layer)$", re.IGNORECASE
)
_H = re.compile(
    r"^(h|hs|h_?0|h_?p|h_?prev(_t|_?l)?|h_?t(_?1|_minus_1|_prev)?|prev_?h|hprev|hidden(_state|_t_1)?|state|h_?init|"
    r"init(ial)?_?(h|state|hidden)|a_?prev|a_?0|h_?pre|last_h|prev_?(hidden|state)|h_?old|s_?prev|s|h_?in)$",
    re.IGNORECASE,
)
_DELTA = re.compile(r"^(d|grad|delta|in_grad|upstream|err|error|g)", re.IGNORECASE)
_TARGET = re.compile(r"^(y|ys|y_?true|y_?hat|targets?|labels?|t|lr|learning_rate|eta)$", re.IGNORECASE)
_CACHE = re.compile(r"cache|memory|saved|ctx|tape|store|intermediate", re.IGNORECASE)


def _role_of(name: str, names: Sequence[str]) -> str | None:
    if _X.match(name):
        return "x"
    if _H.match(name) and not (name == "s" and "h" in names):
        return "h"
    return None


def _forward_roles(function: Any, made: Any, *, method: bool) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The roles of forward's arguments, and whether a first state is among them."""
    parameters = [
        p
        for p in inspect.signature(function).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ][1 if method else 0 :]
    names = [p.name for p in parameters]
    roles: list[str] = []
    for position, p in enumerate(parameters):
        role = _role_of(p.name, names)
        if role is None and hasattr(made, p.name) and not method:
            role = p.name
        if role is None and p.default is not p.empty:
            break
        if role in roles and role in ("x", "h"):
            role = None
        roles.append(role or ("x" if position == 0 else "h" if "h" not in roles and position == 1 else "?"))
    if "?" in roles or "x" not in roles:
        return
    yield tuple(roles), "h" in roles
    if roles == ["x", "h"] and parameters[1].default is not inspect.Parameter.empty:
        yield ("x",), False


def _backward_roles(function: Any, made: Any, *, method: bool) -> tuple[str, ...]:
    parameters = [
        p
        for p in inspect.signature(function).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ][1 if method else 0 :]
    roles: list[str] = []
    role: str | None
    for p in parameters:
        if _TARGET.search(p.name):
            raise AnotherApiError(f"backward takes {p.name}, and no upstream gradient")
        if _CACHE.search(p.name):
            role = "cache"
        elif hasattr(made, p.name) and not method:
            role = p.name
        elif _DELTA.match(p.name) and "delta" not in roles:
            role = "delta"
        elif p.default is not p.empty:
            break
        else:
            role = _role_of(p.name, ())
        roles.append(role or ("delta" if "delta" not in roles else "?"))
    if "?" in roles or "delta" not in roles:
        raise AnotherApiError(f"backward takes {', '.join(p.name for p in parameters)}")
    return tuple(roles)


# Driving


def _driven(
    adapter: Adapter, module: Any, forward: Any, backward: Any, tried: Tried, *, method: bool
) -> Adapter | None:
    """The adapter with everything filled in, for the first layouts in which forward behaves as one."""
    sizes = SIZES | dict(adapter.fixed)
    made = adapter.make(sizes)
    adapter.lazy = not any(True for _ in arrays_in(made))
    for roles, has_h in _forward_roles(forward, made, method=method):
        adapter.forward_roles = roles
        layouts = [pair for pair in (*CELLS, *SEQUENCES) if has_h != (pair[1] is None)]
        for one_row in (False, True):
            for x_layout, h_layout in layouts:
                several = "B" in x_layout and (h_layout is None or "B" in h_layout)
                if one_row and not several:
                    continue
                steps = sizes["steps"] if has_steps(x_layout) else 1
                at = {**sizes, "steps": steps, "batch": 1 if one_row or not several else sizes["batch"]}
                adapter.x_layout, adapter.h_layout = x_layout, h_layout
                for found in _answers(adapter, at, tried):
                    if _complete(found, at, backward, tried, method=method):
                        found.one_row = one_row
                        return found
    return None


def _answers(adapter: Adapter, sizes: Mapping[str, int], tried: Tried) -> Iterator[Adapter]:
    """The adapters, with the place of the states, for which forward gives states that behave as states."""
    try:
        returned, made = _forward(adapter, sizes)
    except Exception as error:
        tried.note(f"{adapter.target}.{adapter.forward_name}", error)
        return
    for state, out_layout in _states_in(returned, made, adapter, sizes):
        adapter.state, adapter.out_layout = state, out_layout
        adapter.parameters = ()
        try:
            if _behaves(adapter, sizes):
                yield adapter
        except Exception as error:
            tried.note(f"{adapter.target}.{adapter.forward_name}", error)


def _forward(adapter: Adapter, sizes: Mapping[str, int]) -> tuple[Any, Any]:
    made = adapter.make(sizes)
    x, h_0 = _numbers(sizes)
    given_h = None if adapter.h_layout is None else arranged(h_0[None], adapter.h_layout)
    return adapter.forward(made, arranged(x, adapter.x_layout), given_h), made


def _numbers(sizes: Mapping[str, int], seed: int = 0) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(sizes["steps"], sizes["batch"], sizes["input"]))
    return x, random.uniform(-0.9, 0.9, size=(sizes["batch"], sizes["hidden"]))


def _states_in(returned: Any, made: Any, adapter: Adapter, sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Where the states may be: all of them before the last one only, what is returned before what is kept."""
    shape = (sizes["steps"], sizes["batch"], sizes["hidden"])
    alike = [adapter.x_layout]
    if has_steps(adapter.x_layout):
        alike += ["TBF", "BTF", "TFB", "FBT", "[BF]", "[FB]", "[F]", "TF", "FT"]
    alike += [adapter.h_layout] if adapter.h_layout else []
    alike += ["BF", "FB", "F"] if has_steps(adapter.x_layout) else []
    fits = [a for a in dict.fromkeys(alike) if sizes["batch"] == 1 or "B" in a]
    places = [("", returned)]
    if isinstance(returned, tuple | list):
        places += [(f"[{i}]", value) for i, value in enumerate(returned)]
    elif isinstance(returned, dict):
        places += [(f"['{k}']", value) for k, value in returned.items() if isinstance(k, str)]
    kept = [(f"made.{k}", v) for k, v in getattr(made, "__dict__", {}).items() if STATE_NAMES.match(k)]
    for place, value in (*places, *(kept if returned is None else ())):
        for layout in fits:
            wanted = shape if has_steps(layout) or sizes["steps"] == 1 else (1, *shape[1:])
            try:
                if restored(value, layout, wanted) is not None:
                    yield place, layout
            except Exception:
                continue


def _behaves(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether the states depend on what they should: their own row, their own step and those before it."""
    x, h_0 = _numbers(sizes)
    values = _values(adapter, settled(adapter, adapter.make(sizes), sizes), sizes)
    states = adapter.run(sizes, values, x, h_0).states
    if not np.isfinite(states).all() or not np.array_equal(states, adapter.run(sizes, values, x, h_0).states):
        return False
    other = x.copy()
    other[0, 0] += 0.5
    moved = adapter.run(sizes, values, other, h_0).states != states
    if not moved[:, 0].any() or moved[:, 1:].any():
        return False
    if sizes["steps"] > 1:
        other = x.copy()
        other[-1, -1] += 0.5
        earlier = moved[:, 0].any(axis=-1)
        moved = adapter.run(sizes, values, other, h_0).states != states
        if (
            not (earlier.all() or adapter.last_only)
            or not moved[-1, -1].any()
            or moved[:-1].any()
            or moved[:, :-1].any()
        ):
            return False
    if adapter.h_layout is None:
        return True
    other = h_0.copy()
    other[0] *= 0.5
    moved = adapter.run(sizes, values, x, other).states != states
    return bool(moved[:, 0].any() and not moved[:, 1:].any())


def _values(adapter: Adapter, made: Any, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Numbers for every array that may be a parameter: drawn, as an array of zeros tells nothing."""
    random = np.random.default_rng(1)
    values = {}
    for place, array in arrays_in(made):
        if adapter.parameters and place not in adapter.parameters:
            continue
        if array.flags.writeable and not STATE_NAMES.match(last_name(place)):
            values[place] = random.uniform(-0.6, 0.6, size=array.shape).astype(array.dtype)
    return values


# Parameters and gradients


def _complete(adapter: Adapter, sizes: Mapping[str, int], backward: Any, tried: Tried, *, method: bool) -> bool:
    """Fill in the parameters and where their gradients are; whether anything of a gradient is shown."""
    adapter.parameters = ()
    adapter.parameters = tuple(_parameters(adapter, sizes))
    if not adapter.parameters:
        return False
    adapter.backward_roles = _backward_roles(backward, adapter.make(sizes), method=method)
    for delta_layout in dict.fromkeys((adapter.out_layout, *(("BF",) if adapter.out_layout == "F" else ()))):
        adapter.delta_layout = delta_layout
        try:
            answer, x = _backward(adapter, sizes)
        except Exception as error:
            tried.note(f"{adapter.target}.{adapter.backward_name}", error)
            continue
        adapter.names_returned = _names_returned(backward, adapter.source)
        _find_gradients(adapter, answer, x, sizes)
        if adapter.gradients or adapter.dx or adapter.dh:
            adapter.accumulates = _accumulates(adapter, sizes)
            return True
    return False


def _parameters(adapter: Adapter, sizes: Mapping[str, int]) -> list[str]:
    """The arrays of a fresh object that the states depend on."""
    x, h_0 = _numbers(sizes)
    values = _values(adapter, settled(adapter, adapter.make(sizes), sizes), sizes)
    states = adapter.run(sizes, values, x, h_0).states
    found = []
    for place, value in values.items():
        moved = adapter.run(sizes, values | {place: value * 0.5 + 0.1}, x, h_0).states
        if not np.array_equal(moved, states):
            found.append(place)
    return found


def _backward(adapter: Adapter, sizes: Mapping[str, int]) -> tuple[Answer, Any]:
    x, h_0 = _numbers(sizes)
    values = _values(adapter, settled(adapter, adapter.make(sizes), sizes), sizes)
    steps = 1 if adapter.last_only else sizes["steps"]
    delta = np.random.default_rng(2).normal(size=(steps, sizes["batch"], sizes["hidden"]))
    return adapter.run(sizes, values, x, h_0, delta), x


def _names_returned(function: Any, source: str) -> tuple[str, ...]:
    """The names in the last `return a, b, c` of a function of this source: what it calls its results."""
    first = getattr(getattr(function, "__code__", None), "co_firstlineno", 0)
    names: tuple[str, ...] = ()
    for definition in _definitions(source):
        if first in (definition.lineno, *(d.lineno for d in definition.decorator_list)):
            for node in ast.walk(definition):
                if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                    names = tuple(_name_of(item) for item in node.value.elts)
    return names


def _name_of(item: ast.expr) -> str:
    if isinstance(item, ast.Name):
        return item.id
    return item.attr if isinstance(item, ast.Attribute) else ""


def _find_gradients(adapter: Adapter, answer: Answer, x: Any, sizes: Mapping[str, int]) -> None:
    """Where backward has put the gradients: by the parameters' names, else by their places in a list."""
    candidates = dict(_candidates(adapter, answer))
    shapes = dict(arrays_in(settled(adapter, adapter.make(sizes), sizes)))
    gradients: dict[str, str] = {}
    for place in adapter.parameters:
        name = last_name(place)
        spelled = [
            f"d{name}",
            f"d_{name}",
            f"grad_{name}",
            f"{name}_grad",
            f"g_{name}",
            f"d{name}_",
            f"grad{name}",
            f"g{name}",
            f"delta_{name}",
            f"dl_d{name}",
            f"dL_d{name}",
        ]
        by_name = {
            last_name(c) if c not in candidates or not candidates[c][1] else candidates[c][1]: c for c in candidates
        }
        low = {n.lower().replace("_", ""): c for n, c in by_name.items()}
        for wanted in spelled:
            hit = by_name.get(wanted) or (
                low.get(wanted.lower().replace("_", "")) if len(low) == len(by_name) else None
            )
            if hit and hit not in gradients.values():
                gradients[place] = hit
                break
        else:
            if (same := _same_place(place, candidates)) is not None:
                gradients[place] = same
    taken = set(gradients.values())
    if not gradients:
        gradients = _in_order(adapter, {c: v for c, (v, _) in candidates.items()}, shapes)
        taken = set(gradients.values())
    adapter.gradients = gradients
    adapter.dx = _special(candidates, taken, _DX, (sizes["steps"], sizes["batch"], sizes["input"]), adapter.x_layout)
    taken |= {adapter.dx} if adapter.dx else set()
    h_shape = (1, sizes["batch"], sizes["hidden"])
    adapter.dh = None
    if adapter.h_layout is not None:
        adapter.dh = _special(candidates, taken, _DH, h_shape, adapter.h_layout)


_DX = re.compile(
    r"^_?(d_?x|d_?xs|grad_?x|dx_?t|d_?inputs?|grad_?inputs?|d_?x_?t|dxt|din|dinp|dinput|dout_x)$", re.IGNORECASE
)
_DH = re.compile(
    r"^_?(d_?h_?(prev|0|p|_?t_?1|t|next|init)?(_t|_out)?|d_?prev_?h|dhprev|grad_?h(_?prev|0)?|d_?a_?(prev|0)|d_?hidden|d_?state|dh_?in|"
    r"d_?h_?0)$",
    re.IGNORECASE,
)


def _candidates(adapter: Adapter, answer: Answer) -> Iterator[tuple[str, tuple[Any, str]]]:
    """Every array that may be a gradient: in what was returned, then in the object; with its name in the source."""
    for place, array in (*_stacks(answer.returned), *arrays_in(answer.returned, "returned")):
        name = ""
        if (match := re.fullmatch(r"returned\[(\d+)\]", place)) and int(match[1]) < len(adapter.names_returned):
            name = adapter.names_returned[int(match[1])]
        elif match := re.search(r"\['([^']*)'\]$", place):
            name = match[1]
        yield place, (array, name)
    for place, array in arrays_in(answer.made):
        if place not in adapter.parameters:
            yield place, (array, last_name(place))


def _stacks(returned: Any) -> Iterator[tuple[str, Any]]:
    """Lists of one array a step, in what was returned: they are one array, as `dxs`."""
    inside = [("returned", returned)]
    if isinstance(returned, tuple | list):
        inside += [(f"returned[{i}]", value) for i, value in enumerate(returned)]
    elif isinstance(returned, dict):
        inside += [(f"returned['{key}']", value) for key, value in returned.items()]
    for place, value in inside:
        if isinstance(value, list) and len(value) > 1 and len({np.shape(v) for v in value}) == 1 and np.ndim(value[0]):
            yield place, np.asarray(value, float)


def _same_place(place: str, candidates: Mapping[str, Any]) -> str | None:
    """The gradient of `params[0]` is `grads[0]`, of `W.data` it is `W.grad`, of `params['W']` `grads['W']`."""
    ends = [re.sub(r"\.(data|value|val)$", suffix, place) for suffix in (".grad", ".gradient", ".dW", ".diff")]
    for end in ends:
        if end != place and end in candidates:
            return end
    key = re.search(r"(\[[^\]]*\])$", place)
    if not key:
        return None
    for candidate in candidates:
        named = not candidate.startswith("returned") or key[1].startswith("['") or candidate.count("[") > 1
        is_gradient = re.search(r"grad|^d|returned|\.d", candidate) and candidate != place
        if candidate.endswith(key[1]) and is_gradient and named:
            return candidate
    return None


def _in_order(adapter: Adapter, candidates: Mapping[str, Any], shapes: Mapping[str, Any]) -> dict[str, str]:
    """Gradients that are returned without names, in the order of the parameters: where the shapes say so, one way."""
    returned = [(c, v) for c, v in candidates.items() if c.startswith("returned[")]
    wanted = list(adapter.parameters)
    sizes = [shapes[p].shape for p in wanted if p in shapes]
    for start in range(len(returned) - len(wanted) + 1):
        part = returned[start : start + len(wanted)]
        if [v.shape for _, v in part] == sizes:
            return dict(zip(wanted, (c for c, _ in part), strict=True))
    return {}


def _special(
    candidates: Mapping[str, Any], taken: set[str], pattern: re.Pattern[str], shape: tuple[int, int, int], layout: str
) -> str | None:
    """The gradient for the input or the first state: by its name and shape, else the only one returned of its shape."""
    like = arranged(np.zeros(shape), layout)
    wanted = np.asarray(like).shape
    core = tuple(length for length in wanted if length != 1)

    def fits(array: Any) -> bool:
        return tuple(length for length in array.shape if length != 1) == core

    named = [c for c, (array, name) in candidates.items() if pattern.match(name or last_name(c)) and fits(array)]
    returned = [c for c, (array, _) in candidates.items() if c.startswith("returned") and fits(array)]
    for group in (
        sorted((c for c in named if c not in taken), key=lambda c: not c.startswith("returned")),
        [c for c in returned if c not in taken] if len(returned) == 1 else [],
    ):
        if group:
            return group[0]
    return None


def _accumulates(adapter: Adapter, sizes: Mapping[str, int]) -> bool:
    """Whether a second use of one object adds its gradients to those of the first."""
    x, h_0 = _numbers(sizes)
    values = _values(adapter, settled(adapter, adapter.make(sizes), sizes), sizes)
    steps = 1 if adapter.last_only else sizes["steps"]
    delta = np.random.default_rng(2).normal(size=(steps, sizes["batch"], sizes["hidden"]))

    def gradients(x: Any, h_0: Any, delta: Any, before: bool) -> list[Any]:
        answer = adapter.run(sizes, values, x, h_0, delta, before=before)
        return [adapter.gradient(answer, place, values[p]) for p, place in adapter.gradients.items()]

    try:
        first = gradients(x[..., ::-1] + 0.25, None if h_0 is None else h_0[..., ::-1] * 0.5, delta + 0.5, False)
        own, both = gradients(x, h_0, delta, False), gradients(x, h_0, delta, True)
    except Exception:
        return False
    return bool(both) and all(
        np.allclose(b, a + o, rtol=1e-5, atol=1e-7) for a, o, b in zip(first, own, both, strict=True)
    )
