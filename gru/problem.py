"""Problems: concrete instances of a layer, from the smallest sizes up and over all regimes.

A problem is a function of its id alone, so that everybody sees the same one and any one can be
run again. It never knows the right answer: that is the oracle's part.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from gru.calculus.arrays import Array
from gru.layer import ACTIVATIONS, Form, Sizes, Stack
from gru.layers.gru.forms import CHAPTER

Precision = Literal["float64", "float32"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
Effort = Literal["quick", "normal", "thorough"]


@dataclass(frozen=True)
class Regime:
    """How the numbers of a problem are drawn: the typical size of each kind of number.

    `peak`, where it is set, is the range that the largest pre-activation is drawn from. `structure` says what the
    numbers are made into: x of exact 0 and 1; rows and last steps whose x and δ are padded with zeros; entries of
    h_0 that are exactly 0 or ±1.
    """

    weights: float = 1.0
    inputs: float = 1.0
    state: float = 1.0
    upstream: float = 1.0
    peak: tuple[float, float] | None = None
    structure: Literal["", "bits", "padded", "corners"] = ""


REGIMES: dict[str, Regime] = {
    "ordinary": Regime(),
    "tiny": Regime(weights=1e-4, inputs=1e-2, state=1e-2),
    "large": Regime(weights=3.0),
    "saturated": Regime(peak=(10.0, 800.0)),
    "zero-state": Regime(state=0.0),
    "zero-input": Regime(inputs=0.0),
    "zero-upstream": Regime(upstream=0.0),
    "small-upstream": Regime(upstream=1e-6),
    "large-upstream": Regime(upstream=1e6),
    "extreme": Regime(peak=(720.0, 800.0)),
    "bits": Regime(structure="bits"),
    "padded": Regime(structure="padded"),
    "corners": Regime(structure="corners"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """One concrete instance.

    Attributes:
        id: The name that it is drawn from.
        sizes: Rows of the batch, inputs, hidden units, steps.
        regime: How its numbers are drawn.
        precision: The dtype of all arrays.
        x: (steps, batch, input).
        initial: The first state of each kind, `h_0` first: (batch, hidden) each.
        parameters: By name, as a cell is given them: `W` (3·hidden, hidden), `U` (3·input, hidden).
        upstream: (steps, batch, hidden), the part of ∂loss/∂h_t that comes from outside the sequence.
    """

    id: str
    sizes: Sizes
    regime: str
    precision: Precision
    x: Array
    initial: tuple[Array, ...]
    parameters: dict[str, Array]
    upstream: Array

    @property
    def h_0(self) -> Array:
        """The first hidden state, (batch, hidden)."""
        return self.initial[0]

    @property
    def W(self) -> Array:
        """The recurrent weights, stacked."""
        return self.parameters["W"]

    @property
    def U(self) -> Array:
        """The input weights, stacked."""
        return self.parameters["U"]

    def __repr__(self) -> str:
        return f"find({self.id!r})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython and Hypothesis would list every array of a dataclass.
        printer.text(repr(self))

    def __str__(self) -> str:
        return f"{self.sizes}, {self.regime}, {self.precision} (problem {self.id})"


@dataclass(frozen=True)
class Specification:
    """What is asked of a problem before its numbers are drawn."""

    sizes: Sizes
    regime: str = "ordinary"
    precision: Precision = "float64"

    def volume(self, form: Form = CHAPTER) -> int:
        """How much there is to read in the problem; the smallest problem has the least."""
        batch, inputs, hidden, steps = self.sizes
        parameters = sum(math.prod(self.sizes.shape(stack.dimensions)) for stack in form.layer.stacks)
        return steps * batch * (inputs + hidden) + parameters


_SIZES = [
    Sizes(1, 1, 1, 1), Sizes(1, 1, 2, 1), Sizes(1, 2, 1, 1), Sizes(2, 1, 1, 1), Sizes(1, 1, 1, 2), Sizes(1, 1, 1, 4),
    Sizes(1, 2, 3, 1), Sizes(2, 3, 1, 1), Sizes(2, 1, 3, 1), Sizes(2, 2, 2, 1), Sizes(2, 3, 4, 1), Sizes(3, 4, 2, 1),
    Sizes(4, 2, 3, 1), Sizes(2, 3, 3, 1), Sizes(1, 3, 2, 2), Sizes(2, 1, 2, 3), Sizes(2, 3, 4, 3), Sizes(3, 2, 3, 4),
    Sizes(2, 4, 3, 5), Sizes(1, 2, 2, 12), Sizes(2, 2, 3, 7), Sizes(5, 7, 6, 2), Sizes(3, 5, 8, 4), Sizes(9, 12, 17, 1),
    Sizes(3, 13, 20, 1),
]  # fmt: skip
"""Sizes that differ from each other in most problems, or a transposed matrix would pass; each
of batch, input and hidden is 1 somewhere, and equal to another somewhere."""

_TELLING_SIZES = [Sizes(*sizes) for sizes in [(1, 1, 1, 1), (1, 2, 3, 1), (2, 3, 4, 1), (3, 4, 2, 1), (2, 1, 2, 3)]]


_PLAIN = [name for name, regime in REGIMES.items() if name != "extreme" and not regime.structure]
"""The regimes that say nothing but how large the numbers are."""


def _plan() -> Iterator[Specification]:
    """The problems that every examination at normal effort takes, in the order of their indices."""
    yield from (Specification(sizes) for sizes in _SIZES)
    for regime in _PLAIN[1:]:
        yield from (Specification(sizes, regime) for sizes in _TELLING_SIZES)
    # Saturation has the widest range of sizes of numbers, so it is drawn more often, and at its end for certain:
    # e^a leaves double precision beyond 710.
    yield from (Specification(sizes, r) for sizes in _TELLING_SIZES for r in ("saturated", "extreme"))
    for regime in ("ordinary", "large", "zero-state", "saturated"):
        yield from (Specification(sizes, regime, "float32") for sizes in (_TELLING_SIZES[1], _TELLING_SIZES[4]))
    for regime in ("bits", "padded", "corners"):
        yield from (Specification(sizes, regime) for sizes in _TELLING_SIZES[2::2])


PLAN: tuple[Specification, ...] = tuple(_plan())

COUNTS: dict[Effort, int] = {"quick": len(_SIZES), "normal": len(PLAN), "thorough": 10 * len(PLAN)}
"""How many problems an examination takes: the smaller efforts are beginnings of the larger."""


def battery(effort: Effort, seed: int, form: Form = CHAPTER) -> list[Problem]:
    """The problems of an examination, the smallest first; the same for the same seed.

    Args:
        effort: How many.
        seed: Draws their numbers.
        form: The form of the layer that they are for.
    """
    specified = planned(effort, seed)
    specified += [(s, identify(s, number)) for round in range(ROUNDS[effort]) for s, number in _larger(seed, round)]
    specified.sort(key=lambda item: item[0].volume(form))
    return [draw(specification, id, form) for specification, id in specified]


def planned(effort: Effort, seed: int) -> list[tuple[Specification, str]]:
    """What is asked of the problems of an examination but for the larger ones, each with its id.

    Args:
        effort: How many.
        seed: Draws their numbers.
    """
    return [(_specification(seed, index), f"{seed}:{index}") for index in range(COUNTS[effort])]


ROUNDS: dict[Effort, int] = {"quick": 0, "normal": 1, "thorough": 5}
"""How many times an examination takes a larger problem of every kind."""

LARGER: tuple[tuple[tuple[int, int], ...], ...] = (
    ((1, 3), (2, 20), (60, 100), (1, 1)),
    ((25, 40), (2, 8), (5, 24), (1, 2)),
    ((2, 4), (30, 100), (5, 24), (1, 1)),
    ((1, 3), (1, 4), (2, 8), (40, 50)),
)
"""The ranges that batch, input, hidden and steps of larger problems are drawn from: each is large in one of them."""


def _larger(seed: int, round: int) -> Iterator[tuple[Specification, int]]:
    """Larger problems, each with the number that it is drawn with.

    The seed draws their sizes, so that nobody can prepare for them.
    """
    random = _generator(f"larger {seed}:{round}")
    for ranges in LARGER:
        sizes = Sizes(*(int(random.integers(low, high, endpoint=True)) for low, high in ranges))
        regime = str(random.choice(["ordinary", "ordinary", "bits", "padded", "corners"]))
        yield Specification(sizes, regime), int(random.integers(2**31))


def is_measured_whole(problem: Problem) -> bool:
    """Whether every entry of the derivatives is measured; of the others one random direction, which takes less long.

    Those are larger than any that is planned, or of numbers that are drawn once more in another structure.
    """
    within = all(length <= most for length, most in zip(problem.sizes, _MEASURED, strict=True))
    return within and problem.regime in _PLAIN


_MEASURED = tuple(max(lengths) for lengths in zip(*_SIZES, strict=True))
"""The largest batch, input, hidden and steps that were planned."""


def identify(specification: Specification, seed: int) -> str:
    """The id of a problem, such as `2,3,4,1/ordinary/float64/5`.

    Args:
        specification: Its sizes, regime and precision.
        seed: Draws its numbers.
    """
    sizes = ",".join(str(size) for size in specification.sizes)
    return f"{sizes}/{specification.regime}/{specification.precision}/{seed}"


MOST_STEPS, MOST_NUMBERS = 1000, 200_000
"""The largest problem that can be asked for: it is measured in about a minute."""

LONGEST_ID = 100
"""Characters of a problem's id."""


class SizesError(ValueError):
    """Sizes that no problem has, as it would be too large."""


def find(id: str, form: Form = CHAPTER) -> Problem:
    """The problem with this id.

    Args:
        id: `17` and `0:17` are problem 17 of seed 0; `2,3,4,1/ordinary/float64/5` is the problem of those sizes
            (batch, input, hidden, steps), regime and precision drawn with seed 5.
        form: The form of the layer that it is for.

    Raises:
        ValueError: The id is any other text, or the sizes are too large.
    """
    try:
        if len(id) > LONGEST_ID:
            raise ValueError
        if "/" in id:
            sizes, regime, precision, number = id.split("/")
            batch, inputs, hidden, steps = (int(size) for size in sizes.split(","))
            specification = Specification(Sizes(batch, inputs, hidden, steps), regime, precision)  # type: ignore[arg-type]
            _require_small(specification.sizes)
            if min(specification.sizes) < 1 or regime not in REGIMES or precision not in PRECISIONS or int(number) < 0:
                raise ValueError
            return draw(specification, identify(specification, int(number)), form)
        seed, _, index = id.rpartition(":")
        id = f"{int(seed or 0)}:{int(index)}"
        if int(seed or 0) < 0 or int(index) < 0:
            raise ValueError
        return draw(_specification(int(seed or 0), int(index)), id, form)
    except SizesError:
        raise
    except ValueError:
        raise ValueError(
            f"no problem has the id {id!r:.80}: expected SEED:INDEX, such as 0:17, "
            "or BATCH,INPUT,HIDDEN,STEPS/REGIME/PRECISION/SEED, such as 2,3,4,1/ordinary/float64/5 "
            f"(regimes: {', '.join(REGIMES)})"
        ) from None


def _require_small(sizes: Sizes) -> None:
    """Raise SizesError where a problem would not fit into memory, or take hours."""
    batch, inputs, hidden, steps = sizes
    numbers = steps * batch * (inputs + 2 * hidden) + 3 * hidden * (hidden + inputs)
    if steps > MOST_STEPS or numbers > MOST_NUMBERS:
        most = f"at most {MOST_STEPS:,} steps, and {MOST_NUMBERS:,} numbers in all"
        raise SizesError(f"a problem of {sizes} is too large: {most}")


def _generator(id: str) -> np.random.Generator:
    """Random numbers that are a function of the id's characters alone."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(id.encode()))))


def _specification(seed: int, index: int) -> Specification:
    """The specification of problem `seed:index`: planned at first, then of random sizes and regime."""
    if index < len(PLAN):
        return PLAN[index]
    random = _generator(f"specification {seed}:{index}")
    batch, inputs, hidden = (int(size) for size in random.integers(1, 7, size=3))
    steps = int(random.choice([1, 1, 2, 3, 4, 12]))
    regime = str(random.choice(list(REGIMES)))
    precision: Precision = "float32" if random.random() < 0.1 else "float64"
    return Specification(Sizes(batch, inputs, hidden, steps), regime, precision)


def draw(specification: Specification, id: str, form: Form = CHAPTER) -> Problem:
    """The problem of this specification whose numbers are drawn from `id`.

    All forms of a layer have the same numbers; what a form has beside its layer is drawn after them.

    Args:
        specification: Its sizes, regime and precision.
        id: Draws its numbers.
        form: The form of the layer that it is for.
    """
    sizes, regime = specification.sizes, REGIMES[specification.regime]
    batch, inputs, hidden, steps = sizes
    layer, random = form.layer, _generator(id)
    weights = {stack.name: _weights(stack, sizes, random) for stack in layer.stacks}
    x = regime.inputs * random.normal(size=(steps, batch, inputs))
    initial = [regime.state * random.uniform(-1, 1, size=(batch, hidden)) for _ in layer.carried]
    upstream = regime.upstream * random.normal(size=(steps, batch, hidden))
    if regime.structure:
        x, initial[0], upstream = _structured(regime.structure, x, initial[0], upstream, random)
    if regime.peak is not None:
        weights = _saturate(layer.form, weights, x, initial, peak=math.exp(random.uniform(*np.log(regime.peak))))
    added = [stack for stack in form.stacks if stack not in layer.stacks]
    weights |= {stack.name: _weights(stack, sizes, random) for stack in added}
    dtype = specification.precision
    return Problem(
        id,
        sizes,
        specification.regime,
        dtype,
        x.astype(dtype),
        tuple(state.astype(dtype) for state in initial),
        {name: (regime.weights * array).astype(dtype) for name, array in weights.items()},
        upstream.astype(dtype),
    )


def _structured(
    structure: str, x: Array, h_0: Array, upstream: Array, random: np.random.Generator
) -> tuple[Array, Array, Array]:
    """x, h_0 and what comes from above, made into what data often are: bits, padded rows, states at their ends."""
    if structure == "bits":
        x = (x > 0).astype(float)
    elif structure == "corners":
        h_0 = np.where(random.random(h_0.shape) < 0.5, random.integers(-1, 2, h_0.shape), h_0)
    else:
        present = np.ones((*x.shape[:2], 1))
        # Where there are several: the last row is padding throughout, and the last step is, in all rows.
        present[:, max(1, x.shape[1] - 1) :] = 0
        present[max(1, len(x) - 1) :] = 0
        x, upstream = x * present, upstream * present
    return x, h_0, upstream


def _weights(stack: Stack, sizes: Sizes, random: np.random.Generator) -> Array:
    """The numbers of a parameter: pre-activations of size 1 from inputs of size 1; a bias is as large as these."""
    scale = 1.0 if stack.rows == "1" else math.sqrt(max(sizes.input, sizes.hidden))
    numbers: Array = random.normal(size=sizes.shape(stack.dimensions)) / scale
    return numbers


def _saturate(form: Form, weights: dict[str, Array], x: Array, initial: list[Array], peak: float) -> dict[str, Array]:
    """The parameters, each gate's blocks scaled so that its largest pre-activation from the first state is `peak`."""
    values: dict[str, Any] = {form.layer.input: x}
    values |= {carried.previous: state for carried, state in zip(form.layer.carried, initial, strict=True)}
    for stack in form.stacks:
        values |= form.blocks_of(stack, weights[stack.name])
    for equation in form.forward:
        inside = form.preactivations.get(equation.name)
        if inside is not None:
            values[equation.name] = ACTIVATIONS[form.activations[equation.name]](values[inside])
            continue
        values[equation.name] = equation(values)
        own = [name for name in equation.inputs if name in form.blocks]
        if form.activation_of(equation.name) is not None and own:
            factor = peak / np.abs(values[equation.name]).max()
            values |= {name: factor * values[name] for name in (*own, equation.name)}
    return {stack.name: form.stacked(stack, values) for stack in form.stacks}
