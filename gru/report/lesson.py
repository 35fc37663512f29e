"""What `gru explain` says: an equation of a layer, a known mistake in one, or a form of it.

Pure functions to lines of text, made from the tables of the equations and of the mistakes. No
submission is involved.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np

from gru import mistakes, oracle
from gru.calculus import formula
from gru.layer import Equation, Form
from gru.layers.gru.forms import CHAPTER
from gru.mistakes import Mistake, catalogue
from gru.problem import Problem, find
from gru.report.kinds import KINDS, Words
from gru.report.words import line, listed, printable, title_of

WORKED = ("0:0", "0:1", "0:3", "0:2", "0:6", "0:9")
"""The problems that a mistake is worked out on: at sizes 1, or at the next sizes at which it shows."""


def _of_other_checks(form: Form) -> dict[str, str]:
    """What the checks that are of no equation demand."""
    required, order = ", ".join(form.required), _order(form)
    whole, gradients = (" and ".join(names) for names in ([s.name for s in form.stacks], form.stacked_gradients))
    return {
        "interface": f"every call goes through, and sets what is required: {required}",
        "split": f"the cell takes {whole} apart into {_many(form)} equal blocks of rows; {order}",
        "merge": f"{gradients} are the gradients of the blocks stacked, shaped like {whole}; {order}",
        "training": "a network of the cells learns to subtract binary numbers; made at thorough effort only",
        "state": "a result depends on nothing but the arguments of the calls, and the calls leave those alone",
    }


def _many(form: Form) -> str:
    return {2: "two", 3: "three", 4: "four"}.get(len(form.layer.gates), str(len(form.layer.gates)))


def _order(form: Form) -> str:
    return f"the order is {form.spelled(', '.join(form.layer.gates))}"


def explained(topic: str, form: Form = CHAPTER) -> list[str]:
    """The lesson on a topic: `10`, `(10)`, `dzr`, `equation-10`, an id of a mistake or of a convention.

    `form` is the layer in the form that is taught. Raises KeyError, with the nearest names as its argument, for
    any other text.
    """
    for named in (_equation_named, _mistake_named, _other_check_named, _kind_named, _convention_named):
        lines = named(topic, form)
        if lines:
            return lines
    raise KeyError(get_close_matches(topic, topics(form), n=3, cutoff=0.4))


@cache
def topics(form: Form = CHAPTER) -> tuple[str, ...]:
    """Everything that can be explained, by its id."""
    of_equations = (id for e in form.named.values() for id in (e.id, *(m.id for m in catalogue(e.key, form))))
    of_kinds = (f"{check}/{kind}" for kind, words in _kinds().items() for check in _checks_of(words.of, form))
    of_others = (*_of_other_checks(form), *_orders(form), *of_kinds)
    return (*of_equations, *of_others, *(f"convention/{id}" for id in form.layer.forms))


def _equation_named(topic: str, form: Form) -> list[str]:
    for equation in form.named.values():
        if topic in equation.names:
            return equation_explained(equation, form)
    return []


def _mistake_named(topic: str, form: Form) -> list[str]:
    try:
        return mistake_explained(mistakes.find(topic, form), form)
    except KeyError:
        return []


def _other_check_named(topic: str, form: Form) -> list[str]:
    """A check of no equation with the mistakes it finds, or one of these."""
    if topic in _of_other_checks(form):
        ids = [id for id in topics(form) if id.startswith(f"{topic}/")]
        return [f"{topic}: {_of_other_checks(form)[topic]}", *(line("mistake", id) for id in ids)]
    if topic in _orders(form):
        return [f"{topic}: the blocks are in the order {_orders(form)[topic]}", line("right", _order(form))]
    return []


def _kind_named(topic: str, form: Form) -> list[str]:
    """What a check finds that is no formula of the catalogue: `state/shared`, `equation-10/zero`."""
    check, _, kind = topic.rpartition("/")
    words = _kinds().get(kind)
    if words is None or check not in _checks_of(words.of, form):
        return []
    equation = next((equation for equation in form.exposed if equation.id == check), None)
    right = words.right or (form.spelled(equation.formula) if equation else "")
    return [f"{topic}: {words.explained}", *([line("right", right)] if right else [])]


def _kinds() -> dict[str, Words]:
    """The kinds of facts that are explained."""
    return {kind: words for kind, words in KINDS.items() if words.explained}


def _checks_of(of: str, form: Form) -> list[str]:
    """The checks that find a kind of fact."""
    return [equation.id for equation in form.exposed] if of == "equation" else [of]


def _orders(form: Form) -> dict[str, str]:
    """The wrong orders of the gates' blocks in `split` and `merge`, by their ids."""
    gates = tuple(form.layer.gates)
    wrong = (order for order in permutations(gates) if order != gates)
    return {f"{check}/order-{'-'.join(o)}": form.spelled(", ".join(o)) for o in wrong for check in ("split", "merge")}


def _convention_named(topic: str, form: Form) -> list[str]:
    other = form.layer.forms.get(topic.removeprefix("convention/"))
    return convention_explained(other) if other else []


# An equation


def equation_explained(equation: Equation, form: Form) -> list[str]:
    """An equation: formula, shapes, where it comes from, what depends on it, and the mistakes in it."""
    shapes = (f"{form.spelled(name)} {_shape(form.dimensions[name])}" for name in equation.inputs)
    lines = [
        title_of(equation),
        line("quantity", f"{equation.symbol}, {equation.quantity}, shape {_shape(equation.dimensions)}"),
        line("formula", _formula(equation, form)),
        line("shapes", ", ".join(shapes)),
        *([line("idea", equation.idea)] if equation.idea else []),
        *_comes_from(equation, form),
        line("depends", _dependents(equation, form)),
    ]
    return lines + _mistakes_in(equation, form)


def _mistakes_in(equation: Equation, form: Form) -> list[str]:
    """The catalogue of an equation, the common mistakes first."""
    known = catalogue(equation.key, form)
    if not known:
        return []
    width = max(len(mistake.id) for mistake in known)
    lines = (printable(f"  {mistake.id:<{width}}  {form.spelled(mistake.text)}") for mistake in known)
    return ["", "mistakes people make; gru explain ID works one out", *lines]


def _formula(equation: Equation, form: Form) -> str:
    if equation.is_sum:
        return f"{equation.title} = Σ_t {equation.inputs[0]}, over the steps t"
    return form.spelled(equation.formula)


def _shape(dimensions: Sequence[str]) -> str:
    return f"({', '.join(dimensions)})"


def _comes_from(equation: Equation, form: Form) -> list[str]:
    """The chain of factors, one a line; a heading for each path where there are several."""
    chains = form.layer.paths.get(equation.name, ()) if form is form.layer.form else ()
    lines = []
    for place, chain in enumerate(chains, 1):
        label = f"path {place}" if len(chains) > 1 else "comes from"
        for symbol, value in chain:
            lines.append(line(label, f"{symbol:<32} {form.spelled(formula.text(formula.parse(value)))}"))
            label = ""
    if equation.is_sum:
        inner = equation.inputs[0]
        lines.append(line("comes from", f"one matrix is used at every step: the sum of {inner} over the steps"))
    return lines


def _dependents(equation: Equation, form: Form) -> str:
    """The equations that are made of this quantity at once, and those that are reached through them."""
    near = form.made_at_once(equation.name)
    made = form.made_of(form.activation_of(equation.name) or equation.name)
    far = [other for other in form.exposed if other.name in made and other not in near and other is not equation]
    if not near:
        return "nothing in the cell: it is a result"
    verb, them = ("is", "it") if len(near) == 1 else ("are", "them")
    return f"{listed(near)} {verb} made of it" + (f", and through {them} {listed(far)}" if far else "")


# A mistake


def mistake_explained(mistake: Mistake, form: Form) -> list[str]:
    """A mistake of the catalogue: what is wrong, both formulas, and a worked number."""
    return [
        f"{mistake.id}: {form.spelled(mistake.text)}",
        line("wrong", form.spelled(mistake.wrong_formula)),
        line("right", form.spelled(mistake.formula)),
        *([line("because", mistake.idea)] if mistake.idea else []),
        *_worked(mistake, form),
    ]


def _worked(mistake: Mistake, form: Form) -> list[str]:
    """The smallest sizes at which the mistake shows: the quantities, and both formulas with their numbers."""
    for id in WORKED:
        problem = find(id, form)
        values = values_of(problem, form)
        right = mistake.equation(values)
        wrong = _value(mistake, values, right.shape)
        if wrong is not None and not np.allclose(wrong, right):
            return _with_numbers(mistake, problem, values, wrong, right, form)
    return []


def _value(mistake: Mistake, values: Mapping[str, Any], shape: tuple[int, ...]) -> Any:
    """What the wrong formula gives; None at sizes at which its products do not fit together."""
    try:
        return np.broadcast_to(formula.evaluate(mistake.expression, values), shape)
    except ValueError:
        return None


def values_of(problem: Problem, form: Form = CHAPTER) -> dict[str, Any]:
    """Every quantity of the first step of a problem by name, but for the sums over the steps.

    What comes from above is the problem's own; what comes to another state from the next step is drawn beside it.
    """
    values: dict[str, Any] = {"batch": problem.sizes.batch, form.layer.input: problem.x[0]}
    for place, (carried, state) in enumerate(zip(form.layer.carried, problem.initial, strict=True)):
        above = problem.upstream[0] if place == 0 else np.flip(problem.upstream[0]) / 2
        values |= {carried.previous: state, carried.upstream: above}
    values |= oracle.blocks(problem, form)
    for equation in (*form.forward, *form.backward):
        values[equation.name] = equation(values)
    return values


def _with_numbers(
    mistake: Mistake, problem: Problem, values: Mapping[str, Any], wrong: Any, right: Any, form: Form
) -> list[str]:
    names = list(dict.fromkeys([*mistake.equation.inputs, *formula.names(mistake.expression)]))
    worked = "" if max(problem.sizes) == 1 else ", as it does not show at sizes 1"
    given = ", ".join(f"{form.spelled(name)} = {_number(values[name])}" for name in names if name != "batch")
    lines = [line("worked", f"{problem.sizes}{worked} (problem {problem.id})"), line("with", given)]
    for label, tree, value in (("wrong", mistake.expression, wrong), ("right", mistake.equation.expression, right)):
        substituted = f" = {_substituted(tree, values)}" if max(problem.sizes) == 1 else ""
        lines.append(line(label, f"{form.spelled(mistake.equation.name)}{substituted} = {_number(value)}"))
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


# A form of a layer


def convention_explained(form: Form) -> list[str]:
    """A form of a layer: the sentence on it, and its equations where they are not the layer's own."""
    own = form.layer.form.named
    differing = [e for e in form.named.values() if e.name not in own or e.formula != own[e.name].formula]
    lines = [line(equation.short, form.spelled(equation.formula)) for equation in differing]
    return [printable(f"{form.id}: {form.text}"), *lines, line("ask for it", f"gru check --convention {form.id}")]
