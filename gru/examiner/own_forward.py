"""The second depth: a submission's gradients against the measured derivative of its own forward pass.

For a submission in another API, of which nothing needs to be known but how it is driven. It names gradients as
the submission does, and judges no equation: what the forward pass computes is not asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.bench import Bench, DrivenProblem
from gru.examiner.common_factor import COMMON_FACTOR, COUNTED, Factor, common_factor
from gru.examiner.entries import ARGUMENTS, furthest, with_sure_bounds
from gru.examiner.fact import Fact
from gru.examiner.outcome import GRADIENT, Entry, Outcome
from gru.examiner.plainly import DIRECTIONS, plainly_wrong, some_plainly_wrong
from gru.gradient.check import check_vjp
from gru.gradient.outcome import Comparison
from gru.layer import Sizes
from gru.submission.contract import CellError, SubmissionFailure

SIZES = ((2, 3, 5, 4), (3, 4, 2, 3), (2, 2, 3, 2), (1, 3, 4, 5), (3, 3, 3, 2), (2, 3, 5, 64))
"""Batch, input, hidden and steps of the problems; the first is the one at which the API was found."""

EVERY = (0, 1, 2, 3)

ALIKE = 4
"""The one for a submission whose backward pass raises where sizes differ."""

LONG = 5
"""The one for a loss whose gradients look clipped there: it has no δ to make larger, and its steps add up."""

FEWER = (0, 2)
"""Those for a submission that is judged by equations too, on more sizes: several steps, and saturated gates."""

ENTRIES = "entries"
"""The kind of the fact that entries of a gradient are wrong."""

SCALE = 2.0**20
"""The factor on δ in the check that gradients are linear in it: a power of two, which rounds nothing."""

WEIGHTS = (1.0, 0.5, 2.5, 1.0, 1.0, 1.0)
"""How large the parameters of each problem are; the third saturates some gates."""


@dataclass(frozen=True)
class OwnForward:
    """The result of the second depth: its outcomes, and odd gradients.

    `not_linear` says that some gradient is not linear in δ, and `arbitrary` that this is not for being clipped alone.
    `clipped` says that one is clipped whose δ cannot be made smaller, as that of a loss. `factor` is what all gradients
    have in common.
    """

    outcomes: tuple[Outcome, ...]
    not_linear: bool
    arbitrary: bool
    odd: frozenset[str]
    clipped: bool = False
    factor: Factor | None = None


def judge_own(
    bench: Bench,
    seed: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    numbers: Sequence[int] = EVERY,
) -> OwnForward:
    """The outcomes of `interface`, `state` and of every gradient that is shown, on the problems of these numbers.

    Raises SubmissionFailure.
    """
    found: dict[str, list[tuple[DrivenProblem, Comparison]]] = {name: [] for name in bench.shown}
    states: list[tuple[Fact, DrivenProblem]] = []
    raised: list[tuple[DrivenProblem | None, str]] = []
    done = 0
    numbers = (*numbers, *(ALIKE,) * bench.api.alike, *(LONG,) * _looks_clipped(bench, seed))
    for count, number in enumerate(numbers, 1):
        problem: DrivenProblem | None = None
        try:
            problem = _problem(bench, seed, number)
            for name, comparison in _compared(bench, problem):
                found[name].append((problem, comparison))
            states += [(fault, problem) for fault in _state(bench, problem)]
            done += 1
        except CellError as error:
            raised.append((problem, str(error)))
        on_progress(count, len(numbers))
    outcomes = [_interface(bench, done, raised)]
    if done:
        outcomes.append(_of_state(bench, states, done))
        outcomes += [_of_gradient(bench, name, found[name]) for name in bench.shown]
    if bench.api.loss:
        outcomes = with_sure_bounds(outcomes)
    weights = [name for name in bench.shown if name in bench.api.names]
    factor = None if bench.odd else common_factor(found, weights, is_loss=bench.api.loss)
    if factor is not None:
        # The rate of an update, or of a loss that nobody wrote down, is no mistake: what it is divided by is told.
        is_of_rate = bool(bench.api.adapter.get("rate") or bench.api.assumed) and factor.number > 0
        outcomes = [_of_factor(o, factor, is_of_rate=is_of_rate, is_assumed=bench.api.assumed) for o in outcomes]
    not_linear = [fact for fact, _ in states if fact.kind == "gradient-not-linear"]
    arbitrary = any(fact.particulars["clipped"] is None for fact in not_linear)
    is_clipped = any(fact.particulars.get("clipped") for outcome in outcomes for fact in outcome.facts)
    return OwnForward(
        tuple(outcomes), bool(not_linear), arbitrary, frozenset(bench.odd), bench.api.loss and is_clipped, factor
    )


def _problem(bench: Bench, seed: int, number: int) -> DrivenProblem:
    """The problem of a number. Raises what the runner raises."""
    random = np.random.Generator(np.random.PCG64([seed, number]))
    problem = bench.problem(f"own:{seed}:{number}", Sizes(*SIZES[number]), random, WEIGHTS[number])
    if number == LONG:
        # One target at every step: what its gradient has of each adds up.
        problem.x[..., 0] -= 2 * np.abs(problem.x).max()
    return problem


def _looks_clipped(bench: Bench, seed: int) -> bool:
    """Whether two entries of a gradient of a loss over many steps are equally far from 0, and none is further.

    So are those of two classes: it is a sign alone, and the problem is judged as any other.
    """
    if not (bench.api.loss and bench.api.sequence):
        return False
    try:
        problem = _problem(bench, seed, LONG)
        _, gradients = bench.run(problem, {}, problem.delta)
    except CellError:
        return False
    sizes = [np.abs(gradient) for gradient in gradients.values()]
    return any(size.max() > 0 and np.count_nonzero(size == size.max()) > 1 for size in sizes)


def _of_factor(outcome: Outcome, factor: Factor, *, is_of_rate: bool, is_assumed: bool) -> Outcome:
    """The outcome, where all gradients have a factor: it is told of the first one, and the others inherit it."""
    if outcome.check not in (f"{GRADIENT}{name}" for name in factor.names):
        return outcome
    is_first = outcome.check == f"{GRADIENT}{factor.names[0]}"
    facts = (Fact.of(COMMON_FACTOR, **factor.particulars),) if is_first else ()
    if is_of_rate:
        # A mean that is left out of a loss that the file has is a slip, and of its rate is none: no verdict is given.
        detects = None if max(factor.powers) > 0 and not is_assumed else outcome.limit
        return Outcome(outcome.check, "right", problems=outcome.problems, facts=facts, detects=detects)
    return replace(outcome, facts=facts) if is_first else replace(outcome, status="inherited")


def _compared(bench: Bench, problem: DrivenProblem) -> Iterator[tuple[str, Comparison]]:
    """Every gradient that is shown beside the measured one, along a few directions.

    Raises CellError where it cannot be measured, and SubmissionFailure.
    """
    _, first = bench.run(problem, {}, problem.delta)
    names = [name for name in bench.shown if name not in bench.odd and np.isfinite(first[name]).all()]
    for name in set(bench.shown) - set(names) - set(bench.odd):
        bench.odd[name] = Fact.of("not-a-number", name=name)
    # Nearly always none is wrong: all are looked at together before each is by itself.
    for name in list(names) if some_plainly_wrong(bench, problem, {name: first[name] for name in names}) else ():
        if (plain := plainly_wrong(bench, problem, name, first[name])) is not None:
            names.remove(name)
            yield name, plain
    arguments = [ARGUMENTS.get(name, name) for name in names]
    failures: list[SubmissionFailure] = []

    def run(values: Sequence[Any], delta: Array | None = None) -> tuple[Array, dict[str, Array]]:
        try:
            return bench.run(problem, dict(zip(arguments, values, strict=True)), delta)
        except SubmissionFailure as failure:
            failures.append(failure)
            raise

    # Parameters in single precision round what they are moved by, whatever comes out.
    dtype = min(value.dtype for value in problem.parameters.values())

    def forward(*values: Any) -> Array:
        return run(values)[0].astype(dtype)

    def backward(delta: Any, *values: Any) -> tuple[Array, ...]:
        gradients = run(values, np.array(delta, float, subok=False))[1]
        return tuple(gradients[name].astype(np.float32 if name in bench.single else dtype) for name in names)

    if names:
        at = tuple(problem.value(argument) for argument in arguments)
        try:
            checked = check_vjp(forward, backward, at, cotangent=problem.delta, along=DIRECTIONS)
        except (ValueError, TypeError) as error:
            if failures:
                raise failures[0] from None
            raise CellError(f"the derivative cannot be measured: {error}") from None
        if failures:
            raise failures[0]
        yield from zip(names, checked.comparisons, strict=True)


def _state(bench: Bench, problem: DrivenProblem) -> Iterator[Fact]:
    """What is wrong with the gradients where one object is used a second time, or is given a large δ."""
    _, plain = bench.run(problem, {}, problem.delta)
    if not bench.updates:
        # A backward pass that updates its object changes it for the second use.
        yield from _on_second_use(bench, problem, plain)
    if bench.api.loss:
        return
    if bench.api.takes_last:
        yield from _with_the_last_apart(bench, problem, plain)
    _, scaled = bench.run(problem, {}, problem.delta * SCALE)
    for name in plain:
        if name not in bench.odd and not _close(scaled[name] / SCALE, plain[name]):
            highest, lowest = scaled[name].max(), scaled[name].min()
            clipped = float(highest) if highest == -lowest and highest < SCALE else None
            yield Fact.of("gradient-not-linear", name=name, clipped=clipped)


def _with_the_last_apart(bench: Bench, problem: DrivenProblem, plain: Mapping[str, Array]) -> Iterator[Fact]:
    """The gradients that are others where half of what comes to the last state is given to backward apart."""
    halved = np.concatenate([problem.delta[:-1], problem.delta[-1:] / 2])
    _, apart = bench.run(problem, {}, halved, last=halved[-1])
    names = tuple(name for name in plain if name not in bench.odd and not _close(apart[name], plain[name]))
    if names:
        yield Fact.of("last-apart", names=names)


def _on_second_use(bench: Bench, problem: DrivenProblem, plain: Mapping[str, Array]) -> Iterator[Fact]:
    """The gradients that differ on the second use of one object, for another reason than being added up."""
    states, again = bench.run(problem, {}, problem.delta, before=True)
    first_states, _ = bench.run(problem, {})
    if not np.array_equal(states, first_states):
        if problem.h_0 is not None:
            yield Fact.of("other-on-second-use")
        return
    other = {"x": problem.x[..., ::-1] + 0.25}
    if problem.h_0 is not None:
        other["h_0"] = problem.h_0[..., ::-1] * 0.5
    _, before = bench.run(problem, other, problem.delta + 0.5)
    for name in plain:
        if name in bench.odd:
            continue
        added = plain[name] + before[name] if name not in ("dx", "dh") else plain[name]
        if not _close(again[name], plain[name]) and not _close(again[name], added):
            yield Fact.of("other-on-second-use", name=name)


def _close(own: Array, other: Array) -> bool:
    """Whether two results of one computation agree to the rounding of sums in another order.

    The count of terms bounds that: every one is rounded once more. Single precision is allowed for.
    """
    unit = np.finfo(np.float32).eps if np.array_equal(own, own.astype(np.float32)) else np.finfo(float).eps
    largest = max(np.abs(own).max(), np.abs(other).max())
    return bool((np.abs(own - other) <= 64 * unit * largest).all())


def _interface(bench: Bench, done: int, raised: list[tuple[DrivenProblem | None, str]]) -> Outcome:
    """The outcome of `interface`: a file that works at some sizes only is judged at those."""
    api = bench.api
    hidden = [name for name in api.names if name not in api.gradients]
    hidden += ["dx"] * (not api.dx) + ["dh"] * (not api.dh and api.h_0)
    facts = [Fact.of("no-gradient", names=tuple(hidden))] if hidden else []
    facts += [Fact.of("updates")] * bench.updates
    if raised:
        problem, text = raised[0]
        facts.append(Fact.of("raised-at", raised=text, sizes=problem.sizes if problem else None, is_judged=done > 0))
    status: Any = "wrong" if api.alike and raised else "right" if done else "not_examined"
    return Outcome("interface", status, problems=done, facts=tuple(facts))


def _of_state(bench: Bench, faults: list[tuple[Fact, DrivenProblem]], done: int) -> Outcome:
    # No one has said that what another API is given stays as it is: it is told, and no mistake.
    told = (Fact.of("writes-into", names=tuple(sorted(bench.changed))),) if bench.changed else ()
    if not faults:
        return Outcome("state", "right", problems=done, facts=told)
    fact, problem = faults[0]
    return Outcome("state", "wrong", problem=problem.id, sizes=problem.sizes, problems=done, facts=(fact, *told))


def _counted(found: list[tuple[DrivenProblem, Comparison]]) -> frozenset[str]:
    """The sizes that a gradient may be multiplied or divided by: it is off by them on all problems."""

    def fits(size: str, power: int) -> bool:
        off = [(c, float(p.by_name[size]) ** power) for p, c in found]
        return all(abs(c.claimed - k * c.measured) <= c.error * (1 + k) for c, k in off)

    return frozenset(size for size in COUNTED if fits(size, 1) or fits(size, -1))


def _of_gradient(bench: Bench, name: str, found: list[tuple[DrivenProblem, Comparison]]) -> Outcome:
    """The outcome of one gradient: wrong where it is wrong on any problem, right where it is right on all."""
    check = f"{GRADIENT}{name}"
    if name in bench.odd:
        return Outcome(check, "wrong", facts=(bench.odd[name],))
    wrong = [(p, c) for p, c in found if c.verdict == "wrong"]
    unsure = [(p, c) for p, c in found if c.verdict == "cannot_tell"]
    common: dict[str, Any] = {"check": check, "problems": len(found)}
    if wrong:
        problem, c = min(wrong, key=lambda item: item[0].value(ARGUMENTS.get(name, name)).size)
        unit = c.largest or 1.0
        common |= {"error": abs(c.claimed - c.measured) / unit, "limit": c.error / unit}
        try:
            looked = furthest(bench, problem, name, _counted(found))
        except CellError:
            looked = None
        fact = Fact.of("along", name=name)
        values: tuple[Entry, ...] = ()
        if looked and looked.wrong:
            found_so = {"clipped": looked.clipped, "decay": looked.decay, "pattern": looked.pattern}
            fact = Fact.of(ENTRIES, name=name, count=looked.wrong, size=looked.size, **found_so)
            values = (looked.entry,)
            if bench.api.assumed and looked.decay is not None and looked.decay > 0:
                # A loss that nobody wrote down may have a penalty on large weights.
                return Outcome(check, "right", problems=len(found), facts=(fact,))
        return Outcome(status="wrong", **common, values=values, problem=problem.id, sizes=problem.sizes, facts=(fact,))
    if not found or len(unsure) == len(found):
        fact = Fact.of("cannot-tell", why=unsure[0][1].reason if unsure else "nothing was seen of it")
        return Outcome(status="not_examined", **common, facts=(fact,))
    told = [c for _, c in found if c.verdict == "right"]
    detects = min(c.error / c.largest for c in told if c.largest) if any(c.largest for c in told) else None
    return Outcome(status="right", **common, detects=detects)
