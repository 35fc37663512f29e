"""Which form of a layer a forward pass is, and which array is which weight: found by numbers, from its states alone.

The weights are switched on in turn: those of the input, those of the state, each bias, then all of them together on
other numbers. So few candidates are enough, and where none fits it is known at which step. No gradient is looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice, permutations, product
from typing import Any, TypeVar

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import Running
from gru.examiner.bench import Bench, DrivenProblem
from gru.examiner.mapping.biases import assigned
from gru.examiner.mapping.ends import Ends, ends
from gru.examiner.mapping.families import BIAS, Family, agrees, exactly, families, states_of
from gru.examiner.mapping.found import Mapped, Parted, Recognition, Stage
from gru.examiner.mapping.places import Place, divisions
from gru.examiner.mapping.topped import Topped
from gru.examiner.mapping.wrapping import Wrapping, wrappings
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

    With a head around it, only the output of the head is seen, not the states.
    """

    family: Family
    ends: Ends
    wrapping: Wrapping
    places: Mapping[str, Place] = field(default_factory=dict)

    def with_places(self, blocks: Sequence[str], places: Sequence[Place]) -> "Candidate":
        """The candidate with more blocks in their places."""
        return replace(self, places={**self.places, **dict(zip(blocks, places, strict=True))})


def recognise(bench: Bench, seed: int = 0) -> Recognition:
    """The form that the forward pass of a submission is, with its mapping; or at what it parts from every form.

    Where no states are answered, the form is looked for below an output, and below a loss. Where none fits as it is, it
    is looked for behind an embedding, and with first states that are learned.

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
        self.seen: dict[tuple[frozenset[Place], tuple[str, ...]], Array] = {}
        self.states_seen: dict[Any, list[dict[str, Array]]] = {}

    def problem(self, sizes: Sizes | None = None) -> DrivenProblem:
        return self.bench.problem("mapping", sizes or self.sizes, self.random)

    def found(self) -> Recognition:
        answers_states = bool(self.bench.api.states)
        self.take(1 if answers_states else STEPS_BELOW)
        topped = None if answers_states else Topped(self.bench, self.drawn, self.precisions)
        for plain in wrappings(self.bench.api, self.drawn):
            for families_alike in _alike():
                possible = list(ends(families_alike[0].fullest.layer, self.bench.api, len(plain.first)))
                if not possible:
                    continue
                if answers_states:
                    # The weights of a state that cannot be given do nothing before the second step.
                    self.take(1 if possible[0].all_given else 2)
                for wrapping in topped.around(plain, families_alike) if topped else (plain,):
                    bare = [Candidate(family, both, wrapping) for family in families_alike for both in possible]
                    for places in self.readings(families_alike[0], wrapping):
                        if (mapped := self.mapped(bare, places)) is not None:
                            return self.over_all_sizes(mapped)
        return Recognition(None, self.parted, self.tried)

    def over_all_sizes(self, mapped: Mapped) -> Recognition:
        """What was recognised, as it is over several steps, and with another number of rows.

        A penalty may be divided by the rows. A head that is another one at other sizes is not known.
        """
        wrapping = mapped.wrapping
        divided = [replace(wrapping, over_rows=self.sizes.batch)] if wrapping.penalties else []
        for around in (wrapping, *divided):
            one = replace(mapped, wrapping=around)
            over_steps = self.over_steps(one)
            if wrapping.head is None or over_steps is not False:
                return Recognition(one, None, self.tried, over_steps)
        return Recognition(None, self.parted, self.tried)

    def take(self, steps: int) -> None:
        """Draw other numbers where so many steps are others than before."""
        sizes = self.bench.possible(self.sizes._replace(steps=steps))
        if sizes != self.sizes:
            self.sizes, self.seen, self.states_seen = sizes, {}, {}
            self.drawn = self.problem()

    def readings(self, family: Family, wrapping: Wrapping) -> Iterator[dict[str, list[Place]]]:
        """The ways to read all parameters as blocks of which there are as many of each kind as the family has.

        Of biases there may be fewer. The parameters of what is around the layer are not read.
        """
        read = {n: value.shape for n, value in self.drawn.parameters.items() if n not in wrapping.parameters}
        sizes = wrapping.inside(self.drawn).sizes
        ways = [divisions(name, shape, sizes) for name, shape in read.items()]
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
                        return Mapped(form, complete.places, complete.ends, precision, complete.wrapping)
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
        candidate = Candidate(family, mapped.ends, mapped.wrapping, mapped.places)
        # What is divided by the rows shows with another number of them.
        return self.agrees(candidate, self.problem(self.sizes._replace(batch=3, steps=4)), mapped.precision)

    def part(self, stage: Stage, before: Iterable[Candidate], parameter: str = "") -> None:
        """Remember where it parts, of all readings the one that goes furthest."""
        before = [c for c in before if not c.wrapping.embedding and not c.wrapping.first]
        if before and STAGES.index(stage) > STAGES.index(self.parted.stage):
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
        found = self.plain_states(candidate)
        if candidate.wrapping.head is not None:
            put, answer = _put(candidate, self.drawn), self.answer_of(candidate, self.drawn)
            states = [exactly(state[candidate.family.fullest.output]) for state in found]
            return candidate.wrapping.distance(states, put, answer)
        shown = self.states(candidate, self.drawn)
        with np.errstate(all="ignore"):
            apart = [
                np.abs([state[name] for state in found[-len(states) :]] - states) for name, states in shown.items()
            ]
            return float(np.nan_to_num(apart, nan=np.inf).max())

    def agrees(self, candidate: Candidate, problem: DrivenProblem, precision: str) -> bool:
        """Whether its states, or what its head makes of them, are the submission's on a problem, to rounding."""
        if candidate.wrapping.head is not None:
            put, answer = _put(candidate, problem), self.answer_of(candidate, problem)
            return candidate.wrapping.agrees(self.states_below(candidate, problem), put, answer, precision)
        blocks, shown = self.blocks(candidate, problem), self.states(candidate, problem)
        return agrees(candidate.family.fullest, blocks, *_given(candidate, problem), shown, precision)

    def blocks(self, candidate: Candidate, problem: DrivenProblem) -> dict[str, Array]:
        """The numbers of the blocks that have a place."""
        sizes = candidate.wrapping.inside(problem).sizes
        return {
            block: np.asarray(place.of(problem.parameters[place.parameter], sizes), float)
            for block, place in candidate.places.items()
        }

    def states(self, candidate: Candidate, problem: DrivenProblem) -> dict[str, Array]:
        """The submission's states by name where all weights that have no place are zero."""
        return candidate.ends.states(self.answer_of(candidate, problem))

    def plain_states(self, candidate: Candidate) -> list[dict[str, Array]]:
        """A candidate's states without the bound of their rounding, which takes longer; alike below any head."""
        key = (candidate.family, candidate.ends, candidate.wrapping.below, frozenset(candidate.places.items()))
        if key not in self.states_seen:
            blocks, given = self.blocks(candidate, self.drawn), _given(candidate, self.drawn)
            self.states_seen[key] = states_of(candidate.family.fullest, blocks, *given)
        return self.states_seen[key]

    def states_below(self, candidate: Candidate, problem: DrivenProblem) -> list[Running]:
        """A candidate's states below its head, with the bound of their rounding."""
        form, (x, starts, sizes) = candidate.family.fullest, _given(candidate, problem)
        blocks = {name: exactly(value) for name, value in self.blocks(candidate, problem).items()}
        first = {name: exactly(value) for name, value in starts.items()}
        return [state[form.output] for state in states_of(form, blocks, [exactly(at) for at in x], first, sizes)]

    def answer_of(self, candidate: Candidate, problem: DrivenProblem) -> Array:
        """What the submission answers where all weights that have no place are zero; those around it are kept."""
        key = (frozenset(candidate.places.values()), candidate.wrapping.parameters)
        if problem is self.drawn and key in self.seen:
            return self.seen[key]
        states, _ = self.bench.run(problem, _put(candidate, problem).parameters)
        if problem is self.drawn:
            self.seen[key] = states
        return states


def _put(candidate: Candidate, problem: DrivenProblem) -> DrivenProblem:
    """The problem where all weights of the layer that have no place are zero."""
    kept, sizes = candidate.wrapping.parameters, candidate.wrapping.inside(problem).sizes
    values = {n: value if n in kept else np.zeros_like(value) for n, value in problem.parameters.items()}
    for place in candidate.places.values():
        drawn = problem.parameters[place.parameter]
        place.of(values[place.parameter], sizes)[...] = place.of(drawn, sizes)
    return replace(problem, parameters=values)


def _each_once(items: Iterable[T]) -> Iterator[T]:
    seen = set()
    for item in items:
        if item not in seen:
            seen.add(item)
            yield item


def _given(candidate: Candidate, problem: DrivenProblem) -> tuple[Array, dict[str, Array], Sizes]:
    inside = candidate.wrapping.inside(problem)
    return inside.x, candidate.ends.starts(inside.h_0, inside.sizes), inside.sizes


def _alike() -> list[list[Family]]:
    """The families by layer: those of one layer have the same weights."""
    groups: dict[str, list[Family]] = {}
    for family in families():
        groups.setdefault(family.fullest.layer.id, []).append(family)
    return list(groups.values())
