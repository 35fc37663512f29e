"""The catalogue and the diagnosis, on planted mistakes: each one recognised, none where there is none.

`pytest` takes a part of them, spread over all equations, `pytest -m full` all at quick effort, which takes a third of
the time, and `tox -e soak` all at normal effort.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from gru import mistakes
from gru.calculus import formula
from gru.examiner import Examination, examine
from gru.layers.gru.equations import EQUATIONS
from gru.layers.gru.forms import CHAPTER
from gru.mistakes import Mistake, catalogue
from gru.problem import Effort
from gru.submission.trusted import TrustedCells
from tests.effort import of_this_run
from tests.examiner.planted import Formula, Learner, hiding, plant
from tests.forms import FORMS

WRITTEN = (1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 23, 24)
"""The equations that a submission writes down."""

FORWARD_EQUATIONS = (1, 2, 3, 4)
"""Those of the forward pass, to which nothing is known of δ."""

COMPUTED = {equation.name: equation for equation in EQUATIONS.values() if not equation.is_sum}

ALL = [mistake for number in WRITTEN for mistake in catalogue(number)]


def planted_formula(tree: ast.expr) -> Formula:
    """The formula as a cell computes it: what it needs and has not got yet is computed first, by the right formulas."""

    def compute(cell: Learner, at: Mapping[str, Any]) -> Any:
        values = {**at, "batch": len(cell.x)}

        def provide(name: str) -> None:
            if name not in values and name in COMPUTED:
                for needed in COMPUTED[name].inputs:
                    provide(needed)
                values[name] = COMPUTED[name](values)

        for name in formula.names(tree):
            provide(name)
        return formula.evaluate(tree, values)

    return compute


def examined(formulas: Mapping[int, ast.expr], effort: Effort = "normal") -> Examination:
    """The examination of a cell that is right but for these formulas, by the number of the equation."""
    planted = {EQUATIONS[number].name: planted_formula(tree) for number, tree in formulas.items()}
    return examine(TrustedCells(plant("planted", planted).cell), effort=effort)


def wrong_equations(examination: Examination) -> set[int]:
    return {o.equation for o in examination.outcomes if o.status == "wrong" and o.equation is not None}


def ids(examination: Examination, number: int) -> tuple[str, ...]:
    mistake = examination.outcome(f"equation-{number}").mistake
    return mistake.ids if mistake else ()


def check_recognised(mistake: Mistake, effort: Effort) -> None:
    """The mistake's equation is wrong and no other, and the mistake is named by its id."""
    examination = examined({mistake.equation.number: mistake.expression}, effort)
    assert wrong_equations(examination) == {mistake.equation.number}
    assert mistake.id in ids(examination, mistake.equation.number)


@pytest.mark.one_in(120)
@pytest.mark.parametrize("mistake", ALL[::64], ids=lambda mistake: mistake.id)
def test_a_mistake_of_the_catalogue_is_recognised(mistake: Mistake) -> None:
    check_recognised(mistake, of_this_run())


@pytest.mark.full
@pytest.mark.parametrize("mistake", ALL, ids=lambda mistake: mistake.id)
def test_every_mistake_of_the_catalogue_is_recognised_by_few_problems(mistake: Mistake) -> None:
    check_recognised(mistake, "quick")


@pytest.mark.soak
@pytest.mark.parametrize("equation", WRITTEN)
def test_every_mistake_of_the_catalogue_is_recognised(equation: int) -> None:
    for mistake in catalogue(equation):
        check_recognised(mistake, "normal")


# Two mistakes in two equations


UNDOING = (("doubled", "halved"), ("halved", "doubled"), ("negated", "negated"))
"""Two mistakes of which the second makes the value right again: there is one to be found."""


def pairs(spread: int) -> Iterator[tuple[Mistake, Mistake]]:
    """Mistakes of two equations, of every two in turn: others for every spread."""
    for position, (first, second) in enumerate(combinations(WRITTEN, 2)):
        # What needs the other's result needs it computed first, with the other mistake in it.
        later = CHAPTER.made_of(EQUATIONS[second].name)
        one = [m for m in catalogue(first) if not later.intersection(formula.names(m.expression))]
        other = catalogue(second)
        pair = one[(7 * position + spread) % len(one)], other[(11 * position + 3 * spread) % len(other)]
        if tuple(mistake.id.partition("/")[2] for mistake in pair) not in UNDOING:
            yield pair


def check_both_recognised(first: Mistake, second: Mistake, effort: Effort) -> None:
    """Both equations are wrong and no third, and each mistake is named by its id."""
    numbers = first.equation.number, second.equation.number
    examination = examined({numbers[0]: first.expression, numbers[1]: second.expression}, effort)
    assert wrong_equations(examination) == set(numbers)
    assert first.id in ids(examination, numbers[0])
    assert second.id in ids(examination, numbers[1])


@pytest.mark.one_in(120)
@pytest.mark.parametrize(("first", "second"), list(pairs(0)), ids=lambda mistake: mistake.id)
def test_two_mistakes_are_both_recognised_by_few_problems(first: Mistake, second: Mistake) -> None:
    check_both_recognised(first, second, "quick")


@pytest.mark.soak
@pytest.mark.parametrize("spread", range(10))
def test_mistakes_in_every_two_equations_are_both_recognised(spread: int) -> None:
    for first, second in pairs(spread):
        check_both_recognised(first, second, "normal")


@pytest.mark.full
def test_two_mistakes_in_one_equation_are_recognised() -> None:
    tree = formula.parse("in_grad * z + (dzn @ wn.mT) * r + dzr @ wr.mT - dzz @ wz.mT")
    examination = examined({23: tree})
    assert wrong_equations(examination) == {23}
    assert len(ids(examination, 23)) == 2


# Mistakes in what is not shown

INTERMEDIATE = tuple(name for name in (*CHAPTER.shown_forward, *CHAPTER.shown_backward) if name not in CHAPTER.required)

REQUIRED_ALONE = hiding(*INTERMEDIATE)
"""A cell that shows h, dW, dU, dh and dx, and nothing else."""


@pytest.mark.one_in(30)
@pytest.mark.parametrize("mistake", ALL[::17], ids=lambda mistake: mistake.id)
def test_a_mistake_is_recognised_from_the_required_attributes_alone(mistake: Mistake) -> None:
    """All that is made of it inherits, shown or not; nothing else is wrong."""
    formulas = {mistake.equation.name: planted_formula(mistake.expression)}
    examination = examine(TrustedCells(plant("", formulas, base=REQUIRED_ALONE).cell), effort=of_this_run())
    if examination.outcome("interface").status == "wrong":
        pytest.skip("shapes do not go together: the cell does not run")
    assert wrong_equations(examination) == {mistake.equation.number}
    assert mistake.id in ids(examination, mistake.equation.number)


@pytest.mark.parametrize(
    "id", ["equation-3/transposed-un", "equation-12/untransposed-x", "equation-24/untransposed-un"]
)
def test_a_formula_that_raises_where_sizes_differ_is_one_mistake(id: str) -> None:
    mistake = mistakes.find(id)
    planted = plant(id, {mistake.equation.name: planted_formula(mistake.expression)})
    examination = examine(TrustedCells(planted.cell), effort="quick")
    assert [o.check for o in examination.outcomes if o.status == "wrong"] == [mistake.equation.id]
    assert examination.outcome("interface").status == "inherited"


@pytest.mark.full
def test_two_mistakes_in_what_is_not_shown_are_both_found() -> None:
    formulas = {
        mistake.equation.name: planted_formula(mistake.expression)
        for mistake in (mistakes.find("equation-9/delta-twice"), mistakes.find("equation-10/no-h-prev"))
    }
    examination = examine(TrustedCells(plant("", formulas, base=REQUIRED_ALONE).cell), effort=of_this_run())
    assert examination.verdict == "wrong"
    # δ twice is not linear in δ: that is the doing of (9), and no second charge of the check `state`.
    assert [o.check for o in examination.outcomes if o.status == "wrong"] == ["equation-9", "equation-10"]


# Mistakes that nobody wrote down

NAMES = ("z", "r", "n", "h_p", "in_grad", "dzz", "dzr", "dzn", "wz", "wr", "wn", "uz", "ur", "un", "x")


def edited(tree: ast.expr, random: np.random.Generator) -> ast.expr:
    """The formula with one part dropped, swapped, doubled, negated or replaced by another quantity."""
    changes = list(formula.rewritten(tree, lambda node: edits(node)))
    return changes[random.integers(len(changes))]


def edits(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left, operator, right):
            yield from (left, right, ast.BinOp(right, operator, left))
            for other in (ast.Add(), ast.Sub(), ast.Mult(), ast.MatMult()):
                if type(other) is not type(operator):
                    yield ast.BinOp(left, other, right)
        case ast.Name(name) if name in NAMES:
            yield from (ast.Name(other, ast.Load()) for other in NAMES if other != name)
            yield ast.UnaryOp(ast.USub(), node)
            yield ast.BinOp(node, ast.Mult(), node)
        case ast.Constant(value):
            yield from (ast.Constant(value + 1), ast.Constant(-value))


def random_edits(count: int) -> list[tuple[int, ast.expr]]:
    """Formulas that nobody wrote down, made by one to three edits.

    Each has a value of the right shape, at sizes that differ, that is neither the right one, nor that of a mistake of
    the catalogue, nor that of another of these formulas.
    """
    random = np.random.default_rng(0)
    values = sample_values()
    taken = {number: [EQUATIONS[number](values), *values_of_the_catalogue(number, values)] for number in WRITTEN}
    found: list[tuple[int, ast.expr]] = []
    while len(found) < count:
        number = int(random.choice(WRITTEN))
        tree = EQUATIONS[number].expression
        for _ in range(random.integers(1, 4)):
            tree = edited(tree, random)
        names = formula.names(tree)
        needs_delta = number in FORWARD_EQUATIONS and CHAPTER.made_of("in_grad").intersection(names)
        if needs_delta or CHAPTER.made_of(EQUATIONS[number].name).intersection(names):
            continue
        value = value_of(tree, values)
        right = taken[number][0]
        if value is None or value.shape != right.shape or any(is_close(value, other) for other in taken[number]):
            continue
        taken[number].append(value)
        found.append((number, tree))
    return found


def values_of_the_catalogue(number: int, values: dict[str, Any]) -> list[Any]:
    """What the mistakes of the catalogue give, in every form of a GRU that has this equation."""
    trees = (m.expression for convention in FORMS.values() for m in catalogue(number, convention))
    return [value for tree in trees if (value := value_of(tree, values)) is not None]


def value_of(tree: ast.expr, values: dict[str, Any]) -> Any:
    """The value of a formula; None where the shapes do not go together or a name is missing."""
    try:
        return np.asarray(formula.evaluate(tree, values))
    except (ValueError, NameError):
        return None


def is_close(value: Any, other: Any) -> bool:
    """Whether two values are one, for all that the sample tells."""
    return value.shape == other.shape and np.abs(value - other).max() <= 1e-6 * np.abs(other).max()


def sample_values() -> dict[str, Any]:
    """All that a right cell has on one step with sizes that differ, by the chapter's equations."""
    from gru.examiner.judging.reference import Reference
    from gru.problem import find

    reference = Reference(find("2,3,4,1/ordinary/float64/0"))
    values = {name: value[0] if value.ndim == 3 else value for name, value in reference.given.items()}
    for number in sorted(set(WRITTEN) - {1, 2, 3, 4}):
        values.setdefault(EQUATIONS[number].name, None)
    for number in (1, 2, 3, 4, *WRITTEN[4:]):
        values[EQUATIONS[number].name] = EQUATIONS[number](values)
    return values


def check_found(number: int, tree: ast.expr) -> bool:
    """The verdict is `wrong`, on exactly the edited equation; whether the mistake was also named."""
    examination = examined({number: tree})
    assert examination.verdict == "wrong"
    assert wrong_equations(examination) == {number}, formula.text(tree)
    return bool(ids(examination, number))


@pytest.fixture(scope="module")
def some_edits() -> list[tuple[int, ast.expr]]:
    return random_edits(40)


@pytest.mark.full
@pytest.mark.parametrize("position", range(40))
def test_a_random_edit_is_found_where_it_is(position: int, some_edits: list[tuple[int, ast.expr]]) -> None:
    check_found(*some_edits[position])


@pytest.mark.soak
def test_two_thousand_random_edits_are_found_where_they_are(request: pytest.FixtureRequest) -> None:
    named = [check_found(number, tree) for number, tree in random_edits(2000)]
    request.node.user_properties.append(("named", sum(named)))
    assert len(named) == 2000


# No mistake


@pytest.mark.full
@pytest.mark.parametrize("convention", FORMS.values(), ids=lambda convention: convention.id)
def test_a_cell_of_a_known_convention_has_one_departure_and_no_mistake(convention: Any) -> None:
    formulas = {number: equation.expression for number, equation in convention.equations.items() if number in WRITTEN}
    if convention.order != ("z", "r", "n"):
        pytest.skip("the order of the gates is no formula; tests/test_planted.py has it")
    examination = examined(formulas)
    named = {outcome.check for outcome in examination.outcomes if outcome.mistake}
    assert named == {check for check in convention.departs if check.startswith("equation")}
    assert examination.form.id == convention.id


# The catalogue itself


def test_there_are_hundreds_of_mistakes_and_each_has_words() -> None:
    assert len(ALL) > 300
    for mistake in ALL:
        assert re.fullmatch(r"equation-\d+/[\w-]+", mistake.id)
        assert mistake.text
        assert mistake.idea
        assert mistake.kind in mistakes.HINTS


def test_ids_find_their_mistakes() -> None:
    assert all(mistakes.find(mistake.id) is mistake for mistake in ALL)
    with pytest.raises(KeyError):
        mistakes.find("equation-10/no-such-mistake")
