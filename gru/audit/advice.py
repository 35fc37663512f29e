"""What a teacher's tests would have to do to catch the wrong cells that they pass.

Found by trying: the wrong cells are run on the numbers that the tests were seen to give, and on those numbers
changed in one respect after another. It reads no test, and runs no cell but those of this package.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from gru.audit.cells import Cell
from gru.audit.watch import Use, Watched
from gru.calculus.functions import Array
from gru.layer import Form, Sizes
from gru.problem import Specification as Drawn
from gru.problem import draw

CLOSE = 1e-7
"""The part of a block's largest entry above which a difference counts, where the tests are to look closely: a central
difference in double precision is right to about 1e-9 of it."""

BLIND = 1e-12
"""The same where nothing is known of how closely the tests look: above what rounding makes of any right cell."""

LARGE = Sizes(batch=3, input=2, hidden=4)
"""Sizes that differ from one another, none of them 1."""

WEAKEST = Sizes(batch=1, input=1, hidden=1)
MOST_TRIED = 6
"""How many uses of a cell are looked at: tests that draw hundreds draw them alike."""


@dataclass(frozen=True)
class Change:
    """One thing that tests can do and these do not.

    Attributes:
        id: Its name.
        text: What the tests should have, as the rest of "… catches 61 of 78".
        compares: The attribute that is to be looked at; empty for a change of numbers.
    """

    id: str
    text: str
    compares: str = ""


@dataclass(frozen=True)
class Step:
    """A change, and how many of the wrong cells that pass are caught by it and those before it."""

    change: Change
    catches: int


@dataclass(frozen=True)
class Advice:
    """The changes, the most useful first; how many cells they are about, and the ids of those that none catches."""

    steps: tuple[Step, ...]
    survivors: int
    uncaught: tuple[str, ...]
    of_tests: bool
    """Whether it was tried on the tests' own numbers; else on the weakest there are, as those could not be seen."""


def _numbers(form: Form, uses: Sequence[Use]) -> dict[str, Change]:
    """The changes of the numbers that these uses give, by id."""
    layer = form.layer
    states = " and ".join(c.previous for c in layer.carried)

    def wanted(name: str, unlike: str) -> str:
        """What the numbers under a name should be: unlike those of one value, or larger or smaller than they are."""
        return unlike if all(_is_of_one_value(use.arrays[name]) for use in uses) else "of numbers of ordinary size"

    output = layer.carried[0]
    changes = (
        Change("state", f"a first state, {states}, {wanted(output.previous, 'that is not zero')}"),
        Change("upstream", f"an upstream gradient, {output.upstream}, {wanted(output.upstream, 'of random numbers')}"),
        Change("input", f"an input, {layer.input}, {wanted(layer.input, 'of random numbers')}"),
        Change("parameters", "parameters of random numbers of ordinary size"),
        Change("batch", "more than one row in a batch"),
        Change("sizes", "an input size and a hidden size that differ, both more than 1"),
        Change("again", "a second use of the same cell, with other arguments, all of which it leaves as they were"),
    )
    return {change.id: change for change in changes}


CLOSELY = Change("closely", f"every entry compared, to {CLOSE:g} of the block's largest")


def advise(form: Form, right: Cell, survivors: Sequence[Cell], watched: Watched) -> Advice:
    """The shortest list of changes that catch the survivors: each is the one that catches most of what is left.

    Args:
        form: The form of the layer that is asked for.
        right: A right cell.
        survivors: The wrong cells that the tests pass.
        watched: What the tests were seen to do.
    """
    of_tests = bool(watched.uses)
    uses = _typical(watched.uses) if of_tests else (_weakest(form),)
    shown = (*form.shown_forward, *form.shown_backward)
    looked_at = watched.looked_at & set(shown) if of_tests else frozenset(shown)
    trial = _Trial(form, right, uses)
    compared = [Change(f"compare-{n}", f"{n} compared", n) for n in shown if n not in looked_at]
    own = {cell.id: trial.differences(cell, frozenset()) for cell in survivors}
    level = max([BLIND, *(_largest(differing, looked_at) for differing in own.values())])
    chosen: list[Change] = []
    steps: list[Step] = []
    of_numbers = _numbers(form, uses)
    candidates = [*of_numbers.values(), *compared, *([CLOSELY] if level > CLOSE else [])]

    def caught(changes: Iterable[Change]) -> set[str]:
        ids = frozenset(change.id for change in changes)
        names = looked_at | {change.compares for change in changes if change.compares}
        least = CLOSE if CLOSELY.id in ids else level
        numbers = ids.intersection(of_numbers)
        return {cell.id for cell in survivors if _largest(trial.differences(cell, numbers), names) > least}

    known: set[str] = set()
    while candidates and len(known) < len(survivors):
        best = _best(caught, chosen, candidates, len(known))
        if best is None:
            break
        for change in best:
            chosen.append(change)
            candidates.remove(change)
            known = caught(chosen)
            steps.append(Step(change, len(known)))
    uncaught = tuple(cell.id for cell in survivors if cell.id not in known)
    return Advice(tuple(steps), len(survivors), uncaught, of_tests)


def _best(
    caught: Callable[[Iterable[Change]], set[str]], chosen: list[Change], candidates: list[Change], known: int
) -> tuple[Change, ...] | None:
    """The change that catches most beside those that are chosen; two where no single one catches more."""
    for count in (1, 2):
        found = [(len(caught([*chosen, *changes])), changes) for changes in combinations(candidates, count)]
        most, changes = max(found, key=lambda pair: pair[0], default=(0, ()))
        if most > known:
            return changes
    return None


def _largest(differing: Mapping[str, float], names: Iterable[str]) -> float:
    return max((differing.get(name, 0.0) for name in (*names, "")), default=0.0)


class _Trial:
    """The cells, put to uses that are changed in some respects, beside a right one."""

    def __init__(self, form: Form, right: Cell, uses: Sequence[Use]) -> None:
        self._form, self._right, self._uses = form, right, uses
        self._known: dict[tuple[str, frozenset[str]], dict[str, float]] = {}

    def differences(self, cell: Cell, changes: frozenset[str]) -> dict[str, float]:
        """By how much each attribute differs at most from the right cell's, as a part of the right one's largest entry.

        Under the name "" it is infinite where the cell raises, or changes what it is given.
        """
        key = cell.id, changes
        if key not in self._known:
            found: dict[str, float] = {}
            for use in self._uses:
                for name, difference in self._of_use(cell, use, changes).items():
                    found[name] = max(found.get(name, 0.0), difference)
            self._known[key] = found
        return self._known[key]

    def _of_use(self, cell: Cell, use: Use, changes: frozenset[str]) -> dict[str, float]:
        changed = _changed(self._form, use, changes)
        found = self._after(cell, [changed])
        if "again" in changes:
            twice = self._after(cell, [changed, _redrawn(self._form, changed, frozenset(), anew=True)], all_left=True)
            found = {name: max(found.get(name, 0.0), twice.get(name, 0.0)) for name in found | twice}
        return found

    def _after(self, cell: Cell, uses: Sequence[Use], *, all_left: bool = False) -> dict[str, float]:
        """The differences after the last of these uses; with `all_left` it may change nothing that it is given."""
        right, _ = self._answers(self._right, uses)
        answers, spoilt = self._answers(cell, uses)
        if answers is None or (all_left and spoilt):
            return {"": float("inf")}
        assert right is not None
        return {name: _apart(answers[name], right[name]) for name in right if name in answers}

    def _answers(self, cell: Cell, uses: Sequence[Use]) -> tuple[dict[str, Array] | None, bool]:
        """What a cell shows after the last of several uses, None where it raises; and whether it spoilt an argument."""
        made: dict[str, Any] = {}
        exec(compile(cell.source, f"<{cell.id}>", "exec"), made)  # written by `cells`, no submission
        layer, spoilt = self._form.layer, False
        first = uses[0].arrays
        running = made[layer.cell](first[layer.input].shape[1], first[layer.carried[0].previous].shape[1])
        with np.errstate(all="ignore"):
            for use in uses:
                given = [{name: array.copy() for name, array in part.items()} for part in (use.forward, use.backward)]
                try:
                    running.forward(*given[0].values())
                    running.backward(*given[1].values())
                except ValueError:
                    # Shapes that do not go together.
                    return None, spoilt
                parts = zip((use.forward, use.backward), given, strict=True)
                spoilt |= any(not np.array_equal(a[name], b[name]) for a, b in parts for name in a)
        shown = (*self._form.shown_forward, *self._form.shown_backward)
        return {name: np.asarray(getattr(running, name)) for name in shown}, spoilt


def _apart(value: Array, right: Array) -> float:
    if value.shape != right.shape:
        return float("inf")
    largest = float(np.abs(right).max(initial=0.0))
    difference = float(np.abs(value - right).max(initial=0.0))
    if not np.isfinite(difference):
        return float("inf")
    return difference / largest if largest else (1.0 if difference else 0.0)


# Numbers


def _typical(uses: Sequence[Use]) -> tuple[Use, ...]:
    """Some of the uses, spread over all of them."""
    step = max(1, len(uses) // MOST_TRIED)
    return tuple(uses[::step][:MOST_TRIED])


def _weakest(form: Form) -> Use:
    """What the weakest tests give: one row, one input, one unit, states of zero and gradients of one."""
    problem = draw(Drawn(WEAKEST, "ordinary", "float64"), "0:0", form)
    blank = {c.previous: np.zeros((1, 1)) for c in form.layer.carried}
    blank |= {c.upstream: np.ones((1, 1)) for c in form.layer.carried}
    return _use_of(form, {form.layer.input: problem.x[0], **problem.parameters, **blank})


def _use_of(form: Form, arrays: Mapping[str, Array]) -> Use:
    layer = form.layer
    before = [carried.previous for carried in layer.carried]
    forward = [layer.input, *before, *(stack.name for stack in form.stacks)]
    backward = [*before, *(carried.upstream for carried in layer.carried)]
    return Use({name: arrays[name] for name in forward}, {name: arrays[name] for name in backward})


def _changed(form: Form, use: Use, changes: frozenset[str]) -> Use:
    """The use with these changes of its numbers. What is not changed keeps its numbers, or at other sizes its kind."""
    layer = form.layer
    redrawn = {
        "state": [carried.previous for carried in layer.carried],
        "upstream": [carried.upstream for carried in layer.carried],
        "input": [layer.input],
        "parameters": [stack.name for stack in form.stacks],
    }
    names = frozenset(name for id, group in redrawn.items() if id in changes for name in group)
    batch, inputs = use.arrays[layer.input].shape
    hidden = use.arrays[layer.carried[0].previous].shape[1]
    wanted = Sizes(
        batch=LARGE.batch if "batch" in changes else batch,
        input=LARGE.input if "sizes" in changes else inputs,
        hidden=LARGE.hidden if "sizes" in changes else hidden,
    )
    return _redrawn(form, use, names, wanted)


def _redrawn(form: Form, use: Use, names: frozenset[str], sizes: Sizes | None = None, *, anew: bool = False) -> Use:
    """The use with random numbers under these names, and at these sizes.

    Where the sizes are others, or it is wanted `anew`, all other numbers are drawn again as they were: what is of one
    value keeps it, and what is not has the same size.
    """
    random = np.random.default_rng(anew)
    arrays: dict[str, Array] = {}
    for name, array in use.arrays.items():
        shape = array.shape if sizes is None else form.shape_of(name, sizes)
        # Drawn for every array, so that what one is given does not depend on what is drawn for others.
        drawn = random.normal(size=shape)
        if name in names:
            arrays[name] = drawn
        elif shape == array.shape and (_is_of_one_value(array) or not anew):
            arrays[name] = array
        elif _is_of_one_value(array):
            arrays[name] = np.full(shape, array.flat[0])
        else:
            arrays[name] = drawn * np.sqrt(np.mean(array**2))
    return _use_of(form, arrays)


def _is_of_one_value(array: Array) -> bool:
    """Whether it is zero, or has the same number in each of several places."""
    return not array.any() or (array.size > 1 and bool(np.ptp(array) == 0))


__all__ = ["Advice", "Change", "Step", "advise"]
