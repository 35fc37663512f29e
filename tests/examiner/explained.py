"""Whether what a report says of a wrong cell is right, absent or false: rules, and none of the examiner's own.

What is said is held against the cell on problems that no examination puts to it. A sentence that does not hold there
says more than was seen. Nothing here is asserted.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

import numpy as np

from gru.calculus import formula
from gru.examiner import Examination
from gru.examiner.fact import Diagnosis, Fact
from gru.examiner.judging.evidence import Evidence, gather
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Outcome
from gru.layers.gru.forms import CHAPTER
from gru.problem import find
from gru.submission.trusted import TrustedCells
from tests.examiner.edits import WrongCell

Rating = Literal["right", "absent", "false"]

FRESH = (
    "3,4,5,1/ordinary/float64/901",
    "2,5,3,1/ordinary/float64/902",
    "5,2,4,1/ordinary/float64/903",
    "1,3,6,1/ordinary/float64/904",
    "4,4,4,1/ordinary/float64/905",
    "2,3,40,1/ordinary/float64/906",
    "3,1,1,1/ordinary/float64/907",
)
"""Problems of sizes that differ, none of which is in a battery."""

CLOSE = 1e-6
"""How far a formula may be from the cell's value, in units of its largest entry: what is shown of a number has five
digits, and what it is read off is exact."""


def rate(wrong: WrongCell, examination: Examination) -> tuple[Rating, str]:
    """How a report on a wrong cell is to be rated, and why."""
    found = {outcome.check: outcome for outcome in examination.outcomes if outcome.status == "wrong"}
    if charged := found.keys() - wrong.wrong.keys():
        return "false", f"charged: {', '.join(charged)}"
    for check, outcome in found.items():
        if (why := _untrue(outcome, wrong)) is not None:
            return "false", f"{check}: {why}"
    for check, kinds in wrong.wrong.items():
        if check not in found:
            return "absent", f"{check} is not wrong"
        if not kinds & set(_kinds(found[check].mistake)):
            return "absent", f"{check}: {_kinds(found[check].mistake)}, expected {sorted(kinds)}"
    return "right", ""


def _kinds(mistake: Diagnosis | None) -> list[str]:
    return [_kind(fact) for facts in mistake.alternatives for fact in facts] if mistake else []


def _kind(fact: Fact) -> str:
    """The kind of a fact; of an order of blocks, which one."""
    return "-".join(("order", *fact.particulars["gates"])) if fact.kind == "order" else fact.kind


def _untrue(outcome: Outcome, wrong: WrongCell) -> str | None:
    """Why what is said of an equation is not true of the cell; None where it holds, or nothing is said."""
    mistake = outcome.mistake
    if mistake is None or mistake.equation is None or not outcome.name:
        return None
    if set(_kinds(mistake)) & {"varies"}:
        return None if "varies" in wrong.wrong[outcome.check] else "it does not vary"
    for evidence in _fresh(wrong):
        own, right, values = _values(evidence, outcome.name)
        is_wrong = not _near(own, right, 1e-9)
        if mistake.condition is not None and is_wrong and not _holds(mistake.condition, evidence):
            return f"it is wrong at {evidence.reference.problem.sizes}, where it was said to be right"
        if mistake.condition is not None and not is_wrong:
            continue
        said = [_claimed(facts, own, right, values, evidence) for facts in mistake.alternatives]
        if said and not any(value is not None and _near(own, value, CLOSE) for value in said):
            return f"{_kinds(mistake)} is not what it computes at {evidence.reference.problem.sizes}"
    return None


@cache
def _fresh(wrong: WrongCell) -> tuple[Evidence, ...]:
    """What the cell shows on the fresh problems, with its intermediate values."""
    references = [Reference.of(find(problem, CHAPTER), CHAPTER) for problem in FRESH]
    recordings = TrustedCells(wrong.open_cell).run(reference.job() for reference in references)
    return tuple(gather(of, recording.uses[0]) for of, recording in zip(references, recordings, strict=True))


def _values(evidence: Evidence, name: str) -> tuple[Any, Any, dict[str, Any]]:
    """The cell's value, the right formula's on the cell's own values, and these."""
    values = dict(evidence.values)
    for equation in CHAPTER.forward:
        values.setdefault(equation.name, equation(values))
    values["batch"] = evidence.reference.problem.sizes.batch
    return evidence.own[name], CHAPTER.named[name](values), values


def _near(own: Any, value: Any, close: float) -> bool:
    return bool(np.abs(own - value).max() <= close * max(np.abs(own).max(), np.abs(value).max()))


def _claimed(facts: tuple[Fact, ...], own: Any, right: Any, values: Mapping[str, Any], evidence: Evidence) -> Any:
    """The value that the facts say the cell computes; None where it has another shape."""
    mistakes = [fact.particulars["mistake"] for fact in facts if "mistake" in fact.particulars]
    try:
        if len(mistakes) == 1:
            return np.broadcast_to(formula.evaluate(mistakes[0].expression, values), own.shape)
    except ValueError:
        return None
    if mistakes:
        # Two at once: their words are held against the edit's own list.
        return own
    if facts[0].kind == "coefficient":
        factors = {fact.particulars["term"]: fact.particulars["coefficient"] for fact in facts}
        terms = formula.terms(CHAPTER.named[_name_of(own, evidence)].expression)
        return sum(factors.get(formula.text(term), 1) * formula.evaluate(term, values) for term in terms)
    return CLAIMS[facts[0].kind](facts[0].particulars, own, right, values)


def _name_of(own: Any, evidence: Evidence) -> str:
    return next(name for name, value in evidence.own.items() if value is own)


Claim = Callable[[Mapping[str, Any], Any, Any, Mapping[str, Any]], Any]


def _at_place(p: Mapping[str, Any], own: Any, right: Any, values: Mapping[str, Any]) -> Any:
    """The right value everywhere else, and another one there, where the block has more than that."""
    if min(own.shape[-2:]) < 2:
        return own
    at = (slice(None), *(slice(None) if p[axis] is None else p[axis] for axis in ("row", "column")))
    value = right.copy()
    value[at] = own[at]
    return value


def _slope_with(p: Mapping[str, Any], own: Any, right: Any, values: Mapping[str, Any]) -> Any:
    """The right value with a number added to a(1 − a) or 1 − a²."""
    gate = p["what"][-3] if p["what"].startswith("1 - ") is False else p["what"][4]
    a = values[gate if gate in values else p["what"][0]]
    slope = 1 - a * a if p["what"].startswith("1 - ") else a * (1 - a)
    return right / slope * (slope + p["number"])


def _rows_mixed(p: Mapping[str, Any], own: Any, right: Any, values: Mapping[str, Any]) -> Any:
    """The product of two sums over the rows of a batch."""
    left, other = (formula.evaluate(formula.parse(part), values) for part in p["parts"])
    sums = left.sum(axis=-2)[..., :, None] * other.sum(axis=-2)[..., None, :]
    return sums / float(values["batch"]) ** p["means"]


def _other_slope(p: Mapping[str, Any], own: Any, right: Any, values: Mapping[str, Any]) -> Any:
    """The right value with another derivative of σ or tanh, which is the root of the right one without a line."""
    gate = re.findall(r"[a-z]+", p["slope"])[0]
    slope = values[gate] * (1 - values[gate]) if p["function"] == "sigmoid" else 1 - values[gate] ** 2
    return right / slope * (eval(p["line"], {}, dict(values)) if "line" in p else np.sqrt(slope))


def _other_part(p: Mapping[str, Any], own: Any, right: Any, values: Mapping[str, Any]) -> Any:
    """The value of the line that the cell is said to compute, as the chapter's class would: one step, as it is."""
    known = {name: value[0] if np.ndim(value) == 3 else value for name, value in values.items()}
    names = {"np": np, "tanh": np.tanh, "sigmoid": lambda a: 1 / (1 + np.exp(-a))}
    with np.errstate(all="ignore"):
        return np.broadcast_to(eval(p["computed"], names, known), own.shape)


ALTERED: dict[str, Callable[[Any], Any]] = {
    "sign": np.sign,
    "floor": np.floor,
    "trunc": lambda right: right.astype(int).astype(float),
    "tanh": np.tanh,
    "sigmoid": lambda right: 1 / (1 + np.exp(-right)),
    "square": lambda right: right * right,
    "zero-below-diagonal": np.triu,
    "zero-above-diagonal": np.tril,
    "zero-on-diagonal": lambda right: right - np.triu(np.tril(right)),
    "zero-off-diagonal": lambda right: np.triu(np.tril(right)),
    "columns-reversed": lambda right: np.flip(right, -1),
    "rows-reversed": lambda right: np.flip(right, -2),
}

CLAIMS: dict[str, Claim] = {
    "altered": lambda p, own, right, values: ALTERED[p["how"]](right),
    "rows-mixed": _rows_mixed,
    "other-slope": _other_slope,
    "root-of-slope": _other_slope,
    "is-another": lambda p, own, right, values: values[p["other"]],
    "not-finite": lambda p, own, right, values: own,
    "zero": lambda p, own, right, values: 0 * own,
    "constant": lambda p, own, right, values: np.full_like(own, own.flat[0]),
    "ratio": lambda p, own, right, values: (1 + p["excess"]) * right,
    "divided-by-size": lambda p, own, right, values: right / _size(p, values),
    "times-size": lambda p, own, right, values: right * _size(p, values),
    "constant-added": lambda p, own, right, values: right + p["number"],
    "multiple-added": lambda p, own, right, values: (
        right + p["number"] * formula.evaluate(formula.parse(p["what"]), values)
    ),
    "added-to-slope": _slope_with,
    "no-sign": lambda p, own, right, values: np.abs(right),
    "rounded": lambda p, own, right, values: np.round(right, p["decimals"]),
    "coarse": lambda p, own, right, values: right.astype(p["precision"]).astype(float),
    "clipped": lambda p, own, right, values: np.clip(right, p["low"], p["high"]),
    "cut-off": lambda p, own, right, values: np.where(np.abs(right) <= p["below"], 0, right),
    "other-function": lambda p, own, right, values: own,
    "one-row": lambda p, own, right, values: own,
    "inside": lambda p, own, right, values: own,
    "place": _at_place,
    "other-part": _other_part,
    "right-elsewhere": lambda p, own, right, values: own,
}
"""The value of a cell by what is said of it, in the words of the test."""


def _size(p: Mapping[str, Any], values: Mapping[str, Any]) -> float:
    sizes = {"batch": values["x"].shape[1], "input": values["x"].shape[2], "hidden": values["h_p"].shape[2], "steps": 1}
    return sizes[p["size"]] ** (0.5 if p["is_root"] else 1)


def _holds(condition: Fact, evidence: Evidence) -> bool:
    """Whether a problem is of the kind to which a mistake was said to keep."""
    problem, p = evidence.reference.problem, condition.particulars
    batch, inputs, hidden, steps = problem.sizes
    sizes = {"batch": batch, "input": inputs, "hidden": hidden, "steps": steps}
    match condition.kind:
        case "any-of":
            return any(_holds(fact, evidence) for fact in p["facts"])
        case "batch-one" | "hidden-one" | "input-one" | "steps-one":
            return sizes[condition.kind.removesuffix("-one")] == 1
        case "single-precision":
            return problem.precision == "float32"
        case "second-use":
            return False
        case "input-not-hidden":
            return inputs != hidden
        case "input-is-hidden":
            return inputs == hidden
        case "state-not-zero" | "state-zero":
            return bool(evidence.reference.given["h_p"].any()) == (condition.kind == "state-not-zero")
        case "size-from":
            return bool(sizes[p["size"]] > p["right"])
        case "size-up-to":
            return bool(sizes[p["size"]] < p["right"])
        case "numbers-from":
            return bool(np.abs(evidence.reference.given[p["name"]]).max() > p["right"])
        case "numbers-up-to":
            return bool(np.abs(evidence.reference.given[p["name"]]).max() < p["right"])
    return True
