"""Which form of a layer a forward pass is, and which array is which weight: found by numbers, from its states alone.

The weights are switched on in turn: those of the input, those of the state, each bias, then all of them together on
other numbers. So few candidates are enough, and where none fits it is known at which step. No gradient is looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, permutations, product
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gru.examiner.bench import Bench, Problem
from gru.examiner.mapping.biases import assigned
from gru.examiner.mapping.ends import Ends, ends
from gru.examiner.mapping.families import BIAS, Family, agrees, families, states_of
from gru.examiner.mapping.found import Mapped, Parted, Recognition, Stage
from gru.examiner.mapping.places import Place, divisions
from gru.layer import Sizes
from gru.submission.contract import CellError

Array = NDArray[Any]
T = TypeVar("T")

SIZES = Sizes(2, 7, 5, 1)
"""Sizes at which no stack of one kind is as long as a stack of another."""

MOST_DIVISIONS = 512
"""Ways to read the parameters as blocks that are tried, those first in which arrays of one shape are read alike."""

CONFIRMED_ON = 2
"""Problems with other numbers that a mapping is confirmed on."""

STAGES: tuple[Stage, ...] = ("shapes", "runs", "input", "hidden", "bias", "together")
"""From the earliest to the latest at which a forward pass can part from every form."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A family with its states at both ends, and with places for some of its blocks; all other weights are zero."""

    family: Family
    ends: Ends
    places: Mapping[str, Place] = field(default_factory=dict)

    def with_places(self, blocks: Sequence[str], places: Sequence[Place]) -> "Candidate":
        """The candidate with more blocks in their places."""
        return Candidate(self.family, self.ends, {**self.places, **dict(zip(blocks, places, strict=True))})


def recognise(bench: Bench, seed: int = 0) -> Recognition:
    """The form that the forward pass of a submission is, with its mapping; or at what it parts from every form.

    Raises SubmissionFailure.
    """
    try:
        return _Search(bench, seed).found()
    except CellError:
        return Recognition(parted=Parted("runs"))


class _Search:
    """One submission while its form is looked for."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench = bench
        self.sizes = bench.possible(SIZES)
        self.random = np.random.Generator(np.random.PCG64([seed, len(SIZES)]))
        self.drawn = self.problem()
        single = any(value.dtype == np.float32 for value in self.drawn.parameters.values())
        self.precisions = ("float32",) if single else ("float64", "float32")
        self.tried = 0
        self.parted = Parted("shapes")
        self.seen: dict[frozenset[Place], Array] = {}

    def problem(self, steps: int | None = None) -> Problem:
        sizes = self.sizes if steps is None else self.sizes._replace(steps=steps)
        return self.bench.problem("mapping", sizes, self.random)

    def found(self) -> Recognition:
        for families_alike in _alike():
            possible = list(ends(families_alike[0].fullest.layer, self.bench.api))
            if not possible:
                continue
            self.begin(possible[0])
            bare = [Candidate(family, both) for family in families_alike for both in possible]
            for places in self.readings(families_alike[0]):
                mapped = self.mapped(bare, places)
                if mapped is not None:
                    return Recognition(mapped, None, self.tried, self.over_steps(mapped))
        return Recognition(None, self.parted, self.tried)

    def begin(self, ends: Ends) -> None:
        """Draw other numbers where it takes another number of steps.

        The weights of a state that cannot be given do nothing before the second step.
        """
        sizes = self.bench.possible(self.sizes._replace(steps=1 if ends.all_given else 2))
        if sizes != self.sizes:
            self.sizes, self.seen = sizes, {}
            self.drawn = self.problem()

    def readings(self, family: Family) -> Iterator[dict[str, list[Place]]]:
        """The ways to read all parameters as blocks of which there are as many of each kind as the family has.

        Of biases there may be fewer.
        """
        ways = [divisions(name, value.shape, self.drawn.sizes) for name, value in self.drawn.parameters.items()]
        if not all(ways):
            return
        shapes = [value.shape for value in self.drawn.parameters.values()]
        unlike = [shapes.index(shape) for shape in dict.fromkeys(shapes)]
        alike = (
            tuple(ways[k][chosen[unlike.index(shapes.index(shape))]] for k, shape in enumerate(shapes))
            for chosen in product(*(range(len(ways[k])) for k in unlike))
        )
        for division in _each_once(islice(chain(alike, product(*ways)), MOST_DIVISIONS)):
            places = [place for part in division for place in part]
            kinds = {kind: [p for p in places if p.rows == kind] for kind in ("input", "hidden", BIAS)}
            if all(len(kinds[kind]) == len(family.blocks(kind)) for kind in ("input", "hidden")) and len(
                kinds[BIAS]
            ) <= len(family.blocks(BIAS)):
                yield kinds

    def mapped(self, bare: Sequence[Candidate], places: Mapping[str, list[Place]]) -> Mapped | None:
        """The mapping in this reading of the parameters, from candidates without places; None where no form fits."""
        fits = list(bare)
        for kind in ("input", "hidden"):
            before = fits
            tried = (
                candidate.with_places(candidate.family.blocks(kind), order)
                for candidate in before
                for order in permutations(places[kind])
            )
            fits = self.fitting(tried)
            if not fits:
                self.part("input" if kind == "input" else "hidden", before)
                return None
        for candidate in fits:
            if (complete := self.with_biases(candidate, places[BIAS])) is not None:
                for precision in self.precisions:
                    if all(self.agrees(complete, self.problem(), precision) for _ in range(CONFIRMED_ON)):
                        form = complete.family.with_blocks(set(complete.places))
                        return Mapped(form, complete.places, complete.ends, precision)
                self.part("together", [complete])
        return None

    def with_biases(self, candidate: Candidate, biases: Sequence[Place]) -> Candidate | None:
        """The candidate with every bias at the block that it acts as, each switched on by itself."""
        acts_as: dict[Place, list[str]] = {}
        for place in biases:
            blocks = candidate.family.blocks(BIAS)
            fits = self.fitting(candidate.with_places([block], [place]) for block in blocks)
            acts_as[place] = [block for block in blocks if any(fit.places.get(block) == place for fit in fits)]
            if not fits:
                self.part("bias", [candidate], place.parameter)
                return None
        chosen = assigned(acts_as, candidate.family.fullest)
        if chosen is None:
            self.part("together", [candidate])
            return None
        return candidate.with_places(list(chosen), list(chosen.values()))

    def over_steps(self, mapped: Mapped) -> bool | None:
        """Whether it is that form over several steps too."""
        if not self.bench.api.sequence:
            return None
        family = next(family for family in families() if mapped.form in family.forms)
        return self.agrees(Candidate(family, mapped.ends, mapped.places), self.problem(steps=4), mapped.precision)

    def part(self, stage: Stage, before: Iterable[Candidate], parameter: str = "") -> None:
        """Remember where it parts, of all readings the one that goes furthest."""
        if STAGES.index(stage) > STAGES.index(self.parted.stage):
            forms = [candidate.family.forms[0] for candidate in before if candidate.places]
            title = forms[0].layer.title if forms else ""
            self.parted = Parted(stage, parameter, tuple(dict.fromkeys(form.id for form in forms)), title)

    # Numbers

    def fitting(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The candidates whose states are the submission's, where all weights that have no place are zero."""
        apart = [(self.distance(candidate), candidate) for candidate in candidates]
        apart.sort(key=lambda item: item[0])
        for precision in self.precisions:
            fits = list(self.agreeing([candidate for _, candidate in apart], precision))
            if fits:
                return fits
        return []

    def agreeing(self, nearest_first: Iterable[Candidate], precision: str) -> Iterator[Candidate]:
        """Those that agree, up to the first that does not."""
        for candidate in nearest_first:
            if not self.agrees(candidate, self.drawn, precision):
                return
            yield candidate

    def distance(self, candidate: Candidate) -> float:
        """How far the states of a candidate are from the submission's."""
        self.tried += 1
        shown = self.states(candidate, self.drawn)
        found = states_of(candidate.family.fullest, self.blocks(candidate, self.drawn), *_given(candidate, self.drawn))
        with np.errstate(all="ignore"):
            apart = [
                np.abs([state[name] for state in found[-len(states) :]] - states) for name, states in shown.items()
            ]
            return float(np.nan_to_num(apart, nan=np.inf).max())

    def agrees(self, candidate: Candidate, problem: Problem, precision: str) -> bool:
        """Whether a candidate's states are the submission's on a problem, to rounding."""
        blocks, shown = self.blocks(candidate, problem), self.states(candidate, problem)
        return agrees(candidate.family.fullest, blocks, *_given(candidate, problem), shown, precision)

    def blocks(self, candidate: Candidate, problem: Problem) -> dict[str, Array]:
        """The numbers of the blocks that have a place."""
        return {
            block: np.asarray(place.of(problem.parameters[place.parameter], problem.sizes), float)
            for block, place in candidate.places.items()
        }

    def states(self, candidate: Candidate, problem: Problem) -> dict[str, Array]:
        """The submission's states by name where all weights that have no place are zero."""
        return candidate.ends.states(self.answer(frozenset(candidate.places.values()), problem))

    def answer(self, switched_on: frozenset[Place], problem: Problem) -> Array:
        """What the submission answers where all weights but these are zero."""
        if problem is self.drawn and switched_on in self.seen:
            return self.seen[switched_on]
        values = {name: np.zeros_like(value) for name, value in problem.parameters.items()}
        for place in switched_on:
            drawn = problem.parameters[place.parameter]
            place.of(values[place.parameter], problem.sizes)[...] = place.of(drawn, problem.sizes)
        states, _ = self.bench.run(problem, values)
        if problem is self.drawn:
            self.seen[switched_on] = states
        return states


def _each_once(items: Iterable[T]) -> Iterator[T]:
    seen = set()
    for item in items:
        if item not in seen:
            seen.add(item)
            yield item


def _given(candidate: Candidate, problem: Problem) -> tuple[Array, dict[str, Array], Sizes]:
    return problem.x, candidate.ends.starts(problem.h_0, problem.sizes), problem.sizes


def _alike() -> list[list[Family]]:
    """The families by layer: those of one layer have the same weights."""
    groups: dict[str, list[Family]] = {}
    for family in families():
        groups.setdefault(family.fullest.layer.id, []).append(family)
    return list(groups.values())
