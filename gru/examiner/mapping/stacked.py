"""Gradients whose blocks are the right ones, in another order than those of their parameter.

The gradients of a few steps are held against our own backpropagation, block by block. It looks at no name, runs
nothing but those problems, and judges nothing: what it finds is how a gradient is to be read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations

import numpy as np

from gru.examiner.bench import Bench
from gru.examiner.fact import Fact
from gru.examiner.mapping.found import Mapped
from gru.examiner.mapping.through_time import agreeing, run_of
from gru.examiner.outcome import Outcome
from gru.layer import Form, Sizes
from gru.submission.driven import Api

SIZES = (Sizes(2, 3, 4, 3), Sizes(3, 4, 2, 2))
"""Sizes that differ from each other."""


def read_in_order(bench: Bench, mapped: Mapped, form: Form, seed: int, scale: float = 1.0) -> Mapped:
    """The mapping, with every block of a gradient read where it is.

    Blocks are read elsewhere only where that makes all of them right that are wrong in one parameter, on every problem.

    Args:
        bench: The submission.
        mapped: Its mapping.
        form: The form, without what the API does not show.
        seed: The seed of the problems.
        scale: What δ is multiplied by, and the gradients are divided by again.

    Raises:
        CellError, SubmissionFailure: As the runner does.
    """
    random = np.random.Generator(np.random.PCG64([seed, len(SIZES)]))
    problems = [bench.problem(f"order:{seed}", sizes, random) for sizes in SIZES]
    runs = [run_of(bench, mapped, form, problem, scale) for problem in problems]
    right = agreeing(runs, form, mapped.precision)
    found: dict[str, str] = {}
    for blocks in _alike(mapped):
        names = {block: form.derivatives[block].name for block in blocks}
        wrong = [block for block in blocks if names[block] in runs[0].shown and names[block] not in right]
        for other in permutations(wrong):
            if any(a == b for a, b in zip(wrong, other, strict=True)):
                continue
            at = dict(zip(wrong, other, strict=True))
            moved = [
                replace(run, shown={**run.shown, **{names[b]: run.shown[names[o]] for b, o in at.items()}})
                for run in runs
            ]
            if at and {names[block] for block in wrong} <= agreeing(moved, form, mapped.precision):
                found |= at
    return replace(mapped, read_at=found)


def of_order(mapped: Mapped, form: Form, api: Api) -> Iterator[Outcome]:
    """That blocks of gradients are in another order than those of their parameters; nothing where none are."""
    facts = []
    for blocks in _alike(mapped):
        if not mapped.read_at.keys().isdisjoint(blocks):
            stands_at: Mapping[str, str] = {mapped.read_at.get(block, block): block for block in blocks}
            parameter = mapped.places[blocks[0]].parameter
            order = tuple(form.symbols[stands_at[block]] for block in blocks)
            whole = tuple(form.symbols[block] for block in blocks)
            name = api.gradients.get(parameter, parameter)
            facts.append(Fact.of("gradient-order", name=name, order=order, parameter=parameter, right=whole))
    if facts:
        yield Outcome("merge", "wrong", problems=len(SIZES), facts=tuple(facts))


def _alike(mapped: Mapped) -> Iterator[tuple[str, ...]]:
    """The blocks of one parameter whose rows are of one kind, in the order in which they stand there."""
    groups: dict[tuple[str, str], list[str]] = {}
    for block, place in mapped.places.items():
        groups.setdefault((place.parameter, place.rows), []).append(block)
    for blocks in groups.values():
        if len(blocks) > 1:
            places = mapped.places
            yield tuple(sorted(blocks, key=lambda b: (places[b].layer or 0, places[b].before, len(places[b].above))))
