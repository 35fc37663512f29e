"""Planted mistakes: right cells with one formula replaced, and what the examiner has to say of each.

Those of `formula_mistakes` are made from the chapter's formulas by rule; `other_mistakes` are written
by hand. Nothing here examines anything.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gru.calculus import formula
from gru.layer import Sizes
from gru.layers.gru import parameters
from gru.layers.gru.cell import GRUCell
from gru.layers.gru.equations import EXPOSED, Equation
from gru.layers.gru.forms import CHAPTER

Array = Any
Formula = Callable[["Learner", Mapping[str, Array]], Array]
"""What a cell computes in place of an equation, from itself and the values it has by then."""

EQUATION: dict[str, Equation] = {equation.name: equation for equation in EXPOSED if not equation.is_sum}
FORWARD, STEP, OUT_OF_THE_CELL = ("z", "r", "n", "h"), tuple(EQUATION)[4:-2], ("dh", "dx")
GIVEN = ("x", "h_p", "wz", "wr", "wn", "uz", "ur", "un")


class Learner(GRUCell):
    """A right cell that computes one equation after another, each from the values before it.

    `replaced` holds, by name, the formulas that stand in place of the chapter's.
    """

    replaced: ClassVar[Mapping[str, Formula]] = {}

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        """(1)–(4)."""
        self.get_params(W, U)
        self.x = x
        self._compute(FORWARD, {"h_p": h_p})

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24)."""
        arguments = {"h_p": h_p, "in_grad": in_grad}
        self._compute(STEP, arguments)
        self.merge_params()
        self._compute(OUT_OF_THE_CELL, arguments)

    def _compute(self, names: tuple[str, ...], arguments: Mapping[str, Array]) -> None:
        for name in names:
            at = vars(self) | arguments
            replaced = self.replaced.get(name)
            setattr(self, name, EQUATION[name](at) if replaced is None else replaced(self, at))


def hiding(*names: str) -> type:
    """A cell that shows nothing under these names."""

    class Hides(Learner):
        def __getattribute__(self, name: str) -> Any:
            if name in names:
                raise AttributeError(name)
            return super().__getattribute__(name)

        def merge_params(self) -> None:
            blocks = vars(self)
            self.dW = np.concatenate([blocks[f"dw{gate}"] for gate in "zrn"])
            self.dU = np.concatenate([blocks[f"du{gate}"] for gate in "zrn"])

    return Hides


@dataclass(frozen=True)
class Planted:
    """A planted mistake.

    `equations` are those whose formula was replaced, `others` the other checks that must find it.
    """

    id: str
    cell: type
    equations: tuple[int, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def wrong(self) -> set[str]:
        """The ids of the checks that must be wrong: these, and no other."""
        return {f"equation-{number}" for number in self.equations} | set(self.others)


def plant(id: str, formulas: Mapping[str, Formula], *others: str, base: type = Learner) -> Planted:
    """A mistake in the equations of these names, in cells of their own class."""
    cell = type(base.__name__, (base,), {"replaced": formulas})
    return Planted(id, cell, tuple(EQUATION[name].number for name in formulas), others)


# Mistakes made by rule

Rewrite = Callable[[ast.expr], Iterator[ast.expr]]

_SIBLINGS = (("z", "r"), ("n", "h", "h_p"), ("dzz", "dzr", "dzn"), ("wz", "wr", "wn"), ("uz", "ur", "un"))


def _left_out(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left, ast.Mult() | ast.MatMult() | ast.Add(), right):
            yield from (left, right)
        case ast.BinOp(left, ast.Sub(), right):
            yield from (left, ast.UnaryOp(ast.USub(), right))


def _is_quantity(node: ast.expr) -> bool:
    """Whether a node stands for an array, and not for `np` or the name of a function."""
    return isinstance(node, ast.BinOp | ast.Call) or (isinstance(node, ast.Name) and node.id not in ("np", "sigmoid"))


def _negated(node: ast.expr) -> Iterator[ast.expr]:
    if _is_quantity(node):
        yield ast.UnaryOp(ast.USub(), node)


def _doubled(node: ast.expr) -> Iterator[ast.expr]:
    if _is_quantity(node):
        yield ast.BinOp(ast.Constant(2), ast.Mult(), node)


def _swapped(node: ast.expr) -> Iterator[ast.expr]:
    for siblings in _SIBLINGS:
        if isinstance(node, ast.Name) and node.id in siblings:
            yield from (ast.Name(other, ast.Load()) for other in siblings if other != node.id)


def _transposed(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Attribute(value, "mT"):
            yield value
        case _ if _is_quantity(node):
            yield ast.Attribute(node, "mT", ast.Load())


def _other_derivative(node: ast.expr) -> Iterator[ast.expr]:
    """σ' for tanh' and tanh' for σ', where `… * z * (1 - z)` is (… * z) * (1 - z) to the parser."""
    match node:
        case ast.BinOp(
            ast.BinOp(rest, ast.Mult(), ast.Name(gate)), ast.Mult(), ast.BinOp(_, ast.Sub(), ast.Name(same))
        ):
            if gate == same:
                yield ast.BinOp(rest, ast.Mult(), formula.parse(f"1 - {gate} * {gate}"))
        case ast.BinOp(_, ast.Sub(), ast.BinOp(ast.Name("n"), ast.Mult(), _)):
            yield formula.parse("n * (1 - n)")


REWRITES: dict[str, Rewrite] = {
    "left out": _left_out,
    "negated": _negated,
    "doubled": _doubled,
    "swapped": _swapped,
    "transposed": _transposed,
    "other derivative": _other_derivative,
}


def formula_mistakes() -> Iterator[Planted]:
    """Every rewrite of every equation that computes something else than the equation.

    One of those that are equal to each other is kept, none that is zero. Numbers decide what is equal:
    values of both signs and sizes that differ from each other, where no two formulas agree by chance.
    A formula that is not linear in the gradients, as where δ is left out, is one mistake: of its equation, and none
    of the state.
    """
    for position, (name, equation) in enumerate(EQUATION.items()):
        values = _values_before(position)
        known = [equation(values)]
        for rule, rewrite in REWRITES.items():
            for tree in formula.rewritten(equation.expression, rewrite):
                value = _value(tree, values)
                if value is None or value.shape != known[0].shape or not value.any():
                    continue
                if any(np.allclose(value, other) for other in known):
                    continue
                known.append(value)
                yield plant(f"{equation.number}, {rule}: {name} = {formula.text(tree)}", {name: _formula(tree)})


def _values_before(position: int) -> dict[str, Array]:
    """Random values of all that a cell has by the time it computes equation number `position` of `EQUATION`."""
    random = np.random.default_rng(0)
    arguments = GIVEN if position < len(FORWARD) else (*GIVEN, "in_grad")
    names = (*arguments, *list(EQUATION)[:position])
    return {name: random.normal(size=CHAPTER.shape_of(name, Sizes(batch=3, input=4, hidden=5))) for name in names}


def _value(tree: ast.expr, values: Mapping[str, Array]) -> Array | None:
    """The formula's value; None where shapes do not fit or something is not computed yet."""
    try:
        return formula.evaluate(tree, values)
    except (ValueError, NameError):
        return None


def _formula(tree: ast.expr) -> Formula:
    return lambda cell, at: formula.evaluate(tree, at)


# Mistakes written by hand: a value that is altered, always or on one condition

Alter = Callable[[Array, Mapping[str, Array]], Array]
Condition = Callable[[Learner, Mapping[str, Array]], bool]


def altered(name: str, alter: Alter, when: Condition = lambda cell, at: True) -> dict[str, Formula]:
    """The right value of `name`, altered where the condition holds."""

    def altered_formula(cell: Learner, at: Mapping[str, Array]) -> Array:
        value = EQUATION[name](at)
        return alter(value, at) if when(cell, at) else value

    return {name: altered_formula}


def in_place_of(name: str, line: str, when: Condition) -> dict[str, Formula]:
    """The formula `line` in place of equation `name` where the condition holds."""
    tree = formula.parse(line)
    return altered(name, lambda value, at: formula.evaluate(tree, at), when)


def _one_entry(value: Array, at: Mapping[str, Array]) -> Array:
    """The last entry of the first row: a batch's first row is the same with and without the others."""
    value = value.copy()
    value[0, -1] *= 1 + 1e-3
    return value


def _scaled(value: Array, at: Mapping[str, Array]) -> Array:
    return value * (1 + 1e-9)


def _single(value: Array, at: Mapping[str, Array]) -> Array:
    return value.astype(np.float32).astype(value.dtype)


def altered_mistakes() -> Iterator[Planted]:
    """Values that are nearly right, and values that look finished without being a derivative."""
    for name in ("h", "dzr", "dwr", "dh"):
        yield plant(f"one entry of {name} is off by a thousandth", altered(name, _one_entry))
    for name in ("n", "dzz", "dur", "dx"):
        yield plant(f"{name} is off by a relative 1e-9", altered(name, _scaled))
    for name in ("z", "dzn", "dwz"):
        yield plant(f"{name} goes through single precision", altered(name, _single))
    yield plant(
        "all of forward goes through single precision", {k: v for n in FORWARD for k, v in altered(n, _single).items()}
    )
    random = np.random.default_rng(0)
    by_row = {
        "clipped to ±1": lambda value, at: np.clip(value, -1, 1),
        "rounded to six decimals": lambda value, at: value.round(6),
        "without its sign": lambda value, at: np.abs(value),
        "noisy": lambda value, at: value + 1e-6 * random.normal(size=value.shape),
        "averaged over the batch": lambda value, at: value / len(value),
        "scaled to length 1": lambda value, at: value / max(np.linalg.norm(value), 1e-30),
        "cut off below 0.1": lambda value, at: np.where(np.abs(value) < 0.1, 0, value),
    }
    for name in ("dzz", "dzn", "dh"):
        for words, alter in by_row.items():
            yield plant(f"{name} is {words}", altered(name, alter), *(["state"] if words == "noisy" else []))
    for name in ("dwn", "dur"):
        yield plant(f"{name} is averaged over the batch", altered(name, lambda value, at: value / len(at["x"])))
    yield plant("dzz is a list", altered("dzz", lambda value, at: value.tolist()))
    yield plant("dh has lost its axes of length 1", altered("dh", lambda value, at: value.squeeze()))
    yield plant("dwn is cut to whole numbers", altered("dwn", lambda value, at: value.astype(int)))
    yield plant("dzr is in half precision", altered("dzr", lambda value, at: value.astype(np.float16)))
    yield plant("dx is transposed", altered("dx", lambda value, at: value.T))


def conditional_mistakes() -> Iterator[Planted]:
    """Formulas that are wrong on some problems only."""
    conditions: dict[str, tuple[str, str, Condition, tuple[str, ...]]] = {
        "at batch 1": ("dwn", "h_p.mT @ dzn", lambda cell, at: len(at["x"]) == 1, ()),
        "at batch 1, in a row": ("dx", "dzn @ un.mT", lambda cell, at: len(at["x"]) == 1, ()),
        "beyond batch 1": ("dun", "x.mT @ dzz", lambda cell, at: len(at["x"]) > 1, ()),
        "at hidden 1": ("dzr", "dzn @ wn.mT * r * (1 - r)", lambda cell, at: cell.hidden_size == 1, ()),
        "at input 1": ("duz", "x.mT @ dzr", lambda cell, at: cell.input_size == 1, ()),
        "where input ≠ hidden": ("dur", "x.mT @ dzz", lambda cell, at: cell.input_size != cell.hidden_size, ()),
        "where input = hidden": ("dun", "dzn.mT @ x", lambda cell, at: cell.input_size == cell.hidden_size, ()),
        "beyond hidden 8": ("dh", "in_grad * (1 - z)", lambda cell, at: cell.hidden_size > 8, ()),
        "at a zero state": ("dh", "in_grad * (1 - z)", lambda cell, at: not at["h_p"].any(), ()),
        "at another state than zero": ("dwz", "h.mT @ dzz", lambda cell, at: bool(at["h_p"].any()), ()),
        "at a zero input": ("z", "sigmoid(h_p @ wr)", lambda cell, at: not at["x"].any(), ()),
        "at a large δ": ("dzn", "in_grad * z", lambda cell, at: np.abs(at["in_grad"]).max() > 1e4, ()),
        "at a small δ": ("dzz", "0 * in_grad", lambda cell, at: np.abs(at["in_grad"]).max() < 1e-4, ()),
        "in float32": ("dzn", "in_grad * z", lambda cell, at: at["x"].dtype == np.float32, ()),
        "at large weights": ("r", "sigmoid(x @ ur)", lambda cell, at: np.abs(at["wr"]).max() > 5, ()),
    }  # fmt: skip
    for words, (name, line, when, others) in conditions.items():
        yield plant(f"{name} is wrong {words}", in_place_of(name, line, when), *others)


def saturation_mistakes() -> Iterator[Planted]:
    """Formulas that are wrong only where a gate is at its end."""
    for name, low in (("z", 0.0), ("r", 0.0), ("n", -1.0)):
        yield plant(
            f"{name} is clipped a ten-millionth from its ends",
            altered(name, lambda value, at, low=low: np.clip(value, low + 1e-7, 1 - 1e-7)),
        )
    for name, line in (("z", "h_p @ wz + x @ uz"), ("r", "h_p @ wr + x @ ur"), ("n", "(r * h_p) @ wn + x @ un")):
        tree = formula.parse(line)

        def beyond(value: Array, at: Mapping[str, Array], tree: ast.expr = tree) -> Array:
            return np.where(np.abs(formula.evaluate(tree, at)) > 30, 0.5, value)

        yield plant(f"{name} is a half beyond a pre-activation of 30", altered(name, beyond))
    yield plant("dzn takes tanh' for 1 at its ends", altered("dzn", _slope_one))
    yield plant("dzz is zero near the end of z", altered("dzz", lambda value, at: np.where(at["z"] > 0.999, 0, value)))
    yield plant("dh is zero where n is 1", altered("dh", lambda value, at: np.where(np.abs(at["n"]) == 1, 0, value)))
    yield plant("tanh overflows to NaN", {"n": _overflowing_tanh})
    yield plant("σ overflows to NaN", {"z": _overflowing_sigmoid})


def _slope_one(value: Array, at: Mapping[str, Array]) -> Array:
    return np.where(np.abs(at["n"]) > 1 - 1e-9, at["in_grad"] * at["z"], value)


def _overflowing_tanh(cell: Learner, at: Mapping[str, Array]) -> Array:
    a = (at["r"] * at["h_p"]) @ at["wn"] + at["x"] @ at["un"]
    with np.errstate(over="ignore", invalid="ignore"):
        return (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))


def _overflowing_sigmoid(cell: Learner, at: Mapping[str, Array]) -> Array:
    a = at["h_p"] @ at["wz"] + at["x"] @ at["uz"]
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(a) / (1 + np.exp(a))


# Mistakes of sizes that are written into the code


def _first_columns(value: Array, at: Mapping[str, Array]) -> Array:
    return np.where(np.arange(value.shape[1]) < 4, value, 0)


def _first_rows(value: Array, at: Mapping[str, Array]) -> Array:
    return at["x"][:2].T @ at["dzn"][:2]


def size_mistakes() -> Iterator[Planted]:
    """Loops that end at a size somebody once had."""
    yield plant("dwz has four columns, the others stay zero", altered("dwz", _first_columns))
    yield plant("dx has four columns, the others stay zero", altered("dx", _first_columns))
    yield plant("dun is a sum over two rows", altered("dun", _first_rows))


# Mistakes of state


class CountsUses(Learner):
    """Knows how often each of its two passes was called."""

    forwards = backwards = 0

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        """(1)–(4), counted."""
        self.forwards, self.backwards = self.forwards + 1, 0
        super().forward(x, h_p, W, U)

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24), counted."""
        self.backwards += 1
        super().backward(h_p, in_grad)


class CountsSteps(Learner):
    """Knows how many cells went forward before it since the last went backward."""

    waiting: ClassVar[int] = 0
    step = 0

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        """(1)–(4), counted."""
        CountsSteps.waiting += 1
        self.step = CountsSteps.waiting
        super().forward(x, h_p, W, U)

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24); the count starts anew."""
        CountsSteps.waiting = 0
        super().backward(h_p, in_grad)


class CountsCalls(Learner):
    """Knows how often any cell was called."""

    calls: ClassVar[int] = 0

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        """(1)–(4), counted."""
        CountsCalls.calls += 1
        super().forward(x, h_p, W, U)


def counting_mistakes() -> Iterator[Planted]:
    """Formulas that are wrong from some use, step or call on."""
    for name, line in (("h", "z * h_p + (1 - z) * n"), ("duz", "x.mT @ dzr"), ("dzz", "in_grad * (n - h_p) * z")):
        wrong = in_place_of(name, line, lambda cell, at: cell.forwards > 1)
        cell = plant("", wrong, base=CountsUses).cell
        yield Planted(f"{name} is wrong at the second use", cell, (), ("state",))
    wrong = in_place_of("dx", "dzn @ un.mT", lambda cell, at: cell.backwards > 1)
    yield Planted("dx is wrong when backward is called again", plant("", wrong, base=CountsUses).cell, (), ("state",))
    for name, line in (("dzn", "in_grad * z"), ("z", "sigmoid(x @ uz)"), ("dwr", "h.mT @ dzr")):
        wrong = in_place_of(name, line, lambda cell, at: cell.step > 3)
        yield plant(f"{name} is wrong after three steps", wrong, base=CountsSteps)
    wrong = in_place_of("dun", "x.mT @ dzz", lambda cell, at: CountsCalls.calls % 7 == 0)
    yield plant("dun is wrong at every seventh call", wrong, "state", base=CountsCalls)


class Accumulates(Learner):
    """Adds to what the last call left."""

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        """(1)–(4)."""
        self.sums = vars(self).get("sums", {})
        super().forward(x, h_p, W, U)


def _accumulated(name: str) -> dict[str, Formula]:
    def formula(cell: Any, at: Mapping[str, Array]) -> Array:
        cell.sums[name] = cell.sums.get(name, 0) + EQUATION[name](at)
        return cell.sums[name]

    return {name: formula}


class AccumulatesMerged(Learner):
    """Adds dW up over the calls of one cell."""

    total: Array = 0

    def merge_params(self) -> None:
        """dU as it is, dW on top of the last."""
        super().merge_params()
        self.total = self.dW = self.total + self.dW


class Momentum(Learner):
    """Mixes dU with that of whichever cell came before."""

    velocity: ClassVar[Array] = np.zeros((0, 0))

    def merge_params(self) -> None:
        """dW as it is, dU as a running mean over all cells."""
        super().merge_params()
        if Momentum.velocity.shape == self.dU.shape:
            self.dU = self.dU + 0.9 * Momentum.velocity
        Momentum.velocity = self.dU


class SharedBuffer(Learner):
    """All cells write their dwn into one array."""

    buffers: ClassVar[dict[Any, Array]] = {}

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24), and dwn moved to the buffer."""
        super().backward(h_p, in_grad)
        buffer = self.buffers.setdefault((self.dwn.shape, self.dwn.dtype), np.empty_like(self.dwn))
        buffer[...] = self.dwn
        self.dwn = buffer


class SharedMergedBuffer(Learner):
    """All cells write their dW into one array."""

    buffers: ClassVar[dict[Any, Array]] = {}

    def merge_params(self) -> None:
        """dW in the buffer, dU as it is."""
        super().merge_params()
        buffer = self.buffers.setdefault((self.dW.shape, self.dW.dtype), np.empty_like(self.dW))
        buffer[...] = self.dW
        self.dW = buffer


class SharedForward(Learner):
    """All cells write their z into one array, and go backward with the last."""

    buffers: ClassVar[dict[Any, Array]] = {}

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        """(1)–(4), and z moved to the buffer."""
        super().forward(x, h_p, W, U)
        buffer = self.buffers.setdefault((self.z.shape, self.z.dtype), np.empty_like(self.z))
        buffer[...] = self.z
        self.z = buffer


class SharedEverything(Learner):
    """Keeps all its values in the class: every cell is the last one."""

    values: ClassVar[dict[str, Array]] = {}

    def __getattr__(self, name: str) -> Array:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        """(1)–(4), moved to the class."""
        super().forward(x, h_p, W, U)
        for name in ("x", *FORWARD):
            self.values[name] = vars(self).pop(name)

    def _compute(self, names: tuple[str, ...], arguments: Mapping[str, Array]) -> None:
        super()._compute(names, self.values | dict(arguments) if names is not FORWARD else arguments)


class ChangesUpstream(Learner):
    """Uses in_grad up."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24), and in_grad halved."""
        super().backward(h_p, in_grad)
        if in_grad.flags.writeable:
            in_grad *= 0.5


class ChangesState(Learner):
    """Writes h_t over h_{t-1}."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24), and h_p overwritten."""
        super().backward(h_p, in_grad)
        if h_p.flags.writeable:
            h_p[...] = self.h


class ChangesInput(Learner):
    """Masks its input in place when all is done."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24), and x masked; the cell keeps a copy of its own."""
        super().backward(h_p, in_grad)
        if self.given.flags.writeable:
            self.given[...] = 0

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> None:
        """(1)–(4)."""
        self.given = x
        super().forward(x.copy(), h_p, W, U)


class Learns(Learner):
    """Takes a step of gradient descent at the end of its backward pass, in W itself."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24), and a step along dwz."""
        super().backward(h_p, in_grad)
        if self.wz.flags.writeable:
            self.wz -= 0.1 * self.dwz


class NeedsWriteable(Learner):
    """Fails on read-only arguments."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24)."""
        in_grad *= 1
        super().backward(h_p, in_grad)


class NeedsContiguous(Learner):
    """Reads the memory of its arguments in C's order, whatever their own."""

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24)."""
        super().backward(h_p, in_grad.ravel(order="K").reshape(in_grad.shape))


class KeepsState(Learner):
    """Goes on from the state it saw in its first use."""

    def _compute(self, names: tuple[str, ...], arguments: Mapping[str, Array]) -> None:
        self.first = vars(self).get("first", {})
        if names is FORWARD:
            self.first.setdefault("h_p", arguments["h_p"])
        super()._compute(names, arguments)


class CachesWeights(Learner):
    """Keeps the first weights of each shape that it was ever given, for all cells."""

    cache: ClassVar[dict[Any, tuple[Array, ...]]] = {}

    def split_params(self, w: Array, size: int) -> tuple[Array, ...]:
        """The blocks of the first matrix of this shape."""
        return self.cache.setdefault((w.shape, w.dtype), super().split_params(w.copy(), size))


def state_mistakes() -> Iterator[Planted]:
    """A backward pass that depends on more than its arguments, or leaves more than its results."""
    for name in ("dwn", "duz", "dh"):
        cell = plant("", _accumulated(name), base=Accumulates).cell
        yield Planted(f"{name} is added to that of the last call", cell, (), ("state",))
    random = np.random.default_rng(0)
    for name in ("z", "h"):
        yield plant(
            f"{name} has dropout",
            altered(name, lambda value, at: value * random.uniform(0.5, 1.5, value.shape)),
            "state",
        )
    yield Planted("dW is added to that of the last call", AccumulatesMerged, (), ("state",))
    yield Planted("dU is a running mean over all cells", Momentum, (), ("merge", "state"))
    for words, cell in {
        "cells share dwn": SharedBuffer,
        "cells share dW": SharedMergedBuffer,
        "cells share z": SharedForward,
        "cells share all of forward": SharedEverything,
        "in_grad is changed": ChangesUpstream,
        "h_p is changed": ChangesState,
        "x is changed": ChangesInput,
        "arguments must be writeable": NeedsWriteable,
        "arguments must be contiguous": NeedsContiguous,
    }.items():
        yield Planted(words, cell, (), ("state",))
    yield Planted("weights are changed", Learns, (), ("state",))
    yield Planted("weights are those of the first problem", CachesWeights, (), ("split",))


# Mistakes of the stacked parameters


def _order(*order: int) -> Callable[[Any, Array, int], tuple[Array, ...]]:
    return lambda cell, w, size: tuple(parameters.split(w, size)[gate] for gate in order)


def _in_threes(cell: Any, w: Array, size: int) -> tuple[Array, ...]:
    return tuple(w[gate::3] for gate in range(3))


def _only(stacked: str, order: str) -> Callable[[Any], None]:
    """merge_params with the blocks of dW or dU in another order."""

    def merge_params(cell: Any) -> None:
        GRUCell.merge_params(cell)
        blocks = [getattr(cell, stacked.lower() + gate) for gate in order]
        setattr(cell, stacked, np.concatenate(blocks))

    return merge_params


def _altered_merge(alter: Callable[[Any, Array], Array]) -> Callable[[Any], None]:
    def merge_params(cell: Any) -> None:
        GRUCell.merge_params(cell)
        cell.dW, cell.dU = alter(cell, cell.dW), alter(cell, cell.dU)

    return merge_params


def stacking_mistakes() -> Iterator[Planted]:
    """`split_params` and `merge_params` that are not each other's inverse."""
    for order in ((1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0), (0, 0, 2)):
        cell = type("Splits", (Learner,), {"split_params": _order(*order)})
        yield Planted("split gives " + ", ".join("zrn"[gate] for gate in order), cell, (), ("split",))
    cell = type("Splits", (Learner,), {"split_params": _in_threes})
    yield Planted("split gives every third row", cell, (), ("split",))
    merges: dict[str, Callable[[Any], None]] = {
        f"{stacked} is stacked {', '.join(order)}": _only(stacked, order)
        for stacked in ("dW", "dU")
        for order in ("rzn", "znr", "zzn")
    } | {
        "dW and dU are turned around": _altered_merge(lambda cell, d: d[::-1]),
        "dW and dU are averaged over the batch": _altered_merge(lambda cell, d: d / len(cell.x)),
    }
    for words, merge in merges.items():
        yield Planted(words, type("Merges", (Learner,), {"merge_params": merge}), (), ("merge",))
    clipped = _altered_merge(lambda cell, d: np.clip(d, -1, 1))
    yield Planted("dW and dU are clipped", type("Merges", (Learner,), {"merge_params": clipped}), (), ("merge",))


def several_mistakes() -> Iterator[Planted]:
    """Two or more formulas replaced in one cell."""
    lines = {
        "z": "sigmoid(x @ uz)",
        "h": "z * h_p + (1 - z) * n",
        "dzn": "in_grad * z * (1 - n)",
        "dzr": "(dzn @ wn.mT) * r * (1 - r)",
        "dwz": "h.mT @ dzz",
        "dh": "in_grad * (1 - z) + dzr @ wr.mT + dzz @ wz.mT",
        "dx": "dzn @ un.mT + dzr @ ur.mT",
    }
    for names in (("dzr", "dh"), ("z", "dx"), ("h", "dwz"), ("z", "dzn", "dzr"), ("dzn", "dzr", "dh", "dx")):
        yield plant(
            "wrong at once: " + ", ".join(names), {name: _formula(formula.parse(lines[name])) for name in names}
        )


def other_mistakes() -> Iterator[Planted]:
    """All that are written by hand."""
    for mistakes in (
        altered_mistakes,
        conditional_mistakes,
        saturation_mistakes,
        size_mistakes,
        counting_mistakes,
        state_mistakes,
        stacking_mistakes,
        several_mistakes,
    ):
        yield from mistakes()
