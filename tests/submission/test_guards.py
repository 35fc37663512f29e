"""A small constant that keeps a logarithm from 0 is no part of what is judged; any other constant stays."""

import ast

import pytest

from gru.submission.worker.guards import take_out


def without(source: str) -> tuple[str, list[int]]:
    tree = ast.parse(source)
    lines = take_out(tree)
    return ast.unparse(tree), lines


@pytest.mark.parametrize(
    "source",
    [
        "-np.mean(np.log(p[rows, y] + 1e-8))",
        "-log(1e-12 + p)",
        "-(1 - y) * np.log(1 - p + EPS)",
        "np.log(p + self.eps)",
    ],
)
def test_a_guard_of_a_logarithm_changes_no_number_but_zero(source: str) -> None:
    found, lines = without(source)
    assert "1e-300" in found
    assert lines == [1]


def test_the_same_guard_in_the_derivative_of_the_logarithm_goes_with_it() -> None:
    found, lines = without("loss = -np.log(p + eps)\ngradient = -y / (p + eps)")
    assert found.count("1e-300") == 2
    assert lines == [1]


@pytest.mark.parametrize(
    "source",
    ["np.log(p + 0.1)", "np.log(1 + np.exp(a))", "np.log1p(p + 1e-08)", "x / (np.sqrt(v) + 1e-08)", "y / (p + 1e-08)"],
)
def test_what_is_no_guard_stays(source: str) -> None:
    assert without(source) == (source, [])


def test_the_spread_in_a_normalisation_keeps_its_constant() -> None:
    source = "np.log(p + eps)\nx = (x - mean) / (np.sqrt(var) + eps)"
    found, _ = without(source)
    assert "np.sqrt(var) + eps" in found
