"""What `gru explain` says: an equation of the chapter, a known mistake in one, or a form of the GRU.

Pure functions to lines of text, made from the tables of the equations and of the mistakes. No
submission is involved.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np

from gru import mistakes, oracle
from gru.calculus import formula
from gru.layers.gru.equations import EQUATIONS, EXPOSED, Equation
from gru.layers.gru.forms import CHAPTER, CONVENTIONS, Convention
from gru.layers.gru.parameters import GATES
from gru.layers.gru.shapes import DIMENSIONS
from gru.mistakes import IDEAS, Mistake, catalogue, right_formula
from gru.problem import Problem, find
from gru.report.words import line, name_of, numbered, printable, spelled, title_of
from gru.submission.contract import REQUIRED

ORDER = f"the order is {spelled(', '.join(GATES))}"

Chain = tuple[tuple[str, str], ...]
"""Factors of one path from the loss to a quantity: what each is, and its value as a line of Python."""

_THROUGH_CANDIDATE = ("∂loss/∂z_h̃t, by (9)", "dzn")
_THROUGH_RESET = ("∂loss/∂z_rt, by (10)", "dzr")
_THROUGH_UPDATE = ("∂loss/∂z_zt, by (8)", "dzz")
_UPSTREAM = ("∂loss/∂h_t, given", "in_grad")

CHAINS: dict[int, tuple[Chain, ...]] = {
    8: ((_UPSTREAM, ("∂h_t/∂z_t, by (4)", "n - h_p"), ("∂z_t/∂z_zt, by (1)", "z * (1 - z)")),),
    9: ((_UPSTREAM, ("∂h_t/∂h̃_t, by (4)", "z"), ("∂h̃_t/∂z_h̃t, by (3)", "1 - n * n")),),
    10: (
        (
            _THROUGH_CANDIDATE,
            ("∂z_h̃t/∂(r_t ∘ h_{t-1}), by (7)", "wn.mT"),
            ("∂(r_t ∘ h_{t-1})/∂r_t", "h_p"),
            ("∂r_t/∂z_rt, by (2)", "r * (1 - r)"),
        ),
    ),
    11: ((("∂z_h̃t/∂W_h, by (7)", "(r * h_p).mT"), _THROUGH_CANDIDATE),),
    12: ((("∂z_h̃t/∂U_h, by (7)", "x.mT"), _THROUGH_CANDIDATE),),
    13: ((("∂z_rt/∂W_r, by (6)", "h_p.mT"), _THROUGH_RESET),),
    14: ((("∂z_rt/∂U_r, by (6)", "x.mT"), _THROUGH_RESET),),
    15: ((("∂z_zt/∂W_z, by (5)", "h_p.mT"), _THROUGH_UPDATE),),
    16: ((("∂z_zt/∂U_z, by (5)", "x.mT"), _THROUGH_UPDATE),),
    23: (
        (_UPSTREAM, ("∂h_t/∂h_{t-1}, by (4) itself", "1 - z")),
        (_THROUGH_CANDIDATE, ("∂z_h̃t/∂(r_t ∘ h_{t-1}), by (7)", "wn.mT"), ("∂(r_t ∘ h_{t-1})/∂h_{t-1}", "r")),
        (_THROUGH_RESET, ("∂z_rt/∂h_{t-1}, by (6)", "wr.mT")),
        (_THROUGH_UPDATE, ("∂z_zt/∂h_{t-1}, by (5)", "wz.mT")),
    ),
    24: (
        (_THROUGH_CANDIDATE, ("∂z_h̃t/∂x_t, by (7)", "un.mT")),
        (_THROUGH_RESET, ("∂z_rt/∂x_t, by (6)", "ur.mT")),
        (_THROUGH_UPDATE, ("∂z_zt/∂x_t, by (5)", "uz.mT")),
    ),
}
"""Where each derivative comes from: the factors along every path from the loss. At sizes 1 the
products, summed over the paths, are the equation itself."""

WORKED = ("0:0", "0:1", "0:3", "0:2", "0:6", "0:9")
"""The problems that a mistake is worked out on: at sizes 1, or at the next sizes at which it shows."""

NO_FORMULA = {
    "zero": "every number is zero: nothing is computed",
    "constant": "one number stands throughout: nothing is computed",
    "not-finite": "NaN or infinity arises here, from finite numbers: most often e to the power of a large number",
}
"""What a value may be that is no formula at all: the last part of an id of any equation."""


OF_OTHER_CHECKS = {
    "interface": f"every call goes through, and sets what is required: {', '.join(REQUIRED)}",
    "split": f"the cell takes W and U apart into three equal blocks of rows; {ORDER}",
    "merge": f"dW and dU are the gradients of the blocks stacked, shaped like W and U; {ORDER}",
    "training": "a network of the cells learns to subtract binary numbers; made at thorough effort only",
    "state": "a result depends on nothing but the arguments of the calls, and the calls leave those alone",
}
"""What the checks that are of no equation demand."""


def explained(topic: str) -> list[str]:
    """The lesson on a topic: `10`, `(10)`, `dzr`, `equation-10`, an id of a mistake or of a convention.

    Raises KeyError, with the nearest names as its argument, for any other text.
    """
    for named in (_equation_named, _mistake_named, _other_check_named, _no_formula_named, _convention_named):
        lines = named(topic)
        if lines:
            return lines
    raise KeyError(get_close_matches(topic, topics(), n=3, cutoff=0.4))


@cache
def topics() -> tuple[str, ...]:
    """Everything that can be explained, by its id."""
    of_equations = (id for e in EQUATIONS.values() for id in (e.id, *(m.id for m in catalogue(e.number))))
    no_formulas = (f"{e.id}/{slug}" for e in EXPOSED for slug in NO_FORMULA)
    of_others = (*OF_OTHER_CHECKS, *_orders(), *(f"state/{slug}" for slug in mistakes.OF_STATE))
    return (*of_equations, *no_formulas, *of_others, *(f"convention/{id}" for id in CONVENTIONS))


def _equation_named(topic: str) -> list[str]:
    names = {name: e for e in EQUATIONS.values() for name in (str(e.number), f"({e.number})", e.id, e.name)}
    return equation_explained(names[topic]) if topic in names else []


def _mistake_named(topic: str) -> list[str]:
    try:
        return mistake_explained(mistakes.find(topic))
    except KeyError:
        return []


def _other_check_named(topic: str) -> list[str]:
    """A check of no equation with the mistakes it finds, or one of these."""
    check, _, slug = topic.partition("/")
    if topic in OF_OTHER_CHECKS:
        ids = [id for id in topics() if id.startswith(f"{topic}/")]
        return [f"{topic}: {OF_OTHER_CHECKS[topic]}", *(line("mistake", id) for id in ids)]
    if topic in _orders():
        return [f"{topic}: the blocks are in the order {_orders()[topic]}", line("right", ORDER)]
    if check == "state" and slug in mistakes.OF_STATE:
        found, right = mistakes.OF_STATE[slug]
        return [f"{topic}: found where the report says {found!r}", line("right", right)]
    return []


def _orders() -> dict[str, str]:
    """The wrong orders of the gates' blocks in `split` and `merge`, by their ids."""
    wrong = (order for order in permutations(GATES) if order != GATES)
    return {f"{check}/order-{'-'.join(o)}": spelled(", ".join(o)) for o in wrong for check in ("split", "merge")}


def _no_formula_named(topic: str) -> list[str]:
    check, _, slug = topic.partition("/")
    equation = next((e for e in EXPOSED if e.id == check), None)
    if equation is None or slug not in NO_FORMULA:
        return []
    return [f"{topic}: {NO_FORMULA[slug]}", line("right", spelled(right_formula(equation)))]


def _convention_named(topic: str) -> list[str]:
    form = CONVENTIONS.get(topic.removeprefix("convention/"))
    return convention_explained(form) if form else []


# An equation


def equation_explained(equation: Equation) -> list[str]:
    """An equation: formula, shapes, where it comes from, what depends on it, and the mistakes in it."""
    number = equation.number
    lines = [
        title_of(equation),
        line("quantity", f"{equation.symbol}, {equation.quantity}, shape {_shape(equation.name)}"),
        line("formula", _formula(equation)),
        line("shapes", ", ".join(f"{spelled(name)} {_shape(name)}" for name in equation.inputs)),
        *_comes_from(number),
        line("depends", _dependents(equation)),
    ]
    if number in IDEAS:
        lines.insert(4, line("idea", IDEAS[number]))
    return lines + _mistakes_in(equation)


def _mistakes_in(equation: Equation) -> list[str]:
    """The catalogue of an equation, the common mistakes first."""
    known = catalogue(equation.number)
    if not known:
        return []
    width = max(len(mistake.id) for mistake in known)
    lines = (printable(f"  {mistake.id:<{width}}  {spelled(mistake.text)}") for mistake in known)
    return ["", "mistakes people make; gru explain ID works one out", *lines]


def _formula(equation: Equation) -> str:
    if equation.is_sum:
        return f"{name_of(equation)} = Σ_t {equation.inputs[0]}, over the steps t"
    return spelled(right_formula(equation))


def _shape(name: str) -> str:
    return f"({', '.join(DIMENSIONS[name])})"


def _comes_from(number: int) -> list[str]:
    """The chain of factors, one a line; a heading for each path where there are several."""
    chains = CHAINS.get(number, ())
    lines = []
    for place, chain in enumerate(chains, 1):
        label = f"path {place}" if len(chains) > 1 else "comes from"
        for symbol, value in chain:
            lines.append(line(label, f"{symbol:<32} {spelled(formula.text(formula.parse(value)))}"))
            label = ""
    if EQUATIONS[number].is_sum:
        inner = EQUATIONS[number].inputs[0]
        lines.append(line("comes from", f"one matrix is used at every step: the sum of {inner} over the steps"))
    return lines


def _dependents(equation: Equation) -> str:
    """The equations that are made of this quantity at once, and those that are reached through them."""
    near = [e.number for e in EQUATIONS.values() if equation.name in e.inputs]
    reached, far = {equation.name, *(EQUATIONS[n].name for n in near)}, []
    for other in EXPOSED:
        if other.number not in near and reached.intersection(other.inputs):
            reached.add(other.name)
            far.append(other.number)
    if not near:
        return "nothing in the cell: it is a result"
    return f"{numbered(near)} are made of it" + (f", and through them {numbered(far)}" if far else "")


# A mistake


def mistake_explained(mistake: Mistake) -> list[str]:
    """A mistake of the catalogue: what is wrong, both formulas, and a worked number."""
    return [
        f"{mistake.id}: {spelled(mistake.text)}",
        line("wrong", spelled(mistake.wrong_formula)),
        line("right", spelled(mistake.formula)),
        line("because", mistake.idea),
        *_worked(mistake),
    ]


def _worked(mistake: Mistake) -> list[str]:
    """The smallest sizes at which the mistake shows: the quantities, and both formulas with their numbers."""
    for id in WORKED:
        problem = find(id)
        values = values_of(problem)
        right = mistake.equation(values)
        wrong = _value(mistake, values, right.shape)
        if wrong is not None and not np.allclose(wrong, right):
            return _with_numbers(mistake, problem, values, wrong, right)
    return []


def _value(mistake: Mistake, values: Mapping[str, Any], shape: tuple[int, ...]) -> Any:
    """What the wrong formula gives; None at sizes at which its products do not fit together."""
    try:
        return np.broadcast_to(formula.evaluate(mistake.expression, values), shape)
    except ValueError:
        return None


def values_of(problem: Problem) -> dict[str, Any]:
    """Every quantity of the first step of a problem by name, (1)–(16), (23), (24) by the chapter."""
    values: dict[str, Any] = {"batch": problem.sizes.batch, "in_grad": problem.upstream[0]}
    values |= {"x": problem.x[0], "h_p": problem.h_0} | oracle.blocks(problem, CHAPTER)
    order = (5, 6, 1, 2, 7, 3, 4, *range(8, 17), 23, 24)
    for number in order:
        values[EQUATIONS[number].name] = EQUATIONS[number](values)
    return values


def _with_numbers(mistake: Mistake, problem: Problem, values: Mapping[str, Any], wrong: Any, right: Any) -> list[str]:
    names = list(dict.fromkeys([*mistake.equation.inputs, *formula.names(mistake.expression)]))
    worked = "" if max(problem.sizes) == 1 else ", as it does not show at sizes 1"
    given = ", ".join(f"{spelled(name)} = {_number(values[name])}" for name in names if name != "batch")
    lines = [line("worked", f"{problem.sizes}{worked} (problem {problem.id})"), line("with", given)]
    for label, tree, value in (("wrong", mistake.expression, wrong), ("right", mistake.equation.expression, right)):
        substituted = f" = {_substituted(tree, values)}" if max(problem.sizes) == 1 else ""
        lines.append(line(label, f"{spelled(mistake.equation.name)}{substituted} = {_number(value)}"))
    return lines


def _number(value: Any) -> str:
    """A matrix with four digits an entry; without brackets if it is 1 by 1."""
    rows = [[f"{float(entry):.4g}" for entry in row] for row in value]
    return rows[0][0] if len(rows) == len(rows[0]) == 1 else str(rows).replace("'", "")


def _substituted(tree: Any, values: Mapping[str, Any]) -> str:
    """The formula with its numbers, all of them 1 by 1: so every product is an ordinary one."""

    def number(name: re.Match[str]) -> str:
        if name[0] not in values:
            return name[0]
        text = _number(values[name[0]]) if name[0] != "batch" else str(values["batch"])
        return f"({text})" if text.startswith("-") else text

    return re.sub(r"[A-Za-z_]\w*", number, formula.text(tree).replace(".T", "").replace("@", "*"))


# A form of the GRU


def convention_explained(form: Convention) -> list[str]:
    """A form of the GRU: the sentence on it, and its equations where they are not the chapter's."""
    differing = [n for n, e in form.equations.items() if right_formula(e) != right_formula(EQUATIONS[n])]
    lines = [line(f"({n})", spelled(right_formula(form.equations[n]))) for n in differing]
    return [printable(f"{form.id}: {form.text}"), *lines, line("ask for it", f"gru check --convention {form.id}")]
