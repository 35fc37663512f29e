"""Formulas as data: printed as a reader writes them, evaluated, changed in one place."""

import ast

import numpy as np
import pytest

from gru.calculus import formula
from gru.layers.gru.equations import EQUATIONS

WRITTEN = {
    1: "sigmoid(h_p @ wz + x @ uz)",
    3: "tanh((r * h_p) @ wn + x @ un)",
    4: "(1 - z) * h_p + z * n",
    8: "in_grad * (n - h_p) * z * (1 - z)",
    9: "in_grad * z * (1 - n * n)",
    10: "(dzn @ wn.T) * h_p * r * (1 - r)",
    11: "(r * h_p).T @ dzn",
    23: "in_grad * (1 - z) + (dzn @ wn.T) * r + dzr @ wr.T + dzz @ wz.T",
}


@pytest.mark.parametrize("number", WRITTEN)
def test_a_formula_is_printed_as_it_is_written(number: int) -> None:
    assert formula.text(EQUATIONS[number].expression) == WRITTEN[number]


@pytest.mark.parametrize("line", [*WRITTEN.values(), "a - (b - c)", "-a * b", "a - -b", "(-a) @ b", "a @ (b * c)"])
def test_what_is_printed_is_the_same_formula_when_it_is_read(line: str) -> None:
    """Read again, it computes the same, whatever brackets were put."""
    random = np.random.default_rng(0)
    tree = formula.parse(line.replace("tanh", "np.tanh"))
    again = formula.parse(formula.text(tree).replace("tanh", "np.tanh"))
    values = {name: random.normal(size=(3, 3)) for name in formula.names(tree)}
    np.testing.assert_array_equal(formula.evaluate(again, values), formula.evaluate(tree, values))


@pytest.mark.parametrize(
    ("number", "names"),
    [
        (1, ["h_p", "wz", "x", "uz"]),
        (3, ["r", "h_p", "wn", "x", "un"]),
        (8, ["in_grad", "n", "h_p", "z"]),
        (23, ["in_grad", "z", "dzn", "wn", "r", "dzr", "wr", "dzz", "wz"]),
    ],
)
def test_names_come_in_the_order_in_which_they_occur_and_once(number: int, names: list[str]) -> None:
    """Quantities alone: neither `sigmoid` nor `np`."""
    assert formula.names(EQUATIONS[number].expression) == names


def test_evaluation_reaches_nothing_but_the_values() -> None:
    with pytest.raises(NameError, match="open"):
        formula.evaluate(formula.parse("open"), {})


def test_overflow_is_silent() -> None:
    assert np.isinf(formula.evaluate(formula.parse("a * a"), {"a": np.array(1e300)}))


@pytest.mark.parametrize(
    ("line", "without"),
    [
        ("a * b", {"a", "b"}),
        ("a + b", {"a", "b"}),
        ("a - b", {"a", "-b"}),
        ("a @ b", {"ones_like(a) @ b", "a @ ones_like(b)"}),
        ("a * (1 - b)", {"a", "1 - b", "a * 1", "a * (-b)"}),
    ],
)
def test_omissions_leave_out_each_factor_and_term(line: str, without: set[str]) -> None:
    assert {_line(tree) for tree in formula.omissions(formula.parse(line))} == without


def _line(tree: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)).replace("np.", "") if _calls(tree) else formula.text(tree)


def _calls(tree: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(tree))


@pytest.mark.parametrize("number", [n for n in range(1, 25) if n not in range(17, 23)])
def test_every_omission_shows_on_telling_values(number: int) -> None:
    """No formula has a factor or term that could be left out unseen: `inherited` rests on this."""
    equation = EQUATIONS[number]
    random = np.random.default_rng(0)
    # Square blocks, so that every variant has a shape; entries in (0, 1), as gates have.
    values = {name: random.uniform(0.1, 0.9, size=(3, 3)) for name in equation.inputs}
    variants = formula.omissions(equation.expression)
    assert variants
    for variant in variants:
        assert not np.allclose(formula.evaluate(variant, values), equation(values)), formula.text(equation.expression)


def test_substituted_replaces_one_part() -> None:
    tree = formula.substituted(formula.parse("a * b + c"), "a * b", "b - a")
    assert formula.text(tree) == "b - a + c"


@pytest.mark.parametrize(("old", "times"), [("d", 0), ("a", 2)])
def test_substituted_wants_the_part_exactly_once(old: str, times: int) -> None:
    with pytest.raises(ValueError, match=f"'{old}' stands {times} times in .*expected once"):
        formula.substituted(formula.parse("a * b + a"), old, "c")


def test_rewriting_leaves_the_formula_itself_alone() -> None:
    tree = EQUATIONS[23].expression
    before = ast.dump(tree)
    assert len(formula.omissions(tree)) > 8
    assert ast.dump(tree) == before
