"""The one mistake that explains everything shown by a cell that hides its intermediate values. Where (10) is hidden,
values that are computed from it are wrong by a right formula, and no formula test can tell. So every known mistake is
tried in the whole cell. It runs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gru.calculus import formula
from gru.calculus.arrays import Array
from gru.calculus.rounding import limit, squashed
from gru.examiner.diagnosis.recognised import SAMPLES, named
from gru.examiner.diagnosis.sample import NEAR, says_little
from gru.examiner.fact import Diagnosis, Fact, of_one
from gru.examiner.hidden.bounded import bounded
from gru.examiner.judging.case import Case
from gru.examiner.judging.limit import roundings
from gru.examiner.outcome import Outcome
from gru.examiner.summary import NOT_SHOWN, is_hidden
from gru.layer import Equation, Form
from gru.mistakes import Mistake, catalogue


@dataclass(frozen=True)
class OneMistake:
    """A mistake with which a cell would show all that was shown: in one equation, or in what several share.

    `diagnoses` holds what is wrong with each; `spoilt` are the names of all values that come out wrong with it; `case`
    is the smallest one that tells it from a mistake in an earlier equation.
    """

    diagnoses: Mapping[str, Diagnosis]
    spoilt: frozenset[str]
    case: Case


def explain(cases: Iterable[Case], form: Form) -> OneMistake | None:
    """The first equation in which one mistake explains all that is shown, or a clip of gates; None without any."""
    tried = [case for case in cases if case.evidence.own]
    spoilt = {name for case in tried for name in _not_right(case)}
    if not spoilt:
        return None
    candidates = [e for e in form.exposed if catalogue(e.key, form) and spoilt <= form.made_of(e.name)]
    samples = sorted((case for case in tried if _not_right(case)), key=says_little)[:SAMPLES]
    for equation in candidates:
        near = [m for m in catalogue(equation.key, form) if all(_is_near(case, m) for case in samples)]
        fitting = [mistake for mistake in near if all(_explains(case, mistake) for case in tried)]
        if fitting:
            return OneMistake(
                {equation.id: named(equation, [(mistake,) for mistake in fitting])},
                form.made_of(equation.name),
                _smallest(tried, near, candidates[: candidates.index(equation)]),
            )
    return _bounded(tried, form)


def _bounded(cases: list[Case], form: Form) -> OneMistake | None:
    """The gates whose clip explains all that is shown."""
    for bound in bounded(cases, form):
        clipped = bound.equations(form)
        if all(_is_shown(case, clipped, {}) for case in cases):
            facts = {g: Fact.of("clipped", name=g, low=bound.low, high=bound.high) for g in bound.gates}
            diagnoses = {form.named[g].id: of_one(form.named[g].id, fact, form.named[g]) for g, fact in facts.items()}
            spoilt = frozenset().union(*(form.made_of(gate) for gate in bound.gates))
            return OneMistake(diagnoses, spoilt, next(case for case in cases if _not_right(case)))
    return None


def _smallest(cases: list[Case], fitting: list[Mistake], before: list[Equation]) -> Case:
    """The first case that no mistake in an earlier equation explains; where there is none, the first wrong case."""
    wrong = [case for case in cases if _not_right(case)]
    for case in wrong:
        form = case.evidence.reference.form
        earlier = (mistake for equation in before for mistake in catalogue(equation.key, form))
        if not any(_explains(case, mistake) for mistake in earlier):
            return case
    return wrong[0]


def _not_right(case: Case) -> set[str]:
    """The names of what is shown and is not right."""
    names = {equation.id: equation.name for equation in case.evidence.reference.form.exposed}
    return {names[f.check] for f in case.findings if f.check in names and f.status not in ("right", "missing")}


def _is_near(case: Case, mistake: Mistake) -> bool:
    """Whether a cell with this mistake would show nearly what was shown: a quick look that spares the bounds."""
    values = _values(case, _with(mistake))
    return values is not None and all(
        np.abs(values[name] - own).max() <= NEAR * max(np.abs(own).max(), np.abs(values[name]).max())
        for name, own in _shown(case)
    )


def _explains(case: Case, mistake: Mistake) -> bool:
    """Whether a cell with this mistake would show what was shown, to the rounding errors of both."""
    return _is_shown(case, _with(mistake), {mistake.equation.name: _as_rounded(mistake)})


def _with(mistake: Mistake) -> dict[str, Equation]:
    return {mistake.equation.name: mistake.equation.with_expression(mistake.expression)}


def _is_shown(case: Case, wrong: Mapping[str, Equation], rounded: dict[str, Equation]) -> bool:
    """Whether a cell with these equations would show what was shown, to the rounding errors of both."""
    values = _values(case, wrong)
    if values is None:
        return False
    with np.errstate(all="ignore"):
        bounds = roundings(_given(case), values, case.evidence.form, rounded)
    for name, own in _shown(case):
        allowed = limit(bounds[name].roundings.max(axis=(-2, -1)), case.evidence.dtype_of(name))
        if not (np.abs(values[name] - own).max(axis=(-2, -1)) <= allowed).all():
            return False
    return True


def _given(case: Case) -> dict[str, Any]:
    return case.evidence.given | {"batch": np.asarray(float(case.evidence.reference.problem.sizes.batch))}


def _values(case: Case, wrong: Mapping[str, Equation]) -> dict[str, Any] | None:
    """All values of a cell with these equations; None where shapes do not fit, or something is not there yet."""
    values = _given(case)
    try:
        for equation in case.evidence.form.ordered:
            values[equation.name] = wrong.get(equation.name, equation)(values)
    except (ValueError, KeyError):
        return None
    return values if all(values[name].shape == own.shape for name, own in _shown(case)) else None


def _as_rounded(mistake: Mistake) -> Equation:
    """The wrong formula, for quantities as rounding sees them."""
    inputs = tuple(formula.names(mistake.expression))

    def function(*values: Any) -> Any:
        return formula.evaluate(mistake.expression, {"sigmoid": squashed, **dict(zip(inputs, values, strict=True))})

    return replace(mistake.equation, function=function, inputs=inputs)


def _shown(case: Case) -> Iterator[tuple[str, Array]]:
    """The left-hand sides that the case shows, by name."""
    for equation in case.evidence.reference.form.exposed:
        own = case.evidence.own.get(equation.name)
        if own is not None:
            yield equation.name, own


def explained_by_one(outcomes: list[Outcome], cases: list[Case], form: Form) -> list[Outcome] | None:
    """The outcomes of a cell that hides some of its values, where one mistake explains what it shows."""
    is_cut = any(case.evidence.cut for case in cases)
    explanation = explain(cases, form) if any(map(is_hidden, outcomes)) and not is_cut else None
    return [_explained(outcome, explanation) for outcome in outcomes] if explanation else None


def _explained(outcome: Outcome, explanation: OneMistake) -> Outcome:
    """One outcome of a cell that one mistake explains, whether it shows what is wrong or not."""
    problem = explanation.case.evidence.reference.problem
    if outcome.mistake is not None:
        return outcome
    if outcome.check in explanation.diagnoses:
        if is_hidden(outcome):
            fact = Fact.of("explains-all", name=outcome.name)
            outcome = replace(outcome, facts=(fact,), problem=problem.id, sizes=problem.sizes)
        return replace(outcome, status="wrong", mistake=explanation.diagnoses[outcome.check])
    if is_hidden(outcome):
        inherits = outcome.name in explanation.spoilt
        return replace(outcome, status="inherited" if inherits else "right", facts=(NOT_SHOWN,))
    return replace(outcome, status="inherited") if outcome.status == "wrong" and outcome.is_of_equation else outcome
