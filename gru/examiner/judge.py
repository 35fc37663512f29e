"""The two tests of an equation on one problem: its value against the oracle, then its formula.

The formula is judged on the values that the submission itself had, so that a mistake costs one
equation and its consequences are `inherited`. It never runs anything: recordings come in, findings
go out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from gru.calculus import formula
from gru.calculus.rounding import limit
from gru.examiner.fact import Fact
from gru.examiner.limit import one_rounding, roundings
from gru.examiner.outcome import Block, Comparison, Entry, Finding, Unseen, everything_shows, nothing_shows
from gru.examiner.recovered import Recovered, recover
from gru.examiner.reference import Reference
from gru.layer import Carried, Equation, Form
from gru.submission.contract import Description, Recording, Shown, Use

Array = NDArray[Any]

LARGEST_SHOWN = 64
"""Entries of a block that is kept whole."""

SHOWN_ENTRIES = 3
"""How many entries of a wrong block are shown: enough to see a pattern, few enough to read."""

NOTHING = "not there"
"""How what is absent is described."""

_SMALLEST = np.finfo(float).tiny


@dataclass(frozen=True, eq=False)
class Evidence:
    """A submission's values on one problem, beside the reference.

    `own` holds what the submission showed as numbers, by name, steps on the first axis, in float64;
    `odd` what it showed that is no array of the right kind; `dtype` is the coarsest precision among
    the problem's and the values'; `single` names the values that were shown in single precision; `changed`
    names what another cell changed afterwards, `left_out` the arguments that the cell does not take; `split` holds
    the blocks that `split_params` returns, where they are of the right shape.
    """

    reference: Reference
    own: dict[str, Array]
    odd: dict[str, Description]
    dtype: Any
    changed: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()
    slack: float = 1.0
    split: dict[str, Array] = field(default_factory=dict)

    def dtype_of(self, name: str) -> Any:
        """The precision in which a quantity is judged: that of itself, and of all that it is made of.

        What is not shown may have been computed in any precision that something else is shown in.
        """
        if not self.single or self.reference.problem.precision == "float32" or name in self.single:
            return self.dtype
        made_of = [other for other in (*self.form.kept, *self.form.named) if name in self.form.made_of(other)]
        before = [other for other in made_of if other != name and other not in self.form.hidden_inside]
        unknown = any(other in self.form.named and other not in self.own for other in before)
        return self.dtype if unknown or self.single.intersection(before) else np.float64

    @cached_property
    def of_another_kind(self) -> frozenset[str]:
        """What is shown, and is no array of the right kind."""
        return frozenset(name for name, value in self.odd.items() if not value.absent)

    @property
    def form(self) -> Form:
        """The form that the values are held against."""
        return self.reference.convention

    @property
    def unsure(self) -> frozenset[str]:
        """What the cell may have worked with other values of than are known; the input is what it was given."""
        return (self.of_another_kind - {self.form.layer.input}) | self.changed

    @cached_property
    def given(self) -> dict[str, Array]:
        """What the equations are given; the submission's own where it kept any of that."""
        # What a cell keeps of a parameter that it does not take is nothing that it was given.
        unknown = {block for stack in self.form.stacks if stack.name in self.left_out for block in stack.blocks}
        kept = {name: self.own[name] for name in self.form.kept if name in self.own and name not in unknown}
        given = self.reference.given
        return given | {name: np.zeros_like(given[name]) for name in self.left_out if name in given} | kept

    @cached_property
    def cut(self) -> tuple[Carried, ...]:
        """The states of which the derivative of the loss is not handed on from step to step."""

        def is_nothing(name: str) -> bool:
            return name not in self.form.unasked and _is_nothing(self.odd.get(name))

        return tuple(
            carried
            for carried in self.form.layer.carried[1:]
            if carried.upstream in self.left_out or is_nothing(self.form.derivatives[carried.previous].name)
        )

    @cached_property
    def recovered(self) -> Recovered:
        """What the API has no attribute for, worked out from what is made of it."""
        return recover(self)

    @cached_property
    def resolved(self) -> dict[str, Array]:
        """Every value: the submission's own where it shows one, else our formula on its own values."""
        values: dict[str, Array] = {}
        at, form = dict(self.given), self.form
        with np.errstate(all="ignore"):
            for equation in form.ordered:
                if equation.has_check or equation.name in form.needed:
                    own = self.own.get(equation.name, self._found.get(equation.name))
                    at[equation.name] = values[equation.name] = equation(at) if own is None else own
        return values

    @property
    def _found(self) -> Mapping[str, Array]:
        """What was recovered; nothing where the API shows all, or while it is being worked out."""
        return {} if self.form.shows_all else self.__dict__.get("recovered", Recovered()).values

    @cached_property
    def values(self) -> dict[str, Array]:
        """All that a formula may be made of."""
        return self.given | self.resolved

    @cached_property
    def own_limits(self) -> dict[str, Array]:
        """The limit of the formula test by name, at every step: rounding on the submission's own values."""
        with np.errstate(all="ignore"):
            form = self.form
            bounds = roundings(self.given, self.resolved, form)
            return {
                e.name: self.slack * limit(bounds[e.name].roundings.max(axis=(-2, -1)), self.dtype_of(e.name))
                for e in form.exposed
            }


def _is_nothing(value: Description | None) -> bool:
    return value is not None and (value.absent or value.text == "None")


def gather(reference: Reference, use: Use, left_out: tuple[str, ...] = (), split: Shown | None = None) -> Evidence:
    """The evidence of one use of a submission's cells on a problem."""
    shown = values_shown(use, reference.convention)
    odd = {name: _as_odd(name, value, reference.convention) for name, value in shown.items() if _is_odd(value)}
    arrays = {name: value for name, value in shown.items() if not isinstance(value, Description)}
    single = frozenset(name for name, value in arrays.items() if value.dtype == np.float32)
    dtype = np.float32 if single or reference.problem.precision == "float32" else np.float64
    own = {name: value.astype(float) for name, value in arrays.items()}
    blocks = {name: value for name, value in (split or {}).items() if not isinstance(value, Description)}
    return Evidence(reference, own, odd, dtype, frozenset(use.changed_later), single, left_out, split=blocks)


def _is_odd(value: Array | Description) -> TypeGuard[Description]:
    return isinstance(value, Description)


def _as_odd(name: str, value: Description, form: Form) -> Description:
    """What is shown in place of an array; a placeholder, where nothing has to be shown, is as good as nothing."""
    optional = name in form.named and name not in form.required and not form.named[name].is_sum
    return replace(value, absent=True) if optional and value.is_placeholder else value


def values_shown(use: Use, form: Form) -> Shown:
    """What a use showed by name, with the sums over the steps, (17)–(22): the blocks of dW and dU, summed.

    The forward values are those right after `forward`, as a backward pass may use them up.
    """
    forward = {name: value for name, value in use.after_forward.items() if name in form.shown_forward}
    shown = use.after_backward | forward
    if not use.after_backward:
        shown = dict(use.after_forward)
    for stack in form.stacks:
        value = shown.get(stack.gradient)
        sums = {block: f"sum_{form.derivatives[block].name}" for block in stack.blocks}
        if isinstance(value, Description):
            shown |= dict.fromkeys(sums.values(), value)
        elif value is not None:
            with np.errstate(all="ignore"):
                parts = form.blocks_of(stack, value.sum(axis=0))
            shown |= {sums[block]: part for block, part in parts.items()}
    return shown


@dataclass(frozen=True, eq=False)
class Case:
    """One use of the cells on one problem: its evidence, which use it was, and what was found."""

    evidence: Evidence
    use: int
    findings: tuple[Finding, ...]

    def status(self, check: str) -> str | None:
        """The status of a check here; None where nothing was found."""
        return next((finding.status for finding in self.findings if finding.check == check), None)


def judge_uses(reference: Reference, recording: Recording) -> Iterator[Case]:
    """Every use of the cells with the findings on its equations, `merge` and `split`."""
    for number, use in enumerate(recording.uses):
        evidence = gather(reference, use, recording.left_out, recording.split)
        findings = (*judge_equations(evidence), *judge_merge(evidence), *judge_split(evidence, recording.split))
        yield Case(evidence, number, findings)


def kept_apart(first: Case, later: Case) -> Case:
    """A later use of cells that keep something, without what was right in their first: that is the state's."""
    findings = (f for f in later.findings if f.status in ("right", "missing") or first.status(f.check) != "right")
    return replace(later, findings=tuple(findings))


def judge_equations(evidence: Evidence) -> Iterator[Finding]:
    """A finding for every equation that the evidence says anything about.

    A sum (17)–(22) inherits where its dW is not made of the submission's own blocks, or these have
    another shape.
    """
    form = evidence.form
    evidence = evidence if form.shows_all else replace(evidence, own=evidence.own | evidence.recovered.values)
    for equation in form.exposed:
        handed_on = next((c for c in evidence.cut if equation.of in (c.state, c.previous)), None)
        if handed_on is not None:
            yield from _judge_cut(equation, handed_on, evidence)
            continue
        if equation.name not in evidence.own and equation.name not in evidence.odd:
            continue
        finding = _judge(equation, evidence)
        if equation.is_sum and finding.status == "wrong" and not _is_stacked(evidence):
            finding = found(equation.id, "inherited", evidence.reference, finding.comparison, everything_shows)
        yield finding


def _judge_cut(equation: Equation, carried: Carried, evidence: Evidence) -> Iterator[Finding]:
    """What is said where a state's derivative is not handed on: one mistake, at the place where it is left out."""
    reference, form = evidence.reference, evidence.form
    is_used = carried.upstream not in evidence.left_out
    if (equation.of == carried.previous) == is_used:
        # Nothing comes from a next step at the last: the path is missing only where there are several.
        if reference.given[carried.upstream].any():
            yield found(equation.id, "wrong", reference, fact=Fact.of("cut-path", carried=carried))
    elif equation.of == carried.previous:
        own = evidence.own.get(equation.name)
        limits = reference.limits(equation.name, evidence.dtype)
        comparison = None if own is None else compare(own, reference.truth[equation.name], limits)
        yield found(equation.id, "inherited", reference, comparison, everything_shows)
    elif equation.name in evidence.own or equation.name in form.shown_backward:
        yield _judge(equation, evidence)


def _is_stacked(evidence: Evidence) -> bool:
    """Whether dW and dU are the submission's own blocks, so far as these are shown."""
    return all(finding.status == "right" for finding in judge_merge(evidence))


def judge_left(reference: Reference, recording: Recording) -> Iterator[Finding]:
    """The equations whose left-hand side had another shape when a call raised, and nothing that it is made of."""
    for equation in reference.convention.exposed:
        left = recording.left.get(equation.name)
        if isinstance(left, Description) and not recording.left.keys() & set(equation.inputs):
            yield _of_another_kind(equation.id, equation.name, left, reference)


def _judge(equation: Equation, evidence: Evidence) -> Finding:
    """The value test and, where that fails, the formula test."""
    name, check = equation.name, equation.id
    if name in evidence.odd:
        spoilt = evidence.of_another_kind.intersection(equation.inputs) and name in evidence.of_another_kind
        return found(check, "silent", evidence.reference) if spoilt else _odd(check, name, evidence)
    reference = evidence.reference
    limits = evidence.slack * reference.limits(name, evidence.dtype_of(name))
    comparison = compare(evidence.own[name], reference.truth[name], limits, reference.largest[name])
    if comparison.agrees:
        return found(check, "right", evidence.reference, comparison, partial(_unseen_above, limits, equation, evidence))
    values = evidence.values
    if not all(np.isfinite(values[dependency]).all() for dependency in equation.inputs):
        return found(check, "silent", evidence.reference, comparison)
    with np.errstate(all="ignore"):
        expected = equation(values)
    is_wrong = not agree(evidence.own[name], expected, evidence.own_limits[name])
    if is_wrong and name not in evidence.recovered.agreeing:
        unknown = sorted(evidence.unsure.intersection(equation.inputs))
        if not unknown:
            return found(check, "wrong", evidence.reference, comparison)
        fact = Fact.of("unsure", name=name, unknown=tuple(unknown))
        return found(check, "silent", evidence.reference, comparison, fact=fact)
    status = "silent" if _is_of_no_formula(equation, evidence) else "inherited"
    return found(check, status, evidence.reference, comparison, partial(_unseen, equation, evidence))


def agree(own: Array, truth: Array, limits: Array) -> bool:
    """Whether two blocks are as near to each other as `compare` asks, at every step."""
    return bool((_errors(own, truth) <= limits).all())


def compare(own: Array, truth: Array, limits: Array, largest: Array | None = None) -> Comparison:
    """Two blocks, (steps, rows, columns) or (rows, columns), at the step where they are furthest apart.

    `truth` and `limits` may leave the steps out, where they are the same for all. NaN never agrees
    with anything, and is furthest of all. `largest` is the largest entry of `truth` at every step, where it is known.
    """
    errors = _errors(own, truth)
    step = _furthest(errors, limits) if errors.ndim else None
    at = () if step is None else (step,)
    own, truth = own[at], truth[at] if truth.ndim > 2 else truth
    comparison = Comparison(
        error=float(errors[at]),
        limit=float(limits[at] if limits.ndim else limits),
        largest=float(np.abs(truth).max() if largest is None else largest[at]),
        step=step,
    )
    if comparison.agrees:
        return comparison
    return replace(comparison, entries=partial(_entries, own, truth), block=partial(_block, own, truth))


def _furthest(errors: Array, limits: Array) -> int:
    """The step at which the error is largest in units of its limit."""
    if len(errors) == 1:
        return 0
    with np.errstate(over="ignore"):
        return int((errors / np.maximum(limits, _SMALLEST)).argmax())


def _block(own: Array, truth: Array) -> Block | None:
    """The whole of two blocks, where they are larger than one entry and small enough to be looked at."""
    if own.shape != truth.shape or own.ndim != 2 or not 1 < own.size <= LARGEST_SHOWN:
        return None
    return Block(*(tuple(tuple(map(float, row)) for row in array) for array in (own, truth)))


def _errors(own: Array, truth: Array) -> Array:
    """The largest difference of two blocks at every step; NaN where either holds one."""
    with np.errstate(invalid="ignore"):
        errors: Array = np.maximum.reduce(np.abs(own - truth), axis=(-2, -1))
    return errors


def _entries(own: Array, truth: Array) -> tuple[Entry, ...]:
    """The entries furthest apart, the furthest first; NaN is furthest of all."""
    with np.errstate(invalid="ignore"):
        apart = np.nan_to_num(np.abs(own - truth), nan=np.inf)
    furthest = np.argsort(-apart, axis=None, kind="stable")[:SHOWN_ENTRIES]
    places = (tuple(int(i) for i in np.unravel_index(int(position), apart.shape)) for position in furthest)
    return tuple(Entry(place, float(own[place]), float(truth[place])) for place in places)


def _unseen_above(limits: Array, equation: Equation, evidence: Evidence) -> frozenset[int] | None:
    """As `_unseen`; None too where the right value is nowhere larger than the limits, so that nothing shows."""
    is_telling = (evidence.reference.largest[equation.name] > limits).any()
    return _unseen(equation, evidence) if is_telling else None


def _unseen(equation: Equation, evidence: Evidence) -> frozenset[int] | None:
    """Which parts of the formula could be left out without showing, on the submission's own values.

    None where it would agree with a formula that nobody wrote down.
    """
    if _is_of_no_formula(equation, evidence):
        return None
    values, own, limits = evidence.values, evidence.own[equation.name], evidence.own_limits[equation.name]
    if equation.is_sum:
        terms = np.abs(values[equation.inputs[0]]).max(axis=(-2, -1))
        return frozenset() if (terms > limits).all() else frozenset({0})
    with np.errstate(all="ignore"):
        changed = (formula.evaluate(variant, values) for variant in formula.omissions(equation.expression))
        return frozenset(part for part, value in enumerate(changed) if (_errors(value, own) <= limits).all())


def _is_of_no_formula(equation: Equation, evidence: Evidence) -> bool:
    """Whether a value is one number throughout, or a copy of something that was given."""
    values, own = evidence.values, evidence.own[equation.name]
    if (own.size > 1 and np.ptp(own) == 0) or not own.any():
        return True
    if equation.is_sum:
        return False
    given = (name for name in evidence.form.given if name not in evidence.form.blocks)
    inputs = (values[name] for name in (*equation.inputs, *given))
    return any(value.shape == own.shape and np.array_equal(value, own) for value in inputs)


def agrees_forward(reference: Reference, recording: Recording) -> bool:
    """Whether the blocks and the forward values that a recording shows are right, all of them.

    With them the order of the gates, which `merge` has to keep as well.
    """
    if not recording.uses:
        return True
    evidence = gather(reference, recording.uses[0])
    truth, form = reference.given | reference.forward, reference.convention
    for name in (*form.kept, *form.shown_forward):
        if name in evidence.own:
            is_made = name in form.shown_forward
            limits = reference.limits(name, evidence.dtype_of(name)) if is_made else _kept(evidence, name)
            if not agree(evidence.own[name], truth[name], limits):
                return False
    return _is_stacked(evidence)


def judge_merge(evidence: Evidence) -> Iterator[Finding]:
    """Whether dW and dU are the submission's own blocks, stacked in the order of the gates."""
    form = evidence.form
    for stack in form.stacks:
        if not stack.is_stacked:
            continue
        names, whole = [f"d{block}" for block in form.order_of(stack)], stack.gradient
        if whole in evidence.odd:
            spoilt = evidence.of_another_kind.intersection(names) and whole in evidence.of_another_kind
            yield found("merge", "silent", evidence.reference) if spoilt else _odd("merge", whole, evidence)
        elif whole in evidence.own and all(name in evidence.own for name in names):
            first, *others = (evidence.own[name] for name in names)
            merged = form.stacked(stack, evidence.own, "d")
            is_single = bool(evidence.single.intersection((whole, *names)))
            limits = one_rounding(merged, _coarsest(evidence, is_single=is_single))
            comparison = compare(*_finite(evidence.own[whole], merged), limits)
            telling = not all(np.array_equal(first, other) for other in others)
            status = "right" if comparison.agrees else "wrong"
            fact = None if comparison.agrees else Fact.of("not-stacked", whole=whole, blocks=tuple(names))
            unseen = everything_shows if telling else nothing_shows
            yield found("merge", status, evidence.reference, comparison, unseen, fact)


def judge_split(evidence: Evidence, direct: dict[str, Array | Description]) -> Iterator[Finding]:
    """Whether the blocks that the cell keeps, and those that `split_params` returns, are W's and U's."""
    for source, shown in (("cell", evidence.own), ("split_params", direct)):
        for name in evidence.form.kept[1:]:
            value = shown.get(name)
            if isinstance(value, Description):
                if not value.absent:
                    fact = Fact.of("no-array", source=source, name=name, shown=value.text)
                    yield found("split", "wrong", evidence.reference, fact=fact)
            elif value is not None:
                truth = evidence.reference.given[name]
                single = name in evidence.single if shown is evidence.own else value.dtype == np.float32
                limits = evidence.reference.copied(name, _coarsest(evidence, is_single=single))
                comparison = compare(value.astype(float), truth, limits)
                other = None if comparison.agrees else Fact.of("other-block", source=source, name=name)
                status = "right" if comparison.agrees else "wrong"
                yield found("split", status, evidence.reference, comparison, everything_shows, other)


def _finite(own: Array, moved: Array) -> tuple[Array, Array]:
    """Two blocks without the NaN and infinity that both have in one place: moving them was right."""
    same = ~np.isfinite(own) & ((own == moved) | (np.isnan(own) & np.isnan(moved)))
    return np.where(same, 0, own), np.where(same, 0, moved)


def _kept(evidence: Evidence, name: str) -> Array:
    """The limit on what a cell keeps of what it is given."""
    return evidence.reference.copied(name, _coarsest(evidence, is_single=name in evidence.single))


def _coarsest(evidence: Evidence, *, is_single: bool) -> Any:
    """The coarsest precision of a problem, and of what is shown on it."""
    return np.float32 if is_single or evidence.reference.problem.precision == "float32" else np.float64


def _odd(check: str, name: str, evidence: Evidence) -> Finding:
    """The finding on an attribute that is no array of the right shape and dtype."""
    description = evidence.odd[name]
    if description.absent:
        seen = None if description.text == NOTHING else description.text
        return found(check, "missing", evidence.reference, fact=Fact.of("not-there", name=name, shown=seen))
    form = evidence.form
    shown = next((s.gradient for s in form.stacks if name in (f"sum_d{block}" for block in s.blocks)), name)
    return _of_another_kind(check, shown, description, evidence.reference)


def _of_another_kind(check: str, name: str, description: Description, reference: Reference) -> Finding:
    form, sizes = reference.convention, reference.problem.sizes
    expected = {"dimensions": form.dimensions[name], "shape": form.shape_of(name, sizes)}
    fact = Fact.of("another-kind", name=name, shown=description.text, **expected)
    return found(check, "wrong", reference, fact=fact)


def found(
    check: str,
    status: Any,
    reference: Reference,
    comparison: Comparison | None = None,
    unseen: Unseen = nothing_shows,
    fact: Fact | None = None,
) -> Finding:
    """A finding on the problem of this reference."""
    problem = reference.problem
    return Finding(check, status, problem.id, problem.sizes, comparison, unseen, fact)
