"""Which form of a layer a forward pass is, and which array is which weight: found by numbers, from its states alone.

The weights are switched on in turn: those of the input, those of the state, each bias, then all of them together on
other numbers. So few candidates are enough, and where none fits it is known at which step. No gradient is looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, islice, permutations, product
from typing import TypeVar

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import Running
from gru.examiner.bench import Bench, DrivenProblem
from gru.examiner.mapping.biases import assigned
from gru.examiner.mapping.ends import Ends, ends
from gru.examiner.mapping.families import BIAS, Family, agrees, exactly, families, states_of
from gru.examiner.mapping.found import Mapped, Parted, Recognition, Stage
from gru.examiner.mapping.heads import Head, heads
from gru.examiner.mapping.places import Place, divisions
from gru.layer import Sizes
from gru.submission.contract import CellError

T = TypeVar("T")

SIZES = Sizes(2, 7, 5, 1)
"""Sizes at which no stack of one kind is as long as a stack of another."""

MOST_DIVISIONS = 512
"""Ways to read the parameters as blocks that are tried, those first in which arrays of one shape are read alike."""

STEPS_BELOW = 3
"""Steps by which it is told below a loss whether that is divided by them."""

CONFIRMED_ON = 2
"""Problems with other numbers that a mapping is confirmed on."""

STAGES: tuple[Stage, ...] = ("shapes", "runs", "input", "hidden", "bias", "together")
"""From the earliest to the latest at which a forward pass can part from every form."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A family with its states at both ends, and with places for some of its blocks; all other weights are zero.

    With a head, only the output of the head is seen, not the states.
    """

    family: Family
    ends: Ends
    places: Mapping[str, Place] = field(default_factory=dict)
    head: Head | None = None

    def with_places(self, blocks: Sequence[str], places: Sequence[Place]) -> "Candidate":
        """The candidate with more blocks in their places."""
        return replace(self, places={**self.places, **dict(zip(blocks, places, strict=True))})


def recognise(bench: Bench, seed: int = 0) -> Recognition:
    """The form that the forward pass of a submission is, with its mapping; or at what it parts from every form.

    Where no states are answered, the form is looked for below an output, and below a loss.

    Raises SubmissionFailure.
    """
    try:
        search = _Search(bench, seed)
        return search.found() if bench.api.states else search.found_below()
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
        self.seen: dict[tuple[frozenset[Place], tuple[str, ...]], Array] = {}

    def problem(self, steps: int | None = None) -> DrivenProblem:
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

    def found_below(self) -> Recognition:
        """The same below a head."""
        self.take(STEPS_BELOW)
        for head in self.heads():
            for families_alike in _alike():
                for both in ends(families_alike[0].fullest.layer, self.bench.api):
                    bare = [Candidate(family, both, head=head) for family in families_alike]
                    for places in self.readings(families_alike[0], without=head.parameters):
                        if (mapped := self.mapped(bare, places)) is not None:
                            return Recognition(mapped, None, self.tried, self.over_steps(mapped))
        return Recognition(None, self.parted, self.tried)

    def heads(self) -> list[Head]:
        """The heads whose answer it is where the states are zero: all weights but those of the head are."""
        silent = self.drawn if self.drawn.h_0 is None else replace(self.drawn, h_0=np.zeros_like(self.drawn.h_0))
        states = [exactly(np.zeros((self.sizes.batch, self.sizes.hidden)))] * self.sizes.steps
        answer = cache(lambda kept: self.answer(frozenset(), silent, kept))
        return [
            head
            for head in heads(self.bench.api, self.drawn)
            if any(head.agrees(states, silent, answer(head.parameters), p) for p in self.precisions)
        ]

    def begin(self, ends: Ends) -> None:
        """Draw other numbers where it takes another number of steps.

        The weights of a state that cannot be given do nothing before the second step.
        """
        self.take(1 if ends.all_given else 2)

    def take(self, steps: int) -> None:
        """Draw other numbers where so many steps are others than before."""
        sizes = self.bench.possible(self.sizes._replace(steps=steps))
        if sizes != self.sizes:
            self.sizes, self.seen = sizes, {}
            self.drawn = self.problem()

    def readings(self, family: Family, without: Sequence[str] = ()) -> Iterator[dict[str, list[Place]]]:
        """The ways to read all parameters as blocks of which there are as many of each kind as the family has.

        Of biases there may be fewer. The parameters `without` which are read are those of a head.
        """
        read = {name: value.shape for name, value in self.drawn.parameters.items() if name not in without}
        ways = [divisions(name, shape, self.drawn.sizes) for name, shape in read.items()]
        if not all(ways):
            return
        shapes = list(read.values())
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
                        return Mapped(form, complete.places, complete.ends, precision, complete.head)
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
        candidate = Candidate(family, mapped.ends, mapped.places, mapped.head)
        return self.agrees(candidate, self.problem(steps=4), mapped.precision)

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
        if (head := candidate.head) is not None:
            answer = self.answer_of(candidate, self.drawn)
            return head.distance(self.states_below(candidate, self.drawn), self.drawn, answer)
        shown = self.states(candidate, self.drawn)
        found = states_of(candidate.family.fullest, self.blocks(candidate, self.drawn), *_given(candidate, self.drawn))
        with np.errstate(all="ignore"):
            apart = [
                np.abs([state[name] for state in found[-len(states) :]] - states) for name, states in shown.items()
            ]
            return float(np.nan_to_num(apart, nan=np.inf).max())

    def agrees(self, candidate: Candidate, problem: DrivenProblem, precision: str) -> bool:
        """Whether its states, or what its head makes of them, are the submission's on a problem, to rounding."""
        if (head := candidate.head) is not None:
            answer = self.answer_of(candidate, problem)
            return head.agrees(self.states_below(candidate, problem), problem, answer, precision)
        blocks, shown = self.blocks(candidate, problem), self.states(candidate, problem)
        return agrees(candidate.family.fullest, blocks, *_given(candidate, problem), shown, precision)

    def blocks(self, candidate: Candidate, problem: DrivenProblem) -> dict[str, Array]:
        """The numbers of the blocks that have a place."""
        return {
            block: np.asarray(place.of(problem.parameters[place.parameter], problem.sizes), float)
            for block, place in candidate.places.items()
        }

    def states(self, candidate: Candidate, problem: DrivenProblem) -> dict[str, Array]:
        """The submission's states by name where all weights that have no place are zero."""
        return candidate.ends.states(self.answer_of(candidate, problem))

    def states_below(self, candidate: Candidate, problem: DrivenProblem) -> list[Running]:
        """A candidate's states below its head, with the bound of their rounding."""
        assert candidate.head is not None
        form, ends = candidate.family.fullest, candidate.ends
        blocks = {name: exactly(value) for name, value in self.blocks(candidate, problem).items()}
        starts = {n: exactly(value) for n, value in ends.starts(problem.h_0, problem.sizes).items()}
        x = [exactly(at_step) for at_step in candidate.head.given(problem).x]
        return [state[form.output] for state in states_of(form, blocks, x, starts, problem.sizes)]

    def answer_of(self, candidate: Candidate, problem: DrivenProblem) -> Array:
        """What the submission answers where all weights that have no place are zero."""
        kept = candidate.head.parameters if candidate.head else ()
        return self.answer(frozenset(candidate.places.values()), problem, kept)

    def answer(self, switched_on: frozenset[Place], problem: DrivenProblem, kept: tuple[str, ...] = ()) -> Array:
        """What the submission answers where all weights but these are zero; those of a head are kept."""
        if problem is self.drawn and (switched_on, kept) in self.seen:
            return self.seen[switched_on, kept]
        values = {n: value if n in kept else np.zeros_like(value) for n, value in problem.parameters.items()}
        for place in switched_on:
            drawn = problem.parameters[place.parameter]
            place.of(values[place.parameter], problem.sizes)[...] = place.of(drawn, problem.sizes)
        states, _ = self.bench.run(problem, values)
        if problem is self.drawn:
            self.seen[switched_on, kept] = states
        return states


def _each_once(items: Iterable[T]) -> Iterator[T]:
    seen = set()
    for item in items:
        if item not in seen:
            seen.add(item)
            yield item


def _given(candidate: Candidate, problem: DrivenProblem) -> tuple[Array, dict[str, Array], Sizes]:
    return problem.x, candidate.ends.starts(problem.h_0, problem.sizes), problem.sizes


def _alike() -> list[list[Family]]:
    """The families by layer: those of one layer have the same weights."""
    groups: dict[str, list[Family]] = {}
    for family in families():
        groups.setdefault(family.fullest.layer.id, []).append(family)
    return list(groups.values())
