"""The example notebook: its cells run in order, and show what its text says of them."""

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "checking_a_gradient.ipynb"


def _cells() -> list[str]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _run(cell: str, names: dict[str, Any]) -> tuple[str, Any]:
    """What a cell prints, and the value of its last line, as a notebook shows it."""
    tree, value = ast.parse(cell), None
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return printed.getvalue(), value


@pytest.fixture(scope="module")
def shown() -> list[tuple[str, Any]]:
    names: dict[str, Any] = {"__name__": "__main__"}
    return [_run(cell, names) for cell in _cells()]


@pytest.mark.full
def test_the_error_of_a_difference_falls_and_rises(shown: list[tuple[str, Any]]) -> None:
    (table,) = (printed for printed, _ in shown if printed.startswith("step"))
    errors = [float(line.split()[1]) for line in table.splitlines()[1:]]
    best = errors.index(min(errors))
    assert 3 <= best <= 6, "the text says 1e-5"
    assert errors[0] > 1e3 * errors[best] < errors[-1]


@pytest.mark.full
def test_each_way_tells_the_right_gradient_from_the_wrong_one(shown: list[tuple[str, Any]]) -> None:
    (printed,) = (printed for printed, _ in shown if printed.startswith("measured"))
    measured, _, bound = printed.splitlines()[0].split()[1:]
    right, wrong = (float(line.split()[-1]) for line in printed.splitlines()[1:])
    assert abs(float(measured) - right) <= float(bound) < abs(float(measured) - wrong)
    (printed,) = (printed for printed, _ in shown if printed.startswith("right: largest"))
    right, wrong = (float(line.split()[-1]) for line in printed.splitlines())
    assert right < 1e-14 < wrong


@pytest.mark.full
def test_a_fixed_tolerance_lets_pass_what_is_found_without(shown: list[tuple[str, Any]]) -> None:
    texts = [printed.strip() for printed, _ in shown]
    at = texts.index("True")
    right, wrong = texts[at + 1 : at + 3]
    assert right.startswith("right: a")
    assert "6 of 6 entries of the gradient by a are wrong" in wrong


@pytest.mark.full
def test_the_cell_is_wrong_in_9_and_mended(shown: list[tuple[str, Any]]) -> None:
    reports = [value for _, value in shown if hasattr(value, "_repr_html_")]
    assert [repr(report) for report in reports] == ["<GRUCell: wrong, first equation (9), dzn>", "<Mended: right>"]
    assert "<svg" in reports[0]._repr_html_()
