"""Hypothesis strategies over `gru.problem`: sizes, regimes and whole problems, all of which shrink.

A problem is drawn by drawing its id; NumPy makes the arrays from that, so that shrinking acts on
what is read, the sizes, and a falsifying example is an id that can be run again. Nothing here
runs a cell.

A regression test of a hand-written cell, in anybody's repository::

    from hypothesis import given
    from gru.strategies import problems
    from gru.testing import assert_right
    from my_package import GRUCell

    @given(problem=problems())
    def test_every_derivative(problem):
        assert_right(GRUCell, problem=problem)
"""

from collections.abc import Collection
from typing import TypeVar

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError("gru.strategies needs Hypothesis: pip install hypothesis") from error

from gru import problem
from gru.layer import Form, Sizes
from gru.layers.gru.forms import CHAPTER
from gru.problem import PRECISIONS, REGIMES, Precision, Problem, Specification

SEEDS = 2**32
"""How many problems of the same sizes, regime and precision may be drawn."""


_Name = TypeVar("_Name", bound=str)


def _known(kind: str, names: Collection[_Name], known: Collection[_Name]) -> list[_Name]:
    """The names as a list, each of them known."""
    for name in names:
        if name not in known:
            raise ValueError(f"no {kind} has the name {name!r}; there are {', '.join(known)}")
    if not names:
        raise ValueError(f"no {kind} to draw from; there are {', '.join(known)}")
    return list(names)


def sizes(
    *, max_batch: int = 4, max_input: int = 4, max_hidden: int = 4, max_steps: int = 4
) -> st.SearchStrategy[Sizes]:
    """The sizes of a problem, each from 1 to a maximum; they shrink to 1, 1, 1, 1.

    Small sizes show nearly every mistake, and are read more easily.

    Args:
        max_batch: The most rows of the batch.
        max_input: The most inputs.
        max_hidden: The most hidden units.
        max_steps: The most steps.

    Raises:
        ValueError: A maximum is below 1.
    """
    maxima = {"max_batch": max_batch, "max_input": max_input, "max_hidden": max_hidden, "max_steps": max_steps}
    for name, value in maxima.items():
        if value < 1:
            raise ValueError(f"{name}={value}: a problem has at least one of each; give 1 or more")
    return st.builds(Sizes, *(st.integers(1, value) for value in maxima.values()))


def regimes(*, among: Collection[str] = tuple(REGIMES)) -> st.SearchStrategy[str]:
    """The name of a regime, one of `among`; it shrinks to the first of these, by default `ordinary`.

    Raises ValueError where there is no such regime.
    """
    return st.sampled_from(_known("regime", among, tuple(REGIMES)))


def precisions(*, among: Collection[Precision] = PRECISIONS) -> st.SearchStrategy[Precision]:
    """The dtype of a problem's arrays, one of `among`; it shrinks to the first, by default `float64`.

    Raises ValueError where there is no such precision.
    """
    return st.sampled_from(_known("precision", among, PRECISIONS))


_SIZES, _REGIMES, _PRECISIONS = sizes(), regimes(), precisions()


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    sizes: st.SearchStrategy[Sizes] = _SIZES,
    regimes: st.SearchStrategy[str] = _REGIMES,
    precisions: st.SearchStrategy[Precision] = _PRECISIONS,
    form: Form = CHAPTER,
) -> Problem:
    """Problems of these sizes, regimes and precisions.

    A problem shrinks to the smallest sizes, the first regime and precision, and seed 0. Its id says all of it, and
    `gru check FILE --problem ID` puts it to a file again.

    Args:
        draw: Hypothesis gives it; it is no argument of the strategy.
        sizes: Draws the sizes.
        regimes: Draws the regime.
        precisions: Draws the dtype.
        form: The form of the layer that they are for; by default the chapter's GRU.
    """
    specification = Specification(draw(sizes), draw(regimes), draw(precisions))
    return problem.find(problem.identify(specification, draw(st.integers(0, SEEDS - 1))), form)
