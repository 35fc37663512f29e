"""Several mistakes at once: slips in different formulas that together give what a submission shows.

Each is taken only where more of what is shown is reproduced with it, to rounding, and nothing less. It judges nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gru.examiner.mapping.through_time import Run, agreeing_on, on_all
from gru.layer import Equation, Form
from gru.mistakes import Mistake, catalogue


@dataclass(frozen=True, eq=False)
class Slip:
    """A wrong formula, and the known mistakes that it may be: equal on all that was seen."""

    formula: Equation
    fitting: list[tuple[Mistake, ...]]


def fitting(equation: Equation, form: Form, fits: Callable[[Mapping[str, Slip]], bool]) -> Slip | None:
    """The known mistakes in one equation that fit; None where none does."""
    found: list[Slip] = []
    for mistake in catalogue(equation.key, form):
        slip = Slip(equation.with_expression(mistake.expression), [(mistake,)])
        if fits({equation.name: slip}):
            found.append(slip)
    return Slip(found[0].formula, [one for slip in found for one in slip.fitting]) if found else None


def more_slips(
    runs: Sequence[Run], form: Form, precision: str, known: Mapping[str, Slip]
) -> tuple[dict[str, Slip], bool]:
    """The slips that are known with those that these runs show, and whether all that they show is explained."""
    slips, shown = dict(known), frozenset(name for run in runs for name in run.shown)

    def agreed(more: Mapping[str, Slip]) -> list[frozenset[str]]:
        instead = {name: slip.formula for name, slip in {**slips, **more}.items()}
        return [agreeing_on(run, form, precision, instead=instead) for run in runs]

    def adding_to(reached: frozenset[str], before: Sequence[frozenset[str]]) -> Callable[[Mapping[str, Slip]], bool]:
        def adds(more: Mapping[str, Slip]) -> bool:
            now = agreed(more)
            found = on_all(runs, now)
            # A candidate that agrees on one run and not on another is not the formula.
            return found > reached and all(own - old <= found for own, old in zip(now, before, strict=True))

        return adds

    while (right := on_all(runs, before := agreed({}))) != shown:
        best: dict[str, Slip] = {}
        reached = right
        for equation in form.backward:
            if equation.name in slips or not form.made_of(equation.name) & (shown - right):
                continue
            if slip := fitting(equation, form, adding_to(reached, before)):
                best = {equation.name: slip}
                reached = on_all(runs, agreed(best))
        if not best:
            return slips, False
        slips |= best
    return slips, True


def place_of(wrong: frozenset[str], run: Run, form: Form, everywhere: frozenset[str], *, handed_on: bool) -> str:
    """The one derivative of which all that is wrong is made, and nothing that is right; empty where there is none.

    Args:
        wrong: What is wrong on a run.
        run: The run. What is zero there tells nothing.
        form: The form.
        everywhere: What is right over several steps: nothing of that is made of what is wrong.
        handed_on: Whether it shows a step that something was handed back to: then it is the derivative by a state.
    """
    telling = frozenset(name for name, value in run.shown.items() if value.any())
    if handed_on:
        reached = {form.derivatives[c.previous].name: form.made_of(c.upstream) for c in form.layer.carried}
    else:
        reached = {e.name: form.made_of(e.name) for e in form.backward if not form.made_of(e.name) & everywhere}
    fits = [name for name, made in reached.items() if made & telling == wrong & telling]
    # Of several, the one that the others are computed from is at fault; otherwise each would have a mistake of its own.
    return max(fits, key=lambda name: len(form.made_of(name)), default="")
