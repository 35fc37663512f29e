"""The plan: which problems an examination takes, from the smallest sizes up and over all regimes; and any by its id.

It is the same for everybody with the same seed.
"""

from collections.abc import Iterator
from typing import Literal

from gru.layer import Form, Sizes
from gru.layers.gru.forms import CHAPTER
from gru.problem.drawing import draw, generator
from gru.problem.problem import PRECISIONS, REGIMES, Precision, Problem, Specification

Effort = Literal["quick", "normal", "thorough"]

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
    random = generator(f"larger {seed}:{round}")
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


def _specification(seed: int, index: int) -> Specification:
    """The specification of problem `seed:index`: planned at first, then of random sizes and regime."""
    if index < len(PLAN):
        return PLAN[index]
    random = generator(f"specification {seed}:{index}")
    batch, inputs, hidden = (int(size) for size in random.integers(1, 7, size=3))
    steps = int(random.choice([1, 1, 2, 3, 4, 12]))
    regime = str(random.choice(list(REGIMES)))
    precision: Precision = "float32" if random.random() < 0.1 else "float64"
    return Specification(Sizes(batch, inputs, hidden, steps), regime, precision)
