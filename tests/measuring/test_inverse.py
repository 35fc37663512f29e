"""A formula solved for one of its names: what comes out gives the value that was wanted, or nothing comes out."""

import numpy as np
import pytest

from gru.calculus import formula
from gru.calculus.inverse import may_tell, solved

SHAPES = {"a": (2, 4), "b": (2, 4), "w": (4, 4), "x": (2, 3), "d": (2, 4)}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("x.mT @ d", "d"),
        ("(a * b).mT @ d", "d"),
        ("(a * b).mT @ d", "a"),
        ("a @ w", "a"),
        ("(1 - a) * b + a * d", "a"),
        ("b * (1 - a) + (d @ w.mT) * b", "a"),
    ],
)
def test_what_is_solved_for_gives_what_was_wanted(line: str, name: str) -> None:
    random = np.random.default_rng(0)
    values = {key: random.normal(size=(5, *shape)) for key, shape in SHAPES.items()}
    expression = formula.parse(line)
    wanted = formula.evaluate(expression, values)
    without = {key: value for key, value in values.items() if key != name}
    solution = solved(expression, name, wanted, without)
    assert may_tell(expression, name)
    assert solution is not None
    assert np.allclose(solution[0], values[name], rtol=1e-9)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("a * a", "a"),  # not affine
        ("a.mT @ d @ w + b.mT @ d", "d"),  # a sum of products
        ("d.mT @ b", "c"),  # not there at all
        ("d @ b.mT", "d"),  # fewer columns than rows
    ],
)
def test_what_does_not_follow_is_none(line: str, name: str) -> None:
    random = np.random.default_rng(0)
    values = {key: random.normal(size=shape) for key, shape in SHAPES.items()} | {"c": np.ones((2, 4))}
    expression = formula.parse(line)
    wanted = random.normal(size=np.shape(formula.evaluate(expression, values)))
    assert not may_tell(expression, name) or solved(expression, name, wanted, values) is None
