"""Several steps at once: what a layer over sequences does wrong on the way back through them.

Its gradients of a whole sequence are held against our own backpropagation through time: with one known mistake after
another, then with several. What reproduces all that is shown is the mistake. It judges no verdict: that the gradients
are wrong is measured at the other depth.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations
from types import MappingProxyType

import numpy as np

from gru.examiner.bench import Bench, DrivenProblem
from gru.examiner.diagnosis.recognised import named
from gru.examiner.fact import Diagnosis, Fact, of_one
from gru.examiner.mapping.found import Mapped
from gru.examiner.mapping.several import Slip, fitting, more_slips, place_of
from gru.examiner.mapping.through_time import OTHER_SUMS, Run, Way, agreeing, run_of, with_slip
from gru.layer import Equation, Form, Sizes

SIZES = (Sizes(2, 3, 4, 3), Sizes(3, 4, 2, 4))
"""Sizes that differ from each other, and several steps."""

ONE_STEP = (Sizes(2, 3, 4, 1), Sizes(3, 4, 2, 1))
"""The same with one step, which nothing is handed on from."""

APART = Sizes(1, 6, 4, 2)
"""Two steps whose inputs have entries of their own: a row of the gradient of an input's weight is that of one step."""

NONE: Mapping[str, Slip] = MappingProxyType({})


@dataclass(frozen=True)
class OverSteps:
    """What was found.

    Attributes:
        shown: The names of the derivatives that are shown.
        wrong: The names of those that are wrong over several steps.
        diagnoses: What explains that, by the name of the derivative that is at fault.
        explained: The names of what is made of what is at fault.
        unnamed: The derivative that is at fault by a mistake that is not known; empty for none.
        around: What is wrong around the layer, by the parameter whose gradient shows it.
    """

    shown: frozenset[str]
    wrong: frozenset[str]
    diagnoses: Mapping[str, Diagnosis] = field(default_factory=dict)
    explained: frozenset[str] = frozenset()
    unnamed: str = ""
    around: Mapping[str, Fact] = field(default_factory=dict)


def judge_over_steps(
    bench: Bench, mapped: Mapped, form: Form, seed: int, *, in_formulas: bool, scale: float = 1.0
) -> OverSteps:
    """What is wrong over several steps, and the mistakes that explain it where some do.

    Args:
        bench: The submission.
        mapped: Its mapping.
        form: The form, without what the API does not show.
        seed: The seed of the problems.
        in_formulas: Whether mistakes in formulas may explain it: at one step they were not judged.
        scale: What δ is multiplied by, and the gradients are divided by again.

    Raises:
        CellError, SubmissionFailure: As the runner does.
    """
    search = _Search(bench, mapped, form, seed, scale)
    if not search.wrong:
        return OverSteps(search.shown, search.wrong)
    if found := search.by_surroundings() or search.by_way(NONE):
        return found
    if not in_formulas:
        return OverSteps(search.shown, search.wrong)
    return search.by_one_formula() or search.by_several()


class _Search:
    """One submission while its mistakes are looked for."""

    def __init__(self, bench: Bench, mapped: Mapped, form: Form, seed: int, scale: float) -> None:
        self.bench, self.mapped, self.form, self.seed, self.scale = bench, mapped, form, seed, scale
        self.runs = list(self.put(SIZES))
        self.shown = frozenset(self.runs[0].shown)
        self.wrong = self.shown - self.agreeing(self.runs, NONE)

    def put(self, sizes: Sequence[Sizes]) -> Iterator[Run]:
        """Problems of these sizes, put to the submission."""
        for k, one in enumerate(sizes):
            yield run_of(self.bench, self.mapped, self.form, self.problem(one, self.seed + k), self.scale)

    def problem(self, sizes: Sizes, seed: int) -> DrivenProblem:
        return self.bench.problem(f"steps:{seed}", sizes, np.random.Generator(np.random.PCG64([seed, len(SIZES)])))

    def agreeing(self, runs: Sequence[Run], slips: Mapping[str, Slip], way: Way | None = None) -> frozenset[str]:
        """The names of what is shown as these slips, and this way, have it."""
        instead = {name: slip.formula for name, slip in slips.items()}
        return agreeing(runs, self.form, self.mapped.precision, way or Way(), instead)

    def found(
        self, slips: Mapping[str, Slip], diagnoses: Mapping[str, Diagnosis] = MappingProxyType({}), unnamed: str = ""
    ) -> OverSteps:
        """What was found, with all that is made of it."""
        at_fault = {name: named(self.form.named[name], slip.fitting) for name, slip in slips.items()} | dict(diagnoses)
        sources = [self.form.named[name] for name in (*at_fault, unnamed) if name in self.form.named]
        after = frozenset[str]().union(*(self.after(e) for e in sources if not e.is_sum))
        return OverSteps(self.shown, self.wrong, at_fault, after - at_fault.keys() - {unnamed}, unnamed)

    def after(self, equation: Equation) -> frozenset[str]:
        """The names of what is wrong as this is: what is made of it, and over the steps all that is wrong."""
        sums = {total.name for total in self.form.sums if total.inputs[0] in self.wrong}
        inputs = {self.form.derivatives[self.form.layer.input].name} & self.wrong
        return frozenset((self.form.made_of(equation.name) | sums | inputs) - {equation.name})

    # Around the layer

    def by_surroundings(self) -> OverSteps | None:
        """What is wrong before or above the layer, where nothing is wrong in the layer then."""
        wrapping, form = self.mapped.wrapping, self.form
        by_input = form.derivatives[form.layer.input].name
        if wrapping.embedding and self.wrong == {by_input}:
            one_each = [{by_input: wrapping.of_inputs(run.problem, one_each=True)} for run in self.runs]
            runs = [replace(run, through={**run.through, **m}) for run, m in zip(self.runs, one_each, strict=True)]
            if self.agreeing(runs, NONE) == self.shown:
                around = {wrapping.embedding: Fact.of("one-of-each-position", name=wrapping.embedding)}
                return OverSteps(self.shown, frozenset(), around=around)
        every = frozenset(e.name for e in (*form.backward, *form.sums))
        for slip in wrapping.head.slips() if wrapping.head else ():
            runs = [with_slip(run, self.mapped, form, slip) for run in self.runs]
            if self.agreeing(runs, NONE) == self.shown:
                assert wrapping.head is not None
                around = {wrapping.head.weight: Fact.of("from-above", head=wrapping.head, slip=slip)}
                return OverSteps(self.shown, self.wrong, explained=every, around=around)
        return None

    # One mistake

    def by_way(self, slips: Mapping[str, Slip]) -> OverSteps | None:
        """What is handed on to no step, or steps that are not added up, beside slips in formulas."""
        form, carried = self.form, self.form.layer.carried
        for cut in chain.from_iterable(combinations(carried, count) for count in range(1, len(carried) + 1)):
            by_state = {form.derivatives[state.previous]: Fact.of("not-handed-on", carried=state) for state in cut}
            at_fault = {equation.name: of_one(equation.id, fact, equation) for equation, fact in by_state.items()}
            # The last result may be handed on or not: nothing comes after it.
            if self.agreeing(self.runs, slips, Way(frozenset(cut))) >= self.shown - at_fault.keys():
                return self.found(slips, at_fault)
        right = self.agreeing(self.runs, slips)
        diagnoses: dict[str, Diagnosis] = {}
        explained: set[str] = set()
        for way in OTHER_SUMS:
            fits = self.agreeing(self.runs, slips, way) - right - diagnoses.keys()
            for name in fits - explained:
                if total := form.totals.get(str(form.named[name].of)):
                    diagnoses[name] = of_one(form.named[total].id, Fact.of(way.kept))
            # A step that is left out has no derivative for its input either.
            explained |= fits - diagnoses.keys()
        if not diagnoses or (slips and right | diagnoses.keys() | explained != self.shown):
            return None
        beside = self.found(slips)
        return OverSteps(
            self.shown, self.wrong, {**beside.diagnoses, **diagnoses}, beside.explained | frozenset(explained)
        )

    def by_one_formula(self) -> OverSteps | None:
        """One wrong formula that explains all that is shown; of gradients that nothing is made of, one of each."""
        # What is handed on spoils everything: where something is right, such as all but the biases, it is nothing of
        # that.
        if self.wrong != self.shown and (each := self.of_each()):
            return self.found(each)
        handed_on = {self.form.derivatives[carried.previous].name for carried in self.form.layer.carried}
        for equation in self.form.backward:
            # The last result may be computed in another way: nothing comes after it.
            asked = self.shown - ({equation.name} & handed_on)

            def explains(slips: Mapping[str, Slip], asked: frozenset[str] = asked) -> bool:
                return self.agreeing(self.runs, slips) >= asked

            if slip := fitting(equation, self.form, explains):
                return self.found({equation.name: slip})
        return self.found(each) if (each := self.of_each()) else None

    def of_each(self) -> dict[str, Slip]:
        """A slip in each of the gradients that are wrong, where nothing is made of any of them."""
        last = {self.form.derivatives[name].name for name in (*self.form.blocks, self.form.layer.input)}
        if not self.wrong <= last:
            return {}
        found: dict[str, Slip] = {}
        for name in self.wrong:

            def explains(slips: Mapping[str, Slip], name: str = name) -> bool:
                return name in self.agreeing(self.runs, slips)

            if slip := fitting(self.form.named[name], self.form, explains):
                found[name] = slip
        return found if found.keys() == self.wrong else {}

    # Several mistakes

    def by_several(self) -> OverSteps:
        """Slips in several formulas: those that one step shows, then those of what is handed on, then the others."""
        slips: dict[str, Slip] = {}
        for runs, is_handed_on in (*self.views(), (self.runs, None)):
            slips, is_complete = more_slips(runs, self.form, self.mapped.precision, slips)
            if is_complete:
                continue
            if is_handed_on is None:
                return self.by_way(slips) or self.found(slips)
            place = self.place_in(runs, slips, handed_on=is_handed_on)
            # What is computed from a wrong derivative shows no other mistake.
            apart = {name: slip for name, slip in slips.items() if not place or name not in self.form.made_of(place)}
            return self.found(apart, unnamed=place)
        return self.found(slips)

    def place_in(self, runs: Sequence[Run], slips: Mapping[str, Slip], *, handed_on: bool) -> str:
        """The derivative that is at fault by what is wrong beside the slips, on the first run that shows something."""
        for run in runs:
            if wrong := frozenset(run.shown) - self.agreeing([run], slips):
                return place_of(wrong, run, self.form, self.shown - self.wrong, handed_on=handed_on)
        return ""

    def views(self) -> Iterator[tuple[list[Run], bool]]:
        """Runs that show one step alone, and whether it is one that something was handed back to.

        Of two steps the last, whose first states are not zero, and one step by itself, which shows all gradients; then
        the one before the last.
        """
        one_step = list(self.put(ONE_STEP))
        problem = self.problem(APART, self.seed)
        half = problem.sizes.input // 2
        # Vectors of an embedding have no entries that are zero.
        if not half or problem.sizes.steps < 2 or self.mapped.wrapping.embedding:
            yield one_step, False
            return
        problem.x = np.abs(problem.x)
        problem.x[0, :, half:] = problem.x[1, :, :half] = 0
        run = run_of(self.bench, self.mapped, self.form, problem, self.scale)
        yield [run.of_step(1, self.form), *one_step], False
        yield [run.of_step(0, self.form)], True
